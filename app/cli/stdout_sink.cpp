#include "app/cli/stdout_sink.h"

#include <cerrno>

#include <poll.h>
#include <unistd.h>

namespace tarn::cli {

Result<void> StdoutSink::write(ByteView plaintext) {
    while (!plaintext.empty()) {
        const auto written = ::write(STDOUT_FILENO, plaintext.data(), plaintext.size());
        if (written >= 0) {
            plaintext = plaintext.subspan(static_cast<std::size_t>(written));
            m_written += static_cast<std::uint64_t>(written);
        } else if (errno == EAGAIN) {
            pollfd ready{STDOUT_FILENO, POLLOUT, 0};
            ::poll(&ready, 1, -1);
        } else if (errno != EINTR) {
            return failure(errno == ENOSPC ? ErrorCode::DiskFull : ErrorCode::FileUnwritable, "standard output");
        }
    }
    return {};
}

}  // namespace tarn::cli
