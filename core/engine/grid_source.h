#pragma once

#include "core/crypto/derive.h"
#include "core/formats/encoding.h"
#include "core/formats/grid_file.h"
#include "core/foundation/result.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tarn::engine {

/// What can be learned of a grid from the places that a person names.
struct GridSource {
    std::vector<formats::ServerAnnouncement> servers;
    std::vector<std::string> leftOut;  ///< servers that cannot be used, each with a plain reason
    /// What a Tahoe-LAFS node folder says beyond its servers.
    std::optional<unsigned> required;
    std::optional<unsigned> happy;
    std::optional<unsigned> total;
    std::optional<crypto::ConvergenceSecret> convergence;
};

/// Reads a `servers.yaml`, or a Tahoe-LAFS node folder: its `private/servers.yaml`, what its introducers told it
/// (`private/introducer_*_cache.yaml`), `tahoe.cfg` and its convergence secret. Blocks.
/// Fails: FileNotFound, FileUnreadable, InvalidGrid (the detail names the file).
[[nodiscard]] Result<GridSource> readGrid(const std::filesystem::path& place);

/// The same for text that came from elsewhere. Fails: InvalidGrid (also for a fURL, which says nothing by itself).
[[nodiscard]] Result<GridSource> parseGrid(std::string_view text);

/// Joins `more` to `grid`. A server that both know stays as `grid` has it, and so does every setting.
/// Fails: InvalidGrid (more servers than `formats::mostGridServers`).
[[nodiscard]] Result<void> joinGrid(GridSource& grid, GridSource more);

}  // namespace tarn::engine
