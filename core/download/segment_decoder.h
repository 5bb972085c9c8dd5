#pragma once

#include "core/crypto/aes_ctr.h"
#include "core/download/file_facts.h"
#include "core/download/open_share.h"
#include "core/erasure/codec.h"

#include <vector>

namespace tarn::download {

/// One share's checked blocks of a run, end to end.
struct RunBlocks {
    ShareNum share;
    Bytes blocks;
};

/// Turns checked blocks of k shares back into plaintext: erasure decode, check against the crypttext hashes, decrypt.
///
/// Pure computation. Immutable once made; thread: any, several runs at the same time.
/// Source: Tahoe-LAFS immutable/downloader/node.py, docs/specifications/file-encoding.rst.
class SegmentDecoder {
public:
    /// Fails: InvalidArgument when the facts' k and n make no code.
    [[nodiscard]] static Result<SegmentDecoder> make(std::shared_ptr<const FileFacts> facts, HashRow crypttextHashes,
                                                     const crypto::FileKey& key);

    /// The plaintext of a run. Fails: CorruptFile: blocks that match their shares' hashes give a segment that does not
    /// match the file's, so whoever made the file made it so.
    [[nodiscard]] Result<Bytes> decode(SegmentRun run, const std::vector<RunBlocks>& from) const;

private:
    SegmentDecoder(std::shared_ptr<const FileFacts> facts, HashRow crypttextHashes, const crypto::FileKey& key,
                   erasure::Codec codec);

    std::shared_ptr<const FileFacts> m_facts;
    HashRow m_crypttextHashes;
    crypto::FileKey m_key;
    erasure::Codec m_codec;
};

}  // namespace tarn::download
