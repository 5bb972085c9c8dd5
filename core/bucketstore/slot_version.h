#pragma once

#include "core/bucketstore/slot_container.h"
#include "core/bucketstore/slot_plan.h"

namespace tarn::bucketstore {

/// Writes a whole mutable container into the empty file `to`: `parts`, and the data that `plan` makes of what stands in
/// `from` (null: nothing). Not synced. Fails: NoSpace, ServerFailed.
[[nodiscard]] Result<void> writeSlotVersion(File& to, SlotParts parts, const SlotPlan& plan, const File* from);

/// The size of the file that `writeSlotVersion` writes.
[[nodiscard]] std::uint64_t slotVersionSize(const SlotParts& parts, const SlotPlan& plan) noexcept;

}  // namespace tarn::bucketstore
