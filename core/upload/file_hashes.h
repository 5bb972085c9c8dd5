#pragma once

#include "core/crypto/file_hashers.h"
#include "core/formats/share_layout.h"
#include "core/upload/segment_encoder.h"

#include <memory>
#include <vector>

namespace tarn::upload {

/// All that stands behind a share's blocks, ready to be sent, and what the capability needs.
class SealedFile {
public:
    SealedFile(const formats::Geometry& geometry, std::vector<crypto::Hash> segmentHashes,
               const crypto::Hash& crypttext, std::vector<std::vector<crypto::Hash>> blockHashes);

    [[nodiscard]] const crypto::Hash& uriExtensionHash() const noexcept { return m_uriExtensionHash; }
    /// The bytes behind a share's blocks: empty plaintext tree, crypttext tree, block tree, share hash chain, UEB.
    void appendTail(unsigned share, Bytes& to) const;

private:
    formats::ShareLayout m_layout;
    Bytes m_crypttextTree;
    std::vector<std::vector<crypto::Hash>> m_blockHashes;
    std::vector<crypto::Hash> m_shareTree;
    Bytes m_uriExtension;
    crypto::Hash m_uriExtensionHash;
};

/// Gathers the hashes of a file's runs, in order, until the trees can be made.
///
/// Memory: 32 bytes for each block and segment. Thread: one at a time.
class FileHashes {
public:
    explicit FileHashes(const formats::Geometry& geometry);

    /// Takes the next run's block hashes, and hashes its ciphertext by segment and into the hash over the whole (two
    /// bytes of SHA-256 a byte, in one pass).
    void add(const EncodedRun& run);
    /// All runs have come: builds the trees.
    [[nodiscard]] SealedFile seal();

private:
    formats::Geometry m_geometry;
    crypto::CrypttextHashes m_crypttext;
    std::vector<crypto::Hash> m_segmentHashes;
    std::vector<std::vector<crypto::Hash>> m_blockHashes;
};

/// Adds a run to the file's hashes; after the last one seals the file and puts the tails behind the run's blocks.
[[nodiscard]] std::shared_ptr<const SealedFile> hashRun(FileHashes& hashes, EncodedRun& run, bool last);

/// Bytes of every share of a file with this geometry, and of what stands behind the blocks. Known before anything is
/// hashed.
[[nodiscard]] std::uint64_t shareSizeOf(const formats::Geometry& geometry);
[[nodiscard]] std::uint64_t tailSizeOf(const formats::Geometry& geometry);
/// Shares of up to this size are small: made in one go, and sent along with the question for their room.
inline constexpr std::uint64_t mostSmallShare = 128 * 1024;
/// Whether all shares of such a file are.
[[nodiscard]] bool areSmall(const formats::Geometry& geometry);
/// What stands before the blocks, the same in every share.
[[nodiscard]] Bytes shareHeaderOf(const formats::Geometry& geometry);

}  // namespace tarn::upload
