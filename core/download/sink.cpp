#include "core/download/sink.h"

#include "core/crypto/hash.h"
#include "core/foundation/base32.h"
#include "core/foundation/random.h"
#include "core/foundation/write_behind.h"

#include <array>
#include <cerrno>
#include <climits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
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

/// `.<name>.tarn-<ending>`, the name cut (between two characters of UTF-8) where the whole would be too long for a
/// folder.
std::string hiddenName(const std::string& name, const std::string& ending) {
    std::size_t kept = std::min<std::size_t>(name.size(), NAME_MAX - 1 - temporaryMark.size() - ending.size());
    if (kept < name.size()) {
        while (kept > 0 && (static_cast<Byte>(name[kept]) & 0xC0U) == 0x80U) {
            --kept;
        }
    }
    std::string result(1, '.');
    result.append(name, 0, kept).append(temporaryMark).append(ending);
    return result;
}

std::string temporaryName(const std::string& name) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz012345";
    std::array<Byte, randomLetters> random{};
    SystemRandom().fill(random);
    std::string ending;
    for (const Byte byte : random) {
        ending.push_back(letters[byte % letters.size()]);
    }
    return hiddenName(name, ending);
}

/// The same for the same file each time. Not the storage index itself: it would tell others what is fetched.
std::filesystem::path partialPath(const std::filesystem::path& target, const StorageIndex& fetched) {
    constexpr std::size_t letters = 16;
    const auto ending =
        toBase32(crypto::taggedHash("tarn_partial_file_v1", fetched.bytes()).bytes()).substr(0, letters);
    return target.parent_path() / hiddenName(target.filename().string(), "part-" + ending);
}

class FileSink final : public Sink {
public:
    FileSink(std::filesystem::path target, std::filesystem::path temporary, int descriptor, mode_t mode,
             bool staysUncommitted = false, ByteCount held = ByteCount(0))
        : m_target(std::move(target)), m_temporary(std::move(temporary)), m_descriptor(descriptor), m_mode(mode),
          m_staysUncommitted(staysUncommitted), m_held(held) {}
    FileSink(const FileSink&) = delete;
    FileSink& operator=(const FileSink&) = delete;

    ~FileSink() override {
        if (!m_committed && (!m_staysUncommitted || m_empty)) {
            ::unlink(m_temporary.c_str());
        }
        ::close(m_descriptor);
    }

    [[nodiscard]] ByteCount held() const override { return m_held; }

    Result<void> readHeld(ByteOffset offset, MutableByteView out) override {
        std::uint64_t at = offset.value();
        while (!out.empty()) {
            const ssize_t got = ::pread(m_descriptor, out.data(), out.size(), static_cast<off_t>(at));
            if (got < 0 && errno == EINTR) {
                continue;
            }
            if (got <= 0) {
                return failure(ErrorCode::FileUnreadable, got < 0 ? reasonOf(errno) : "it ends early");
            }
            at += static_cast<std::uint64_t>(got);
            out = out.subspan(static_cast<std::size_t>(got));
        }
        return {};
    }

    Result<void> keepHeld(ByteCount good) override {
        const auto end = static_cast<off_t>(good.value());
        if (::ftruncate(m_descriptor, end) != 0 || ::lseek(m_descriptor, end, SEEK_SET) != end) {
            return cannotWrite(errno);
        }
        m_held = ByteCount(0);
        m_empty = end == 0;
        m_written = good.value();
        return {};
    }

    Result<void> write(ByteView plaintext) override {
        if (m_held.value() > 0) {
            if (auto dropped = keepHeld(ByteCount(0)); !dropped) {
                return dropped;
            }
        }
        m_empty = m_empty && plaintext.empty();
        while (!plaintext.empty()) {
            const ssize_t written = ::write(m_descriptor, plaintext.data(), plaintext.size());
            if (written < 0) {
                if (errno == EINTR) {
                    continue;
                }
                return cannotWrite(errno);
            }
            plaintext = plaintext.subspan(static_cast<std::size_t>(written));
            writeBehind(m_descriptor, m_written, m_written + static_cast<std::uint64_t>(written));
            m_written += static_cast<std::uint64_t>(written);
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
    bool m_staysUncommitted;
    ByteCount m_held;
    bool m_empty = m_held.value() == 0;
    std::uint64_t m_written = 0;  ///< where the next byte goes
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

/// What a new file gets, or an existing `target` has, as its mode. Fails where nothing can be put in its place.
Result<std::optional<mode_t>> modeOfExisting(const std::filesystem::path& target) {
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
    return exists ? std::optional<mode_t>(existing.st_mode & 0777U) : std::nullopt;
}

/// An empty file of a name that was free, for its owner alone.
struct Created {
    std::filesystem::path path;
    int descriptor;
    mode_t mode;  ///< what the person's umask would have given it
};
Result<Created> createTemporary(const std::filesystem::path& target) {
    const auto name = target.filename().string();
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
        return Created{temporary, descriptor, static_cast<mode_t>(created.st_mode & 0777U)};
    }
}

}  // namespace

Result<void> Sink::readHeld(ByteOffset, MutableByteView) {
    return failure(ErrorCode::FileUnreadable, "nothing is held");
}

Result<void> Sink::keepHeld(ByteCount) {
    return {};
}

Result<std::shared_ptr<Sink>> fileSink(const std::filesystem::path& target) {
    const auto existing = modeOfExisting(target);
    if (!existing) {
        return failure(existing.error());
    }
    const auto made = createTemporary(target);
    if (!made) {
        return failure(made.error());
    }
    return std::shared_ptr<Sink>(
        std::make_shared<FileSink>(target, made->path, made->descriptor, existing->value_or(made->mode)));
}

Result<std::shared_ptr<Sink>> resumableFileSink(const std::filesystem::path& target, const StorageIndex& fetched) {
    const auto existing = modeOfExisting(target);
    if (!existing) {
        return failure(existing.error());
    }
    // Made anew each time: it tells what mode the person's umask gives.
    const auto made = createTemporary(target);
    if (!made) {
        return failure(made.error());
    }
    const mode_t mode = existing->value_or(made->mode);
    ::close(made->descriptor);
    ::unlink(made->path.c_str());
    const auto path = partialPath(target, fetched);
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (descriptor < 0) {
        return cannotWrite(errno);
    }
    struct stat found {};
    const bool usable = ::fstat(descriptor, &found) == 0 && S_ISREG(found.st_mode);
    if (!usable || ::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        ::close(descriptor);
        return failure(ErrorCode::FileUnwritable, usable ? "another download is writing it" : "not a regular file");
    }
    const ByteCount held(static_cast<std::uint64_t>(found.st_size));
    return std::shared_ptr<Sink>(std::make_shared<FileSink>(target, path, descriptor, mode, true, held));
}

void removePartialFile(const std::filesystem::path& target, const StorageIndex& fetched) {
    const auto path = partialPath(target, fetched);
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (descriptor < 0) {
        return;
    }
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
        ::unlink(path.c_str());
    }
    ::close(descriptor);
}

std::shared_ptr<Sink> memorySink(std::shared_ptr<Bytes> bytes) {
    return std::make_shared<MemorySink>(std::move(bytes));
}

}  // namespace tarn::download
