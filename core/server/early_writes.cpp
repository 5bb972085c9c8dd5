#include "core/server/early_writes.h"

#include <QAbstractEventDispatcher>

#include <algorithm>
#include <vector>

namespace tarn::server {

namespace {

/// A write that comes this long after its allocation does not belong to it any more.
constexpr std::chrono::seconds recentFor{10};
constexpr std::size_t mostRecent = 8192;

}  // namespace

void EarlyWrites::allocated(const StorageIndex& index) {
    forgetOld();
    m_order.emplace_back(m_clock->steadyNow(), index);
    ++m_recent[index];

    const auto [begin, end] = m_waiting.equal_range(index);
    std::vector<std::shared_ptr<Waiting>> released;
    for (auto waiting = begin; waiting != end; ++waiting) {
        released.push_back(waiting->second);
    }
    m_waiting.erase(begin, end);
    for (const auto& waiting : released) {
        waiting->timer.stop();
        waiting->again();
    }
}

bool EarlyWrites::wait(const StorageIndex& index, std::chrono::milliseconds most, std::function<void()> again) {
    if (m_waiting.size() >= mostWaiting) {
        return false;
    }
    auto waiting = std::make_shared<Waiting>();
    waiting->again = std::move(again);
    waiting->timer.setSingleShot(true);
    QObject::connect(&waiting->timer, &QTimer::timeout, &waiting->timer, [this, index, timer = waiting.get()] {
        const auto [begin, end] = m_waiting.equal_range(index);
        const auto own = std::find_if(begin, end, [timer](const auto& entry) { return entry.second.get() == timer; });
        if (own != end) {
            const auto kept = own->second;
            m_waiting.erase(own);
            kept->again();
            // Not from within its own signal.
            QMetaObject::invokeMethod(
                QAbstractEventDispatcher::instance(), [kept] { (void)kept; }, Qt::QueuedConnection);
        }
    });
    waiting->timer.start(most);
    m_waiting.emplace(index, std::move(waiting));
    return true;
}

void EarlyWrites::forgetOld() {
    const SteadyTime now = m_clock->steadyNow();
    while (!m_order.empty() && (m_order.size() >= mostRecent || now - m_order.front().first > recentFor)) {
        const auto known = m_recent.find(m_order.front().second);
        if (--known->second == 0) {
            m_recent.erase(known);
        }
        m_order.pop_front();
    }
}

}  // namespace tarn::server
