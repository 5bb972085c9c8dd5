#include "core/bucketstore/container.h"

#include "core/crypto/hash.h"

#include <algorithm>
#include <limits>

namespace tarn::bucketstore {

namespace {

constexpr std::uint64_t fieldRange = 1ULL << 32U;
constexpr std::uint64_t saturated = fieldRange - 1;

template <typename Kind>
Kind hashed(const Kind& secret) {
    // A digest has the length of every lease secret, so the value is always there.
    return *Kind::fromBytes(crypto::blake2b(secret.reveal()).bytes());
}

std::uint32_t expiryFor(WallTime now) {
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>((now + leaseDuration).time_since_epoch()).count();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds, 0, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace

std::array<Byte, 4> bigEndian32(std::uint32_t value) noexcept {
    return {static_cast<Byte>(value >> 24U), static_cast<Byte>(value >> 16U), static_cast<Byte>(value >> 8U),
            static_cast<Byte>(value)};
}

std::uint32_t readBigEndian32(ByteView bytes) noexcept {
    return std::uint32_t{bytes[0]} << 24U | std::uint32_t{bytes[1]} << 16U | std::uint32_t{bytes[2]} << 8U |
           std::uint32_t{bytes[3]};
}

std::array<Byte, 8> bigEndian64(std::uint64_t value) noexcept {
    std::array<Byte, 8> bytes{};
    std::ranges::copy(bigEndian32(static_cast<std::uint32_t>(value >> 32U)), bytes.begin());
    std::ranges::copy(bigEndian32(static_cast<std::uint32_t>(value)), bytes.begin() + 4);
    return bytes;
}

std::uint64_t readBigEndian64(ByteView bytes) noexcept {
    return std::uint64_t{readBigEndian32(bytes)} << 32U | readBigEndian32(bytes.subspan(4));
}

Result<ContainerLayout> readContainer(ByteView header, std::uint64_t fileSize) {
    if (header.size() < containerHeaderSize || fileSize < containerHeaderSize) {
        return failure(ErrorCode::ServerFailed, "share container is cut short");
    }
    ContainerLayout layout;
    layout.version = readBigEndian32(header);
    const std::uint64_t field = readBigEndian32(header.subspan(4));
    layout.leases = readBigEndian32(header.subspan(8));
    if (layout.version != 1 && layout.version != ourContainerVersion) {
        return failure(ErrorCode::ServerFailed, "not a share container");
    }
    const std::uint64_t leaseBytes = std::uint64_t{layout.leases} * leaseSize;
    if (leaseBytes > fileSize - containerHeaderSize) {
        return failure(ErrorCode::ServerFailed, "share container is damaged: more leases than bytes");
    }
    layout.dataLength = fileSize - containerHeaderSize - leaseBytes;
    // The data's length follows from the file's, as Tahoe-LAFS reads it. The header's own field tells when a lease was
    // being added as the power went: then the file is longer by the piece that got there. Tahoe-LAFS writes 2^32 - 1
    // for all longer data, of which nothing can be told; a tail of up to 72 bytes does such a share no harm.
    if (std::min(layout.dataLength, saturated) != field) {
        const std::uint64_t excess = (layout.dataLength - field) % fieldRange;
        if (excess <= leaseSize && excess <= layout.dataLength) {
            layout.dataLength -= excess;
        }
    }
    return layout;
}

ContainerHeader makeContainerHeader(std::uint64_t dataLength, std::uint32_t leases) {
    ContainerHeader header{};
    std::ranges::copy(bigEndian32(ourContainerVersion), header.begin());
    std::ranges::copy(bigEndian32(static_cast<std::uint32_t>(dataLength % fieldRange)), header.begin() + 4);
    std::ranges::copy(bigEndian32(leases), header.begin() + 8);
    return header;
}

Lease::Lease(const LeaseSecrets& secrets, WallTime now)
    : m_plain(secrets), m_hashed{hashed(secrets.renew), hashed(secrets.cancel)}, m_expiry(expiryFor(now)) {}

LeaseRecord Lease::record(std::uint32_t version) const noexcept {
    LeaseRecord record{};  // owner 0: nobody in particular
    std::ranges::copy(kept(version).renew.reveal(), record.begin() + 4);
    std::ranges::copy(kept(version).cancel.reveal(), record.begin() + 36);
    std::ranges::copy(bigEndian32(m_expiry), record.begin() + leaseExpiryOffset);
    return record;
}

bool Lease::matches(ByteView stored, std::uint32_t version) const noexcept {
    return equalConstantTime(stored.subspan(4, LeaseRenewSecret::size), kept(version).renew.reveal());
}

}  // namespace tarn::bucketstore
