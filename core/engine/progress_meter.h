#pragma once

#include "core/foundation/clock.h"

#include <cstdint>
#include <optional>

namespace tarn::engine {

/// How fast one transfer goes, steadied so that a person can read it: recent seconds count most, a pause fades out.
/// Bytes of the file. Pure.
class ProgressMeter {
public:
    /// `done` bytes at `now`, in all. The first call starts the clock; a smaller number than before starts anew.
    void update(SteadyTime now, std::uint64_t done);

    /// 0 while unknown (in the first moment) and when nothing moves.
    [[nodiscard]] double bytesPerSecond() const noexcept { return m_rate; }
    /// Nothing while unknown, or when it would take longer than anybody waits (30 days).
    [[nodiscard]] std::optional<std::uint64_t> secondsFor(std::uint64_t remaining) const;

private:
    std::optional<SteadyTime> m_sampled;
    std::uint64_t m_done = 0;
    bool m_known = false;
    double m_rate = 0;
};

}  // namespace tarn::engine
