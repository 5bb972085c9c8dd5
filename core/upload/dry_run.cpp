#include "core/upload/file_hashes.h"
#include "core/upload/file_key.h"
#include "core/upload/upload.h"
#include "core/upload/whole_file.h"

#include <algorithm>

namespace tarn::upload {

namespace {

constexpr std::uint64_t chunkSize = 1024 * 1024;

Result<caps::Capability> literalOf(Source& source) {
    Bytes data(source.size().value());
    if (auto read = source.read(ByteOffset(0), data); !read) {
        return failure(read.error());
    }
    return caps::Capability(caps::Literal{std::move(data)});
}

}  // namespace

Result<crypto::FileKey> keyOf(Source& source, const formats::Geometry& geometry,
                              const crypto::ConvergenceSecret& convergence) {
    crypto::ConvergentKeyHasher hasher = keyHasherFor(geometry, convergence);
    Bytes chunk(std::min(chunkSize, geometry.fileSize));
    for (std::uint64_t offset = 0; offset < geometry.fileSize; offset += chunk.size()) {
        chunk.resize(std::min<std::uint64_t>(chunk.size(), geometry.fileSize - offset));
        if (auto read = source.read(ByteOffset(offset), chunk); !read) {
            return failure(read.error());
        }
        hasher.update(chunk);
    }
    return hasher.finish();
}

Result<SealedFile> encodeWhole(Source& source, const SegmentEncoder& encoder) {
    const formats::Geometry& geometry = encoder.geometry();
    const RunPlan runs(geometry);
    const Wanted nothing(geometry.total, false);
    FileHashes hashes(geometry);
    for (std::uint64_t number = 0; number < runs.count(); ++number) {
        auto plaintext = encoder.bufferFor(runs.run(number));
        if (auto read = source.read(ByteOffset(runs.offset(number)), *plaintext); !read) {
            return failure(read.error());
        }
        hashes.add(encoder.encode(runs.run(number), std::move(plaintext), nothing));
    }
    return hashes.seal();
}

Result<caps::Capability> dryRun(Source& source, const formats::EncodingParameters& parameters,
                                const crypto::ConvergenceSecret& convergence) {
    if (auto valid = parameters.check(); !valid) {
        return failure(valid.error());
    }
    if (source.size().value() <= caps::Literal::mostWritten) {
        return literalOf(source);
    }
    const auto geometry = formats::Geometry::make(parameters, source.size());
    if (!geometry) {
        return failure(geometry.error());
    }
    const auto key = keyOf(source, *geometry, convergence);
    if (!key) {
        return failure(key.error());
    }
    const auto encoder = SegmentEncoder::make(*geometry, *key);
    if (!encoder) {
        return failure(encoder.error());
    }
    const auto sealed = encodeWhole(source, *encoder);
    if (!sealed) {
        return failure(sealed.error());
    }
    if (auto unchanged = source.checkUnchanged(); !unchanged) {
        return failure(unchanged.error());
    }
    return caps::Capability(caps::Chk{*key, sealed->uriExtensionHash(), geometry->required, geometry->total,
                                      ByteCount(geometry->fileSize)});
}

}  // namespace tarn::upload
