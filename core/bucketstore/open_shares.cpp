#include "core/bucketstore/open_shares.h"

#include <algorithm>

namespace tarn::bucketstore {

std::shared_ptr<const ShareReader> OpenShares::find(const ShareKey& share) const {
    const SteadyTime now = m_clock->steadyNow();
    const std::lock_guard lock(m_mutex);
    const auto kept =
        std::ranges::find_if(m_kept, [&share](const Kept& one) { return one.reader && one.share == share; });
    return kept != m_kept.end() && now - kept->since < keptFor ? kept->reader : nullptr;
}

void OpenShares::keep(const ShareKey& share, std::shared_ptr<const ShareReader> reader) {
    const SteadyTime now = m_clock->steadyNow();
    std::shared_ptr<const ShareReader> before;  // closed without the lock
    const std::lock_guard lock(m_mutex);
    Kept& place = m_kept.at(m_next);
    m_next = (m_next + 1) % m_kept.size();
    before = std::exchange(place.reader, std::move(reader));
    place.share = share;
    place.since = now;
    for (Kept& one : m_kept) {
        // What was open too long is closed, and so is an older one of the same share.
        if (&one != &place && one.reader && (one.share == share || now - one.since >= keptFor)) {
            one.reader.reset();
        }
    }
}

void OpenShares::drop(const ShareKey& share) {
    const std::lock_guard lock(m_mutex);
    for (Kept& one : m_kept) {
        if (one.reader && one.share == share) {
            one.reader.reset();
        }
    }
}

}  // namespace tarn::bucketstore
