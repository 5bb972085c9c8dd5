#pragma once

#include "core/api/home_server.h"
#include "core/async/task_scope.h"
#include "core/engine/home_store.h"
#include "core/upload/upload.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

namespace tarn::engine {

/// Keeps this computer's storage server as the person wants it: running or not. Starting and stopping happen on the
/// disk pool; wishes that come meanwhile are met afterwards, the last one counting.
///
/// While another program serves the same folder its server is used (ElsewhereOnThisComputer), and taken over when that
/// program ends. Thread: engine.
/// Cancel: `setWanted(false)`, then drain the scope, before it goes.
class HomeDriver {
public:
    /// `changed` is called whenever `snapshot` or `announcement` became different.
    HomeDriver(std::filesystem::path folder, std::shared_ptr<const upload::Environment> environment,
               async::TaskScope& scope, std::function<void()> changed);

    void setWanted(bool wanted);

    [[nodiscard]] const api::HomeServerSnapshot& snapshot() const noexcept { return m_snapshot; }
    /// Where the server can be reached; nothing while none runs.
    [[nodiscard]] const std::optional<formats::ServerAnnouncement>& announcement() const noexcept {
        return m_announcement;
    }
    /// Why it is in state Failed.
    [[nodiscard]] const std::optional<Error>& error() const noexcept { return m_error; }

private:
    using State = api::HomeServerSnapshot::State;

    void converge();
    void start();
    void started(Result<HomeStore> store);
    void stop();
    void lookLater();
    void look();
    void show(api::HomeServerSnapshot snapshot);

    std::filesystem::path m_folder;
    std::shared_ptr<const upload::Environment> m_environment;
    async::TaskScope* m_scope;
    std::function<void()> m_changed;
    bool m_wanted = false;
    bool m_busy = false;                                        // starting, stopping or looking: one at a time
    std::shared_ptr<std::unique_ptr<server::Server>> m_server;  // shared with the disk pool, emptied only by `stop`
    std::optional<Error> m_error;
    std::optional<formats::ServerAnnouncement> m_announcement;
    api::HomeServerSnapshot m_snapshot;
    async::TimerHandle m_looking;
};

}  // namespace tarn::engine
