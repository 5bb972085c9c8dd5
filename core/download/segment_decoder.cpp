#include "core/download/segment_decoder.h"

#include <algorithm>
#include <string>

namespace tarn::download {

namespace {

constexpr std::size_t atOnce = 16UL * 1024;

}  // namespace

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
    : m_facts(std::move(facts)), m_crypttextHashes(std::move(crypttextHashes)), m_key(key), m_codec(std::move(codec)),
      m_buffers(RecycledBuffers::make()) {}

Result<std::vector<ByteView>> SegmentDecoder::piecesOf(std::uint64_t segment, std::size_t offset,
                                                       const std::vector<RunBlocks>& from, MutableByteView room) const {
    const std::size_t required = m_facts->geometry.required;
    const std::size_t blockSize = m_facts->geometry.sizeOfBlock(segment);
    std::vector<ByteView> pieces;
    if (from.back().share.value() + 1U == required) {
        // The first k shares are the file itself.
        for (const RunBlocks& one : from) {
            pieces.push_back(one.blocks.subspan(offset, blockSize));
        }
        return pieces;
    }
    std::vector<erasure::Codec::Numbered> blocks;
    std::vector<MutableByteView> rebuilt;
    for (std::size_t i = 0; i < required; ++i) {
        blocks.push_back({from[i].share.value(), from[i].blocks.subspan(offset, blockSize)});
        rebuilt.push_back(room.subspan(i * blockSize, blockSize));
        pieces.emplace_back(rebuilt.back());
    }
    if (auto decoded = m_codec.decode(blocks, rebuilt); !decoded) {
        return failure(decoded.error());
    }
    return pieces;
}

Result<std::shared_ptr<Bytes>> SegmentDecoder::decode(SegmentRun run, const std::vector<RunBlocks>& from) const {
    const auto& geometry = m_facts->geometry;
    const std::size_t lastBlock = geometry.sizeOfBlock(run.first + run.count - 1);
    auto plaintext = m_buffers->take((run.count - 1) * geometry.segmentSize + lastBlock * geometry.required, 0);
    crypto::AesCtr cipher(m_key, ByteOffset(run.first * geometry.segmentSize));

    std::size_t done = 0;
    for (std::uint64_t i = 0; i < run.count; ++i) {
        const std::uint64_t segment = run.first + i;
        const auto pieces = piecesOf(segment, i * geometry.blockSize, from, MutableByteView(*plaintext).subspan(done));
        if (!pieces) {
            return failure(pieces.error());
        }
        auto hasher = crypto::crypttextSegmentHasher();
        std::size_t left = geometry.sizeOfSegment(segment);
        for (ByteView piece : *pieces) {
            piece = piece.first(std::min(piece.size(), left));  // behind the file's end stands padding
            left -= piece.size();
            // Bit by bit, so that the cipher finds in the cache what the hash has read.
            while (!piece.empty()) {
                const ByteView bit = piece.first(std::min(piece.size(), atOnce));
                hasher.update(bit);
                cipher.process(bit, MutableByteView(*plaintext).subspan(done, bit.size()));
                done += bit.size();
                piece = piece.subspan(bit.size());
            }
        }
        if (hasher.finish() != (*m_crypttextHashes)[segment]) {
            return failure(ErrorCode::CorruptFile, "segment " + std::to_string(segment) +
                                                       " does not match the file's hash, though its blocks do");
        }
    }
    plaintext->resize(done);
    return plaintext;
}

}  // namespace tarn::download
