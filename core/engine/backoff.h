#pragma once

#include "core/foundation/random.h"

#include <chrono>
#include <cstdint>

namespace tarn::engine {

/// The longest wait between two attempts of a transfer.
inline constexpr std::chrono::milliseconds longestBackoff{15 * 60 * 1000};

/// How long to wait after the `attempts`th attempt that failed (from 1): twice as long each time, from 2 s up to a
/// quarter of an hour, and of that a random part between the half and the whole, so that many that failed together do
/// not come back together.
[[nodiscard]] std::chrono::milliseconds backoffAfter(std::uint32_t attempts, Random& random);

}  // namespace tarn::engine
