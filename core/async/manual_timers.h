#pragma once

#include "core/async/timers.h"
#include "core/foundation/clock.h"

#include <map>
#include <utility>

namespace tarn::async {

/// Clock and timers whose time passes only when it is told to: the simulation's time. Thread: one.
class ManualTimers final : public Timers, public Clock {
public:
    [[nodiscard]] TimerHandle after(Milliseconds delay, std::function<void()> fire) override;
    [[nodiscard]] SteadyTime steadyNow() const override { return SteadyTime(m_now); }
    [[nodiscard]] WallTime wallNow() const override { return WallTime(m_now + wallStart); }

    /// Lets the earliest call happen, time moving up to it. False when nothing is due at any time.
    bool fireNext();
    /// Lets `span` pass, with every call that falls due in it.
    void advance(Milliseconds span);

private:
    static constexpr std::chrono::hours wallStart{24 * 365 * 50};
    using Key = std::pair<std::chrono::nanoseconds, std::uint64_t>;

    std::chrono::nanoseconds m_now{0};
    std::uint64_t m_order = 0;
    std::map<Key, std::pair<std::weak_ptr<void>, std::function<void()>>> m_due;
};

}  // namespace tarn::async
