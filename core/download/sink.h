#pragma once

#include "core/foundation/bytes.h"
#include "core/foundation/result.h"

#include <filesystem>
#include <memory>

namespace tarn::download {

/// Takes verified plaintext in order. Thread: calls come from the disk pool, one at a time.
class Sink {
public:
    virtual ~Sink() = default;
    /// Fails: FileUnwritable, DiskFull.
    [[nodiscard]] virtual Result<void> write(ByteView plaintext) = 0;
    /// The last byte has come: make the whole visible. Until then nothing is.
    [[nodiscard]] virtual Result<void> commit() = 0;
};

/// Writes beside `target` under a temporary name and renames on commit, synced to disk. Without a commit the temporary
/// file goes with the sink. An existing `target` is replaced at the commit.
/// Fails: FileUnwritable, DiskFull.
[[nodiscard]] Result<std::shared_ptr<Sink>> fileSink(const std::filesystem::path& target);

/// Keeps the bytes in memory; `bytes` is filled at the commit.
[[nodiscard]] std::shared_ptr<Sink> memorySink(std::shared_ptr<Bytes> bytes);

}  // namespace tarn::download
