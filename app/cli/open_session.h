#pragma once

#include "core/engine/home_store.h"
#include "core/engine/profile.h"
#include "core/engine/session.h"

#include <filesystem>
#include <memory>
#include <vector>

namespace tarn::cli {

/// A profile opened for the length of one command. A home profile's server runs in this program where no other program
/// runs it already. Thread: the main one.
struct OpenSession {
    engine::HomeStore home;  ///< goes after the session
    engine::Profile profile;
    std::vector<formats::ServerAnnouncement> servers;  ///< in the order of `session->servers`
    std::shared_ptr<const engine::Session> session;
};

/// Blocks. Fails: as engine::loadProfile and engine::openHomeStore.
[[nodiscard]] Result<OpenSession> openSession(const std::filesystem::path& profileFolder);

/// After work in the session `used` failed with `error`: a session to do it again in, or nothing where that would be of
/// no use. There is one when the failure may come from another program that ran the home profile's server and has
/// ended: the server then runs in this program. Blocks shortly.
[[nodiscard]] std::shared_ptr<const engine::Session> renew(OpenSession& open, const engine::Session& used,
                                                           const Error& error);

}  // namespace tarn::cli
