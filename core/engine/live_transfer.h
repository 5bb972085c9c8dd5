#pragma once

#include "core/api/transfers.h"
#include "core/engine/progress_meter.h"

#include <QList>

#include <cstdint>

namespace tarn::engine {

/// What is known of a running transfer beyond its row.
struct LiveTransfer {
    api::Phase phase = api::Phase::Waiting;
    std::uint64_t hashed = 0;
    std::uint64_t done = 0;  ///< bytes of the file that servers have confirmed, or that were verified and written
    QList<api::ShareCell> shares;
    int sharesNeeded = 0;
    ProgressMeter meter;
};

}  // namespace tarn::engine
