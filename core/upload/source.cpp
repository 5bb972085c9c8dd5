#include "core/upload/source.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tarn::upload {

namespace {

/// A file descriptor that closes itself.
class Descriptor {
public:
    explicit Descriptor(int number) noexcept : m_number(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    Descriptor(Descriptor&& other) noexcept : m_number(std::exchange(other.m_number, -1)) {}
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor() {
        if (m_number >= 0) {
            ::close(m_number);
        }
    }
    [[nodiscard]] int number() const noexcept { return m_number; }

private:
    int m_number;
};

/// What tells one state of a file from another.
struct Fingerprint {
    dev_t device;
    ino_t node;
    off_t size;
    time_t seconds;
    long nanoseconds;
    bool operator==(const Fingerprint&) const = default;
};

Fingerprint fingerprintOf(const struct stat& status) {
    return {status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

std::string reasonOf(int error) {
    return std::generic_category().message(error);
}

class FileSource final : public Source {
public:
    FileSource(std::filesystem::path path, Descriptor descriptor, const Fingerprint& opened)
        : m_path(std::move(path)), m_descriptor(std::move(descriptor)), m_opened(opened) {}

    [[nodiscard]] ByteCount size() const noexcept override {
        return ByteCount(static_cast<std::uint64_t>(m_opened.size));
    }

    [[nodiscard]] Result<void> read(ByteOffset offset, MutableByteView out) override {
        const auto fileSize = size().value();
        if (offset.value() > fileSize || out.size() > fileSize - offset.value()) {
            return failure(ErrorCode::InvalidArgument, "read past the end of the file");
        }
        std::size_t done = 0;
        while (done < out.size()) {
            const ssize_t got = ::pread(m_descriptor.number(), out.data() + done, out.size() - done,
                                        static_cast<off_t>(offset.value() + done));
            if (got < 0 && errno == EINTR) {
                continue;
            }
            if (got < 0) {
                return failure(ErrorCode::FileUnreadable, reasonOf(errno));
            }
            if (got == 0) {
                return failure(ErrorCode::FileChanged, "the file became shorter while it was read");
            }
            done += static_cast<std::size_t>(got);
        }
        return {};
    }

    [[nodiscard]] Result<void> checkUnchanged() override {
        struct stat opened = {};
        if (::fstat(m_descriptor.number(), &opened) != 0) {
            return failure(ErrorCode::FileUnreadable, reasonOf(errno));
        }
        if (fingerprintOf(opened) != m_opened) {
            return failure(ErrorCode::FileChanged, "the file was written to while it was read");
        }
        // An editor that saves by renaming leaves the old file untouched and puts another in its place.
        struct stat named = {};
        if (::stat(m_path.c_str(), &named) != 0 || fingerprintOf(named) != m_opened) {
            return failure(ErrorCode::FileChanged, "another file took its place while it was read");
        }
        return {};
    }

private:
    std::filesystem::path m_path;
    Descriptor m_descriptor;
    Fingerprint m_opened;
};

class MemorySource final : public Source {
public:
    explicit MemorySource(Bytes bytes) : m_bytes(std::move(bytes)) {}

    [[nodiscard]] ByteCount size() const noexcept override { return ByteCount(m_bytes.size()); }
    [[nodiscard]] Result<void> read(ByteOffset offset, MutableByteView out) override {
        if (offset.value() > m_bytes.size() || out.size() > m_bytes.size() - offset.value()) {
            return failure(ErrorCode::InvalidArgument, "read past the end of the bytes");
        }
        std::copy_n(m_bytes.begin() + static_cast<std::ptrdiff_t>(offset.value()), out.size(), out.begin());
        return {};
    }
    [[nodiscard]] Result<void> checkUnchanged() override { return {}; }

private:
    Bytes m_bytes;
};

}  // namespace

Result<std::shared_ptr<Source>> openFile(const std::filesystem::path& path) {
    // Without O_NONBLOCK the open of a pipe would wait for somebody to write into it.
    Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    if (descriptor.number() < 0) {
        const int error = errno;
        const bool missing = error == ENOENT || error == ENOTDIR;
        return failure(missing ? ErrorCode::FileNotFound : ErrorCode::FileUnreadable, reasonOf(error));
    }
    struct stat status = {};
    if (::fstat(descriptor.number(), &status) != 0) {
        return failure(ErrorCode::FileUnreadable, reasonOf(errno));
    }
    if (S_ISDIR(status.st_mode)) {
        return failure(ErrorCode::FileUnreadable, "it is a folder");
    }
    if (!S_ISREG(status.st_mode)) {
        return failure(ErrorCode::FileUnreadable, "it is not a regular file");
    }
    return std::make_shared<FileSource>(path, std::move(descriptor), fingerprintOf(status));
}

std::shared_ptr<Source> sourceOf(Bytes bytes) {
    return std::make_shared<MemorySource>(std::move(bytes));
}

}  // namespace tarn::upload
