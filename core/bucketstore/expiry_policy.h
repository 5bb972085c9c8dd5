#pragma once

#include "core/foundation/clock.h"

#include <chrono>
#include <cstdint>
#include <optional>

namespace tarn::bucketstore {

/// When a lease no longer keeps its share. Leases are renewed for 31 days at a time; a share goes when none of its
/// leases lives. Source: Tahoe-LAFS docs/garbage-collection.rst, Server Side Expiration.
struct ExpiryPolicy {
    enum class Mode : std::uint8_t {
        Off,         ///< nothing is ever removed
        Age,         ///< a lease lives for `leaseDuration` from when it was taken or renewed
        CutoffDate,  ///< a lease lives if it was taken or renewed at `cutoff` or later
    };

    Mode mode = Mode::Off;
    std::optional<std::chrono::seconds> leaseDuration;  ///< none: the 31 days that the lease itself says
    WallTime cutoff;
    bool immutableShares = true;
    bool mutableShares = true;

    /// The last expiry, in seconds since 1970 and as leases carry it, that is over at `now`: a lease lives while its
    /// own is later. `Off` is asked as `Age` with 31 days would be, to tell what would go.
    [[nodiscard]] std::uint32_t lastExpired(WallTime now) const noexcept;
};

}  // namespace tarn::bucketstore
