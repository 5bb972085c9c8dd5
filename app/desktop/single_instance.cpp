#include "app/desktop/single_instance.h"

#include "app/desktop/file_list_message.h"

#include <QCryptographicHash>
#include <QDeadlineTimer>
#include <QDir>
#include <QFileInfo>
#include <QLocalSocket>
#include <QStandardPaths>
#include <QThread>
#include <QTimer>

#include <algorithm>
#include <utility>

namespace tarn::desktop {
namespace {

using namespace std::chrono_literals;

constexpr int kMostConnections = 8;
constexpr auto kConnectionLife = 10s;
constexpr char kTaken = '+';

QString placeName(const QString& profileFolder) {
    // Two ways to write one folder must find one place; a folder not yet there has no canonical path.
    const QFileInfo info(profileFolder);
    const QString canonical = info.canonicalFilePath();
    const QString path = canonical.isEmpty() ? QDir::cleanPath(info.absoluteFilePath()) : canonical;
    const QByteArray hash = QCryptographicHash::hash(path.toUtf8(), QCryptographicHash::Sha256).toHex();
    return QStringLiteral("tarn-desktop-") + QString::fromLatin1(hash.first(16));
}

}  // namespace

SingleInstance::SingleInstance(const QString& profileFolder, const QString& runtimeFolder, QObject* parent)
    : QObject(parent),
      m_socketPath(runtimeFolder.isEmpty()
                       ? QString()
                       : QDir(runtimeFolder).filePath(placeName(profileFolder) + QStringLiteral(".sock"))),
      m_lock(QDir(runtimeFolder).filePath(placeName(profileFolder) + QStringLiteral(".lock"))) {
    m_lock.setStaleLockTime(0);  // stale only when the program that made it is gone, however old it is
    m_server.setSocketOptions(QLocalServer::UserAccessOption);
    m_server.setMaxPendingConnections(kMostConnections);
    connect(&m_server, &QLocalServer::newConnection, this, &SingleInstance::serve);
}

SingleInstance::~SingleInstance() = default;

QString SingleInstance::defaultRuntimeFolder() {
    return QStandardPaths::writableLocation(QStandardPaths::RuntimeLocation);
}

bool SingleInstance::claim() {
    if (m_socketPath.isEmpty()) {
        return true;
    }
    if (!m_lock.tryLock(0)) {
        // Only a lock that somebody holds is somebody's; a folder that cannot be written holds nobody back.
        return m_lock.error() != QLockFile::LockFailedError;
    }
    // We hold the lock, so a socket that is there belongs to a program that died.
    QLocalServer::removeServer(m_socketPath);
    m_server.listen(m_socketPath);
    return true;
}

void SingleInstance::serve() {
    while (QLocalSocket* socket = m_server.nextPendingConnection()) {
        if (m_server.findChildren<QLocalSocket*>().size() > kMostConnections) {
            socket->abort();
            socket->deleteLater();
            continue;
        }
        auto reader = std::make_shared<FileListReader>();
        connect(socket, &QLocalSocket::disconnected, socket, &QObject::deleteLater);
        QTimer::singleShot(kConnectionLife, socket, [socket] { socket->abort(); });
        const auto read = [this, socket, reader] {
            reader->feed(socket->readAll());
            while (const auto paths = reader->next()) {
                socket->write(&kTaken, 1);
                Q_EMIT summoned(*paths);
            }
            if (reader->broken()) {
                socket->abort();
            }
        };
        socket->setReadBufferSize(kLargestBody);
        connect(socket, &QLocalSocket::readyRead, this, read);
        read();  // bytes may have come before we looked
    }
}

bool SingleInstance::handOver(const QStringList& absolutePaths, std::chrono::milliseconds patience) const {
    const QDeadlineTimer deadline(patience);
    const auto left = [&deadline] {
        return static_cast<int>(std::max<qint64>(deadline.remainingTime(), 1));
    };
    QLocalSocket socket;
    // The first may hold its lock already and not listen yet.
    while (true) {
        socket.connectToServer(m_socketPath);
        if (socket.waitForConnected(left())) {
            break;
        }
        if (deadline.hasExpired()) {
            return false;
        }
        QThread::msleep(50);
    }
    const QList<QByteArray> frames = encodeFileList(absolutePaths);
    qsizetype taken = 0;
    for (const QByteArray& frame : frames) {
        socket.write(frame);
    }
    while (taken < frames.size()) {
        if (socket.bytesAvailable() == 0 && !socket.waitForReadyRead(left())) {
            return false;
        }
        taken += socket.readAll().size();
        if (deadline.hasExpired() && taken < frames.size()) {
            return false;
        }
    }
    return true;
}

}  // namespace tarn::desktop
