#pragma once

#include <filesystem>
#include <functional>
#include <utility>

#include <sys/socket.h>
#include <sys/types.h>

namespace tarn::server {

/// An open descriptor; closed when it goes.
class Descriptor {
public:
    explicit Descriptor(int number) noexcept : m_number(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor();
    [[nodiscard]] int number() const noexcept { return m_number; }
    [[nodiscard]] int release() noexcept { return std::exchange(m_number, -1); }

private:
    int m_number;
};

/// Calls bind or connect on the local socket FOLDER/name. A socket's address holds some hundred bytes and a folder's
/// path may be longer, so the path goes by way of the open folder. False where it failed: see errno.
[[nodiscard]] bool atSocket(const std::filesystem::path& folder, const char* name,
                            const std::function<int(const sockaddr*, socklen_t)>& call);

/// Gives `socket` the name FOLDER/name, for the folder's owner alone (0600) from the first moment on; what an earlier
/// program left there is removed. To be called by whoever has the folder for itself.
[[nodiscard]] bool bindForOwner(const Descriptor& socket, const std::filesystem::path& folder, const char* name);

/// Whether somebody is the user that this program runs as, or root.
[[nodiscard]] bool isOwner(uid_t who) noexcept;

}  // namespace tarn::server
