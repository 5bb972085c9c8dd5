#include "core/bucketstore/file_system.h"
#include "core/foundation/write_behind.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string_view>
#include <system_error>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace tarn::bucketstore {

namespace {

/// A single call is kept short, so that a signal or an end of the program waits for no more than this.
constexpr std::uint64_t mostCopiedAtOnce = 64UL * 1024 * 1024;

tl::unexpected<Error> failed(std::string_view call, int number) {
    ErrorCode code = ErrorCode::ServerFailed;
    switch (number) {
    case ENOENT:
    case ENOTDIR: code = ErrorCode::NotFound; break;
    case ENOSPC:
    case EDQUOT:
    case EFBIG: code = ErrorCode::NoSpace; break;
    case EACCES:
    case EPERM:
    case EROFS: code = ErrorCode::FileUnwritable; break;
    case EEXIST:
    case ENOTEMPTY: code = ErrorCode::Conflict; break;
    default: break;
    }
    return failure(code, std::string(call) + ": " + std::generic_category().message(number));
}

class Descriptor {
public:
    explicit Descriptor(int number) noexcept : m_number(number) {}
    Descriptor(Descriptor&& other) noexcept : m_number(std::exchange(other.m_number, -1)) {}
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor() {
        if (m_number >= 0) {
            ::close(m_number);
        }
    }

    [[nodiscard]] bool valid() const noexcept { return m_number >= 0; }
    [[nodiscard]] int number() const noexcept { return m_number; }

private:
    int m_number;
};

class PosixFile final : public File {
public:
    explicit PosixFile(Descriptor descriptor) noexcept : m_descriptor(std::move(descriptor)) {}

    [[nodiscard]] Result<std::size_t> read(std::uint64_t offset, MutableByteView out) const override {
        std::size_t done = 0;
        while (done < out.size()) {
            const ssize_t now =
                ::pread(m_descriptor.number(), out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
            if (now < 0) {
                if (errno == EINTR) {
                    continue;
                }
                return failed("read", errno);
            }
            if (now == 0) {
                break;
            }
            done += static_cast<std::size_t>(now);
        }
        return done;
    }

    [[nodiscard]] std::optional<std::size_t> readCached(std::uint64_t offset, MutableByteView out) const override {
        const iovec piece{out.data(), out.size()};
        const ssize_t now = ::preadv2(m_descriptor.number(), &piece, 1, static_cast<off_t>(offset), RWF_NOWAIT);
        return now < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(now));
    }

    [[nodiscard]] Result<void> write(std::uint64_t offset, std::span<const ByteView> pieces) override {
        // A share goes out as header, data and lease: one call for all three in the ordinary case.
        std::array<iovec, 4> vector{};
        std::size_t piece = 0;
        std::size_t within = 0;
        while (true) {
            std::size_t count = 0;
            for (std::size_t i = piece; i < pieces.size() && count < vector.size(); ++i) {
                const ByteView rest = i == piece ? pieces[i].subspan(within) : pieces[i];
                if (!rest.empty()) {
                    vector[count++] = {const_cast<Byte*>(rest.data()), rest.size()};
                }
            }
            if (count == 0) {
                return {};
            }
            const ssize_t now =
                ::pwritev(m_descriptor.number(), vector.data(), static_cast<int>(count), static_cast<off_t>(offset));
            if (now < 0) {
                if (errno == EINTR) {
                    continue;
                }
                return failed("write", errno);
            }
            writeBehind(m_descriptor.number(), offset, offset + static_cast<std::uint64_t>(now));
            offset += static_cast<std::uint64_t>(now);
            auto advance = static_cast<std::size_t>(now);
            while (piece < pieces.size() && advance >= pieces[piece].size() - within) {
                advance -= pieces[piece].size() - within;
                ++piece;
                within = 0;
            }
            within += advance;
        }
    }

    [[nodiscard]] Result<void> copyFrom(const File& source, std::uint64_t from, std::uint64_t to,
                                        std::uint64_t length) override {
        const auto* const other = dynamic_cast<const PosixFile*>(&source);
        while (other != nullptr && length > 0) {
            const std::uint64_t piece = std::min({length, other->dataFrom(from, length), mostCopiedAtOnce});
            if (piece == 0) {
                // Here, and for as far as is known, zeros stand that were never written: nothing is to be done for
                // them.
                const std::uint64_t hole = std::min(length, other->holeFrom(from, length));
                if (hole == 0) {
                    break;
                }
                from += hole;
                to += hole;
                length -= hole;
                continue;
            }
            auto in = static_cast<off64_t>(from);
            auto out = static_cast<off64_t>(to);
            const ssize_t now = ::copy_file_range(other->m_descriptor.number(), &in, m_descriptor.number(), &out,
                                                  static_cast<std::size_t>(piece), 0);
            if (now < 0 && errno == EINTR) {
                continue;
            }
            if (now <= 0) {
                break;  // not between these file systems, or the source ends: reading and writing will tell
            }
            from += static_cast<std::uint64_t>(now);
            to += static_cast<std::uint64_t>(now);
            length -= static_cast<std::uint64_t>(now);
        }
        return length == 0 ? Result<void>() : File::copyFrom(source, from, to, length);
    }

