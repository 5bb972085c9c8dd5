#include "core/upload/segment_encoder.h"

#include "core/crypto/file_hashers.h"

#include <algorithm>

namespace tarn::upload {

namespace {

/// Writes to servers should not be much smaller than this, or the requests cost more than the bytes.
constexpr std::uint64_t goodWriteSize = 512 * 1024;
/// A run's shares together should not be larger than this, or two runs in flight take too much memory.
constexpr std::uint64_t mostRunBytes = 8 * 1024 * 1024;

std::uint64_t segmentsPerRun(const formats::Geometry& geometry) {
    const std::uint64_t forGoodWrites = (goodWriteSize + geometry.blockSize - 1) / geometry.blockSize;
    const std::uint64_t forMemory = mostRunBytes / (geometry.blockSize * geometry.total);
    return std::max<std::uint64_t>(1, std::min(forGoodWrites, forMemory));
}

std::uint64_t plaintextSizeOf(const formats::Geometry& geometry, const Run& run) {
    const std::uint64_t end = run.firstSegment + run.segmentCount;
    const std::uint64_t whole = end == geometry.segmentCount ? run.segmentCount - 1 : run.segmentCount;
    return whole * geometry.segmentSize + (end == geometry.segmentCount ? geometry.tailSize : 0);
}

std::uint64_t blocksSizeOf(const formats::Geometry& geometry, const Run& run) {
    const std::uint64_t end = run.firstSegment + run.segmentCount;
    const std::uint64_t whole = end == geometry.segmentCount ? run.segmentCount - 1 : run.segmentCount;
    return whole * geometry.blockSize + (end == geometry.segmentCount ? geometry.tailBlockSize : 0);
}

}  // namespace

SegmentEncoder::SegmentEncoder(const formats::Geometry& geometry, const crypto::FileKey& key, erasure::Codec codec,
                               std::shared_ptr<RecycledBuffers> buffers)
    : m_geometry(geometry), m_key(key), m_codec(std::move(codec)), m_buffers(std::move(buffers)) {}

Result<SegmentEncoder> SegmentEncoder::make(const formats::Geometry& geometry, const crypto::FileKey& key,
                                            std::shared_ptr<RecycledBuffers> buffers) {
    auto codec = erasure::Codec::make(geometry.required, geometry.total);
    if (!codec) {
        return failure(codec.error());
    }
    return SegmentEncoder(geometry, key, std::move(*codec), std::move(buffers));
}

std::shared_ptr<Bytes> SegmentEncoder::bufferFor(const Run& run) const {
    // Room for the padding, so that adding it does not move the whole.
    return m_buffers->take(plaintextSizeOf(m_geometry, run), m_geometry.required);
}

EncodedRun SegmentEncoder::encode(const Run& run, std::shared_ptr<Bytes> plaintext, const Wanted& wanted, ByteView lead,
                                  std::size_t tailRoom) const {
    const auto ciphertext = std::move(plaintext);
    const std::size_t size = ciphertext->size();
    crypto::AesCtr(m_key, ByteOffset(run.firstSegment * m_geometry.segmentSize)).process(*ciphertext, *ciphertext);
    // The padding is of zeros behind the ciphertext: it is encoded, but neither encrypted nor in any ciphertext hash.
    ciphertext->resize(size + static_cast<std::size_t>(m_geometry.paddedTailSize - m_geometry.tailSize));

    EncodedRun out;
    out.run = run;
    out.blockHashes.resize(m_geometry.total);
    out.shareBytes.resize(m_geometry.total);
    // Parity that nobody wants is needed for its hashes all the same.
    Places parity(m_geometry.total);
    for (std::size_t share = 0; share < m_geometry.total; ++share) {
        out.blockHashes[share].reserve(run.segmentCount);
        const bool isParity = share >= m_geometry.required;
        if (!wanted[share] && !isParity) {
            continue;
        }
        auto bytes = m_buffers->take(lead.size() + blocksSizeOf(m_geometry, run), tailRoom);
        std::ranges::copy(lead, bytes->begin());
        parity[share] = isParity ? bytes : nullptr;
        out.shareBytes[share] = wanted[share] ? std::move(bytes) : nullptr;
    }

    std::size_t offset = 0;  // in every share's blocks
    for (std::uint64_t segment = run.firstSegment; segment < run.firstSegment + run.segmentCount; ++segment) {
        const std::size_t blockSize = m_geometry.sizeOfBlock(segment);
        const auto padded =
            ByteView(*ciphertext).subspan(offset * m_geometry.required, blockSize * m_geometry.required);
        encodeSegment(padded, lead.size() + offset, parity, out);
        offset += blockSize;
    }
    hashBlocks(*ciphertext, parity, lead.size(), out);

    ciphertext->resize(size);
    out.ciphertext = ciphertext;
    return out;
}

void SegmentEncoder::encodeSegment(ByteView ciphertext, std::size_t at, const Places& parity, EncodedRun& out) const {
    const std::size_t blockSize = ciphertext.size() / m_geometry.required;
    std::vector<ByteView> input;
    input.reserve(m_geometry.required);
    for (std::size_t share = 0; share < m_geometry.required; ++share) {
        const ByteView block = ciphertext.subspan(share * blockSize, blockSize);
        input.push_back(block);
        if (out.shareBytes[share]) {
            std::ranges::copy(block, MutableByteView(*out.shareBytes[share]).subspan(at).begin());
        }
    }
    std::vector<MutableByteView> coded;
    coded.reserve(m_geometry.total - m_geometry.required);
    for (std::size_t share = m_geometry.required; share < m_geometry.total; ++share) {
        coded.push_back(MutableByteView(*parity[share]).subspan(at, blockSize));
    }
    m_codec.encode(input, coded);
}

/// All blocks of one size at once: the more there are, the faster they are hashed.
void SegmentEncoder::hashBlocks(ByteView ciphertext, const Places& parity, std::size_t lead, EncodedRun& out) const {
    const std::uint64_t end = out.run.firstSegment + out.run.segmentCount;
    std::size_t offset = 0;  // in every share
    for (std::uint64_t segment = out.run.firstSegment; segment < end;) {
        const std::size_t blockSize = m_geometry.sizeOfBlock(segment);
        std::vector<ByteView> blocks;
        for (; segment < end && m_geometry.sizeOfBlock(segment) == blockSize; ++segment, offset += blockSize) {
            for (std::size_t share = 0; share < m_geometry.total; ++share) {
                blocks.push_back(parity[share]
                                     ? ByteView(*parity[share]).subspan(lead + offset, blockSize)
                                     : ciphertext.subspan(offset * m_geometry.required + share * blockSize, blockSize));
            }
        }
        const std::vector<crypto::Hash> hashes = crypto::blockHashes(blocks);
        for (auto hash = hashes.begin(); hash != hashes.end();) {
            for (auto& ofShare : out.blockHashes) {
                ofShare.push_back(*hash++);
            }
        }
    }
}

RunPlan::RunPlan(const formats::Geometry& geometry)
    : m_geometry(geometry), m_segmentsPerRun(segmentsPerRun(geometry)) {}

std::uint64_t RunPlan::count() const noexcept {
    return (m_geometry.segmentCount + m_segmentsPerRun - 1) / m_segmentsPerRun;
}

Run RunPlan::run(std::uint64_t number) const noexcept {
    const std::uint64_t first = number * m_segmentsPerRun;
    return {first, std::min(m_segmentsPerRun, m_geometry.segmentCount - first)};
}

std::uint64_t RunPlan::offset(std::uint64_t number) const noexcept {
    return number * m_segmentsPerRun * m_geometry.segmentSize;
}

std::uint64_t RunPlan::plaintextSize(std::uint64_t number) const noexcept {
    return plaintextSizeOf(m_geometry, run(number));
}

std::uint64_t RunPlan::blocksSize(std::uint64_t number) const noexcept {
    return blocksSizeOf(m_geometry, run(number));
}

}  // namespace tarn::upload
