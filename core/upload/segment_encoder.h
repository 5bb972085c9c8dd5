#pragma once

#include "core/crypto/aes_ctr.h"
#include "core/crypto/hash.h"
#include "core/erasure/codec.h"
#include "core/formats/encoding.h"
#include "core/foundation/bytes.h"
#include "core/foundation/recycled_buffers.h"
#include "core/foundation/result.h"

#include <memory>
#include <span>
#include <vector>

namespace tarn::upload {

/// Which shares' bytes are wanted, by share number.
using Wanted = std::vector<bool>;

/// Segments of a file that are worked on together: enough of them that a share's blocks make one write of a good size.
struct Run {
    std::uint64_t firstSegment = 0;
    std::uint64_t segmentCount = 0;
};

/// What becomes of a run.
struct EncodedRun {
    Run run;
    /// Encrypted, segment after segment, without padding.
    std::shared_ptr<const Bytes> ciphertext;
    std::vector<std::vector<crypto::Hash>> blockHashes;  ///< by share, then segment
    /// By share: the lead bytes, then its blocks end to end. Null for shares that were not wanted.
    std::vector<std::shared_ptr<Bytes>> shareBytes;
};

/// Turns plaintext into encrypted, erasure-coded and hashed blocks: the part of an upload that costs time.
///
/// Pure computation; needs no event loop. Immutable once made; thread: any, several runs of one file at the same time.
/// What one run costs, a byte of plaintext: one AES-CTR pass in place, the erasure code, and n/k bytes of SHA-256, many
/// blocks side by side (the key pass adds one byte, the hashes over the ciphertext, which go in order, two: see `keyOf`
/// and `FileHashes`). Memory: the run's plaintext buffer becomes its ciphertext; every wanted share gets one buffer;
/// parity that nobody wants uses one scratch block each. Source: Tahoe-LAFS immutable/encode.py,
/// docs/specifications/file-encoding.rst.
class SegmentEncoder {
public:
    /// `buffers`: of others as well, if they are to share them.
    [[nodiscard]] static Result<SegmentEncoder>
    make(const formats::Geometry& geometry, const crypto::FileKey& key,
         std::shared_ptr<RecycledBuffers> buffers = RecycledBuffers::make());

    [[nodiscard]] const formats::Geometry& geometry() const noexcept { return m_geometry; }

    /// A buffer for the plaintext of `run`: fill exactly its size with the file's bytes.
    [[nodiscard]] std::shared_ptr<Bytes> bufferFor(const Run& run) const;

    /// `plaintext` holds the bytes of `run`, and nobody else touches it any more: it becomes the ciphertext. `lead` is
    /// put before the blocks of every wanted share, and room for `tailRoom` more bytes is kept behind them, so that a
    /// share which is sent in one piece need not be copied again.
    [[nodiscard]] EncodedRun encode(const Run& run, std::shared_ptr<Bytes> plaintext, const Wanted& wanted,
                                    ByteView lead = {}, std::size_t tailRoom = 0) const;

private:
    /// By share, where its blocks of a run go.
    using Places = std::vector<std::shared_ptr<Bytes>>;

    SegmentEncoder(const formats::Geometry& geometry, const crypto::FileKey& key, erasure::Codec codec,
                   std::shared_ptr<RecycledBuffers> buffers);

    /// `ciphertext`: one segment with its padding. `at`: where its blocks stand in the shares' bytes.
    void encodeSegment(ByteView ciphertext, std::size_t at, const Places& parity, EncodedRun& out) const;
    void hashBlocks(ByteView ciphertext, const Places& parity, std::size_t lead, EncodedRun& out) const;

    formats::Geometry m_geometry;
    crypto::FileKey m_key;
    erasure::Codec m_codec;
    std::shared_ptr<RecycledBuffers> m_buffers;
};

/// The runs that a file is worked through in.
class RunPlan {
public:
    explicit RunPlan(const formats::Geometry& geometry);

    [[nodiscard]] std::uint64_t count() const noexcept;
    [[nodiscard]] Run run(std::uint64_t number) const noexcept;
    /// Where a run's bytes stand in the file.
    [[nodiscard]] std::uint64_t offset(std::uint64_t number) const noexcept;
    [[nodiscard]] std::uint64_t plaintextSize(std::uint64_t number) const noexcept;
    /// Bytes of one share's blocks in a run.
    [[nodiscard]] std::uint64_t blocksSize(std::uint64_t number) const noexcept;

private:
    formats::Geometry m_geometry;
    std::uint64_t m_segmentsPerRun;
};

}  // namespace tarn::upload