    [[nodiscard]] Result<void> sync() override {
        if (::fdatasync(m_descriptor.number()) != 0) {
            return failed("fdatasync", errno);
        }
        return {};
    }

    [[nodiscard]] Result<std::uint64_t> size() const override {
        struct stat status {};
        if (::fstat(m_descriptor.number(), &status) != 0) {
            return failed("fstat", errno);
        }
        if (!S_ISREG(status.st_mode)) {
            return failure(ErrorCode::ServerFailed, "not a regular file");
        }
        return static_cast<std::uint64_t>(status.st_size);
    }

    [[nodiscard]] Result<void> truncate(std::uint64_t size) override {
        if (::ftruncate(m_descriptor.number(), static_cast<off_t>(size)) != 0) {
            return failed("ftruncate", errno);
        }
        return {};
    }

private:
    /// How much data stands from `offset` on without a hole; `unknown` where the system does not tell.
    [[nodiscard]] std::uint64_t dataFrom(std::uint64_t offset, std::uint64_t unknown) const {
        const off_t data = ::lseek(m_descriptor.number(), static_cast<off_t>(offset), SEEK_DATA);
        if (data < 0) {
            return errno == ENXIO ? 0 : unknown;  // ENXIO: no data up to the end
        }
        if (static_cast<std::uint64_t>(data) > offset) {
            return 0;
        }
        const off_t hole = ::lseek(m_descriptor.number(), static_cast<off_t>(offset), SEEK_HOLE);
        return hole < 0 ? unknown : static_cast<std::uint64_t>(hole) - offset;
    }

    /// How far the hole goes that `offset` stands in, at most to the file's end; 0 at the end.
    [[nodiscard]] std::uint64_t holeFrom(std::uint64_t offset, std::uint64_t most) const {
        const off_t data = ::lseek(m_descriptor.number(), static_cast<off_t>(offset), SEEK_DATA);
        if (data >= 0) {
            return std::min(most, static_cast<std::uint64_t>(data) - offset);
        }
        const auto end = size();
        return end && *end > offset ? std::min(most, *end - offset) : 0;
    }

    Descriptor m_descriptor;
};

class PosixLock final : public FolderLock {
public:
    explicit PosixLock(Descriptor descriptor) noexcept : m_descriptor(std::move(descriptor)) {}

private:
    Descriptor m_descriptor;
};

class PosixFileSystem final : public FileSystem {
public:
    [[nodiscard]] Result<std::unique_ptr<File>> open(const std::string& path, Access access) override {
        int flags = O_CLOEXEC | O_NOFOLLOW;
        switch (access) {
        case Access::Read: flags |= O_RDONLY; break;
        case Access::Change: flags |= O_RDWR; break;
        case Access::CreateNew: flags |= O_RDWR | O_CREAT | O_EXCL; break;
        }
        Descriptor descriptor(::open(path.c_str(), flags, S_IRUSR | S_IWUSR));
        if (!descriptor.valid()) {
            return failed("open", errno);
        }
        return std::unique_ptr<File>(std::make_unique<PosixFile>(std::move(descriptor)));
    }

    [[nodiscard]] std::unique_ptr<File> openCached(const std::string& path) override {
        open_how how{};
        how.flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW;
        how.resolve = RESOLVE_CACHED;
        Descriptor descriptor(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
        return descriptor.valid() ? std::make_unique<PosixFile>(std::move(descriptor)) : nullptr;
    }

    [[nodiscard]] Result<std::uint64_t> fileSize(const std::string& path) override {
        struct stat status {};
        if (::lstat(path.c_str(), &status) != 0) {
            return failed("lstat", errno);
        }
        if (!S_ISREG(status.st_mode)) {
            return failure(ErrorCode::NotFound, "not a regular file");
        }
        return static_cast<std::uint64_t>(status.st_size);
    }

    [[nodiscard]] Result<EntryStatus> status(const std::string& path) override {
        struct stat status {};
        if (::lstat(path.c_str(), &status) != 0) {
            return failed("lstat", errno);
        }
        if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
            return failure(ErrorCode::NotFound, "neither a regular file nor a folder");
        }
        constexpr std::int64_t nanosecondsInSecond = 1'000'000'000;
        return EntryStatus{static_cast<std::uint64_t>(status.st_size),
                           status.st_mtim.tv_sec * nanosecondsInSecond + status.st_mtim.tv_nsec,
                           S_ISREG(status.st_mode)};
    }

    [[nodiscard]] Result<bool> makeFolder(const std::string& path) override {
        if (::mkdir(path.c_str(), S_IRWXU) == 0) {
            return true;
        }
        if (errno == EEXIST) {
            return false;
        }
        return failed("mkdir", errno);
    }

