#pragma once

#include "core/download/download.h"
#include "core/engine/profile.h"
#include "core/storage/rate_limits.h"
#include "core/storage/storage_server.h"
#include "core/upload/upload.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

namespace tarn::engine {

/// An open profile, ready to move files: what every transfer shares. Never changes; another grid is another session.
struct Session {
    formats::EncodingParameters encoding;
    std::shared_ptr<const upload::Secrets> secrets;
    storage::ServerList servers;
    std::shared_ptr<const upload::Environment> uploads;
    std::shared_ptr<const download::Environment> downloads;
};

/// The machine's own clock, timers and generator, and fresh thread pools. Thread: the engine's.
[[nodiscard]] std::shared_ptr<const upload::Environment> systemEnvironment();

/// With `limits`, share bytes move no faster than these say.
/// Thread: the engine's, which the servers' sockets then live on.
[[nodiscard]] std::shared_ptr<const Session> makeSession(const Profile& profile,
                                                         const std::vector<formats::ServerAnnouncement>& servers,
                                                         std::shared_ptr<const upload::Environment> environment,
                                                         const std::shared_ptr<storage::RateLimits>& limits = nullptr);

/// Uploads a local file; with a `continuation`, goes on with an earlier upload of it.
/// Thread: engine. Fails: as upload::openFile and upload::upload.
[[nodiscard]] async::Task<upload::Outcome> putFile(std::shared_ptr<const Session> session, std::filesystem::path file,
                                                   upload::Watch watch,
                                                   std::shared_ptr<const upload::Continuation> continuation,
                                                   std::stop_token stop);

/// Opens where a download goes; called on the disk pool.
using OpenSink = std::function<Result<std::shared_ptr<download::Sink>>()>;

/// Whether this version can read files by such a capability. Fails: UnsupportedCapability (the detail says its kind).
[[nodiscard]] Result<void> checkDownloadable(const caps::Capability& capability);

/// Downloads a file, literal or kept in shares. `known`: where its shares may be. The sink is opened first and
/// committed last. Thread: engine. Fails: as download::download, and UnsupportedCapability.
[[nodiscard]] async::Task<void> getFile(std::shared_ptr<const Session> session, caps::Capability capability,
                                        std::optional<download::Range> range, std::vector<download::KnownShare> known,
                                        OpenSink openSink, download::Watch watch, std::stop_token stop);

}  // namespace tarn::engine
