#pragma once

#include "core/async/task.h"

#include <QAbstractEventDispatcher>
#include <QMetaObject>
#include <QThreadPool>
#include <QtConcurrentRun>

#include <coroutine>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace tarn::async {

/// The threads that may compute or block, so that the engine's own thread never does. `cpu` has a thread a core and
/// runs pure functions of their inputs; `disk` runs reads, writes and SQLite.
struct Pools {
    QThreadPool cpu;
    QThreadPool disk;
};

/// Runs `work` (which returns a Result) on a pool's thread and resumes on the thread that asked. `work` must own all it
/// touches. It runs to its end even if nobody waits any more; there is nothing to cancel.
template <typename Work>
[[nodiscard]] auto runOn(QThreadPool& pool, Work work) {
    using Outcome = std::invoke_result_t<Work>;
    struct State {
        Work work;
        std::optional<Outcome> outcome;
    };
    struct Running {
        QThreadPool* pool;
        std::shared_ptr<State> state;

        [[nodiscard]] bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> waiting) const {
            // The dispatcher lives as long as this thread's event loop, which outlives every task that runs on it.
            auto* const home = QAbstractEventDispatcher::instance();
            // QFuture is left aside on purpose: its result() copies, and awaiting a cancelled one crashes in QCoro 0.8.
            (void)QtConcurrent::run(pool, [home, waiting, shared = state] {
                shared->outcome.emplace(shared->work());
                QMetaObject::invokeMethod(
                    home, [waiting] { waiting.resume(); }, Qt::QueuedConnection);
            });
        }
        [[nodiscard]] Outcome await_resume() const { return std::move(*state->outcome); }
    };
    return Running{&pool, std::make_shared<State>(State{std::move(work), std::nullopt})};
}

}  // namespace tarn::async
