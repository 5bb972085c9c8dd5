#pragma once

#include "core/foundation/result.h"

#include <QByteArray>
#include <QtTest>

#include <string>

namespace tarn::testing {

/// What a result is, for a failed comparison to say.
template <typename T>
QByteArray told(const Result<T>& result) {
    if (result) {
        return "success";
    }
    return QByteArray::fromStdString(std::string(errorName(result.error().code)) + ": " + result.error().detail);
}

}  // namespace tarn::testing

#define EXPECT_SUCCESS(call)                                                                                           \
    do {                                                                                                               \
        const auto& outcome = (call);                                                                                  \
        QVERIFY2(outcome.has_value(), told(outcome).constData());                                                      \
    } while (false)
#define EXPECT_FAILURE(call, wanted)                                                                                   \
    do {                                                                                                               \
        const auto& outcome = (call);                                                                                  \
        QVERIFY2(!outcome.has_value() && outcome.error().code == ErrorCode::wanted, told(outcome).constData());        \
    } while (false)
