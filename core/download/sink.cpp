#include "core/download/sink.h"

#include "core/foundation/random.h"

#include <array>
#include <cerrno>
#include <climits>
#include <string>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tarn::download {

namespace {

constexpr std::string_view temporaryMark = ".tarn-";
constexpr std::size_t randomLetters = 6;

std::string reasonOf(int error) {
    return std::error_code(error, std::generic_category()).message();
}

tl::unexpected<Error> cannotWrite(int error) {
    const bool full = error == ENOSPC || error == EDQUOT;
    return failure(full ? ErrorCode::DiskFull : ErrorCode::FileUnwritable, reasonOf(error));
}

/// `.<name>.tarn-XXXXXX`, the name cut (between two characters of UTF-8) where the whole would be too long for a
/// folder.
std::string temporaryName(const std::string& name) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz012345";
    std::size_t kept = std::min<std::size_t>(name.size(), NAME_MAX - 1 - temporaryMark.size() - randomLetters);
    if (kept < name.size()) {
        while (kept > 0 && (static_cast<Byte>(name[kept]) & 0xC0U) == 0x80U) {
            --kept;
        }
    }
    std::array<Byte, randomLetters> random{};
    SystemRandom().fill(random);
    std::string result(1, '.');
    result.append(name, 0, kept).append(temporaryMark);
    for (const Byte byte : random) {
        result.push_back(letters[byte % letters.size()]);
    }
    return result;
}

class FileSink final : public Sink {
public:
    FileSink(std::filesystem::path target, std::filesystem::path temporary, int descriptor, mode_t mode)
        : m_target(std::move(target)), m_temporary(std::move(temporary)), m_descriptor(descriptor), m_mode(mode) {}
    FileSink(const FileSink&) = delete;
    FileSink& operator=(const FileSink&) = delete;

    ~FileSink() override {
        ::close(m_descriptor);
        if (!m_committed) {
            ::unlink(m_temporary.c_str());
        }
    }

    Result<void> write(ByteView plaintext) override {
        while (!plaintext.empty()) {
            const ssize_t written = ::write(m_descriptor, plaintext.data(), plaintext.size());
            if (written < 0) {
                if (errno == EINTR) {
                    continue;
                }
                return cannotWrite(errno);
            }
            plaintext = plaintext.subspan(static_cast<std::size_t>(written));
        }
        return {};
    }

    Result<void> commit() override {
        if (::fchmod(m_descriptor, m_mode) != 0 || ::fsync(m_descriptor) != 0 ||
            ::rename(m_temporary.c_str(), m_target.c_str()) != 0) {
            return cannotWrite(errno);
        }
        m_committed = true;
        return syncFolder();
    }

private:
    /// Makes the new name itself durable. Some file systems cannot sync a folder; they say EINVAL, and nothing is lost
    /// but the promise.
    [[nodiscard]] Result<void> syncFolder() const {
        const auto folder = m_target.parent_path();
        const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (descriptor < 0) {
            // A folder that may be written and not listed: the name is there, and cannot be synced apart.
            return {};
        }
        const int error = ::fsync(descriptor) == 0 ? 0 : errno;
        ::close(descriptor);
        if (error != 0 && error != EINVAL && error != ENOTSUP) {
            return cannotWrite(error);
        }
        return {};
    }

    std::filesystem::path m_target;
    std::filesystem::path m_temporary;
    int m_descriptor;
    mode_t m_mode;
    bool m_committed = false;
};

class MemorySink final : public Sink {
public:
    explicit MemorySink(std::shared_ptr<Bytes> bytes) : m_committed(std::move(bytes)) {}

    Result<void> write(ByteView plaintext) override {
        m_written.insert(m_written.end(), plaintext.begin(), plaintext.end());
        return {};
    }
    Result<void> commit() override {
        *m_committed = std::move(m_written);
        return {};
    }

private:
    std::shared_ptr<Bytes> m_committed;
    Bytes m_written;
};

}  // namespace

Result<std::shared_ptr<Sink>> fileSink(const std::filesystem::path& target) {
    const auto name = target.filename().string();
    if (name.empty() || name == "." || name == "..") {
        return failure(ErrorCode::FileUnwritable, "a file name is missing");
    }
    struct stat existing {};
    const bool exists = ::stat(target.c_str(), &existing) == 0;
    if (!exists && errno != ENOENT) {
        return cannotWrite(errno);
    }
    if (exists && !S_ISREG(existing.st_mode)) {
        // The rename would put a file in the place of a device or pipe, for every program that uses it.
        return failure(ErrorCode::FileUnwritable,
                       S_ISDIR(existing.st_mode) ? "a folder of this name is there" : "not a regular file");
    }
    for (;;) {
        const auto temporary = target.parent_path() / temporaryName(name);
        const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor < 0) {
            if (errno == EEXIST || errno == EINTR) {
                continue;
            }
            return cannotWrite(errno);
        }
        // The mode that the person's umask gives is read off the empty file: asking for the umask would change it for
        // every thread. Nobody else may read a file that is not complete.
        struct stat created {};
        if (::fstat(descriptor, &created) != 0 || ::fchmod(descriptor, 0600) != 0) {
            const int error = errno;
            ::close(descriptor);
            ::unlink(temporary.c_str());
            return cannotWrite(error);
        }
        const mode_t mode = (exists ? existing.st_mode : created.st_mode) & 0777U;
        return std::shared_ptr<Sink>(std::make_shared<FileSink>(target, temporary, descriptor, mode));
    }
}

std::shared_ptr<Sink> memorySink(std::shared_ptr<Bytes> bytes) {
    return std::make_shared<MemorySink>(std::move(bytes));
}

}  // namespace tarn::download
