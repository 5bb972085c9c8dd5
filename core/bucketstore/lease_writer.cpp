#include "core/bucketstore/lease_writer.h"

#include <algorithm>

namespace tarn::bucketstore {

namespace {

constexpr std::uint64_t leaseCountOffset = 8;

/// The place and expiry of this client's lease in the file.
struct Found {
    std::uint64_t offset;
    std::uint32_t place;
    std::uint32_t expiry;
};

Result<std::optional<Found>> findLease(const File& file, const ContainerLayout& layout, const Lease& lease) {
    constexpr std::size_t atOnce = 64;
    std::array<Byte, atOnce * leaseSize> buffer;
    for (std::uint32_t first = 0; first < layout.leases; first += atOnce) {
        const std::size_t count = std::min<std::size_t>(atOnce, layout.leases - first);
        const std::uint64_t offset = layout.leaseOffset() + std::uint64_t{first} * leaseSize;
        const auto got = file.read(offset, MutableByteView(buffer).first(count * leaseSize));
        if (!got) {
            return failure(got.error());
        }
        if (*got != count * leaseSize) {
            return failure(ErrorCode::ServerFailed, "share container is cut short");
        }
        for (std::size_t i = 0; i < count; ++i) {
            const ByteView record = ByteView(buffer).subspan(i * leaseSize, leaseSize);
            if (lease.matches(record, layout.version)) {
                return std::optional(Found{offset + i * leaseSize, first + static_cast<std::uint32_t>(i),
                                           readBigEndian32(record.subspan(leaseExpiryOffset))});
            }
        }
    }
    return std::optional<Found>();
}

Result<void> writeAndSync(File& file, std::uint64_t offset, ByteView bytes) {
    if (auto written = file.write(offset, std::array{bytes}); !written) {
        return written;
    }
    return file.sync();
}

Result<GrantedLease> addOrRenewImmutable(File& file, const Lease& lease) {
    ContainerHeader header{};
    const auto got = file.read(0, header);
    if (!got) {
        return failure(got.error());
    }
    const auto size = file.size();
    if (!size) {
        return failure(size.error());
    }
    const auto layout = readContainer(ByteView(header).first(*got), *size);
    if (!layout) {
        return failure(layout.error());
    }
    const auto found = findLease(file, *layout, lease);
    if (!found) {
        return failure(found.error());
    }
    if (*found) {
        const bool longer = (*found)->expiry < lease.expiry();
        if (longer) {
            if (auto renewed = writeAndSync(file, (*found)->offset + leaseExpiryOffset, bigEndian32(lease.expiry()));
                !renewed) {
                return failure(renewed.error());
            }
        }
        return GrantedLease{0, (*found)->place, longer};
    }
    if (layout->leases >= mostLeases) {
        return failure(ErrorCode::NoSpace, "the share has all the leases it may have");
    }
    if (*size > layout->end()) {
        if (auto cut = file.truncate(layout->end()); !cut) {
            return failure(cut.error());
        }
    }
    auto added = writeAndSync(file, layout->end(), lease.record(layout->version));
    if (added) {
        added = writeAndSync(file, leaseCountOffset, bigEndian32(layout->leases + 1));
    }
    if (!added) {
        return failure(added.error());
    }
    return GrantedLease{leaseSize, layout->leases, true};
}

Result<GrantedLease> addOrRenewMutable(File& file, const Lease& lease, const LeaseSeed& nodeId) {
    const auto layout = readSlotLayout(file);
    if (!layout) {
        return failure(layout.error());
    }
    const auto parts = readSlotParts(file, *layout);
    if (!parts) {
        return failure(parts.error());
    }
    const auto place = findSlotLease(*parts, lease, layout->version);
    const std::size_t further = parts->further.size() / slotLeaseSize;
    const std::uint64_t at = place.number < slotLeasesInHeader
                                 ? slotHeaderSize + place.number * slotLeaseSize
                                 : layout->furtherLeases + 4 + (place.number - slotLeasesInHeader) * slotLeaseSize;
    if (place.state == SlotLeasePlace::State::Ours) {
        const bool longer = place.expiry < lease.expiry();
        if (longer) {
            if (auto renewed = writeAndSync(file, at + slotLeaseExpiryOffset, bigEndian32(lease.expiry())); !renewed) {
                return failure(renewed.error());
            }
        }
        return GrantedLease{0, static_cast<std::uint32_t>(place.number), longer};
    }
    if (place.number >= mostLeases) {
        return failure(ErrorCode::NoSpace, "the share has all the leases it may have");
    }
    const SlotLeaseRecord record = slotLeaseRecord(lease, layout->version, nodeId);
    const bool appended = place.state == SlotLeasePlace::State::Behind;
    Result<void> added;
    if (appended) {
        added = writeAndSync(file, at, record);
        if (added) {
            const auto count = static_cast<std::uint32_t>(further + 1);
            added = writeAndSync(file, layout->furtherLeases, bigEndian32(count));
        }
    } else {
        constexpr std::size_t ownerSize = 4;
        added = writeAndSync(file, at + ownerSize, ByteView(record).subspan(ownerSize));
        if (added) {
            added = writeAndSync(file, at, ByteView(record).first(ownerSize));
        }
    }
    if (!added) {
        return failure(added.error());
    }
    return GrantedLease{appended ? slotLeaseSize : 0, static_cast<std::uint32_t>(place.number), true};
}

}  // namespace

Result<GrantedLease> addOrRenewLease(FileSystem& files, const std::string& path, const Lease& lease,
                                     const LeaseSeed& nodeId) {
    const auto file = files.open(path, FileSystem::Access::Change);
    if (!file) {
        return failure(file.error());
    }
    const auto kind = containerKind(**file);
    if (!kind) {
        return failure(kind.error());
    }
    return *kind == ContainerKind::Mutable ? addOrRenewMutable(**file, lease, nodeId)
                                           : addOrRenewImmutable(**file, lease);
}

BucketGate::Pass::Pass(BucketGate& gate, StorageIndex index) : m_gate(gate), m_index(index) {
    std::unique_lock lock(m_gate.m_mutex);
    m_gate.m_left.wait(lock, [&] { return !m_gate.m_inside.contains(m_index); });
    m_gate.m_inside.insert(m_index);
}

BucketGate::Pass::~Pass() {
    {
        const std::lock_guard lock(m_gate.m_mutex);
        m_gate.m_inside.erase(m_index);
    }
    m_gate.m_left.notify_all();
}

}  // namespace tarn::bucketstore
