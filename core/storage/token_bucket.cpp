#include "core/storage/token_bucket.h"

#include <algorithm>

namespace tarn::storage {

namespace {

TokenBucket::Duration timeFor(std::uint64_t bytes, std::uint64_t rate) {
    const double seconds = static_cast<double>(bytes) / static_cast<double>(rate);
    return std::chrono::duration_cast<TokenBucket::Duration>(std::chrono::duration<double>(seconds));
}

}  // namespace

void TokenBucket::setRate(std::uint64_t bytesPerSecond, SteadyTime now) {
    const double owed = std::max(0.0, std::chrono::duration<double>(m_paidUntil - now).count());
    const double bytesOwed = owed * static_cast<double>(m_rate);
    m_rate = bytesPerSecond;
    m_paidUntil = m_rate == 0 ? now : now + timeFor(static_cast<std::uint64_t>(bytesOwed), m_rate);
}

TokenBucket::Duration TokenBucket::take(std::uint64_t bytes, SteadyTime now) {
    if (m_rate == 0) {
        return Duration(0);
    }
    const auto begin = std::max(m_paidUntil, now - patience);
    m_paidUntil = begin + timeFor(bytes, m_rate);
    return std::max(Duration(0), std::chrono::duration_cast<Duration>(begin - now));
}

}  // namespace tarn::storage
