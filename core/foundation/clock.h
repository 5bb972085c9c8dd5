#pragma once

#include <chrono>

namespace tarn {

using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;

/// Where time comes from. Injected, so that tests run years in milliseconds. Thread: any.
class Clock {
public:
    virtual ~Clock() = default;
    /// Never goes back; for durations and deadlines.
    [[nodiscard]] virtual SteadyTime steadyNow() const = 0;
    /// The calendar; for leases and history. May jump.
    [[nodiscard]] virtual WallTime wallNow() const = 0;
};

/// The machine's own clocks.
class SystemClock final : public Clock {
public:
    [[nodiscard]] SteadyTime steadyNow() const override { return std::chrono::steady_clock::now(); }
    [[nodiscard]] WallTime wallNow() const override { return std::chrono::system_clock::now(); }
};

}  // namespace tarn
