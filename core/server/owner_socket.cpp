#include "core/server/owner_socket.h"

#include <cstring>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace tarn::server {

Descriptor::~Descriptor() {
    if (m_number >= 0) {
        ::close(m_number);
    }
}

bool atSocket(const std::filesystem::path& folder, const char* name,
              const std::function<int(const sockaddr*, socklen_t)>& call) {
    const Descriptor open(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (open.number() < 0) {
        return false;
    }
    const std::string path = "/proc/self/fd/" + std::to_string(open.number()) + '/' + name;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(static_cast<char*>(address.sun_path), path.c_str(), path.size() + 1);
    return call(reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(sizeof address)) == 0;
}

bool bindForOwner(const Descriptor& socket, const std::filesystem::path& folder, const char* name) {
    ::unlink((folder / name).c_str());
    // The file takes its permissions from the socket, so that there is no moment at which others may connect.
    return socket.number() >= 0 && ::fchmod(socket.number(), S_IRUSR | S_IWUSR) == 0 &&
           atSocket(folder, name, [&socket](const sockaddr* address, socklen_t size) {
               return ::bind(socket.number(), address, size);
           });
}

bool isOwner(uid_t who) noexcept {
    return who == ::geteuid() || who == 0;
}

}  // namespace tarn::server
