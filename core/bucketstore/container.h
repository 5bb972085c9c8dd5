#pragma once

#include "core/foundation/bytes.h"
#include "core/foundation/clock.h"
#include "core/foundation/result.h"
#include "core/foundation/secret.h"
#include "core/foundation/units.h"

#include <array>
#include <chrono>
#include <cstdint>

namespace tarn::bucketstore {

// Tahoe-LAFS's immutable share container, byte for byte (see core/doc/formats/bucket-store.md):
//
//     0   u32  version: 1 keeps lease secrets as they are, 2 keeps their BLAKE2b-256
//     4   u32  length of the data, modulo 2^32
//     8   u32  number of leases
//     12  data, then leases of 72 bytes up to the file's end
//
// A lease: u32 owner, 32 bytes renew secret, 32 bytes cancel secret, u32 expiry in seconds since 1970.
// Source: Tahoe-LAFS storage/immutable.py, immutable_schema.py, lease_schema.py.

inline constexpr std::size_t containerHeaderSize = 12;
inline constexpr std::size_t leaseSize = 72;
/// The most leases on one share; a client that comes later finds no room.
inline constexpr std::uint32_t mostLeases = 4096;
inline constexpr std::size_t leaseExpiryOffset = 68;
/// What a share of ours takes on the disk beyond its data.
inline constexpr std::uint64_t containerOverhead = containerHeaderSize + leaseSize;
inline constexpr std::uint32_t ourContainerVersion = 2;
inline constexpr std::chrono::hours leaseDuration{31 * 24};

using ContainerHeader = std::array<Byte, containerHeaderSize>;
using LeaseRecord = std::array<Byte, leaseSize>;

/// Where things are in a container.
struct ContainerLayout {
    std::uint32_t version = 0;
    std::uint32_t leases = 0;
    std::uint64_t dataLength = 0;

    [[nodiscard]] std::uint64_t leaseOffset() const noexcept { return containerHeaderSize + dataLength; }
    /// The end of the last lease. Bytes behind it belong to a lease whose adding was cut short; they mean nothing.
    [[nodiscard]] std::uint64_t end() const noexcept { return leaseOffset() + std::uint64_t{leases} * leaseSize; }
};

/// Reads a container's header. `fileSize` must have been asked for after the header was read: a lease that is being
/// added meanwhile then shows as bytes too many, never as bytes too few. Fails: ServerFailed (not a container, or
/// damaged).
[[nodiscard]] Result<ContainerLayout> readContainer(ByteView header, std::uint64_t fileSize);

[[nodiscard]] ContainerHeader makeContainerHeader(std::uint64_t dataLength, std::uint32_t leases);
[[nodiscard]] std::array<Byte, 4> bigEndian32(std::uint32_t value) noexcept;
[[nodiscard]] std::uint32_t readBigEndian32(ByteView bytes) noexcept;
[[nodiscard]] std::array<Byte, 8> bigEndian64(std::uint64_t value) noexcept;
[[nodiscard]] std::uint64_t readBigEndian64(ByteView bytes) noexcept;

/// A client's wish that a share be kept, ready to be written in either form. Holds secrets.
class Lease {
public:
    Lease(const LeaseSecrets& secrets, WallTime now);

    [[nodiscard]] LeaseRecord record(std::uint32_t version) const noexcept;
    [[nodiscard]] std::uint32_t expiry() const noexcept { return m_expiry; }
    /// Whether a stored lease is this client's: the same renew secret.
    [[nodiscard]] bool matches(ByteView stored, std::uint32_t version) const noexcept;
    /// The secrets as a container of that version keeps them.
    [[nodiscard]] const LeaseSecrets& kept(std::uint32_t version) const noexcept {
        return version == 1 ? m_plain : m_hashed;
    }

private:
    LeaseSecrets m_plain;
    LeaseSecrets m_hashed;
    std::uint32_t m_expiry;
};

}  // namespace tarn::bucketstore
