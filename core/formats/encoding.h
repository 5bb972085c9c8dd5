#pragma once

#include "core/foundation/result.h"
#include "core/foundation/units.h"

#include <cstdint>

namespace tarn::formats {

/// The largest segment that Tarn writes or reads, before it is rounded up to a multiple of k.
inline constexpr std::uint64_t mostSegmentSize = 64 * 1024 * 1024;
/// The largest file, and the most segments in one: sums over shares and trees stay far below 2^63.
inline constexpr std::uint64_t mostFileSize = std::uint64_t{1} << 60;
inline constexpr std::uint64_t mostSegments = std::uint64_t{1} << 48;

/// How a file is cut and spread: any `required` of `total` shares rebuild it; `happy` different servers must hold
/// enough.
struct EncodingParameters {
    unsigned required = 3;
    unsigned happy = 7;
    unsigned total = 10;
    ByteCount maximumSegmentSize{1024 * 1024};

    /// Fails: InvalidArgument unless 1 <= k <= n <= 256, 1 <= happy <= n and the segment size is 1 byte to 64 MiB.
    [[nodiscard]] Result<void> check() const;
    bool operator==(const EncodingParameters&) const = default;
};

/// The sizes that follow from a file's size and parameters. All in bytes.
/// Source: Tahoe-LAFS immutable/encode.py and upload.py, `get_all_encoding_parameters`.
struct Geometry {
    unsigned required = 0;
    unsigned total = 0;
    std::uint64_t fileSize = 0;
    std::uint64_t segmentSize = 0;  ///< min(maximum, file size), rounded up to a multiple of k
    std::uint64_t segmentCount = 0;
    std::uint64_t tailSize = 0;        ///< bytes of file in the last segment
    std::uint64_t paddedTailSize = 0;  ///< rounded up to a multiple of k
    std::uint64_t blockSize = 0;       ///< of each segment but the last: segmentSize / k
    std::uint64_t tailBlockSize = 0;
    std::uint64_t shareDataSize = 0;  ///< all blocks of one share

    /// The geometry an uploader uses. `fileSize` is 1 byte to 2^60. Fails: InvalidArgument.
    [[nodiscard]] static Result<Geometry> make(const EncodingParameters& parameters, ByteCount fileSize);
    /// The geometry of a file that was cut into segments of this size, a multiple of k. It may be longer than the file:
    /// then the file is all tail. Fails: InvalidArgument.
    [[nodiscard]] static Result<Geometry> fromSegmentSize(unsigned required, unsigned total, ByteCount fileSize,
                                                          std::uint64_t segmentSize);
    /// Bytes of file in a segment (without padding).
    [[nodiscard]] std::uint64_t sizeOfSegment(std::uint64_t segment) const noexcept {
        return segment + 1 == segmentCount ? tailSize : segmentSize;
    }
    /// Bytes of one share's block for a segment.
    [[nodiscard]] std::uint64_t sizeOfBlock(std::uint64_t segment) const noexcept {
        return segment + 1 == segmentCount ? tailBlockSize : blockSize;
    }
    bool operator==(const Geometry&) const = default;
};

}  // namespace tarn::formats
