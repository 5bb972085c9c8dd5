// A URI extension block that is accepted says the same after it was written again.
// Input: k, n (a byte each), the file's size (4 bytes), then the block.

#include "core/formats/ueb.h"
#include "expect.h"

using namespace tarn;
using tarn::fuzz::expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView input(data, size);
    if (input.size() < 6) {
        return 0;
    }
    const unsigned required = input[0];
    const unsigned total = input[1];
    std::uint64_t fileSize = 0;
    for (const Byte byte : input.subspan(2, 4)) {
        fileSize = fileSize << 8 | byte;
    }
    const auto parsed = formats::parseUriExtension(input.subspan(6), required, total, ByteCount(fileSize));
    if (!parsed) {
        expect(parsed.error().code == ErrorCode::CorruptFile);
        return 0;
    }
    const formats::Geometry& geometry = parsed->geometry;
    expect(geometry.required == required && geometry.total == total && geometry.fileSize == fileSize);
    expect((geometry.segmentCount - 1) * geometry.segmentSize + geometry.tailSize == fileSize);
    const Bytes packed = formats::packUriExtension(*parsed);
    expect(packed.size() == formats::packedUriExtensionSize(geometry));
    const auto again = formats::parseUriExtension(packed, required, total, ByteCount(fileSize));
    expect(again && again->geometry == geometry && again->shareRootHash == parsed->shareRootHash);
    return 0;
}
