#include "app/desktop/memory_keeper.h"

#include "core/foundation/allocator.h"

#include <chrono>

namespace tarn::desktop {
namespace {

using namespace std::chrono_literals;

// After the last transfer its connections and buffers live on for a moment.
constexpr auto kRest = 3s;

}  // namespace

MemoryKeeper::MemoryKeeper(const ui::TransferModel& model, QObject* parent) : QObject(parent), m_model(model) {
    m_timer.setSingleShot(true);
    m_timer.setInterval(kRest);
    connect(&m_timer, &QTimer::timeout, this, giveFreedMemoryBack);
    connect(&m_model, &ui::TransferModel::totalsChanged, this, &MemoryKeeper::look);
}

void MemoryKeeper::look() {
    if (m_model.totals().figures().running > 0) {
        m_timer.stop();
    } else {
        m_timer.start();
    }
}

}  // namespace tarn::desktop
