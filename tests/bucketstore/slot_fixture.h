#pragma once

#include "tests/bucketstore/store_fixture.h"
#include "tests/storage/slot_call.h"

namespace tarn::bucketstore::test {

using tarn::testing::SlotCall;

/// The whole of a slot's share, or nothing when it cannot be read.
inline std::optional<Bytes> readSlot(const BucketStore& store, StorageIndex index, unsigned share) {
    const auto reader = store.openSlotShare(index, ShareNum(static_cast<std::uint16_t>(share)));
    if (!reader) {
        return std::nullopt;
    }
    Bytes bytes(static_cast<std::size_t>((*reader)->size().value()));
    const auto got = (*reader)->read(ByteOffset(0), bytes);
    if (!got || *got != bytes.size()) {
        return std::nullopt;
    }
    return bytes;
}

}  // namespace tarn::bucketstore::test
