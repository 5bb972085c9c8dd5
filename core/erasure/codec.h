#pragma once

#include "core/foundation/bytes.h"
#include "core/foundation/result.h"

#include <span>
#include <vector>

namespace tarn::erasure {

/// The k-of-n code of zfec over GF(2^8): blocks 0 to k-1 are the input itself, the rest are parity.
///
/// Immutable once made; thread: any, at the same time. All blocks of one call have one length.
/// Source: zfec's fec.c (polynomial 0x11d, Vandermonde matrix made systematic). That is the same as: through the input
/// blocks at the points 0, 1, 2, 4, 8, … goes, byte by byte, one polynomial of degree < k; the parity blocks are its
/// values at the points that follow.
class Codec {
public:
    /// Fails: InvalidArgument unless 1 <= required <= total <= 256.
    [[nodiscard]] static Result<Codec> make(unsigned required, unsigned total);

    [[nodiscard]] unsigned required() const noexcept { return m_required; }
    [[nodiscard]] unsigned total() const noexcept { return m_total; }

    /// Computes the parity blocks k to n-1 from the k input blocks. `parity` has n-k entries of the inputs' length and
    /// shares no memory with them. Throws std::invalid_argument when counts or lengths differ: that is a caller's bug.
    void encode(std::span<const ByteView> input, std::span<const MutableByteView> parity) const;

    /// A block with the number it was encoded under.
    struct Numbered {
        unsigned number;
        ByteView block;
    };
    /// Rebuilds the k input blocks from any k different blocks. `output` has k entries of the blocks' length and shares
    /// no memory with them. Input blocks among `blocks` are copied, so a decode without loss costs no arithmetic.
    /// Fails: InvalidArgument when the numbers repeat, lie outside 0 to n-1, or are not k, or when lengths differ.
    [[nodiscard]] Result<void> decode(std::span<const Numbered> blocks, std::span<const MutableByteView> output) const;

private:
    Codec(unsigned required, unsigned total);

    unsigned m_required;
    unsigned m_total;
    Bytes m_parityTables;  ///< ISA-L's 32-byte table for each of the (n-k) * k parity coefficients
};

}  // namespace tarn::erasure
