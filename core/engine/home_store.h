#pragma once

#include "core/formats/grid_file.h"
#include "core/foundation/clock.h"
#include "core/foundation/random.h"
#include "core/foundation/result.h"
#include "core/server/server.h"

#include <filesystem>
#include <memory>

namespace tarn::engine {

/// The storage server on this computer, as its client reaches it.
struct HomeStore {
    std::unique_ptr<server::Server> server;  ///< none when another program serves the same folder
    formats::ServerAnnouncement announcement;
};

/// Serves `folder` on loopback from this program, or finds the program that does so already.
/// Blocks: run it on the disk pool. Fails: as server::Server::start; ProfileLocked when another program has the folder
/// but serves nothing that can be read.
[[nodiscard]] Result<HomeStore> openHomeStore(const std::filesystem::path& folder, std::shared_ptr<Clock> clock,
                                              std::shared_ptr<Random> random);

}  // namespace tarn::engine
