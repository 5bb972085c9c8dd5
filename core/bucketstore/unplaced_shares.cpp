#include "core/bucketstore/unplaced_shares.h"

namespace tarn::bucketstore {

void UnplacedShares::add(StorageIndex index, Batch batch) {
    const std::lock_guard lock(m_mutex);
    m_count += batch.shares.size();
    m_buckets[index].batches.push_back(std::move(batch));
}

bool UnplacedShares::holds(StorageIndex index) const {
    if (m_count == 0) {
        return false;
    }
    const std::lock_guard lock(m_mutex);
    return m_buckets.contains(index);
}

Result<void> UnplacedShares::place(StorageIndex index) {
    if (m_count == 0) {
        return {};
    }
    std::unique_lock lock(m_mutex);
    auto bucket = m_buckets.end();
    m_changed.wait(lock, [&] {
        bucket = m_buckets.find(index);
        return bucket == m_buckets.end() || !bucket->second.busy;
    });
    if (bucket == m_buckets.end()) {
        return {};
    }
    bucket->second.busy = true;
    auto batches = std::exchange(bucket->second.batches, {});
    lock.unlock();

    Result<void> outcome;
    std::size_t placed = 0;
    std::vector<Batch> left;
    for (Batch& batch : batches) {
        const std::size_t before = batch.shares.size();
        auto done = m_place(batch);
        placed += before - batch.shares.size();
        if (!done) {
            outcome = std::move(done);
            left.push_back(std::move(batch));
        }
    }
    batches.clear();  // with their tickets

    lock.lock();
    m_count -= placed;
    bucket->second.busy = false;
    for (Batch& batch : left) {
        bucket->second.batches.push_back(std::move(batch));
    }
    if (bucket->second.batches.empty()) {
        m_buckets.erase(bucket);
    }
    lock.unlock();
    m_changed.notify_all();
    return outcome;
}

Result<void> UnplacedShares::placeAll() {
    std::vector<StorageIndex> indexes;
    {
        const std::lock_guard lock(m_mutex);
        for (const auto& [index, bucket] : m_buckets) {
            indexes.push_back(index);
        }
    }
    Result<void> outcome;
    for (const StorageIndex& index : indexes) {
        if (auto placed = place(index); !placed) {
            outcome = std::move(placed);
        }
    }
    return outcome;
}

}  // namespace tarn::bucketstore
