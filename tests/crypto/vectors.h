#pragma once

#include "core/foundation/bytes.h"

#include <QByteArray>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QString>

#include <cstdlib>

namespace tarn::test {

/// One list of the vectors in data/crypto.json; ends the program when it is missing or empty.
inline QJsonArray vectors(const char* name) {
    QFile file(QStringLiteral(TARN_TEST_DATA "/data/crypto.json"));
    const bool opened = file.open(QIODevice::ReadOnly);
    const QJsonArray list =
        QJsonDocument::fromJson(opened ? file.readAll() : QByteArray())[QLatin1String(name)].toArray();
    if (list.isEmpty()) {
        qFatal("no vectors named %s", name);
    }
    return list;
}

inline QString hexOf(ByteView bytes) {
    return QString::fromLatin1(
        QByteArray(reinterpret_cast<const char*>(bytes.data()), static_cast<qsizetype>(bytes.size())).toHex());
}

inline Bytes fromHex(const QJsonValue& value) {
    const QByteArray bytes = QByteArray::fromHex(value.toString().toLatin1());
    return {bytes.begin(), bytes.end()};
}

template <typename Fixed>
Fixed fixedFromHex(const QJsonValue& value) {
    return Fixed::fromBytes(fromHex(value)).value();
}

/// The bytes that data/make_vectors.py calls `pattern`.
inline Bytes pattern(std::size_t size) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<Byte>((i * 31 + (i >> 8U) * 7 + (i >> 16U)) & 255U);
    }
    return bytes;
}

inline std::size_t sizeIn(const QJsonValue& row) {
    return static_cast<std::size_t>(row[QLatin1String("size")].toInteger());
}

}  // namespace tarn::test
