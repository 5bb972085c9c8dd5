#pragma once

#include <QObject>
#include <QThreadPool>

#include <functional>
#include <mutex>
#include <vector>

namespace tarn::server {

/// Where the store's work is done, so that the server's thread never waits for the disk.
class DiskWork {
public:
    virtual ~DiskWork() = default;
    /// Runs `work` where it may wait, then `then` on the thread that called. `then` also goes on that thread.
    virtual void start(std::function<void()> work, std::function<void()> then) = 0;
};

/// Disk work on a pool of threads, which end when idle. Thread: the one it was made on.
class PooledDiskWork final : public QObject, public DiskWork {
public:
    PooledDiskWork();
    /// Waits for what is at work; what was to follow is dropped.
    ~PooledDiskWork() override;

    void start(std::function<void()> work, std::function<void()> then) override;

private:
    void finish(std::function<void()> then);
    void runFinished();

    QThreadPool m_pool;
    std::mutex m_mutex;
    std::vector<std::function<void()>> m_finished;  ///< guarded by `m_mutex`
};

}  // namespace tarn::server
