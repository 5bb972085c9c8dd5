// A mutable share's file on the store's disk, whatever has become of it, and a commit record beside it: parts never lie
// outside the file, and a record that is accepted is written in one form.

#include "core/bucketstore/slot_commit.h"
#include "core/bucketstore/slot_container.h"
#include "expect.h"
#include "given_file.h"

using namespace tarn;
using namespace tarn::bucketstore;
using tarn::fuzz::expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView bytes(data, size);
    if (const auto commit = parseSlotCommit(bytes)) {
        const auto again = parseSlotCommit(writeSlotCommit(*commit));
        expect(again && again->placed == commit->placed && again->removed == commit->removed);
    }
    const fuzz::GivenFile file(bytes);
    const auto layout = readSlotLayout(file);
    if (!layout) {
        expect(layout.error().code == ErrorCode::ServerFailed);
        return 0;
    }
    expect(slotDataOffset + layout->dataLength <= layout->furtherLeases && layout->end() <= size);
    auto parts = readSlotParts(file, *layout);
    expect(parts.has_value());
    const Lease lease({}, WallTime(std::chrono::seconds(1'700'000'000)));
    if (putLease(*parts, lease, layout->version, {})) {
        const SlotLeasePlace place = findSlotLease(*parts, lease, layout->version);
        expect(place.state == SlotLeasePlace::State::Ours && place.expiry >= lease.expiry());
    }
    return 0;
}
