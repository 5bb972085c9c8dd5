#include "core/gbs/low_delay.h"

#include <QtGlobal>

#ifdef Q_OS_UNIX

#include <cstdlib>
#include <memory>

#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace tarn::gbs {

namespace {

struct CloseFolder {
    void operator()(DIR* folder) const noexcept { closedir(folder); }
};

/// The port at the other end of a TCP connection; 0 for anything else.
std::uint16_t peerPort(int descriptor) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) != 0) {
        return 0;
    }
    if (peer.ss_family == AF_INET) {
        return ntohs(reinterpret_cast<const sockaddr_in*>(&peer)->sin_port);
    }
    if (peer.ss_family == AF_INET6) {
        return ntohs(reinterpret_cast<const sockaddr_in6*>(&peer)->sin6_port);
    }
    return 0;
}

}  // namespace

std::size_t setLowDelay(std::uint16_t port) {
    const std::unique_ptr<DIR, CloseFolder> descriptors(opendir("/dev/fd"));
    std::size_t found = 0;
    while (const dirent* const entry = descriptors ? readdir(descriptors.get()) : nullptr) {
        char* end = nullptr;
        const long descriptor = std::strtol(entry->d_name, &end, 10);
        if (end == entry->d_name || peerPort(static_cast<int>(descriptor)) != port) {
            continue;
        }
        const int on = 1;
        if (setsockopt(static_cast<int>(descriptor), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0) {
            ++found;
        }
    }
    return found;
}

}  // namespace tarn::gbs

#else

namespace tarn::gbs {

std::size_t setLowDelay(std::uint16_t) {
    return 0;
}

}  // namespace tarn::gbs

#endif
