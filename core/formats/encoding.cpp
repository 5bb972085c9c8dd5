#include "core/formats/encoding.h"

#include <algorithm>

namespace tarn::formats {
namespace {

constexpr unsigned mostTotal = 256;

std::uint64_t divideUp(std::uint64_t value, std::uint64_t by) {
    return value / by + (value % by == 0 ? 0 : 1);
}

std::uint64_t roundUp(std::uint64_t value, std::uint64_t multiple) {
    return divideUp(value, multiple) * multiple;
}

}  // namespace

Result<void> EncodingParameters::check() const {
    if (required < 1 || required > total || total > mostTotal) {
        return failure(ErrorCode::InvalidArgument, "shares needed and shares in all must be 1 <= k <= n <= 256");
    }
    if (happy < 1 || happy > total) {
        return failure(ErrorCode::InvalidArgument, "servers of happiness must be between 1 and the number of shares");
    }
    if (maximumSegmentSize.value() < 1 || maximumSegmentSize.value() > mostSegmentSize) {
        return failure(ErrorCode::InvalidArgument, "the segment size must be between 1 byte and 64 MiB");
    }
    return {};
}

Result<Geometry> Geometry::make(const EncodingParameters& parameters, ByteCount fileSize) {
    if (auto valid = parameters.check(); !valid) {
        return failure(valid.error());
    }
    const std::uint64_t segment = std::min(parameters.maximumSegmentSize.value(), fileSize.value());
    return fromSegmentSize(parameters.required, parameters.total, fileSize, roundUp(segment, parameters.required));
}

Result<Geometry> Geometry::fromSegmentSize(unsigned required, unsigned total, ByteCount fileSize,
                                           std::uint64_t segmentSize) {
    if (required < 1 || required > total || total > mostTotal) {
        return failure(ErrorCode::InvalidArgument, "shares needed and shares in all must be 1 <= k <= n <= 256");
    }
    const std::uint64_t size = fileSize.value();
    if (size < 1 || size > mostFileSize) {
        return failure(ErrorCode::InvalidArgument, "a file kept in shares has between 1 byte and 2^60 bytes");
    }
    if (segmentSize < 1 || segmentSize > roundUp(mostSegmentSize, required) || segmentSize % required != 0) {
        return failure(ErrorCode::InvalidArgument,
                       "the segment size must be a multiple of the shares needed, up to 64 MiB");
    }

    Geometry geometry;
    geometry.required = required;
    geometry.total = total;
    geometry.fileSize = size;
    geometry.segmentSize = segmentSize;
    geometry.segmentCount = divideUp(size, segmentSize);
    if (geometry.segmentCount > mostSegments) {
        return failure(ErrorCode::InvalidArgument, "the file has too many segments");
    }
    const std::uint64_t rest = size % segmentSize;
    geometry.tailSize = rest == 0 ? segmentSize : rest;
    geometry.paddedTailSize = roundUp(geometry.tailSize, required);
    geometry.blockSize = segmentSize / required;
    geometry.tailBlockSize = geometry.paddedTailSize / required;
    geometry.shareDataSize = (geometry.segmentCount - 1) * geometry.blockSize + geometry.tailBlockSize;
    return geometry;
}

}  // namespace tarn::formats
