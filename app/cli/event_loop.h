#pragma once

#include "core/async/task_scope.h"

#include <QCoreApplication>

#include <optional>
#include <utility>

namespace tarn::cli {

/// Runs the program's event loop until `task` has ended. Thread: the main one, which is the command line's engine
/// thread.
template <typename T>
[[nodiscard]] Result<T> runToEnd(async::Task<T> task) {
    std::optional<Result<T>> result;
    async::TaskScope scope;
    scope.spawn(std::move(task), [&result](Result<T> ended) {
        result.emplace(std::move(ended));
        QCoreApplication::quit();
    });
    while (!result) {
        QCoreApplication::exec();
    }
    return std::move(*result);
}

}  // namespace tarn::cli
