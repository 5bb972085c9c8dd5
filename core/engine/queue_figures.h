#pragma once

#include "core/api/transfers.h"
#include "core/engine/progress_meter.h"
#include "core/foundation/clock.h"
#include "core/journal/journal.h"

#include <cstdint>

namespace tarn::engine {

/// The queue in figures, kept in step without counting it anew: what the journal counted last, and what has happened
/// since. Pure.
class QueueFigures {
public:
    /// As the journal counts; those that run count as queued there.
    void counted(const journal::Totals& totals) { m_kept = totals; }
    /// A transfer came, or went from one state to another. Sizes in bytes of the file.
    void came(journal::State state, std::uint64_t size);
    void turned(journal::State before, std::uint64_t sizeBefore, journal::State after, std::uint64_t size);
    /// A transfer that ended had so many bytes confirmed: they were moved, and count for the speed for good.
    void ended(std::uint64_t moved) { m_movedBefore += moved; }

    /// `runningDone`: bytes confirmed of those that run.
    [[nodiscard]] api::QueueTotals totals(std::size_t running, std::uint64_t runningDone, SteadyTime now);

private:
    journal::Totals m_kept;
    std::uint64_t m_movedBefore = 0;
    ProgressMeter m_meter;
};

}  // namespace tarn::engine
