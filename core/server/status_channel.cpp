#include "core/server/status_channel.h"

#include "core/server/disk_work.h"
#include "core/server/owner_socket.h"

#include <QPointer>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tarn::server {

namespace {

constexpr const char* socketName = "status.sock";
constexpr int backlog = 4;

bool mayAsk(int peer) {
    ucred who{};
    socklen_t size = sizeof who;
    return ::getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && isOwner(who.uid);
}

/// Everything up to the end, if it comes in time.
Result<QByteArray> readToEnd(int descriptor, std::chrono::milliseconds patience) {
    const auto until = std::chrono::steady_clock::now() + patience;
    QByteArray all;
    while (all.size() <= StatusChannel::mostDocument) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        pollfd waiting{descriptor, POLLIN, 0};
        if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) == 0) {
            return failure(ErrorCode::TimedOut, "the server does not answer", true);
        }
        std::array<char, 16384> piece{};
        const ssize_t got = ::recv(descriptor, piece.data(), piece.size(), 0);
        if (got == 0) {
            return all;
        }
        if (got < 0 && errno != EINTR && errno != EAGAIN) {
            return failure(ErrorCode::NotFound, "the server went away", true);
        }
        all.append(piece.data(), static_cast<qsizetype>(std::max<ssize_t>(got, 0)));
    }
    return failure(ErrorCode::ProtocolViolation, "the server's status is too long");
}

}  // namespace

StatusChannel::StatusChannel(std::filesystem::path folder, std::function<QByteArray()> makeDocument, DiskWork& disk)
    : m_folder(std::move(folder)), m_makeDocument(std::move(makeDocument)), m_disk(disk) {}

StatusChannel::~StatusChannel() {
    if (m_listening >= 0) {
        m_notifier.reset();
        ::close(m_listening);
        ::unlink((m_folder / socketName).c_str());
    }
}

Result<void> StatusChannel::open() {
    Descriptor made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const bool good = bindForOwner(made, m_folder, socketName) && ::listen(made.number(), backlog) == 0;
    if (!good) {
        return failure(ErrorCode::FileUnwritable, std::string("no status socket: ") + std::strerror(errno));
    }
    m_listening = made.release();
    m_notifier = std::make_unique<QSocketNotifier>(m_listening, QSocketNotifier::Read);
    connect(m_notifier.get(), &QSocketNotifier::activated, this, &StatusChannel::answerOne);
    return {};
}

void StatusChannel::answerOne() {
    const int peer = ::accept4(m_listening, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (peer < 0) {
        return;
    }
    const auto owned = std::make_shared<Descriptor>(peer);
    if (!mayAsk(peer)) {
        return;
    }
    m_notifier->setEnabled(false);  // the next one when this one has its answer
    const auto document = std::make_shared<QByteArray>();
    m_disk.start([document, make = m_makeDocument] { *document = make(); },
                 [self = QPointer(this), document, owned] {
                     const auto size = static_cast<std::size_t>(std::min(document->size(), mostDocument));
                     (void)::send(owned->number(), document->constData(), size, MSG_NOSIGNAL);
                     if (self) {
                         self->m_notifier->setEnabled(true);
                     }
                 });
}

Result<QByteArray> askStatus(const std::filesystem::path& folder, std::chrono::milliseconds patience) {
    const Descriptor asking(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    // Where many ask already, even connecting waits.
    timeval limit{};
    limit.tv_sec = std::chrono::ceil<std::chrono::seconds>(patience).count();
    (void)::setsockopt(asking.number(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    const bool reached =
        asking.number() >= 0 && atSocket(folder, socketName, [&](const sockaddr* address, socklen_t size) {
            return ::connect(asking.number(), address, size);
        });
    if (!reached) {
        const int cause = errno;
        if (cause == EACCES || cause == EPERM) {
            return failure(ErrorCode::FileUnreadable, "the server in " + folder.string() + " is somebody else's");
        }
        return failure(ErrorCode::NotFound, "no server runs in " + folder.string());
    }
    auto answer = readToEnd(asking.number(), patience);
    if (answer && answer->isEmpty()) {
        return failure(ErrorCode::FileUnreadable, "the server in " + folder.string() + " does not answer to this user");
    }
    return answer;
}

}  // namespace tarn::server
