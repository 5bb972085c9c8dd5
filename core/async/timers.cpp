#include "core/async/timers.h"

#include <QTimer>

#include <coroutine>
#include <optional>

namespace tarn::async {

TimerHandle EventLoopTimers::after(Milliseconds delay, std::function<void()> fire) {
    auto timer = std::make_shared<QTimer>();
    timer->setSingleShot(true);
    // The callback may drop the handle, and with it this very timer: Qt must not be inside it then.
    QObject::connect(timer.get(), &QTimer::timeout, timer.get(), [callback = std::move(fire)] {
        const auto kept = callback;
        kept();
    });
    timer->start(delay);
    return TimerHandle(std::shared_ptr<void>(timer.get(), [timer](void*) mutable {
        timer->stop();
        timer.reset();
    }));
}

namespace {

/// Shared by the timer, the stop callback and the waiting coroutine: whichever comes first resumes it, once.
struct Sleep {
    std::coroutine_handle<> waiting;
    TimerHandle timer;
    std::optional<std::stop_callback<std::function<void()>>> onStop;
    bool over = false;
    bool stopped = false;

    void wake(bool byStop) {
        if (over) {
            return;
        }
        over = true;
        stopped = byStop;
        if (waiting) {
            std::exchange(waiting, {}).resume();
        }
    }
};

struct Sleeping {
    std::shared_ptr<Sleep> sleep;
    [[nodiscard]] bool await_ready() const noexcept { return sleep->over; }
    void await_suspend(std::coroutine_handle<> waiting) const noexcept { sleep->waiting = waiting; }
    void await_resume() const noexcept {}
};

}  // namespace

Task<void> sleepFor(std::shared_ptr<Timers> timers, Milliseconds delay, std::stop_token stop) {
    auto sleep = std::make_shared<Sleep>();
    sleep->timer = timers->after(delay, [weak = std::weak_ptr(sleep)] {
        if (const auto strong = weak.lock()) {
            strong->wake(false);
        }
    });
    sleep->onStop.emplace(stop, [weak = std::weak_ptr(sleep)] {
        if (const auto strong = weak.lock()) {
            strong->wake(true);
        }
    });
    // Named: GCC 12 destroys an aggregate that is made inside an awaited expression twice.
    const Sleeping sleeping{sleep};
    co_await sleeping;
    sleep->timer.reset();
    if (sleep->stopped) {
        co_return failure(ErrorCode::Cancelled);
    }
    co_return {};
}

}  // namespace tarn::async
