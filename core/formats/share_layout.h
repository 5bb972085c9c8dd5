#pragma once

#include "core/crypto/hash.h"
#include "core/formats/encoding.h"
#include "core/foundation/bytes.h"
#include "core/foundation/result.h"

#include <map>
#include <span>

namespace tarn::formats {

/// Where the parts of one immutable share stand. Offsets and lengths in bytes from the share's start.
///
///     v1 (fields of 4 bytes, header 0x24)     v2 (fields of 8 bytes after the version, header 0x44)
///     version | block size | data size | data | plaintext hash tree (unused, zeros) | crypttext hash tree
///             | block hash tree | share hash chain | UEB length + UEB
///
/// A share is v2 only where a v1 field would overflow. Source: Tahoe-LAFS immutable/layout.py.
struct ShareLayout {
    unsigned version = 1;
    std::uint64_t blockSize = 0;
    std::uint64_t dataSize = 0;
    std::uint64_t data = 0;
    std::uint64_t plaintextHashTree = 0;
    std::uint64_t crypttextHashTree = 0;
    std::uint64_t blockHashTree = 0;
    std::uint64_t shareHashChain = 0;
    std::uint64_t uriExtension = 0;  ///< of its length field
    bool operator==(const ShareLayout&) const = default;

    [[nodiscard]] std::uint64_t headerSize() const noexcept { return version == 1 ? 0x24 : 0x44; }
    [[nodiscard]] std::uint64_t lengthFieldSize() const noexcept { return version == 1 ? 4 : 8; }

    /// The layout that an uploader writes; `forceV2` is for tests.
    [[nodiscard]] static ShareLayout forWriting(const Geometry& geometry, std::size_t uriExtensionSize,
                                                bool forceV2 = false);
    /// The whole share's size when its UEB has this size.
    [[nodiscard]] std::uint64_t shareSize(std::size_t uriExtensionSize) const noexcept {
        return uriExtension + lengthFieldSize() + uriExtensionSize;
    }
};

/// The header's bytes.
[[nodiscard]] Bytes packHeader(const ShareLayout& layout);
/// Reads a header (0x44 bytes are enough for either version). The parts must stand in the order above, none before the
/// header's end, and the two runs that readers size by their neighbours (block hashes, share hash chain) must hold
/// whole entries. `blockSize` and `dataSize` come as they are written: no reader since Tahoe-LAFS 1.3 looks at them, so
/// nothing may be built on them. Fails: CorruptShare.
[[nodiscard]] Result<ShareLayout> parseHeader(ByteView header);

/// A run of 32-byte hashes, as both whole trees are stored.
[[nodiscard]] Bytes packHashes(std::span<const crypto::Hash> hashes);
/// Fails: CorruptShare (a length that is no multiple of 32).
[[nodiscard]] Result<std::vector<crypto::Hash>> parseHashes(ByteView packed);

/// The share hash chain: (2-byte node number, 32-byte hash) pairs, as many as the way to the root needs, leaf included.
[[nodiscard]] Bytes packShareHashChain(const std::map<std::uint64_t, crypto::Hash>& chain);
/// Fails: CorruptShare (a length that is no multiple of 34, a repeated number, a number that no tree over 256 shares
/// has).
[[nodiscard]] Result<std::map<std::uint64_t, crypto::Hash>> parseShareHashChain(ByteView packed);
/// Entries in every chain of a file with n shares.
[[nodiscard]] std::size_t shareHashChainLength(unsigned total);

/// The UEB's length field and bytes.
[[nodiscard]] Bytes packUriExtensionField(const ShareLayout& layout, ByteView extension);
/// The UEB's length from its field. Fails: CorruptShare when it is over `mostUriExtension`.
[[nodiscard]] Result<std::size_t> parseUriExtensionLength(const ShareLayout& layout, ByteView field);

}  // namespace tarn::formats
