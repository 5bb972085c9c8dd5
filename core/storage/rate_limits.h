#pragma once

#include "core/foundation/clock.h"
#include "core/storage/token_bucket.h"

#include <cstdint>
#include <memory>

namespace tarn::storage {

/// Bytes of shares a second; 0 is no limit.
struct Rates {
    std::uint64_t totalUp = 0;
    std::uint64_t totalDown = 0;
    std::uint64_t serverUp = 0;  ///< each server by itself
    std::uint64_t serverDown = 0;
};

/// The limits that all servers of a program share. They may be set at any time. Thread: engine.
class RateLimits {
public:
    explicit RateLimits(std::shared_ptr<const Clock> clock) : m_clock(std::move(clock)) {}

    void set(const Rates& rates);
    [[nodiscard]] const Rates& rates() const noexcept { return m_rates; }
    [[nodiscard]] SteadyTime now() const { return m_clock->steadyNow(); }

    /// One server's way in one direction: its own limit, and the one over all.
    class Way {
    public:
        enum class Direction : std::uint8_t { Up, Down };
        Way(std::shared_ptr<RateLimits> limits, Direction direction)
            : m_limits(std::move(limits)), m_direction(direction) {}

        /// The most bytes to move in one piece: what may move in a quarter of a second. Nothing to keep to: ~0.
        [[nodiscard]] std::uint64_t piece() const;
        /// Takes `bytes` from both limits; the time to wait before they may move.
        [[nodiscard]] TokenBucket::Duration take(std::uint64_t bytes);

    private:
        [[nodiscard]] std::uint64_t own() const;

        std::shared_ptr<RateLimits> m_limits;
        Direction m_direction;
        TokenBucket m_bucket;
    };

private:
    std::shared_ptr<const Clock> m_clock;
    Rates m_rates;
    TokenBucket m_up;
    TokenBucket m_down;
};

}  // namespace tarn::storage
