#include "core/bucketstore/slot_plan.h"

#include <algorithm>

namespace tarn::bucketstore {

using formats::gbs::mostSlotOffset;
using formats::gbs::SlotChange;
using formats::gbs::SlotWrite;

namespace {

/// What `ranges` leave of [0, size).
std::vector<Range> gaps(std::vector<Range> ranges, std::uint64_t size) {
    std::ranges::sort(ranges);
    std::vector<Range> left;
    std::uint64_t position = 0;
    for (const Range& range : ranges) {
        if (position < std::min(range.first, size)) {
            left.emplace_back(position, std::min(range.first, size));
        }
        position = std::max(position, range.second);
    }
    if (position < size) {
        left.emplace_back(position, size);
    }
    return left;
}

}  // namespace

Result<SlotPlan> planSlotChange(std::optional<std::uint64_t> present, const SlotChange& change) {
    SlotPlan plan;
    if (change.newLength == std::uint64_t{0}) {
        plan.kind = present ? SlotPlan::Kind::Remove : SlotPlan::Kind::Nothing;
        return plan;
    }
    const std::uint64_t before = present.value_or(0);
    plan.length = before;
    for (const SlotWrite& write : change.writes) {
        if (write.offset > mostSlotOffset || write.data.size() > mostSlotOffset - write.offset) {
            return failure(ErrorCode::InvalidArgument, "a write past the largest offset");
        }
        plan.length = std::max(plan.length, write.offset + write.data.size());
    }
    plan.length = std::min(plan.length, change.newLength.value_or(plan.length));
    if (present && change.writes.empty() && plan.length == before) {
        plan.kind = SlotPlan::Kind::Keep;
        return plan;
    }
    plan.kind = SlotPlan::Kind::Rewrite;
    std::vector<Range> written;
    for (SlotWrite write : change.writes) {
        const std::uint64_t end = std::min(write.offset + write.data.size(), plan.length);
        if (write.offset < end) {
            write.data = write.data.first(static_cast<std::size_t>(end - write.offset));
            written.emplace_back(write.offset, end);
            plan.writes.push_back(write);
        }
    }
    plan.copied = gaps(std::move(written), std::min(before, plan.length));
    return plan;
}

}  // namespace tarn::bucketstore
