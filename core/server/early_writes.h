#pragma once

#include "core/foundation/clock.h"
#include "core/foundation/ids.h"

#include <QTimer>

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <utility>

namespace tarn::server {

/// Writes that have overtaken the allocation they belong to, and wait for it.
///
/// A client that wants no round trip between the two sends both at once; over several connections, or with several
/// threads at the disk, either may come first. Bounded in number. Thread: the server's.
class EarlyWrites {
public:
    explicit EarlyWrites(std::shared_ptr<Clock> clock) : m_clock(std::move(clock)) {}

    /// An allocation in this bucket has ended, however it went: who waits for it tries again, now.
    void allocated(const StorageIndex& index);
    /// Whether one has ended a moment ago: there is nothing to wait for any more.
    [[nodiscard]] bool wasAllocated(const StorageIndex& index) const { return m_recent.contains(index); }

    /// Keeps `again` until an allocation in this bucket ends, or `most` is over. False when too many wait already.
    [[nodiscard]] bool wait(const StorageIndex& index, std::chrono::milliseconds most, std::function<void()> again);

    static constexpr std::size_t mostWaiting = 1024;

private:
    struct Waiting {
        QTimer timer;
        std::function<void()> again;
    };

    void forgetOld();

    std::shared_ptr<Clock> m_clock;
    std::multimap<StorageIndex, std::shared_ptr<Waiting>> m_waiting;
    std::map<StorageIndex, unsigned> m_recent;  ///< with how often each is in `m_order`
    std::deque<std::pair<SteadyTime, StorageIndex>> m_order;
};

}  // namespace tarn::server
