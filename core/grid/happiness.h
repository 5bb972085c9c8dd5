#pragma once

#include "core/foundation/units.h"

#include <cstddef>
#include <map>
#include <set>
#include <vector>

namespace tarn::grid {

/// A server by its place in the permuted order.
using ServerIndex = std::size_t;
/// Which shares stand (or will stand) on which server.
using ShareMap = std::map<ServerIndex, std::set<ShareNum>>;

/// The servers of happiness: how many servers can each be paired with a share of their own.
/// Source: Tahoe-LAFS docs/specifications/servers-of-happiness.rst.
[[nodiscard]] std::size_t happinessOf(const ShareMap& shares);

/// Pairs as many servers as can be each with a share of its own. Servers that come first are paired first.
[[nodiscard]] std::map<ShareNum, ServerIndex> pairUp(const ShareMap& shares);

/// What is known when shares are placed.
struct PlacementInput {
    unsigned total = 0;                 ///< n
    std::vector<ServerIndex> writable;  ///< servers that take new shares, in permuted order
    ShareMap existing;                  ///< shares that servers (also read-only ones) hold already
};

/// Which server each share number 0 to n-1 shall stand on. Existing shares stay where they are as far as happiness
/// allows; the rest are spread as evenly as can be, earlier servers first. Shares that no server can take are left out.
[[nodiscard]] std::map<ShareNum, ServerIndex> placeShares(const PlacementInput& input);

}  // namespace tarn::grid
