#include "core/bucketstore/slot_container.h"

#include <algorithm>

namespace tarn::bucketstore {

namespace {

constexpr std::size_t nodeIdOffset = 32;
constexpr std::size_t enablerOffset = 52;
constexpr std::size_t lengthOffset = 84;
constexpr std::size_t furtherOffset = 92;
constexpr std::size_t renewOffset = 8;
constexpr std::size_t cancelOffset = 40;
constexpr std::size_t leaseNodeOffset = 72;
/// Tahoe-LAFS gives all leases of mutable shares this owner; 0 means that there is no lease.
constexpr std::uint32_t owner = 1;
/// More than any server was ever given: a number beyond it is damage, and must not become memory.
constexpr std::uint64_t mostLeasesRead = 65536;

// A line of text for people, then five bytes that no text has.
constexpr std::array<std::string_view, 2> magics = {"Tahoe mutable container v1\n\x75\x09\x44\x03\x8e",
                                                    "Tahoe mutable container v2\n\xc3\x55\x21\x99\x25"};
static_assert(magics[0].size() == slotMagicSize && magics[1].size() == slotMagicSize);

/// A lease's record, by its number over the header's places and then the further ones.
template <typename Span>
Span recordOf(Span head, Span further, std::size_t number) {
    return number < slotLeasesInHeader ? head.subspan(slotHeaderSize + number * slotLeaseSize, slotLeaseSize)
                                       : further.subspan((number - slotLeasesInHeader) * slotLeaseSize, slotLeaseSize);
}

}  // namespace

std::optional<std::uint32_t> slotVersion(ByteView beginning) noexcept {
    for (std::uint32_t version = 1; version <= magics.size(); ++version) {
        if (textOf(beginning).starts_with(magics.at(version - 1))) {
            return version;
        }
    }
    return std::nullopt;
}

std::optional<ContainerKind> kindOf(ByteView beginning) noexcept {
    if (slotVersion(beginning)) {
        return ContainerKind::Mutable;
    }
    const bool immutable = beginning.size() >= containerHeaderSize &&
                           (readBigEndian32(beginning) == 1 || readBigEndian32(beginning) == ourContainerVersion);
    return immutable ? std::optional(ContainerKind::Immutable) : std::nullopt;
}

Result<std::optional<ContainerKind>> containerKind(const File& file) {
    std::array<Byte, slotMagicSize> beginning{};
    const auto got = file.read(0, beginning);
    if (!got) {
        return failure(got.error());
    }
    return kindOf(ByteView(beginning).first(*got));
}

Result<std::optional<ContainerKind>> bucketKind(FileSystem& files, const ShareTree& tree, StorageIndex index,
                                                const std::set<ShareNum>& shares) {
    for (const ShareNum share : shares) {
        const auto file = files.open(tree.sharePath(index, share), FileSystem::Access::Read);
        if (!file && file.error().code != ErrorCode::NotFound) {
            return failure(file.error());
        }
        auto kind = file ? containerKind(**file) : std::optional<ContainerKind>();
        if (!kind || *kind) {
            return kind;
        }
    }
    return std::optional<ContainerKind>();
}

Result<SlotLayout> readSlotLayout(const File& file) {
    const auto damaged = [](const char* detail) {
        return failure(ErrorCode::ServerFailed, detail);
    };
    std::array<Byte, slotHeaderSize> header{};
    const auto got = file.read(0, header);
    if (!got) {
        return failure(got.error());
    }
    const ByteView view = ByteView(header).first(*got);
    const auto version = slotVersion(view);
    if (!version || view.size() < slotHeaderSize) {
        return damaged("not a mutable share container");
    }
    SlotLayout layout;
    layout.version = *version;
    layout.enabler = *WriteEnabler::fromBytes(view.subspan(enablerOffset, WriteEnabler::size));
    layout.dataLength = readBigEndian64(view.subspan(lengthOffset));
    layout.furtherLeases = readBigEndian64(view.subspan(furtherOffset));
    const auto fileSize = file.size();
    if (!fileSize) {
        return failure(fileSize.error());
    }
    if (layout.furtherLeases < slotDataOffset || layout.dataLength > layout.furtherLeases - slotDataOffset ||
        layout.furtherLeases > *fileSize || *fileSize - layout.furtherLeases < 4) {
        return damaged("mutable share container is damaged or cut short");
    }
    std::array<Byte, 4> count{};
    const auto counted = file.read(layout.furtherLeases, count);
    if (!counted) {
        return failure(counted.error());
    }
    // Tahoe-LAFS raises the number before it writes the lease: where it was stopped in between, the data is well.
    const std::uint64_t fit = std::min((*fileSize - layout.furtherLeases - 4) / slotLeaseSize, mostLeasesRead);
    layout.furtherCount = static_cast<std::uint32_t>(std::min<std::uint64_t>(readBigEndian32(count), fit));
    return layout;
}

SlotHead makeSlotHead(const LeaseSeed& nodeId, const WriteEnabler& enabler) noexcept {
    SlotHead head{};
    std::ranges::copy(viewOf(magics.at(ourContainerVersion - 1)), head.begin());
    std::ranges::copy(nodeId.bytes(), head.begin() + nodeIdOffset);
    std::ranges::copy(enabler.reveal(), head.begin() + enablerOffset);
    std::ranges::copy(bigEndian64(slotDataOffset), head.begin() + furtherOffset);
    return head;
}

SlotLeaseRecord slotLeaseRecord(const Lease& lease, std::uint32_t version, const LeaseSeed& nodeId) noexcept {
    SlotLeaseRecord record{};
    std::ranges::copy(bigEndian32(owner), record.begin());
    std::ranges::copy(bigEndian32(lease.expiry()), record.begin() + slotLeaseExpiryOffset);
    std::ranges::copy(lease.kept(version).renew.reveal(), record.begin() + renewOffset);
    std::ranges::copy(lease.kept(version).cancel.reveal(), record.begin() + cancelOffset);
    std::ranges::copy(nodeId.bytes(), record.begin() + leaseNodeOffset);
    return record;
}

bool holdsSlotLease(ByteView record) noexcept {
    return readBigEndian32(record) != 0;
}

bool matchesSlotLease(ByteView record, const Lease& lease, std::uint32_t version) noexcept {
    return holdsSlotLease(record) &&
           equalConstantTime(record.subspan(renewOffset, LeaseRenewSecret::size), lease.kept(version).renew.reveal());
}

Result<SlotParts> readSlotParts(const File& file, const SlotLayout& layout) {
    SlotParts parts;
    parts.further.resize(std::size_t{layout.furtherCount} * slotLeaseSize);
    auto got = file.read(0, parts.head);
    if (got && *got == parts.head.size()) {
        got = file.read(layout.furtherLeases + 4, parts.further);
        if (got && *got == parts.further.size()) {
            return parts;
        }
    }
    return got ? failure(ErrorCode::ServerFailed, "mutable share container is cut short") : failure(got.error());
}

SlotLeasePlace findSlotLease(const SlotParts& parts, const Lease& lease, std::uint32_t version) {
    using State = SlotLeasePlace::State;
    const std::size_t places = slotLeasesInHeader + parts.further.size() / slotLeaseSize;
    SlotLeasePlace found{State::Behind, places, 0};
    for (std::size_t number = 0; number < places; ++number) {
        const ByteView record = recordOf(ByteView(parts.head), ByteView(parts.further), number);
        if (matchesSlotLease(record, lease, version)) {
            return {State::Ours, number, readBigEndian32(record.subspan(slotLeaseExpiryOffset))};
        }
        if (found.state == State::Behind && !holdsSlotLease(record)) {
            found = {State::Unused, number, 0};
        }
    }
    return found;
}

bool putLease(SlotParts& parts, const Lease& lease, std::uint32_t version, const LeaseSeed& nodeId) {
    const SlotLeasePlace place = findSlotLease(parts, lease, version);
    if (place.state == SlotLeasePlace::State::Behind) {
        if (place.number >= mostLeases) {
            return false;
        }
        parts.further.resize(parts.further.size() + slotLeaseSize);
    }
    const MutableByteView record = recordOf(MutableByteView(parts.head), MutableByteView(parts.further), place.number);
    if (place.state != SlotLeasePlace::State::Ours) {
        std::ranges::copy(slotLeaseRecord(lease, version, nodeId), record.begin());
    } else if (place.expiry < lease.expiry()) {
        std::ranges::copy(bigEndian32(lease.expiry()), record.begin() + slotLeaseExpiryOffset);
    }
    return true;
}

void setDataLength(SlotParts& parts, std::uint64_t length) noexcept {
    std::ranges::copy(bigEndian64(length), parts.head.begin() + lengthOffset);
    std::ranges::copy(bigEndian64(slotDataOffset + length), parts.head.begin() + furtherOffset);
}

}  // namespace tarn::bucketstore
