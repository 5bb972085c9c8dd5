#include "core/bucketstore/expiry_policy.h"

#include "core/bucketstore/container.h"

#include <algorithm>
#include <limits>

namespace tarn::bucketstore {

std::uint32_t ExpiryPolicy::lastExpired(WallTime now) const noexcept {
    using std::chrono::seconds;
    const auto secondsOf = [](WallTime time) {
        return std::chrono::floor<seconds>(time).time_since_epoch().count();
    };
    // Nothing of ours expires before 1970, nor after what the field can say: a lease at the field's end lives for ever.
    constexpr std::int64_t most = std::numeric_limits<std::uint32_t>::max() - 1;
    constexpr std::int64_t granted = seconds(bucketstore::leaseDuration).count();
    std::int64_t last = 0;
    if (mode == Mode::CutoffDate) {
        // A date to come is not one by which anything can have been neglected.
        last = secondsOf(std::min(cutoff, now)) + granted - 1;
    } else {
        const std::int64_t duration =
            leaseDuration ? std::clamp<std::int64_t>(leaseDuration->count(), 0, most) : granted;
        last = secondsOf(now) - duration + granted;
    }
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(last, 0, most));
}

}  // namespace tarn::bucketstore
