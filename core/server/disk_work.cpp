#include "core/server/disk_work.h"

#include <utility>

namespace tarn::server {

namespace {

/// Enough that several shares' syncs share one commit of the disk's journal; idle ones end by themselves.
constexpr int diskThreads = 8;
constexpr int idleMilliseconds = 5000;

}  // namespace

PooledDiskWork::PooledDiskWork() {
    m_pool.setMaxThreadCount(diskThreads);
    m_pool.setExpiryTimeout(idleMilliseconds);
}

PooledDiskWork::~PooledDiskWork() {
    m_pool.waitForDone();
}

void PooledDiskWork::start(std::function<void()> work, std::function<void()> then) {
    m_pool.start([this, work = std::move(work), then = std::move(then)]() mutable {
        work();
        work = {};
        finish(std::move(then));
    });
}

void PooledDiskWork::finish(std::function<void()> then) {
    bool first = false;
    {
        const std::lock_guard lock(m_mutex);
        first = m_finished.empty();
        m_finished.push_back(std::move(then));
    }
    // One event serves all that is finished by the time it arrives.
    if (first) {
        QMetaObject::invokeMethod(this, &PooledDiskWork::runFinished, Qt::QueuedConnection);
    }
}

void PooledDiskWork::runFinished() {
    std::vector<std::function<void()>> finished;
    {
        const std::lock_guard lock(m_mutex);
        finished.swap(m_finished);
    }
    for (const auto& then : finished) {
        then();
    }
}

}  // namespace tarn::server
