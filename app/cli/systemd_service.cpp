#include "app/cli/systemd_service.h"

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace tarn::cli {

namespace {

constexpr int firstSocket = 3;
constexpr int mostSockets = 64;

std::optional<long> numberIn(const char* text) {
    long number = 0;
    const char* const end = text + std::strlen(text);
    const auto [stopped, error] = std::from_chars(text, end, number);
    return error == std::errc() && stopped == end ? std::optional(number) : std::nullopt;
}

}  // namespace

void notifyServiceManager(std::string_view state) {
    const char* const place = std::getenv("NOTIFY_SOCKET");
    sockaddr_un address{};
    if (place == nullptr || (place[0] != '/' && place[0] != '@') || std::strlen(place) >= sizeof address.sun_path) {
        return;
    }
    address.sun_family = AF_UNIX;
    std::memcpy(static_cast<char*>(address.sun_path), place, std::strlen(place));
    if (place[0] == '@') {
        address.sun_path[0] = '\0';  // a name that is in no file system
    }
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(place));
    const int sending = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (sending >= 0) {
        (void)::sendto(sending, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
                       size);
        ::close(sending);
    }
}

Result<std::vector<int>> socketsFromServiceManager() {
    const char* const process = std::getenv("LISTEN_PID");
    const char* const count = std::getenv("LISTEN_FDS");
    if (process == nullptr || count == nullptr) {
        return std::vector<int>();
    }
    const auto wanted = numberIn(process);
    const auto number = numberIn(count);
    if (!wanted || !number || *number < 0 || *number > mostSockets) {
        return failure(ErrorCode::InvalidArgument, "LISTEN_PID and LISTEN_FDS are no numbers");
    }
    if (*wanted != ::getpid()) {
        return std::vector<int>();
    }
    std::vector<int> sockets;
    for (int descriptor = firstSocket; descriptor < firstSocket + *number; ++descriptor) {
        const int flags = ::fcntl(descriptor, F_GETFD);
        if (flags < 0 || ::fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC) != 0) {
            return failure(ErrorCode::InvalidArgument, "LISTEN_FDS names a socket that is not open");
        }
        sockets.push_back(descriptor);
    }
    return sockets;
}

}  // namespace tarn::cli
