#include "core/engine/queue_figures.h"

#include <algorithm>

namespace tarn::engine {

namespace {

journal::Totals::Part& partOf(journal::Totals& totals, journal::State state) {
    return totals.states.at(static_cast<std::size_t>(state));
}

qint64 countOf(const journal::Totals& totals, journal::State state) {
    return static_cast<qint64>(totals.of(state).count);
}

}  // namespace

void QueueFigures::came(journal::State state, std::uint64_t size) {
    auto& part = partOf(m_kept, state);
    ++part.count;
    part.bytes += size;
}

void QueueFigures::turned(journal::State before, std::uint64_t sizeBefore, journal::State after, std::uint64_t size) {
    auto& from = partOf(m_kept, before);
    from.count -= std::min<std::uint64_t>(from.count, 1);
    from.bytes -= std::min(from.bytes, sizeBefore);
    came(after, size);
}

api::QueueTotals QueueFigures::totals(std::size_t running, std::uint64_t runningDone, SteadyTime now) {
    using journal::State;
    m_meter.update(now, m_movedBefore + runningDone);
    api::QueueTotals totals;
    totals.running = static_cast<qint64>(running);
    totals.waiting = std::max<qint64>(0, countOf(m_kept, State::Queued) - totals.running);
    totals.paused = countOf(m_kept, State::Paused);
    totals.done = countOf(m_kept, State::Done);
    totals.failed = countOf(m_kept, State::Failed);
    totals.cancelled = countOf(m_kept, State::Cancelled);
    totals.activeBytes = m_kept.of(State::Queued).bytes;
    totals.activeDone = std::min<quint64>(runningDone, totals.activeBytes);
    totals.bytesPerSecond = running == 0 ? 0 : static_cast<quint64>(m_meter.bytesPerSecond());
    return totals;
}

}  // namespace tarn::engine
