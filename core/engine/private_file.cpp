#include "core/engine/private_file.h"

#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tarn::engine {

namespace {

class Descriptor {
public:
    explicit Descriptor(int number) noexcept : m_number(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { close(); }

    [[nodiscard]] int number() const noexcept { return m_number; }
    bool close() noexcept { return m_number < 0 || ::close(std::exchange(m_number, -1)) == 0; }

private:
    int m_number;
};

tl::unexpected<Error> unwritable(const std::filesystem::path& path, int cause) {
    const bool full = cause == ENOSPC || cause == EDQUOT;
    return failure(full ? ErrorCode::DiskFull : ErrorCode::FileUnwritable, path.string(), full);
}

bool writeAll(int descriptor, std::string_view content) {
    while (!content.empty()) {
        const auto written = ::write(descriptor, content.data(), content.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return false;
        }
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

bool syncFolder(const std::filesystem::path& folder) {
    const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // Some filesystems cannot sync a folder and say EINVAL; there is nothing better to do on them.
    return descriptor.number() >= 0 && (::fsync(descriptor.number()) == 0 || errno == EINVAL);
}

/// 0, or the cause of the failure.
int putInPlace(const std::string& temporary, const std::filesystem::path& path, IfPresent ifPresent) {
    if (ifPresent == IfPresent::Replace) {
        return ::rename(temporary.c_str(), path.c_str()) == 0 ? 0 : errno;
    }
    if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0) {
        return 0;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return errno;
    }
    // A filesystem without that flag: a hard link never replaces either.
    return ::link(temporary.c_str(), path.c_str()) == 0 ? 0 : errno;
}

}  // namespace

Result<std::string> readWholeFile(const std::filesystem::path& path, std::size_t most) {
    // Not blocking, so that a pipe or a device in the file's place cannot hold the thread.
    const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (descriptor.number() < 0) {
        const bool missing = errno == ENOENT || errno == ENOTDIR;
        return failure(missing ? ErrorCode::FileNotFound : ErrorCode::FileUnreadable, path.string());
    }
    struct stat status {};
    if (::fstat(descriptor.number(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return failure(ErrorCode::FileUnreadable, path.string() + ": not a file");
    }
    std::string content;
    std::array<char, 16 * 1024> piece;
    for (;;) {
        const auto count = ::read(descriptor.number(), piece.data(), piece.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return failure(ErrorCode::FileUnreadable, path.string());
        }
        if (count == 0) {
            return content;
        }
        if (content.size() + static_cast<std::size_t>(count) > most) {
            return failure(ErrorCode::FileUnreadable, path.string() + ": too large");
        }
        content.append(piece.data(), static_cast<std::size_t>(count));
    }
}

Result<void> writePrivateFile(const std::filesystem::path& path, std::string_view content, IfPresent ifPresent) {
    std::string temporary = path.string() + ".XXXXXX";
    Descriptor descriptor(::mkostemp(temporary.data(), O_CLOEXEC));  // made 0600
    if (descriptor.number() < 0) {
        return unwritable(path, errno);
    }
    int cause = 0;
    if (!writeAll(descriptor.number(), content) || ::fsync(descriptor.number()) != 0 || !descriptor.close()) {
        cause = errno;
    } else {
        cause = putInPlace(temporary, path, ifPresent);
    }
    ::unlink(temporary.c_str());  // gone already after a rename
    if (cause == EEXIST) {
        return failure(ErrorCode::ProfileExists, path.string());
    }
    if (cause != 0 || !syncFolder(path.parent_path())) {
        return unwritable(path, cause != 0 ? cause : errno);
    }
    return {};
}

Result<void> makePrivateFolder(const std::filesystem::path& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) {
        return {};
    }
    if (path.has_parent_path() && path.parent_path() != path) {
        std::filesystem::create_directories(path.parent_path(), error);
        if (error) {
            return unwritable(path, error.value());
        }
    }
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        return unwritable(path, errno);
    }
    if (!std::filesystem::is_directory(path, error)) {
        return unwritable(path, ENOTDIR);
    }
    return {};
}

}  // namespace tarn::engine
