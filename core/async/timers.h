#pragma once

#include "core/async/task.h"

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>

namespace tarn::async {

using Milliseconds = std::chrono::milliseconds;

/// Stops the call that it stands for when it is destroyed or reset. Thread: the one that made it.
class TimerHandle {
public:
    TimerHandle() = default;
    explicit TimerHandle(std::shared_ptr<void> armed) : m_armed(std::move(armed)) {}
    void reset() { m_armed.reset(); }

private:
    std::shared_ptr<void> m_armed;
};

/// Calls back later. Injected beside Clock, so that a simulation can run hours in milliseconds. Thread: calls happen on
/// the thread that asked.
class Timers {
public:
    virtual ~Timers() = default;
    /// Calls `fire` once after `delay`, unless the handle is gone by then.
    [[nodiscard]] virtual TimerHandle after(Milliseconds delay, std::function<void()> fire) = 0;
};

/// Timers of the calling thread's event loop.
class EventLoopTimers final : public Timers {
public:
    [[nodiscard]] TimerHandle after(Milliseconds delay, std::function<void()> fire) override;
};

/// Waits for `delay`. Fails: Cancelled, at once, when `stop` is requested (on this thread).
[[nodiscard]] Task<void> sleepFor(std::shared_ptr<Timers> timers, Milliseconds delay, std::stop_token stop);

}  // namespace tarn::async
