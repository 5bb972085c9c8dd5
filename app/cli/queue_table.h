#pragma once

#include "app/cli/verbs.h"
#include "core/api/transfers.h"
#include "core/journal/journal.h"

#include <QString>

#include <optional>

namespace tarn::cli {

/// A state by the name that `queue list` gives it.
[[nodiscard]] std::optional<journal::State> stateNamed(const QString& name);

void printQueueHead();
void printQueueRow(const Globals& globals, const journal::Row& row, bool capability = false);
void printSettings(const Globals& globals, const api::QueueSettings& settings);

/// "3 queued, 1 paused, 120 done; at most 250 kB/s up"
[[nodiscard]] QString totalsText(const journal::Totals& totals, const api::QueueSettings& settings);

}  // namespace tarn::cli
