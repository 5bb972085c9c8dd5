#pragma once

#include <QFile>
#include <QString>

namespace tarn::server::test {

/// Bytes that a process has in memory; of this one where none is named.
inline qint64 resident(const QString& process = QStringLiteral("self")) {
    QFile file(QStringLiteral("/proc/%1/statm").arg(process));
    constexpr qint64 page = 4096;
    return file.open(QIODevice::ReadOnly) ? file.readAll().split(' ').value(1).toLongLong() * page : 0;
}

}  // namespace tarn::server::test
