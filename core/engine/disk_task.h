#pragma once

#include "core/async/pools.h"
#include "core/async/task.h"

#include <memory>
#include <type_traits>
#include <utility>

namespace tarn::engine {

/// `work` (which returns a Result and owns all it touches) on the disk pool, as a task for a scope.
template <typename Work>
async::Task<typename std::invoke_result_t<Work>::value_type> onDisk(std::shared_ptr<async::Pools> pools, Work work) {
    co_return co_await async::runOn(pools->disk, std::move(work));
}

}  // namespace tarn::engine
