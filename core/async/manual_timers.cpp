#include "core/async/manual_timers.h"

namespace tarn::async {

TimerHandle ManualTimers::after(Milliseconds delay, std::function<void()> fire) {
    auto armed = std::make_shared<char>();
    m_due.emplace(Key{m_now + delay, m_order++}, std::pair(std::weak_ptr<void>(armed), std::move(fire)));
    return TimerHandle(armed);
}

bool ManualTimers::fireNext() {
    while (!m_due.empty()) {
        auto first = m_due.extract(m_due.begin());
        auto& [armed, fire] = first.mapped();
        if (!armed.expired()) {
            m_now = std::max(m_now, first.key().first);
            fire();
            return true;
        }
    }
    return false;
}

void ManualTimers::advance(Milliseconds span) {
    const auto until = m_now + span;
    while (!m_due.empty() && m_due.begin()->first.first <= until) {
        fireNext();
    }
    m_now = until;
}

}  // namespace tarn::async
