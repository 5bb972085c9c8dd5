#include "core/download/segment_decoder.h"

#include <string>

namespace tarn::download {

Result<SegmentDecoder> SegmentDecoder::make(std::shared_ptr<const FileFacts> facts, HashRow crypttextHashes,
                                            const crypto::FileKey& key) {
    auto codec = erasure::Codec::make(facts->geometry.required, facts->geometry.total);
    if (!codec) {
        return failure(codec.error());
    }
    return SegmentDecoder(std::move(facts), std::move(crypttextHashes), key, std::move(*codec));
}

SegmentDecoder::SegmentDecoder(std::shared_ptr<const FileFacts> facts, HashRow crypttextHashes,
                               const crypto::FileKey& key, erasure::Codec codec)
    : m_facts(std::move(facts)), m_crypttextHashes(std::move(crypttextHashes)), m_key(key), m_codec(std::move(codec)) {}

Result<Bytes> SegmentDecoder::decode(SegmentRun run, const std::vector<RunBlocks>& from) const {
    const auto& geometry = m_facts->geometry;
    const std::size_t lastBlock = geometry.sizeOfBlock(run.first + run.count - 1);
    Bytes plaintext((run.count - 1) * geometry.segmentSize + lastBlock * geometry.required);

    std::vector<erasure::Codec::Numbered> blocks(from.size());
    std::vector<MutableByteView> pieces(geometry.required);
    std::size_t used = 0;
    for (std::uint64_t i = 0; i < run.count; ++i) {
        const std::uint64_t segment = run.first + i;
        const std::size_t blockSize = geometry.sizeOfBlock(segment);
        for (std::size_t j = 0; j < from.size(); ++j) {
            blocks[j] = {from[j].share.value(), ByteView(from[j].blocks).subspan(i * geometry.blockSize, blockSize)};
        }
        // Blocks are decoded straight into their places in the segment.
        for (std::size_t piece = 0; piece < pieces.size(); ++piece) {
            pieces[piece] = MutableByteView(plaintext).subspan(used + piece * blockSize, blockSize);
        }
        if (auto decoded = m_codec.decode(blocks, pieces); !decoded) {
            return failure(decoded.error());
        }
        const std::size_t size = geometry.sizeOfSegment(segment);
        if (crypto::crypttextSegmentHash(ByteView(plaintext).subspan(used, size)) != (*m_crypttextHashes)[segment]) {
            return failure(ErrorCode::CorruptFile, "segment " + std::to_string(segment) +
                                                       " does not match the file's hash, though its blocks do");
        }
        used += size;
    }
    plaintext.resize(used);
    crypto::AesCtr(m_key, ByteOffset(run.first * geometry.segmentSize)).process(plaintext, plaintext);
    return plaintext;
}

}  // namespace tarn::download
