#include "app/desktop/file_list_message.h"

#include <QDir>
#include <QtEndian>

namespace tarn::desktop {
namespace {

constexpr qsizetype kHeader = 8;

QByteArray magic() {
    return QByteArrayLiteral("TRN1");
}

QByteArray framed(const QByteArray& body) {
    QByteArray frame = magic();
    frame.resize(kHeader);
    qToBigEndian(static_cast<quint32>(body.size()), frame.data() + magic().size());
    return frame + body;
}

}  // namespace

QList<QByteArray> encodeFileList(const QStringList& absolutePaths) {
    QList<QByteArray> frames;
    QByteArray body;
    for (const QString& path : absolutePaths) {
        const QByteArray bytes = path.toUtf8();
        if (!QDir::isAbsolutePath(path) || bytes.size() > kLongestPath || bytes.contains('\0')) {
            continue;
        }
        if (body.size() + bytes.size() + 1 > kLargestBody) {
            frames.append(framed(body));
            body.clear();
        }
        body += bytes;
        body += '\0';
    }
    if (!body.isEmpty() || frames.isEmpty()) {
        frames.append(framed(body));
    }
    return frames;
}

void FileListReader::feed(const QByteArray& bytes) {
    if (!m_broken) {
        m_pending += bytes;
    }
}

std::optional<QStringList> FileListReader::next() {
    if (m_broken || m_pending.size() < kHeader) {
        return std::nullopt;
    }
    const auto length = static_cast<qsizetype>(qFromBigEndian<quint32>(m_pending.constData() + magic().size()));
    if (!m_pending.startsWith(magic()) || length > kLargestBody) {
        m_broken = true;
        return std::nullopt;
    }
    if (m_pending.size() < kHeader + length) {
        return std::nullopt;
    }
    const QByteArray body = m_pending.mid(kHeader, length);
    m_pending.remove(0, kHeader + length);
    QStringList paths;
    if (!body.isEmpty()) {
        if (!body.endsWith('\0')) {
            m_broken = true;
            return std::nullopt;
        }
        const QList<QByteArray> parts = body.chopped(1).split('\0');
        for (const QByteArray& part : parts) {
            const QString path = QString::fromUtf8(part);
            if (part.size() > kLongestPath || !QDir::isAbsolutePath(path)) {
                m_broken = true;
                return std::nullopt;
            }
            paths.append(path);
        }
    }
    return paths;
}

}  // namespace tarn::desktop
