#pragma once

#include "core/crypto/hash.h"
#include "core/foundation/bytes.h"

#include <QByteArray>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QJsonValue>
#include <QString>
#include <QTest>

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// Reading of the data files beside the tests, which make_vectors.py writes with the real Tahoe-LAFS.
namespace tarn::vectors {

[[nodiscard]] inline QByteArray readData(const char* name) {
    QFile file(QStringLiteral(TARN_TEST_DATA "/data/") + QString::fromUtf8(name));
    if (!file.open(QIODevice::ReadOnly)) {
        qFatal("no test data %s", name);
    }
    return file.readAll();
}

[[nodiscard]] inline QJsonDocument readJson(const char* name) {
    const auto document = QJsonDocument::fromJson(readData(name));
    if (document.isNull()) {
        qFatal("test data %s is not JSON", name);
    }
    return document;
}

[[nodiscard]] inline Bytes bytesOf(const QByteArray& array) {
    return {array.begin(), array.end()};
}

[[nodiscard]] inline Bytes fromHex(const QJsonValue& value) {
    return bytesOf(QByteArray::fromHex(value.toString().toLatin1()));
}

[[nodiscard]] inline Bytes fromBase64Text(const QJsonValue& value) {
    return bytesOf(QByteArray::fromBase64(value.toString().toLatin1()));
}

[[nodiscard]] inline crypto::Hash hashOf(const QJsonValue& hex) {
    return crypto::Hash::fromBytes(fromHex(hex)).value();
}

[[nodiscard]] inline std::vector<crypto::Hash> hashesOf(const QJsonArray& array) {
    std::vector<crypto::Hash> hashes;
    for (const QJsonValue& value : array) {
        hashes.push_back(hashOf(value));
    }
    return hashes;
}

[[nodiscard]] inline std::set<std::uint64_t> numbersOf(const QJsonArray& array) {
    std::set<std::uint64_t> numbers;
    for (const QJsonValue& value : array) {
        numbers.insert(static_cast<std::uint64_t>(value.toInteger()));
    }
    return numbers;
}

[[nodiscard]] inline std::string text(const QJsonValue& value) {
    return value.toString().toStdString();
}

[[nodiscard]] inline std::uint64_t number(const QJsonValue& value) {
    return static_cast<std::uint64_t>(value.toInteger());
}

}  // namespace tarn::vectors
