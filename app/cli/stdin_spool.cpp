#include "app/cli/stdin_spool.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace tarn::cli {

namespace {

tl::unexpected<Error> unwritable(const std::string& path, int cause) {
    const bool full = cause == ENOSPC || cause == EDQUOT;
    return failure(full ? ErrorCode::DiskFull : ErrorCode::FileUnwritable, path);
}

/// `/tmp` is often in memory, and what comes by a pipe may be of any size.
std::string temporaryFolder() {
    if (const char* const chosen = std::getenv("TMPDIR"); chosen != nullptr && *chosen != '\0') {
        return chosen;
    }
    return ::access("/var/tmp", W_OK) == 0 ? "/var/tmp" : "/tmp";
}

Result<void> copyStdin(int target, const std::string& path) {
    std::array<char, 64 * 1024> piece;
    for (;;) {
        const auto count = ::read(STDIN_FILENO, piece.data(), piece.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return failure(ErrorCode::FileUnreadable, "standard input");
        }
        if (count == 0) {
            return {};
        }
        for (ssize_t done = 0; done < count;) {
            const auto written = ::write(target, piece.data() + done, static_cast<std::size_t>(count - done));
            if (written < 0 && errno == EINTR) {
                continue;
            }
            if (written < 0) {
                return unwritable(path, errno);
            }
            done += written;
        }
    }
}

}  // namespace

Result<StdinSpool> StdinSpool::read() {
    std::string path = temporaryFolder() + "/tarn-stdin.XXXXXX";
    const int descriptor = ::mkostemp(path.data(), O_CLOEXEC);
    if (descriptor < 0) {
        return unwritable(path, errno);
    }
    StdinSpool spool(path);
    auto copied = copyStdin(descriptor, path);
    if (::close(descriptor) != 0 && copied) {
        copied = unwritable(path, errno);
    }
    if (!copied) {
        return failure(std::move(copied.error()));
    }
    return spool;
}

StdinSpool::StdinSpool(StdinSpool&& other) noexcept : m_file(std::exchange(other.m_file, {})) {}

StdinSpool& StdinSpool::operator=(StdinSpool&& other) noexcept {
    std::swap(m_file, other.m_file);
    return *this;
}

StdinSpool::~StdinSpool() {
    if (!m_file.empty()) {
        std::error_code ignored;
        std::filesystem::remove(m_file, ignored);
    }
}

}  // namespace tarn::cli
