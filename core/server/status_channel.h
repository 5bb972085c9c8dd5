#pragma once

#include "core/foundation/result.h"

#include <QByteArray>
#include <QObject>
#include <QSocketNotifier>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace tarn::server {

class DiskWork;

/// A way for a folder's owner to ask the server that runs there: whoever connects to the local socket
/// FOLDER/status.sock is written one document, and the connection is closed. Nothing is ever read from it.
///
/// The socket is for the owner alone (0600), and a peer that is neither the owner nor root is hung up on. One is
/// answered at a time, from what the system buffers, so a peer that does not read holds nothing up. Thread: the one it
/// was made on.
class StatusChannel final : public QObject {
public:
    /// `makeDocument` runs as `disk` work, and is at most `mostDocument` bytes. `disk` must outlive it.
    StatusChannel(std::filesystem::path folder, std::function<QByteArray()> makeDocument, DiskWork& disk);
    /// Removes the socket.
    ~StatusChannel() override;
    static constexpr qsizetype mostDocument = 128LL * 1024;

    /// To be called by whoever has the folder for itself: a socket that an earlier server left there is removed.
    /// Fails: FileUnwritable (the file system has no sockets, or the path is taken).
    [[nodiscard]] Result<void> open();

private:
    void answerOne();

    const std::filesystem::path m_folder;
    const std::function<QByteArray()> m_makeDocument;
    DiskWork& m_disk;
    int m_listening = -1;
    std::unique_ptr<QSocketNotifier> m_notifier;
};

/// What the server in `folder` answers. Blocks for at most about `patience`. Fails: NotFound (none runs there, or not
/// one that answers), FileUnreadable (it is somebody else's), TimedOut, ProtocolViolation (no end to it).
[[nodiscard]] Result<QByteArray> askStatus(const std::filesystem::path& folder, std::chrono::milliseconds patience);

}  // namespace tarn::server
