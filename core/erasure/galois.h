#pragma once

// Private to this module.

#include "core/foundation/bytes.h"

#include <span>

namespace tarn::erasure {

/// The point at which block `number` is the value of the code's polynomial: 0 for block 0, else 2^(number - 1) in
/// GF(2^8) with the polynomial 0x11d. Source: zfec's fec.c, the rows of its Vandermonde matrix.
[[nodiscard]] Byte pointOf(unsigned number) noexcept;

/// A code's blocks are the values of one polynomial of degree < k at the points of their numbers. So what the k blocks
/// `known` contribute to each of the blocks `wanted` are Lagrange's coefficients: one row of k for each wanted block.
/// `known` holds distinct numbers, `wanted` none of them; all are below 256.
[[nodiscard]] Bytes coefficientsFor(std::span<const unsigned> wanted, std::span<const unsigned> known);

}  // namespace tarn::erasure
