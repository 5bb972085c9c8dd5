#pragma once

#include "core/download/download.h"
#include "core/upload/upload.h"

#include <string>
#include <string_view>
#include <vector>

namespace tarn::engine {

// Where an upload's shares went, as the journal keeps it: a line a share, by share number, with the server's name and,
// behind a tab, its id. Names come from outside; what would part lines and fields is a space in them.

struct SharePlace {
    std::string server;  ///< empty: nowhere
    ServerId id;         ///< empty in what older versions wrote
};

[[nodiscard]] std::string writePlaces(const std::vector<upload::ShareState>& shares);
[[nodiscard]] std::vector<SharePlace> readPlaces(std::string_view lines);
/// The same for a download, which then need not ask.
[[nodiscard]] std::vector<download::KnownShare> knownShares(std::string_view lines);

}  // namespace tarn::engine
