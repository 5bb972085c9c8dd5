#pragma once

#include "core/bucketstore/written_ranges.h"
#include "core/formats/slot_messages.h"

#include <vector>

namespace tarn::bucketstore {

/// What a change makes of one share's data: worked out from lengths alone, before anything is touched.
struct SlotPlan {
    enum class Kind : std::uint8_t {
        Nothing,  ///< to remove what is not there
        Remove,
        Keep,     ///< the data stays as it is
        Rewrite,  ///< a new version of the share, or its first
    };
    Kind kind = Kind::Nothing;
    std::uint64_t length = 0;                     ///< of the data afterwards
    std::vector<Range> copied;                    ///< what of the old data is in the new, at the same place
    std::vector<formats::gbs::SlotWrite> writes;  ///< in order, cut to `length`
};

/// `present`: the length of the share's data, or nothing when there is no such share. Fails: InvalidArgument (a write
/// past the largest offset).
/// Source: Tahoe-LAFS storage/mutable.py, `writev` and `_write_share_data`, and server.py, `_evaluate_write_vectors`.
[[nodiscard]] Result<SlotPlan> planSlotChange(std::optional<std::uint64_t> present,
                                              const formats::gbs::SlotChange& change);

}  // namespace tarn::bucketstore
