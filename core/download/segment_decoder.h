#pragma once

#include "core/crypto/aes_ctr.h"
#include "core/download/file_facts.h"
#include "core/download/open_share.h"
#include "core/erasure/codec.h"
#include "core/foundation/recycled_buffers.h"

#include <vector>

namespace tarn::download {

/// One share's blocks of a run, all of them, end to end.
struct RunBlocks {
    ShareNum share;
    ByteView blocks;
};

/// Turns blocks of k shares back into plaintext: erasure decode, check against the crypttext hashes, decrypt. Whole
/// segments that match these are the file's, so the blocks need no check of their own.
///
/// Pure computation. Immutable once made; thread: any, several runs at the same time.
/// Source: Tahoe-LAFS immutable/downloader/node.py, docs/specifications/file-encoding.rst.
class SegmentDecoder {
public:
    /// Fails: InvalidArgument when the facts' k and n make no code.
    [[nodiscard]] static Result<SegmentDecoder> make(std::shared_ptr<const FileFacts> facts, HashRow crypttextHashes,
                                                     const crypto::FileKey& key);

    /// The plaintext of a run. `from`: k of them, in the order of the shares. Fails: CorruptFile: a segment does not
    /// match the file's hash for it. Where all blocks match their shares' hashes, whoever made the file made it so.
    [[nodiscard]] Result<std::shared_ptr<Bytes>> decode(SegmentRun run, const std::vector<RunBlocks>& from) const;

private:
    SegmentDecoder(std::shared_ptr<const FileFacts> facts, HashRow crypttextHashes, const crypto::FileKey& key,
                   erasure::Codec codec);

    /// The blocks of one segment as the pieces of its ciphertext: as they came, or rebuilt in `room`.
    [[nodiscard]] Result<std::vector<ByteView>>
    piecesOf(std::uint64_t segment, std::size_t offset, const std::vector<RunBlocks>& from, MutableByteView room) const;

    std::shared_ptr<const FileFacts> m_facts;
    HashRow m_crypttextHashes;
    crypto::FileKey m_key;
    erasure::Codec m_codec;
    std::shared_ptr<RecycledBuffers> m_buffers;
};

}  // namespace tarn::download
