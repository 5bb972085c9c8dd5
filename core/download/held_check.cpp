#include "core/download/held_check.h"

#include <algorithm>

namespace tarn::download {

namespace {

constexpr std::uint64_t segmentsAtOnce = 4;

/// How many of the segments [first, first + count) are right, up to the first that is not.
std::uint64_t countRight(Sink& sink, const FileKnowledge& known, const crypto::FileKey& key, std::uint64_t first,
                         std::uint64_t count) {
    const auto& geometry = known.facts->geometry;
    Bytes bytes;
    for (std::uint64_t i = 0; i < count; ++i) {
        const ByteOffset offset((first + i) * geometry.segmentSize);
        bytes.resize(geometry.sizeOfSegment(first + i));
        if (!sink.readHeld(offset, bytes)) {
            return i;
        }
        crypto::AesCtr(key, offset).process(bytes, bytes);
        if (crypto::crypttextSegmentHash(bytes) != (*known.crypttextHashes)[first + i]) {
            return i;
        }
    }
    return count;
}

}  // namespace

async::Task<std::uint64_t> checkHeld(std::shared_ptr<async::Pools> pools, std::shared_ptr<Sink> sink,
                                     FileKnowledge known, crypto::FileKey key, std::uint64_t segments,
                                     std::stop_token stop) {
    std::uint64_t good = 0;
    while (good < segments) {
        if (stop.stop_requested()) {
            co_return failure(ErrorCode::Cancelled);
        }
        const std::uint64_t asked = std::min(segmentsAtOnce, segments - good);
        auto count = [sink, known, key, good, asked]() -> Result<std::uint64_t> {
            return countRight(*sink, known, key, good, asked);
        };
        const Result<std::uint64_t> right = co_await async::runOn(pools->disk, std::move(count));
        good += *right;
        if (*right < asked) {
            break;
        }
    }
    const auto& geometry = known.facts->geometry;
    auto keep = [sink, bytes = ByteCount(std::min(good * geometry.segmentSize, geometry.fileSize))] {
        return sink->keepHeld(bytes);
    };
    const Result<void> kept = co_await async::runOn(pools->disk, std::move(keep));
    if (!kept) {
        co_return failure(kept.error());
    }
    co_return good;
}

}  // namespace tarn::download
