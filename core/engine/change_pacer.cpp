#include "core/engine/change_pacer.h"

#include <algorithm>
#include <utility>

namespace tarn::engine {

std::optional<std::chrono::milliseconds> ChangePacer::note(journal::RowId id, SteadyTime now) {
    m_changed.insert(id);
    if (std::exchange(m_waiting, true)) {
        return std::nullopt;
    }
    if (!m_taken) {
        return std::chrono::milliseconds(0);
    }
    const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now - *m_taken);
    return std::max(std::chrono::milliseconds(0), interval - since);
}

std::vector<journal::RowId> ChangePacer::take(SteadyTime now) {
    m_waiting = false;
    m_taken = now;
    const auto changed = std::exchange(m_changed, {});
    return {changed.begin(), changed.end()};
}

}  // namespace tarn::engine
