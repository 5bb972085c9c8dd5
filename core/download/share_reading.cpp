#include "core/download/share_reading.h"

namespace tarn::download {

namespace {

async::Task<Bytes> readPart(SharePlace place, storage::ByteRange range, std::stop_token stop) {
    auto bytes = co_await place.server->read(place.index, place.share, range.begin, range.end - range.begin, stop);
    place.partCame();
    co_return bytes;
}

/// All ranges at the same time; the first failure stands for all.
async::Task<std::vector<Bytes>> readParts(SharePlace place, std::vector<storage::ByteRange> ranges,
                                          std::stop_token stop) {
    std::vector<async::Task<Bytes>> reads;
    reads.reserve(ranges.size());
    for (const auto& range : ranges) {
        reads.push_back(readPart(place, range, stop));
    }
    auto results = co_await async::all(std::move(reads));
    std::vector<Bytes> parts;
    for (auto& result : results) {
        if (!result) {
            co_return failure(result.error());
        }
        parts.push_back(std::move(*result));
    }
    co_return parts;
}

}  // namespace

async::Task<ShareVerifier::Verdict> examineShare(SharePlace place, std::shared_ptr<ShareVerifier> verifier,
                                                 std::shared_ptr<const FileKnowledge> known, std::stop_token stop) {
    auto wants = verifier->isFresh() ? verifier->firstRanges() : std::vector<storage::ByteRange>();
    for (;;) {
        auto parts = co_await readParts(place, wants, stop);
        if (!parts) {
            co_return failure(parts.error());
        }
        for (std::size_t i = 0; i < wants.size(); ++i) {
            verifier->take(wants[i], std::move((*parts)[i]));
        }
        // What other shares have proved meanwhile is taken as it is now: the pool's thread gets a copy.
        auto examine = [verifier, knowledge = *known] {
            return verifier->examine(knowledge);
        };
        auto verdict = co_await async::runOn(place.pools->cpu, std::move(examine));
        if (!verdict || verdict->kind != ShareVerifier::Verdict::Kind::NeedsBytes) {
            co_return verdict;
        }
        wants = std::move(verdict->wants);
    }
}

async::Task<Bytes> fetchBlocks(SharePlace place, std::shared_ptr<const OpenShare> share, SegmentRun run,
                               std::stop_token stop) {
    if (auto held = share->heldBlocks(run)) {
        co_return std::move(*held);
    }
    const auto range = share->blockRange(run);
    auto read = co_await readPart(place, range, stop);
    if (read && read->size() != (range.end - range.begin).value()) {
        co_return failure(ErrorCode::CorruptShare, "the share ends within its blocks");
    }
    co_return read;
}

async::Task<HashRow> readCrypttextHashes(SharePlace place, std::shared_ptr<const OpenShare> share,
                                         std::stop_token stop) {
    auto parts = co_await readParts(place, share->crypttextHashRanges(), stop);
    if (!parts) {
        co_return failure(parts.error());
    }
    auto prove = [share, pieces = std::move(*parts)]() -> Result<HashRow> {
        Bytes packed;
        for (const auto& piece : pieces) {
            packed.insert(packed.end(), piece.begin(), piece.end());
        }
        if (packed.size() != share->facts->geometry.segmentCount * crypto::Hash::size) {
            return failure(ErrorCode::CorruptShare, "it ends too early");
        }
        return proveRow(packed, share->facts->crypttextRoot);
    };
    auto proved = co_await async::runOn(place.pools->cpu, std::move(prove));
    co_return proved;
}

}  // namespace tarn::download
