#pragma once

#include "core/foundation/bytes.h"
#include "core/foundation/result.h"
#include "core/foundation/units.h"

#include <filesystem>
#include <memory>

namespace tarn::upload {

/// The plaintext of one upload, read in any order, twice over (once for the key, once for the shares).
///
/// Thread: calls come from the disk pool, one at a time.
class Source {
public:
    virtual ~Source() = default;
    /// The size that was seen at the start.
    [[nodiscard]] virtual ByteCount size() const noexcept = 0;
    /// Fills all of `out` from `offset`. Fails: FileUnreadable, FileChanged (it is shorter, or was touched since).
    [[nodiscard]] virtual Result<void> read(ByteOffset offset, MutableByteView out) = 0;
    /// Whether it is still what was opened: same file, size and time. Fails: FileChanged.
    [[nodiscard]] virtual Result<void> checkUnchanged() = 0;
};

/// Opens a regular file. Fails: FileNotFound, FileUnreadable (also for folders, devices, pipes).
[[nodiscard]] Result<std::shared_ptr<Source>> openFile(const std::filesystem::path& path);
/// Bytes that are in memory.
[[nodiscard]] std::shared_ptr<Source> sourceOf(Bytes bytes);

}  // namespace tarn::upload
