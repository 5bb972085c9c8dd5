#pragma once

#include "core/foundation/bytes.h"

#include <array>
#include <cstdint>
#include <span>

namespace tarn::crypto {

// Private to this module.

/// The chaining value of one SHA-256 stream.
using Sha256State = std::array<std::uint32_t, 8>;
inline constexpr Sha256State sha256Start{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
inline constexpr std::size_t sha256Block = 64;

/// One stream's next whole blocks.
struct Sha256Lane {
    Sha256State* state;
    const Byte* data;
};

/// What the processor does at once. One stream keeps neither its SHA-256 unit nor its wide registers busy: two at once
/// are a third faster, sixteen twice as fast.
enum class Sha256Width : std::uint8_t { One, Two, Sixteen };

/// The widest that this processor has.
[[nodiscard]] Sha256Width sha256Width() noexcept;

/// Compresses `blocks` blocks of every lane, as many lanes at once as is quickest. Lanes do not touch each other; their
/// results do not depend on `most`. Source: FIPS 180-4, section 6.2.2.
void compressLanes(std::span<const Sha256Lane> lanes, std::size_t blocks, Sha256Width most = sha256Width());

}  // namespace tarn::crypto
