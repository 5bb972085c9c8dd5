// A share's file on the store's disk, whatever has become of it: its parts never lie outside the file.

#include "core/bucketstore/container.h"
#include "expect.h"

using namespace tarn;
using namespace tarn::bucketstore;
using tarn::fuzz::expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < sizeof(std::uint64_t)) {
        return 0;
    }
    // The first bytes say how long the file claims to be; the rest is its header.
    std::uint64_t fileSize = 0;
    for (std::size_t i = 0; i < sizeof fileSize; ++i) {
        fileSize = fileSize << 8U | data[i];
    }
    const ByteView header(data + sizeof fileSize, size - sizeof fileSize);
    if (const auto layout = readContainer(header, fileSize)) {
        expect(layout->leaseOffset() >= containerHeaderSize && layout->leaseOffset() <= layout->end());
        expect(layout->end() <= fileSize);
        expect(layout->version == 1 || layout->version == 2);
    }
    return 0;
}
