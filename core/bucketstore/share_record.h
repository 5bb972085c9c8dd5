#pragma once

#include "core/bucketstore/file_system.h"
#include "core/bucketstore/slot_container.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace tarn::bucketstore {

/// The most leases of one share whose ends are remembered one by one.
inline constexpr std::size_t mostRecordedLeases = 4096;

/// What a share's container says of itself, whichever of Tahoe-LAFS's two kinds and versions it is.
struct ShareRecord {
    ContainerKind kind = ContainerKind::Immutable;
    std::uint32_t version = 0;
    std::uint64_t dataLength = 0;
    /// When each lease ends, in seconds since 1970, by its place in the container; 0 where a place is empty. Of a share
    /// with more than `mostRecordedLeases` only the first ones.
    std::vector<std::uint32_t> expiries;
    std::uint32_t leases = 0;             ///< that are there, all of them
    std::optional<std::uint32_t> latest;  ///< when the last of all leases ends; none: there is no lease
};

/// Reads a container. Fails: ServerFailed (not a container, or damaged; or the disk's own error).
[[nodiscard]] Result<ShareRecord> readShareRecord(const File& file);

}  // namespace tarn::bucketstore
