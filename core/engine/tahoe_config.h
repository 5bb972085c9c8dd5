#pragma once

#include <optional>
#include <string_view>

namespace tarn::engine {

/// The encoding that a Tahoe-LAFS node was told to use; what it was not told is missing.
struct TahoeEncoding {
    std::optional<unsigned> required;
    std::optional<unsigned> happy;
    std::optional<unsigned> total;
};

/// Reads `shares.needed`, `shares.happy` and `shares.total` from the `[client]` section of a `tahoe.cfg`. Whatever does
/// not parse is passed over. Source: Tahoe-LAFS docs/configuration.rst, Client Configuration.
[[nodiscard]] TahoeEncoding parseTahoeEncoding(std::string_view configuration);

}  // namespace tarn::engine
