#pragma once

#include <QFile>

namespace tarn::server::test {

/// Bytes that this process has in memory, the server's among them.
inline qint64 resident() {
    QFile file(QStringLiteral("/proc/self/statm"));
    constexpr qint64 page = 4096;
    return file.open(QIODevice::ReadOnly) ? file.readAll().split(' ').value(1).toLongLong() * page : 0;
}

}  // namespace tarn::server::test
