#include "core/server/order_channel.h"

#include "core/server/disk_work.h"

#include <QPointer>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include <poll.h>
#include <sys/un.h>
#include <unistd.h>

namespace tarn::server {

namespace {

constexpr const char* socketName = "orders.sock";
constexpr std::string_view done = "done";
constexpr std::string_view failed = "failed: ";

struct Order {
    std::string text;
    sockaddr_un from{};
    socklen_t fromSize = 0;
};

/// The next order of somebody who may give one; nothing where that is none.
std::optional<Order> receive(int socket) {
    Order order;
    std::array<char, OrderChannel::mostText> text{};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> control{};
    iovec part{text.data(), text.size()};
    msghdr message{};
    message.msg_name = &order.from;
    message.msg_namelen = sizeof order.from;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    const cmsghdr* const header = got >= 0 ? CMSG_FIRSTHDR(&message) : nullptr;
    if (header == nullptr || header->cmsg_type != SCM_CREDENTIALS || (message.msg_flags & MSG_TRUNC) != 0) {
        return std::nullopt;
    }
    ucred who{};
    std::memcpy(&who, CMSG_DATA(header), sizeof who);
    if (!isOwner(who.uid)) {
        return std::nullopt;
    }
    order.text.assign(text.data(), static_cast<std::size_t>(got));
    order.fromSize = message.msg_namelen;
    return order;
}

}  // namespace

OrderChannel::OrderChannel(std::filesystem::path folder, std::function<Result<void>(std::string_view)> obey,
                           DiskWork& disk)
    : m_folder(std::move(folder)), m_obey(std::move(obey)), m_disk(disk),
      m_socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}

OrderChannel::~OrderChannel() {
    if (m_notifier) {
        m_notifier.reset();
        ::unlink((m_folder / socketName).c_str());
    }
}

Result<void> OrderChannel::open() {
    constexpr int on = 1;
    if (::setsockopt(m_socket.number(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0 ||
        !bindForOwner(m_socket, m_folder, socketName)) {
        return failure(ErrorCode::FileUnwritable, std::string("no socket for orders: ") + std::strerror(errno));
    }
    m_notifier = std::make_unique<QSocketNotifier>(m_socket.number(), QSocketNotifier::Read);
    connect(m_notifier.get(), &QSocketNotifier::activated, this, &OrderChannel::takeOne);
    return {};
}

void OrderChannel::takeOne() {
    auto order = receive(m_socket.number());
    if (!order) {
        return;
    }
    m_notifier->setEnabled(false);  // the next one when this one is done
    const auto held = std::make_shared<Order>(std::move(*order));
    const auto answer = std::make_shared<std::string>(done);
    m_disk.start(
        [held, answer, obey = m_obey] {
            if (const auto obeyed = obey(held->text); !obeyed) {
                *answer = std::string(failed).append(obeyed.error().detail).substr(0, mostText);
            }
        },
        [self = QPointer(this), held, answer] {
            if (self) {
                (void)::sendto(self->m_socket.number(), answer->data(), answer->size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                               reinterpret_cast<const sockaddr*>(&held->from), held->fromSize);
                self->m_notifier->setEnabled(true);
            }
        });
}

Result<void> giveOrder(const std::filesystem::path& folder, std::string_view order,
                       std::chrono::milliseconds patience) {
    const Descriptor asking(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    // An address of the system's choice, to be answered at. Once connected it takes from the server alone.
    sockaddr_un own{};
    own.sun_family = AF_UNIX;
    const auto limit = static_cast<time_t>(std::chrono::ceil<std::chrono::seconds>(patience).count());
    const timeval longest{limit, 0};
    (void)::setsockopt(asking.number(), SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof longest);
    const bool given =
        asking.number() >= 0 &&
        ::bind(asking.number(), reinterpret_cast<const sockaddr*>(&own), sizeof own.sun_family) == 0 &&
        atSocket(
            folder, socketName,
            [&asking](const sockaddr* address, socklen_t size) { return ::connect(asking.number(), address, size); }) &&
        ::send(asking.number(), order.data(), order.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(order.size());
    if (!given) {
        if (errno == EACCES || errno == EPERM) {
            return failure(ErrorCode::FileUnreadable, "the server in " + folder.string() + " is somebody else's");
        }
        if (errno == EAGAIN) {
            return failure(ErrorCode::TimedOut, "the server does not answer", true);
        }
        return failure(ErrorCode::NotFound, "no server runs in " + folder.string());
    }
    pollfd waiting{asking.number(), POLLIN, 0};
    std::array<char, OrderChannel::mostText> text{};
    if (::poll(&waiting, 1, static_cast<int>(patience.count())) <= 0) {
        return failure(ErrorCode::TimedOut, "the server does not answer", true);
    }
    const ssize_t got = ::recv(asking.number(), text.data(), text.size(), 0);
    const std::string_view answer(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    if (answer == done) {
        return {};
    }
    if (answer.starts_with(failed)) {
        return failure(ErrorCode::ServerFailed, std::string(answer.substr(failed.size())));
    }
    return failure(ErrorCode::NotFound, "the server went away", true);
}

}  // namespace tarn::server
