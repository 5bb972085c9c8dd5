#pragma once

#include "core/foundation/clock.h"

#include <chrono>
#include <cstdint>

namespace tarn::storage {

/// Spreads bytes over time so that no more than a rate of them go, seen over any second or more. Pure.
///
/// Whoever wants to move bytes takes them, and moves them after the time it is told. What was not used does not gather
/// for longer than a quarter of a second.
class TokenBucket {
public:
    using Duration = std::chrono::nanoseconds;

    /// Bytes a second; 0 is no limit. What was taken before and is still to come is spread over the new rate.
    void setRate(std::uint64_t bytesPerSecond, SteadyTime now);
    [[nodiscard]] std::uint64_t rate() const noexcept { return m_rate; }

    /// Takes `bytes`, which count at once; gives the time to wait before they may move.
    [[nodiscard]] Duration take(std::uint64_t bytes, SteadyTime now);

    static constexpr Duration patience = std::chrono::milliseconds(250);

private:
    std::uint64_t m_rate = 0;
    SteadyTime m_paidUntil;  ///< all that was taken is paid for at this time
};

}  // namespace tarn::storage
