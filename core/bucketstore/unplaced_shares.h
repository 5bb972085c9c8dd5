#pragma once

#include "core/bucketstore/share_log.h"
#include "core/bucketstore/share_tree.h"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace tarn::bucketstore {

/// Shares that their clients count on, since the log has them, and that have no file of their own yet. To make files
/// takes longer than all else about a small share; so it is done when nobody waits for it.
///
/// Whoever wants something of a bucket has its shares placed first, and then finds them in the tree as any others. Else
/// they are placed all together, in the order of their folders. Memory: a key and a ticket for each. Thread: any; one
/// bucket's shares are placed by one thread at a time, and others that want that bucket wait.
class UnplacedShares {
public:
    /// What came with one request.
    struct Batch {
        ShareLog::Ticket ticket;
        std::vector<std::pair<ShareKey, std::size_t>> shares;  ///< and which of the ticket's entries it is
    };
    /// Makes files of the batch's shares and takes those out of it that have one now. Fails where any is left.
    using Place = std::function<Result<void>(Batch&)>;

    explicit UnplacedShares(Place place) : m_place(std::move(place)) {}

    void add(StorageIndex index, Batch batch);
    [[nodiscard]] std::size_t count() const noexcept { return m_count; }
    [[nodiscard]] bool holds(StorageIndex index) const;
    /// Returns once all that was added before has been placed. Fails where some of it could not be: it is left, and
    /// the next one tries again.
    [[nodiscard]] Result<void> place(StorageIndex index);
    [[nodiscard]] Result<void> placeAll();

private:
    struct Bucket {
        std::vector<Batch> batches;
        bool busy = false;  ///< is being placed
    };

    const Place m_place;
    std::atomic<std::size_t> m_count = 0;
    mutable std::mutex m_mutex;  ///< guards what follows; not held while anything is placed
    std::condition_variable m_changed;
    std::map<StorageIndex, Bucket> m_buckets;
};

}  // namespace tarn::bucketstore
