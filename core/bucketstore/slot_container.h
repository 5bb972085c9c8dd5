#pragma once

#include "core/bucketstore/container.h"
#include "core/bucketstore/file_system.h"
#include "core/bucketstore/share_tree.h"
#include "core/foundation/ids.h"

#include <optional>

namespace tarn::bucketstore {

// Tahoe-LAFS's mutable share container, byte for byte (see core/doc/formats/bucket-store.md):
//
//     0    32 bytes  magic; its version 1 keeps lease secrets as they are, 2 keeps their BLAKE2b-256
//     32   20 bytes  node id of the server that took the write enabler
//     52   32 bytes  write enabler
//     84   u64       length of the data
//     92   u64       where the number of further leases stands: at or behind the data's end
//     100  four leases of 92 bytes
//     468  data, and perhaps what is left of longer data
//     …    u32       number of further leases, then those
//
// A lease: u32 owner (0: there is no lease here), u32 expiry in seconds since 1970, 32 bytes renew secret, 32 bytes
// cancel secret, 20 bytes node id of the server that took it. Source: Tahoe-LAFS storage/mutable.py, mutable_schema.py,
// lease.py.

inline constexpr std::size_t slotHeaderSize = 100;
inline constexpr std::size_t slotLeaseSize = 92;
inline constexpr std::size_t slotLeaseExpiryOffset = 4;
inline constexpr std::size_t slotLeasesInHeader = 4;
inline constexpr std::size_t slotDataOffset = slotHeaderSize + slotLeasesInHeader * slotLeaseSize;
/// What a mutable share takes on the disk beyond its data, with up to four leases.
inline constexpr std::uint64_t slotOverhead = slotDataOffset + 4;
inline constexpr std::size_t slotMagicSize = 32;

/// A container's beginning: header and four leases, used or not.
using SlotHead = std::array<Byte, slotDataOffset>;

/// Where things are in a mutable container, and who may change it.
struct SlotLayout {
    std::uint32_t version = 0;
    std::uint64_t dataLength = 0;
    std::uint64_t furtherLeases = 0;  ///< where their number stands
    std::uint32_t furtherCount = 0;   ///< as many as the file holds, where it says more
    WriteEnabler enabler;

    [[nodiscard]] std::uint64_t end() const noexcept {
        return furtherLeases + 4 + std::uint64_t{furtherCount} * slotLeaseSize;
    }
};

/// The version that a mutable container's first bytes name; nothing for any other file.
[[nodiscard]] std::optional<std::uint32_t> slotVersion(ByteView beginning) noexcept;

enum class ContainerKind : std::uint8_t { Immutable, Mutable };
/// What kind of container begins with these bytes, of which there should be `slotMagicSize`; nothing when it is
/// neither.
[[nodiscard]] std::optional<ContainerKind> kindOf(ByteView beginning) noexcept;
/// The same of a file. Fails as the file system does.
[[nodiscard]] Result<std::optional<ContainerKind>> containerKind(const File& file);
/// The kind of the shares in a bucket, by the first that tells; nothing when none does.
[[nodiscard]] Result<std::optional<ContainerKind>> bucketKind(FileSystem& files, const ShareTree& tree,
                                                              StorageIndex index, const std::set<ShareNum>& shares);

/// Reads a container's header and counts its leases. Fails: ServerFailed (not a mutable container, or damaged).
[[nodiscard]] Result<SlotLayout> readSlotLayout(const File& file);
[[nodiscard]] SlotHead makeSlotHead(const LeaseSeed& nodeId, const WriteEnabler& enabler) noexcept;

/// A lease as a mutable container keeps it.
using SlotLeaseRecord = std::array<Byte, slotLeaseSize>;
[[nodiscard]] SlotLeaseRecord slotLeaseRecord(const Lease& lease, std::uint32_t version,
                                              const LeaseSeed& nodeId) noexcept;
/// Whether a lease stands here, and whose.
[[nodiscard]] bool holdsSlotLease(ByteView record) noexcept;
[[nodiscard]] bool matchesSlotLease(ByteView record, const Lease& lease, std::uint32_t version) noexcept;

/// The leases of a container, and all else that stands before its data: to be carried over to the next version of it.
struct SlotParts {
    SlotHead head{};
    Bytes further;  ///< leases beyond the fourth, whole records
};
[[nodiscard]] Result<SlotParts> readSlotParts(const File& file, const SlotLayout& layout);
/// Where a client's lease stands in a container, or would.
struct SlotLeasePlace {
    enum class State : std::uint8_t {
        Ours,
        Unused,  ///< none of this client's; here is a place
        Behind,  ///< all places are taken; this would be one more
    };
    State state = State::Behind;
    std::size_t number = 0;    ///< counted over the header's places, then the further ones
    std::uint32_t expiry = 0;  ///< of this client's
};
[[nodiscard]] SlotLeasePlace findSlotLease(const SlotParts& parts, const Lease& lease, std::uint32_t version);
/// Adds the lease, or moves its expiry on if the client has one there. False when there is no room for one more.
bool putLease(SlotParts& parts, const Lease& lease, std::uint32_t version, const LeaseSeed& nodeId);
/// Writes into the head how long the data is, and that the further leases follow it.
void setDataLength(SlotParts& parts, std::uint64_t length) noexcept;

}  // namespace tarn::bucketstore
