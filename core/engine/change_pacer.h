#pragma once

#include "core/foundation/clock.h"
#include "core/journal/journal.h"

#include <chrono>
#include <optional>
#include <set>
#include <vector>

namespace tarn::engine {

/// Gathers which transfers changed, so that whoever watches is told at most ten times a second, all changes at once.
/// The first change after a quiet time is told at once. Pure.
class ChangePacer {
public:
    static constexpr std::chrono::milliseconds interval{100};

    /// Notes a change. Gives the time to wait before the next `take`, unless somebody waits for it already.
    [[nodiscard]] std::optional<std::chrono::milliseconds> note(journal::RowId id, SteadyTime now);
    /// Everything that changed since, in queue order.
    [[nodiscard]] std::vector<journal::RowId> take(SteadyTime now);

private:
    std::set<journal::RowId> m_changed;
    std::optional<SteadyTime> m_taken;
    bool m_waiting = false;
};

}  // namespace tarn::engine
