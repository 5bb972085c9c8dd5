#include "core/engine/concurrency_planner.h"

#include <algorithm>

namespace tarn::engine {

namespace {

/// A rate has to differ by this much to be called different: disks and lines are noisy.
constexpr double noise = 0.05;
/// Above this more at once can only make each slower.
constexpr double allBusy = 0.92;
constexpr unsigned restAfterTurning = 8;
/// What a small file takes of this machine, about, before it is measured.
constexpr std::chrono::milliseconds eachSmall{2};
constexpr std::chrono::milliseconds shortestLook{1000};
constexpr int roundTripsPerLook = 8;

}  // namespace

void ThroughputClimber::startFor(std::chrono::nanoseconds roundTrip, std::chrono::nanoseconds each) {
    const auto fit = static_cast<std::size_t>(roundTrip / std::max(each, std::chrono::nanoseconds(1))) + 1;
    m_level = std::clamp(fit, m_least, m_most);
}

void ThroughputClimber::look(SteadyTime now, std::chrono::nanoseconds span, bool full, double busy) {
    m_full = m_full && full;
    if (!m_since || !full) {
        m_since = now;
        m_work = 0;
        m_full = full;
        return;
    }
    const auto elapsed = now - *m_since;
    if (elapsed < span) {
        return;
    }
    const double rate = static_cast<double>(m_work) / std::chrono::duration<double>(elapsed).count();
    const bool judged = m_full;
    m_since = now;
    m_work = 0;
    m_full = true;
    if (!judged) {
        return;
    }
    if (!m_trying) {
        m_rate = rate;
        if (m_rest > 0) {
            --m_rest;
        } else {
            tryStep(busy);
        }
        return;
    }
    m_trying = false;
    const bool worthIt = m_direction > 0 ? rate > m_rate * (1 + noise) : rate >= m_rate * (1 - noise);
    if (worthIt) {
        m_rate = std::max(m_rate, rate);
        tryStep(busy);
        return;
    }
    m_level = m_base;
    m_direction = -m_direction;
    m_rest = restAfterTurning;
}

void ThroughputClimber::tryStep(double busy) {
    if (m_direction > 0 && (busy > allBusy || m_level == m_most)) {
        m_direction = -1;
    } else if (m_direction < 0 && m_level == m_least) {
        m_direction = 1;
    }
    const auto step = std::max<std::size_t>(1, m_level / 4);
    m_base = m_level;
    m_level = m_direction > 0 ? std::min(m_most, m_level + step) : std::max(m_least, m_level - std::min(step, m_level));
    m_trying = m_level != m_base;
    m_rest = m_trying ? 0 : restAfterTurning;
}

void ConcurrencyPlanner::smallDone(std::chrono::nanoseconds took) {
    m_small.worked(1);
    if (!m_roundTrip) {
        m_small.startFor(took, eachSmall);
    }
    m_roundTrip = std::min(took, m_roundTrip.value_or(took));
}

void ConcurrencyPlanner::look(SteadyTime now, std::chrono::nanoseconds processorTime, bool smallFull, bool largeFull) {
    double busy = 0;
    if (m_lookedAt && now > *m_lookedAt) {
        const std::chrono::duration<double> used = processorTime - m_processorTime;
        const std::chrono::duration<double> had = (now - *m_lookedAt) * std::max(1U, m_processors);
        busy = std::clamp(used / had, 0.0, 1.0);
    }
    m_lookedAt = now;
    m_processorTime = processorTime;
    const std::chrono::nanoseconds roundTrip = m_roundTrip.value_or(std::chrono::nanoseconds(0));
    const auto span = std::max<std::chrono::nanoseconds>(shortestLook, roundTripsPerLook * roundTrip);
    m_small.look(now, span, smallFull, busy);
    m_large.look(now, span, largeFull, busy);
}

}  // namespace tarn::engine
