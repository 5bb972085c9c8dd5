// A segment of the log that a stopped program left, whatever has become of it: no record reaches beyond the segment or
// its limits, and one that counts is the one that is written. Digests, which no fuzzer finds, are put right on demand.

#include "core/bucketstore/share_log_format.h"
#include "expect.h"
#include "given_file.h"

#include <algorithm>

using namespace tarn;
using namespace tarn::bucketstore;
using tarn::fuzz::expect;

namespace {

constexpr LogEpoch known{1, 2, 3};

/// Writes each block anew that claims to be a record: as one of the known epoch, with as much of a container as the
/// next two bytes say.
Bytes withDigests(ByteView bytes) {
    Bytes segment = logSegmentHead(known);
    while (bytes.size() > 2) {
        const auto share = static_cast<std::uint16_t>(bytes[0]);
        const std::size_t size = std::min<std::size_t>(bytes[1] * 97U, bytes.size() - 2);
        const std::array pieces{bytes.subspan(2, size)};
        appendLogRecord(segment, known, {StorageIndex(), ShareNum(share)}, pieces);
        bytes = bytes.subspan(2 + size);
    }
    return segment;
}

void readAll(ByteView bytes) {
    const fuzz::GivenFile file(bytes);
    const auto epoch = readLogEpoch(file);
    expect(epoch.has_value());
    for (std::uint64_t offset = logBlockSize; *epoch && offset < bytes.size(); offset += logBlockSize) {
        const auto record = readLogRecord(file, offset, bytes.size(), **epoch);
        expect(record.has_value());
        if (!*record) {
            continue;
        }
        const LoggedShare& share = **record;
        expect(share.key.second.value() <= 255 && share.container.size() <= mostLoggedContainer);
        Bytes again;
        appendLogRecord(again, **epoch, share.key, std::array{ByteView(share.container)});
        const std::size_t length = logRecordHeadSize + share.container.size();
        expect(std::ranges::equal(ByteView(again).first(length), bytes.subspan(offset, length)));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView bytes(data, size);
    readAll(bytes);
    if (size > 3) {
        Bytes segment = withDigests(bytes.subspan(3));
        readAll(segment);
        // One byte of it flipped, wherever the input says.
        const std::size_t place = (bytes[0] * 65536UL + bytes[1] * 256UL + bytes[2]) % segment.size();
        segment[place] ^= 0x10U;
        readAll(segment);
    }
    return 0;
}
