#pragma once

#include "core/api/transfers.h"
#include "core/journal/journal.h"

namespace tarn::engine {

/// What a person has set for the queue as a whole, as the journal keeps it. Block.
/// Fail: as Journal.
[[nodiscard]] Result<api::QueueSettings> readQueueSettings(journal::Journal& journal);
[[nodiscard]] Result<void> writeQueueSettings(journal::Journal& journal, const api::QueueSettings& settings);

}  // namespace tarn::engine
