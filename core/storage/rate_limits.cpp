#include "core/storage/rate_limits.h"

#include <algorithm>

namespace tarn::storage {

namespace {

/// Smaller pieces than this would be all header.
constexpr std::uint64_t leastPiece = 1024;
constexpr std::uint64_t piecesASecond = 4;

}  // namespace

void RateLimits::set(const Rates& rates) {
    m_rates = rates;
    const auto now = m_clock->steadyNow();
    m_up.setRate(rates.totalUp, now);
    m_down.setRate(rates.totalDown, now);
}

std::uint64_t RateLimits::Way::own() const {
    return m_direction == Direction::Up ? m_limits->m_rates.serverUp : m_limits->m_rates.serverDown;
}

std::uint64_t RateLimits::Way::piece() const {
    const auto total = m_direction == Direction::Up ? m_limits->m_rates.totalUp : m_limits->m_rates.totalDown;
    std::uint64_t piece = ~std::uint64_t{0};
    for (const auto rate : {total, own()}) {
        if (rate > 0) {
            piece = std::min(piece, std::max(leastPiece, rate / piecesASecond));
        }
    }
    return piece;
}

TokenBucket::Duration RateLimits::Way::take(std::uint64_t bytes) {
    const auto now = m_limits->m_clock->steadyNow();
    if (m_bucket.rate() != own()) {
        m_bucket.setRate(own(), now);
    }
    auto& total = m_direction == Direction::Up ? m_limits->m_up : m_limits->m_down;
    return std::max(m_bucket.take(bytes, now), total.take(bytes, now));
}

}  // namespace tarn::storage
