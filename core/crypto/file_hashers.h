#pragma once

#include "core/crypto/hash.h"
#include "core/crypto/sha256_lanes.h"

#include <array>
#include <span>
#include <vector>

namespace tarn::crypto {

/// `blockHash` of several blocks of one size, side by side: two to three times as fast as one after the other.
/// Thread: any. All of `blocks` must have the same size.
[[nodiscard]] std::vector<Hash> blockHashes(std::span<const ByteView> blocks);

/// The hashes of a file's ciphertext, of each segment and of the whole, in one pass over the bytes.
///
/// Thread: one at a time.
class CrypttextHashes {
public:
    CrypttextHashes();
    /// Gives `crypttextSegmentHash(segment)`.
    [[nodiscard]] Hash add(ByteView segment);
    /// What `crypttextHasher()` gives for all segments in their order. Spent afterwards.
    [[nodiscard]] Hash finish();

private:
    /// SHA-256 whose whole blocks are compressed by whoever holds it.
    struct Stream {
        Sha256State state = sha256Start;
        std::array<Byte, sha256Block> pending{};
        std::size_t held = 0;  ///< of `pending`
        std::uint64_t length = 0;

        void addTag(std::string_view tag);
        void add(ByteView data);
        /// Takes from `data` what completes the block that is pending, then says how many whole blocks are left in it.
        std::size_t align(ByteView& data);
        [[nodiscard]] Hash finish();
    };

    Stream m_whole;
};

}  // namespace tarn::crypto
