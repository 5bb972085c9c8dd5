#include "core/engine/earlier_attempts.h"

#include "core/engine/concurrency_planner.h"

#include <algorithm>

namespace tarn::engine {

void EarlierAttempts::found(journal::RowId id) {
    m_lastFound = std::max(m_lastFound, id);
}

EarlierAttempts::Begun EarlierAttempts::starts(const journal::Row& row) {
    const bool wasFound = row.id <= m_lastFound;
    const bool goesOn = row.attempts > 0 || m_stopped.contains(row.id);
    const bool large = row.size > ConcurrencyPlanner::smallUpTo;
    const bool amongFirst = m_cutOff && wasFound && (large || m_smallStarted++ < ConcurrencyPlanner::mostSmall);
    return {wasFound || goesOn, amongFirst || goesOn};
}

bool EarlierAttempts::allStarted() const noexcept {
    return !m_cutOff || m_smallStarted >= ConcurrencyPlanner::mostSmall;
}

}  // namespace tarn::engine
