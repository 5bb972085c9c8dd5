#include "core/download/open_share.h"

#include "core/crypto/file_hashers.h"
#include "core/download/held_bytes.h"
#include "core/formats/hash_tree.h"

#include <algorithm>
#include <string>

namespace tarn::download {

namespace {

constexpr std::uint64_t mostAtOnce = 4 * 1024 * 1024;

std::uint64_t lengthOf(const formats::Geometry& geometry, SegmentRun run) noexcept {
    return (run.count - 1) * geometry.blockSize + geometry.sizeOfBlock(run.first + run.count - 1);
}

}  // namespace

storage::ByteRange OpenShare::blockRange(SegmentRun run) const {
    const auto& geometry = facts->geometry;
    return rangeFrom(layout.data + run.first * geometry.blockSize, lengthOf(geometry, run));
}

std::optional<Bytes> OpenShare::heldBlocks(SegmentRun run) const {
    if (!blocks) {
        return std::nullopt;
    }
    const auto range = blockRange(run);
    return copyOf(ByteView(*blocks).subspan(range.begin.value() - layout.data, (range.end - range.begin).value()));
}

Result<void> OpenShare::checkBlocks(SegmentRun run, ByteView runBlocks) const {
    const auto& geometry = facts->geometry;
    if (runBlocks.size() != lengthOf(geometry, run)) {
        return failure(ErrorCode::CorruptShare, "the share ends within its blocks");
    }
    const std::uint64_t end = run.first + run.count;
    for (std::uint64_t segment = run.first; segment < end;) {
        const std::uint64_t first = segment;
        const std::size_t size = geometry.sizeOfBlock(segment);
        std::vector<ByteView> alike;
        for (; segment < end && geometry.sizeOfBlock(segment) == size; ++segment) {
            alike.push_back(runBlocks.first(size));
            runBlocks = runBlocks.subspan(size);
        }
        const std::vector<crypto::Hash> hashes = crypto::blockHashes(alike);
        for (std::size_t i = 0; i < hashes.size(); ++i) {
            if (hashes[i] != (*blockHashes)[first + i]) {
                return failure(ErrorCode::CorruptShare,
                               "block " + std::to_string(first + i) + " does not match its hash");
            }
        }
    }
    return {};
}

std::vector<storage::ByteRange> OpenShare::crypttextHashRanges() const {
    return inPieces(leafRange(layout.crypttextHashTree, facts->geometry.segmentCount));
}

Result<HashRow> proveRow(ByteView packed, const crypto::Hash& root) {
    auto leaves = formats::parseHashes(packed);
    if (!leaves) {
        return failure(leaves.error());
    }
    if (leaves->empty() || formats::buildTree(*leaves).front() != root) {
        return failure(ErrorCode::CorruptShare, "a hash does not fit its tree");
    }
    return std::make_shared<const std::vector<crypto::Hash>>(std::move(*leaves));
}

storage::ByteRange leafRange(std::uint64_t tree, std::uint64_t leafCount) noexcept {
    return rangeFrom(tree + (formats::paddedLeafCount(leafCount) - 1) * crypto::Hash::size,
                     leafCount * crypto::Hash::size);
}

std::vector<storage::ByteRange> inPieces(storage::ByteRange range) {
    std::vector<storage::ByteRange> pieces;
    for (std::uint64_t begin = range.begin.value(); begin < range.end.value(); begin += mostAtOnce) {
        pieces.push_back(rangeFrom(begin, std::min(mostAtOnce, range.end.value() - begin)));
    }
    return pieces;
}

}  // namespace tarn::download
