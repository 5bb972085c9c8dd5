#pragma once

// Before <coroutine>, which Qt 6.4's moc cannot read as the first standard header of a source.
#include "core/async/task.h"

#include <coroutine>
#include <deque>
#include <memory>
#include <utility>

namespace tarn::async {

/// Carries events from finished work to the one driver that waits for them: `auto event = co_await mailbox.next();`.
///
/// A value type: copies name the same mailbox, so tasks that report late hold it safely. Thread: one. At most one
/// coroutine waits. A push resumes the waiting driver on the spot; while the driver runs, events queue up.
template <typename Event>
class Mailbox {
public:
    Mailbox() : m_state(std::make_shared<State>()) {}

    void push(Event event) const {
        m_state->events.push_back(std::move(event));
        if (m_state->waiting) {
            std::exchange(m_state->waiting, {}).resume();
        }
    }

    [[nodiscard]] bool empty() const noexcept { return m_state->events.empty(); }

    [[nodiscard]] auto next() const { return Next{m_state}; }

private:
    struct State {
        std::deque<Event> events;
        std::coroutine_handle<> waiting;
    };

    struct Next {
        std::shared_ptr<State> state;
        [[nodiscard]] bool await_ready() const noexcept { return !state->events.empty(); }
        void await_suspend(std::coroutine_handle<> driver) const noexcept { state->waiting = driver; }
        [[nodiscard]] Event await_resume() const {
            Event event = std::move(state->events.front());
            state->events.pop_front();
            return event;
        }
    };

    std::shared_ptr<State> m_state;
};

}  // namespace tarn::async
