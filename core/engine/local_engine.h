#pragma once

#include "core/api/engine.h"
#include "core/engine/profile.h"

#include <filesystem>
#include <memory>

namespace tarn::engine {

class EngineThread;
class LocalTransfers;
class LocalHomeServer;

struct LocalEngineOptions {
    std::filesystem::path profile = defaultProfileFolder();  ///< the profile's folder
};

/// The engine in this process, on a thread of its own, behind the interface that the desktop sees.
///
/// Thread: the one that makes it. Nothing blocks but the destructor. `open` begins; how it went comes by
/// `stateChanged`: NoProfile (then `createHomeProfile` makes one), Ready, or Failed after `failed`. What is asked of
/// `transfers` and `homeServer` before Ready waits until then. Cancel: the destructor stops every transfer and waits
/// until all has come to rest, at most some 10 s; transfers that were not finished stay queued for the next start.
class LocalEngine final : public api::Engine {
    Q_OBJECT

public:
    explicit LocalEngine(LocalEngineOptions options, QObject* parent = nullptr);
    ~LocalEngine() override;

    /// Opens the profile. Again after Failed, to try once more.
    void open();

    [[nodiscard]] State state() const override { return m_state; }
    [[nodiscard]] api::GridSnapshot grid() const override { return m_grid; }
    [[nodiscard]] api::Transfers& transfers() override;
    [[nodiscard]] api::HomeServer& homeServer() override;
    void createHomeProfile() override;

private:
    class Gate;
    class Relay;

    State m_state = State::NoProfile;
    api::GridSnapshot m_grid;
    std::shared_ptr<Gate> m_gate;
    std::unique_ptr<LocalTransfers> m_transfers;
    std::unique_ptr<LocalHomeServer> m_homeServer;
    std::unique_ptr<EngineThread> m_thread;  // the last member: it ends before what it reports to
};

}  // namespace tarn::engine
