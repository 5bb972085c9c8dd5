#pragma once

#include "core/foundation/result.h"

#include <QCoroTask>

#include <stop_token>
#include <utility>
#include <vector>

namespace tarn::async {

/// Work that finishes later on the thread that started it, with a value or an error. It starts at once, runs to its
/// first wait, and runs to its end even when nobody holds it; so it must never refer to anything it does not own.
///
/// The house rules (each stands for a crash that was seen with QCoro 0.8 on GCC 12): coroutines are free functions that
/// take their state by value or shared_ptr and the stop_token last; no lambda coroutines with captures, no reference
/// parameters, no member coroutines of QObjects; a lambda or an aggregate is named before it enters an awaited
/// expression (it would be destroyed twice); an owner starts work by `TaskScope::spawn` and drains the scope before it
/// goes.
template <typename T>
using Task = QCoro::Task<Result<T>>;

/// Waits for every task of a list; the results stand in the list's order. All of them run at the same time.
template <typename T>
QCoro::Task<std::vector<Result<T>>> all(std::vector<Task<T>> tasks) {
    std::vector<Result<T>> results;
    results.reserve(tasks.size());
    for (auto& task : tasks) {
        results.push_back(co_await std::move(task));
    }
    co_return results;
}

}  // namespace tarn::async
