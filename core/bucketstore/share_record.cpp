#include "core/bucketstore/share_record.h"

#include "core/bucketstore/container.h"

#include <algorithm>
#include <array>

namespace tarn::bucketstore {

namespace {

void take(ShareRecord& record, std::optional<std::uint32_t> expiry) {
    if (expiry) {
        ++record.leases;
        record.latest = std::max(record.latest.value_or(0), *expiry);
    }
    if (record.expiries.size() < mostRecordedLeases) {
        // 0 says that a place is empty; a lease that ended with 1970's first second ended with its second as well.
        record.expiries.push_back(expiry ? std::max<std::uint32_t>(*expiry, 1) : 0);
    }
}

/// Reads `count` leases of `size` bytes from `offset` on. `expiryAt`: where a lease says when it ends. `mayBeEmpty`: a
/// lease of owner 0 is an empty place.
Result<void> readLeases(const File& file, std::uint64_t offset, std::uint32_t count, std::size_t size,
                        std::size_t expiryAt, bool mayBeEmpty, ShareRecord& record) {
    std::array<Byte, 64 * slotLeaseSize> buffer;
    const auto atOnce = static_cast<std::uint32_t>(buffer.size() / size);
    for (std::uint32_t first = 0; first < count; first += atOnce) {
        const std::size_t bytes = std::min(atOnce, count - first) * size;
        const auto got = file.read(offset + std::uint64_t{first} * size, MutableByteView(buffer).first(bytes));
        if (!got) {
            return failure(got.error());
        }
        if (*got != bytes) {
            return failure(ErrorCode::ServerFailed, "share container is cut short");
        }
        for (std::size_t at = 0; at < bytes; at += size) {
            const ByteView lease = ByteView(buffer).subspan(at, size);
            const bool empty = mayBeEmpty && readBigEndian32(lease) == 0;
            take(record, empty ? std::nullopt : std::optional(readBigEndian32(lease.subspan(expiryAt))));
        }
    }
    return {};
}

Result<ShareRecord> readSlot(const File& file) {
    const auto layout = readSlotLayout(file);
    if (!layout) {
        return failure(layout.error());
    }
    ShareRecord record;
    record.kind = ContainerKind::Mutable;
    record.version = layout->version;
    record.dataLength = layout->dataLength;
    const auto readThem = [&](std::uint64_t offset, std::uint32_t count) {
        return readLeases(file, offset, count, slotLeaseSize, slotLeaseExpiryOffset, true, record);
    };
    auto read = readThem(slotHeaderSize, slotLeasesInHeader);
    if (read) {
        constexpr std::uint64_t countSize = 4;
        read = readThem(layout->furtherLeases + countSize, layout->furtherCount);
    }
    return read ? Result<ShareRecord>(std::move(record)) : failure(read.error());
}

Result<ShareRecord> readImmutable(const File& file) {
    // The header first, then the size: see readContainer.
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
    ShareRecord record;
    record.version = layout->version;
    record.dataLength = layout->dataLength;
    auto read = readLeases(file, layout->leaseOffset(), layout->leases, leaseSize, leaseExpiryOffset, false, record);
    return read ? Result<ShareRecord>(std::move(record)) : failure(read.error());
}

}  // namespace

Result<ShareRecord> readShareRecord(const File& file) {
    const auto kind = containerKind(file);
    if (!kind) {
        return failure(kind.error());
    }
    return *kind == ContainerKind::Mutable ? readSlot(file) : readImmutable(file);
}

}  // namespace tarn::bucketstore
