#pragma once

#include "core/async/task.h"

#include <coroutine>
#include <memory>
#include <stop_token>
#include <utility>

namespace tarn::async {

/// Owns the tasks that an object starts: none of them is lost, and the object can wait until the last has ended.
///
/// Thread: the one that made it. Cancel: `requestStop` sets the token that every spawned task was given; tasks then end
/// early, by themselves. The owner must `co_await drain()` (or `cancelAndDrain()`) before it goes.
class TaskScope {
public:
    TaskScope() : m_state(std::make_shared<State>()) {}
    TaskScope(const TaskScope&) = delete;
    TaskScope& operator=(const TaskScope&) = delete;
    ~TaskScope() { m_state->stop.request_stop(); }

    /// The token to hand to tasks of this scope.
    [[nodiscard]] std::stop_token token() const { return m_state->stop.get_token(); }
    [[nodiscard]] std::size_t running() const noexcept { return m_state->running; }

    /// Keeps `task` until its end, then calls `done(Result<T>)`, also after a stop.
    template <typename T, typename Done>
    void spawn(Task<T> task, Done done) {
        run(m_state, std::move(task), std::move(done));
    }
    /// Keeps `task` until its end; its result is of no interest (it reports by other ways).
    template <typename T>
    void spawn(Task<T> task) {
        run(m_state, std::move(task), [](const Result<T>&) {});
    }

    void requestStop() { m_state->stop.request_stop(); }

    /// Resumes when no task of this scope is left.
    [[nodiscard]] auto drain() { return Drained{m_state}; }
    [[nodiscard]] auto cancelAndDrain() {
        requestStop();
        return Drained{m_state};
    }

private:
    struct State {
        std::stop_source stop;
        std::size_t running = 0;
        std::coroutine_handle<> drainer;
    };

    struct Drained {
        std::shared_ptr<State> state;
        [[nodiscard]] bool await_ready() const noexcept { return state->running == 0; }
        void await_suspend(std::coroutine_handle<> waiting) const noexcept { state->drainer = waiting; }
        void await_resume() const noexcept {}
    };

    template <typename T, typename Done>
    static QCoro::Task<void> run(std::shared_ptr<State> state, Task<T> task, Done done) {
        ++state->running;
        Result<T> result = co_await std::move(task);
        done(std::move(result));
        if (--state->running == 0 && state->drainer) {
            std::exchange(state->drainer, {}).resume();
        }
    }

    std::shared_ptr<State> m_state;
};

}  // namespace tarn::async
