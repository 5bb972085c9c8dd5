#pragma once

#include "core/async/task_scope.h"
#include "core/engine/engine_listener.h"
#include "core/engine/home_driver.h"
#include "core/engine/profile.h"
#include "core/engine/transfer_driver.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace tarn::engine {

/// One open profile and all that runs for it: the transfers, and this computer's storage server.
///
/// Thread: the engine's, which has an event loop. Nothing blocks. What happens is told to the listener.
/// Cancel: `close`, and keep it until that has called back.
class EngineCore : public std::enable_shared_from_this<EngineCore> {
public:
    EngineCore(std::filesystem::path profile, EngineListener& listener);

    /// Opens the profile if there is one. Tells NoProfile, Ready, or what failed.
    void open();
    /// Makes a profile that stores on this computer, and opens it.
    void createHomeProfile();

    /// Calls `work` now, or as soon as a profile is open.
    void withTransfers(std::function<void(TransferDriver&)> work);
    /// Remembered in the profile. Waits as well for a profile to be open.
    void setHomeServerEnabled(bool enabled);

    /// Stops everything, in order: the transfers, the journal, the server. Calls `done` when nothing runs any more.
    void close(std::function<void()> done);

private:
    struct Opened {
        Profile profile;
        std::shared_ptr<journal::Journal> journal;
    };
    [[nodiscard]] static Result<Opened> openProfile(const std::filesystem::path& folder);
    [[nodiscard]] static async::Task<void> comeToRest(std::shared_ptr<EngineCore> core);

    void opened(Result<Opened> opened);
    void restored();
    void failed(const Error& error);
    void homeChanged();
    void saveEnabled();

    std::filesystem::path m_folder;
    EngineListener* m_listener;
    std::shared_ptr<const upload::Environment> m_environment;
    std::shared_ptr<storage::RateLimits> m_limits;
    std::optional<Profile> m_profile;
    std::vector<std::function<void()>> m_afterOpening;
    QString m_servedAddress;  // of the home server that transfers go to now
    std::optional<bool> m_enabledToSave;
    bool m_saving = false;
    bool m_opening = false;
    bool m_closing = false;
    std::unique_ptr<TransferDriver> m_transfers;
    std::unique_ptr<HomeDriver> m_home;
    async::TaskScope m_transferTasks;
    async::TaskScope m_otherTasks;  // opening, saving, the server
    async::TaskScope m_lastTask;    // the one that waits for all the others
};

}  // namespace tarn::engine
