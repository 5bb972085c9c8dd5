#pragma once

#include "core/bucketstore/bucket_store.h"
#include "core/bucketstore/share_tree.h"
#include "core/foundation/clock.h"

#include <array>
#include <memory>
#include <mutex>

namespace tarn::bucketstore {

/// Shares that were opened a moment ago. A client reads a share in several requests (its header, its hashes, its
/// blocks), and each but the first finds it open.
///
/// Whoever takes a share away, or puts one in its place, says so by `drop`; what is done to the files by hand shows
/// after `keptFor`. At most `mostKept` files. Thread: any; nothing waits.
class OpenShares {
public:
    static constexpr std::chrono::seconds keptFor{5};
    static constexpr std::size_t mostKept = 64;

    explicit OpenShares(std::shared_ptr<Clock> clock) : m_clock(std::move(clock)) {}

    /// Null where it is not open.
    [[nodiscard]] std::shared_ptr<const ShareReader> find(const ShareKey& share) const;
    void keep(const ShareKey& share, std::shared_ptr<const ShareReader> reader);
    void drop(const ShareKey& share);

private:
    struct Kept {
        ShareKey share;
        std::shared_ptr<const ShareReader> reader;
        SteadyTime since;
    };

    const std::shared_ptr<Clock> m_clock;
    mutable std::mutex m_mutex;
    std::array<Kept, mostKept> m_kept;  ///< a ring: the next one takes the oldest one's place
    std::size_t m_next = 0;
};

}  // namespace tarn::bucketstore
