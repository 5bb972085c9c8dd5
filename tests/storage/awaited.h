#pragma once

#include "core/async/task.h"
#include "core/async/task_scope.h"

#include <QEventLoop>
#include <QTimer>

#include <chrono>
#include <memory>
#include <optional>

namespace tarn::testing {

/// Far beyond what any step of a test takes; reached only by one that hangs.
inline constexpr std::chrono::seconds patience{120};

/// Runs the event loop until `task` is over. A task that never ends gives Internal, "the test ran out of patience".
template <typename T>
Result<T> awaited(async::Task<T> task) {
    struct Waiting {
        std::optional<Result<T>> result;
        QEventLoop loop;
    };
    const auto waiting = std::make_shared<Waiting>();
    async::TaskScope scope;
    scope.spawn(std::move(task), [waiting](Result<T> result) {
        waiting->result = std::move(result);
        waiting->loop.quit();
    });
    if (!waiting->result) {
        QTimer::singleShot(patience, &waiting->loop, [waiting = waiting.get()] { waiting->loop.quit(); });
        waiting->loop.exec();
    }
    if (!waiting->result) {
        return failure(ErrorCode::Internal, "the test ran out of patience");
    }
    return std::move(*waiting->result);
}

/// Runs the event loop until all of `tasks`, which run at the same time, are over.
template <typename T>
std::vector<Result<T>> awaitedAll(std::vector<async::Task<T>> tasks) {
    std::vector<Result<T>> results;
    results.reserve(tasks.size());
    for (auto& task : tasks) {
        results.push_back(awaited(std::move(task)));
    }
    return results;
}

}  // namespace tarn::testing
