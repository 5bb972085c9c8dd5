// A mutable share's file on the store's disk, whatever has become of it, and a commit record beside it: parts never lie
// outside the file, and a record that is accepted is written in one form.

#include "core/bucketstore/slot_commit.h"
#include "core/bucketstore/slot_container.h"
#include "expect.h"

#include <algorithm>

using namespace tarn;
using namespace tarn::bucketstore;
using tarn::fuzz::expect;

namespace {

/// A file that is there to be read.
class GivenFile final : public File {
public:
    explicit GivenFile(ByteView bytes) : m_bytes(bytes) {}
    Result<std::size_t> read(std::uint64_t offset, MutableByteView out) const override {
        const std::size_t begin = std::min<std::size_t>(offset, m_bytes.size());
        const std::size_t count = std::min(out.size(), m_bytes.size() - begin);
        std::copy_n(m_bytes.begin() + static_cast<std::ptrdiff_t>(begin), count, out.begin());
        return count;
    }
    Result<void> write(std::uint64_t, std::span<const ByteView>) override { return failure(ErrorCode::Internal); }
    Result<void> sync() override { return {}; }
    Result<std::uint64_t> size() const override { return m_bytes.size(); }
    Result<void> truncate(std::uint64_t) override { return failure(ErrorCode::Internal); }

private:
    ByteView m_bytes;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView bytes(data, size);
    if (const auto commit = parseSlotCommit(bytes)) {
        const auto again = parseSlotCommit(writeSlotCommit(*commit));
        expect(again && again->placed == commit->placed && again->removed == commit->removed);
    }
    const GivenFile file(bytes);
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
