#include "core/upload/file_key.h"

#include "core/foundation/recycled_buffers.h"

#include <algorithm>
#include <utility>

namespace tarn::upload {

namespace {

constexpr std::uint64_t chunkSize = 512 * 1024;

struct KeyPass {
    std::shared_ptr<Source> source;
    std::shared_ptr<async::Pools> pools;
    crypto::ConvergentKeyHasher hasher;
    std::shared_ptr<RecycledBuffers> buffers;
};

using Chunk = std::shared_ptr<Bytes>;

Result<Chunk> readChunk(Source& source, Chunk chunk, std::uint64_t offset) {
    if (auto read = source.read(ByteOffset(offset), *chunk); !read) {
        return failure(read.error());
    }
    return chunk;
}

async::Task<Chunk> readOnDiskPool(std::shared_ptr<KeyPass> pass, std::uint64_t offset) {
    const std::uint64_t size = std::min(chunkSize, pass->source->size().value() - offset);
    // Named on purpose: GCC 12 destroys the captures of a temporary lambda in an awaited call twice.
    auto work = [pass, offset, size] {
        return readChunk(*pass->source, pass->buffers->take(size, chunkSize - size), offset);
    };
    co_return co_await async::runOn(pass->pools->disk, std::move(work));
}

async::Task<void> hashOnCpuPool(std::shared_ptr<KeyPass> pass, Chunk chunk) {
    auto work = [pass, chunk]() -> Result<void> {
        pass->hasher.update(*chunk);
        return {};
    };
    co_return co_await async::runOn(pass->pools->cpu, std::move(work));
}

}  // namespace

crypto::ConvergentKeyHasher keyHasherFor(const formats::Geometry& geometry,
                                         const crypto::ConvergenceSecret& convergence) {
    return {convergence, geometry.required, geometry.total, ByteCount(geometry.segmentSize)};
}

async::Task<crypto::FileKey> hashKey(std::shared_ptr<Source> source, formats::Geometry geometry,
                                     std::shared_ptr<const Secrets> secrets,
                                     std::shared_ptr<const Environment> environment, HashedSoFar progress,
                                     std::stop_token stop) {
    const auto pass = std::make_shared<KeyPass>(KeyPass{
        source, environment->pools, keyHasherFor(geometry, secrets->convergence), environment->window->buffers()});
    const std::uint64_t fileSize = source->size().value();
    auto chunk = co_await readOnDiskPool(pass, 0);
    std::uint64_t hashed = 0;
    while (chunk && hashed < fileSize) {
        if (stop.stop_requested()) {
            co_return failure(ErrorCode::Cancelled);
        }
        const std::uint64_t next = hashed + (*chunk)->size();
        auto hashing = hashOnCpuPool(pass, *chunk);
        if (next < fileSize) {
            chunk = co_await readOnDiskPool(pass, next);
        }
        if (auto done = co_await std::move(hashing); !done) {
            co_return failure(done.error());
        }
        hashed = next;
        progress(ByteCount(hashed));
    }
    if (!chunk) {
        co_return failure(chunk.error());
    }
    co_return pass->hasher.finish();
}

}  // namespace tarn::upload
