#pragma once

#include "core/download/sink.h"

#include <cstdint>

namespace tarn::cli {

/// Hands verified plaintext to stdout as it comes, in order. What has been written cannot be taken back: a reader
/// learns by the exit code whether it was all. Fails: FileUnwritable (the reader went away), DiskFull.
class StdoutSink final : public download::Sink {
public:
    [[nodiscard]] Result<void> write(ByteView plaintext) override;
    [[nodiscard]] Result<void> commit() override { return {}; }

    /// Bytes so far. Thread: any, while nothing is being written.
    [[nodiscard]] std::uint64_t written() const noexcept { return m_written; }

private:
    std::uint64_t m_written = 0;
};

}  // namespace tarn::cli