    [[nodiscard]] Result<std::vector<std::string>> names(const std::string& folder) override {
        const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(folder.c_str()), &::closedir);
        if (!listing) {
            return failed("opendir", errno);
        }
        std::vector<std::string> found;
        while (true) {
            errno = 0;
            const dirent* const entry = ::readdir(listing.get());
            if (entry == nullptr) {
                if (errno != 0) {
                    return failed("readdir", errno);
                }
                return found;
            }
            const std::string_view name(entry->d_name);
            if (name != "." && name != "..") {
                found.emplace_back(name);
            }
        }
    }

    [[nodiscard]] Result<void> rename(const std::string& from, const std::string& to) override {
        if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) {
            return {};
        }
        if (errno != EINVAL && errno != ENOSYS) {
            return failed("rename", errno);
        }
        // A file system without that flag: two names for a moment, and still never over another share.
        if (::link(from.c_str(), to.c_str()) != 0) {
            return failed("link", errno);
        }
        if (::unlink(from.c_str()) != 0) {
            return failed("unlink", errno);
        }
        return {};
    }

    [[nodiscard]] Result<void> replace(const std::string& from, const std::string& to) override {
        if (::rename(from.c_str(), to.c_str()) != 0) {
            return failed("rename", errno);
        }
        return {};
    }

    [[nodiscard]] Result<void> link(const std::string& file, const std::string& name) override {
        if (::link(file.c_str(), name.c_str()) == 0) {
            return {};
        }
        if (errno == EXDEV || errno == EPERM || errno == EMLINK || errno == EOPNOTSUPP) {
            return failure(ErrorCode::InvalidArgument, "cannot be linked");
        }
        return failed("link", errno);
    }

    [[nodiscard]] Result<void> remove(const std::string& file) override {
        if (::unlink(file.c_str()) != 0) {
            return failed("unlink", errno);
        }
        return {};
    }

    [[nodiscard]] Result<void> removeFolder(const std::string& folder) override {
        if (::rmdir(folder.c_str()) != 0) {
            return failed("rmdir", errno);
        }
        return {};
    }

    [[nodiscard]] Result<void> syncFolder(const std::string& folder) override {
        const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!descriptor.valid()) {
            return failed("open", errno);
        }
        if (::fsync(descriptor.number()) != 0) {
            return failed("fsync", errno);
        }
        return {};
    }

    [[nodiscard]] Result<void> syncAll(const std::string& folder) override {
        const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!descriptor.valid()) {
            return failed("open", errno);
        }
        if (::syncfs(descriptor.number()) != 0) {
            return failed("syncfs", errno);
        }
        return {};
    }

    [[nodiscard]] Result<std::uint64_t> freeSpace(const std::string& folder) override {
        struct statvfs status {};
        if (::statvfs(folder.c_str(), &status) != 0) {
            return failed("statvfs", errno);
        }
        std::uint64_t bytes = 0;
        if (__builtin_mul_overflow(std::uint64_t{status.f_bavail}, std::uint64_t{status.f_frsize}, &bytes)) {
            return std::numeric_limits<std::uint64_t>::max();
        }
        return bytes;
    }

    [[nodiscard]] Result<std::unique_ptr<FolderLock>> lock(const std::string& path) override {
        Descriptor descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
        if (!descriptor.valid()) {
            return failed("open", errno);
        }
        if (::flock(descriptor.number(), LOCK_EX | LOCK_NB) != 0) {
            if (errno == EWOULDBLOCK) {
                return failure(ErrorCode::ProfileLocked, "another program uses this store");
            }
            return failed("flock", errno);
        }
        return std::unique_ptr<FolderLock>(std::make_unique<PosixLock>(std::move(descriptor)));
    }
};

}  // namespace

std::optional<std::size_t> File::readCached(std::uint64_t /*offset*/, MutableByteView /*out*/) const {
    return std::nullopt;
}

std::unique_ptr<File> FileSystem::openCached(const std::string& /*path*/) {
    return nullptr;
}

Result<void> File::copyFrom(const File& source, std::uint64_t from, std::uint64_t to, std::uint64_t length) {
    constexpr std::uint64_t atOnce = 64UL * 1024;
    Bytes piece;
    while (length > 0) {
        piece.resize(static_cast<std::size_t>(std::min(atOnce, length)));
        const auto got = source.read(from, piece);
        if (!got) {
            return failure(got.error());
        }
        if (*got != piece.size()) {
            return failure(ErrorCode::ServerFailed, "the file to copy from is cut short");
        }
        if (auto written = write(to, std::array{ByteView(piece)}); !written) {
            return written;
        }
        from += piece.size();
        to += piece.size();
        length -= piece.size();
    }
    return {};
}

std::shared_ptr<FileSystem> makePosixFileSystem() {
    return std::make_shared<PosixFileSystem>();
}

}  // namespace tarn::bucketstore
