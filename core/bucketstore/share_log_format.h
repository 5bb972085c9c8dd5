#pragma once

#include "core/bucketstore/file_system.h"
#include "core/bucketstore/share_tree.h"
#include "core/foundation/bytes.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace tarn::bucketstore {

// The bytes of a share log (see core/doc/formats/bucket-store.md). A segment is a row of blocks: the first says in
// which epoch it is, the others hold records that begin at a block each, so that no write touches what another one made
// safe. Only records of the segment's epoch count, which nobody outside can guess: what clients store cannot pass for
// one.

inline constexpr std::size_t logBlockSize = 4096;
/// Containers over this size are not worth a second copy on the disk.
inline constexpr std::size_t mostLoggedContainer = 32UL * 1024;
/// What a record has before its container; with these bytes gone it is none.
inline constexpr std::size_t logRecordHeadSize = 80;

using LogEpoch = std::array<Byte, 16>;

struct LoggedShare {
    ShareKey key;
    Bytes container;
};

/// The first block of a segment.
[[nodiscard]] Bytes logSegmentHead(const LogEpoch& epoch);
/// The epoch of a segment; nothing where it has none: it was never begun, or is void. Fails as the file system does.
[[nodiscard]] Result<std::optional<LogEpoch>> readLogEpoch(const File& segment);

/// Bytes of a record, in whole blocks.
[[nodiscard]] std::size_t logRecordSize(std::size_t container) noexcept;
/// `container`: its pieces, one behind the other.
void appendLogRecord(Bytes& to, const LogEpoch& epoch, const ShareKey& key, std::span<const ByteView> container);
/// The record that begins at `offset`, if a whole one of that epoch does. Fails as the file system does.
[[nodiscard]] Result<std::optional<LoggedShare>> readLogRecord(const File& segment, std::uint64_t offset,
                                                               std::uint64_t segmentSize, const LogEpoch& epoch);

}  // namespace tarn::bucketstore
