#pragma once

#include "core/foundation/bytes.h"
#include "core/foundation/ids.h"
#include "core/foundation/result.h"
#include "core/foundation/units.h"

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

    /// Plaintext bytes that an earlier attempt has left, from the file's beginning. Nobody has checked them.
    [[nodiscard]] virtual ByteCount held() const { return ByteCount(0); }
    /// Fills all of `out` from what is held. Fails: FileUnreadable.
    [[nodiscard]] virtual Result<void> readHeld(ByteOffset offset, MutableByteView out);
    /// The first `good` bytes of what is held are right, and `write` goes on behind them. Without this call, to be made
    /// before the first `write`, nothing of it is kept. Fails: FileUnwritable.
    [[nodiscard]] virtual Result<void> keepHeld(ByteCount good);
};

/// Writes beside `target` under a temporary name and renames on commit, synced to disk. Without a commit the temporary
/// file goes with the sink. An existing `target` is replaced at the commit.
/// Fails: FileUnwritable, DiskFull.
[[nodiscard]] Result<std::shared_ptr<Sink>> fileSink(const std::filesystem::path& target);

/// The same, but what was written stays where no commit comes, also where the program is killed: in a hidden file
/// beside `target`, named after it and after what is being fetched, where the next such sink finds it. Fails besides:
/// FileUnwritable (another such sink is open).
[[nodiscard]] Result<std::shared_ptr<Sink>> resumableFileSink(const std::filesystem::path& target,
                                                              const StorageIndex& fetched);
/// Takes away what such a sink has left, if anything and unless one is open: the transfer is given up.
void removePartialFile(const std::filesystem::path& target, const StorageIndex& fetched);

/// Keeps the bytes in memory; `bytes` is filled at the commit.
[[nodiscard]] std::shared_ptr<Sink> memorySink(std::shared_ptr<Bytes> bytes);

}  // namespace tarn::download
