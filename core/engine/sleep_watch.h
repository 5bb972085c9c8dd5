#pragma once

#include "core/foundation/clock.h"

#include <chrono>
#include <optional>

namespace tarn::engine {

/// Notices that the computer slept, or that its calendar was set: both show as the calendar going another way than the
/// steady clock, which stands still meanwhile. Pure.
class SleepWatch {
public:
    enum class Seen : std::uint8_t { Nothing, Slept, SetBack };

    /// Looks at both clocks; to be called now and then.
    [[nodiscard]] Seen look(SteadyTime steady, WallTime wall) {
        const auto between =
            wall.time_since_epoch() - std::chrono::duration_cast<WallTime::duration>(steady.time_since_epoch());
        const auto drift = m_between ? between - *m_between : WallTime::duration(0);
        m_between = between;
        if (drift > slack) {
            return Seen::Slept;
        }
        return drift < -slack ? Seen::SetBack : Seen::Nothing;
    }

private:
    /// Clocks are corrected by seconds all the time.
    static constexpr std::chrono::seconds slack{20};

    std::optional<WallTime::duration> m_between;
};

}  // namespace tarn::engine
