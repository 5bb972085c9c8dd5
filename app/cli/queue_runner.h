#pragma once

#include "app/cli/verbs.h"

namespace tarn::cli {

/// Runs the profile's transfer queue, as the desktop would, until nothing is left to run: Done when all was stored or
/// fetched, Failed when some was not. With `waits` it stays for those that wait for their next attempt. A signal ends
/// it; what was not finished goes on at the next run. Thread: the main one.
[[nodiscard]] Exit runQueueToItsEnd(const Globals& globals, bool waits);

}  // namespace tarn::cli
