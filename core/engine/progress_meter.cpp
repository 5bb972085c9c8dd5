#include "core/engine/progress_meter.h"

#include <chrono>
#include <cmath>

namespace tarn::engine {

namespace {

using Seconds = std::chrono::duration<double>;

/// Samples closer together than this say more about the scheduler than about the line.
constexpr Seconds shortestSample{0.25};
/// What lies further back than this weighs less than a third.
constexpr Seconds memory{4.0};
/// Below this a transfer stands still.
constexpr double slowest = 1.0;
constexpr double longest = 30.0 * 24 * 3600;

}  // namespace

void ProgressMeter::update(SteadyTime now, std::uint64_t done) {
    if (!m_sampled || done < m_done) {
        m_sampled = now;
        m_done = done;
        m_known = false;
        m_rate = 0;
        return;
    }
    const Seconds elapsed = now - *m_sampled;
    if (elapsed < shortestSample) {
        return;
    }
    const double rate = static_cast<double>(done - m_done) / elapsed.count();
    const double weight = m_known ? 1 - std::exp(-elapsed / memory) : 1;
    m_rate += (rate - m_rate) * weight;
    m_known = m_known || done > m_done;
    if (m_rate < slowest) {
        m_rate = 0;
    }
    m_sampled = now;
    m_done = done;
}

std::optional<std::uint64_t> ProgressMeter::secondsFor(std::uint64_t remaining) const {
    if (m_rate <= 0) {
        return std::nullopt;
    }
    const double seconds = std::ceil(static_cast<double>(remaining) / m_rate);
    if (seconds > longest) {
        return std::nullopt;
    }
    return static_cast<std::uint64_t>(seconds);
}

}  // namespace tarn::engine
