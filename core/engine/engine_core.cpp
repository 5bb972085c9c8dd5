#include "core/engine/engine_core.h"

#include "core/engine/disk_task.h"

#include <utility>

namespace tarn::engine {

EngineCore::EngineCore(std::filesystem::path profile, EngineListener& listener)
    : m_folder(std::move(profile)), m_listener(&listener), m_environment(systemEnvironment()),
      m_limits(std::make_shared<storage::RateLimits>(m_environment->clock)) {}

Result<EngineCore::Opened> EngineCore::openProfile(const std::filesystem::path& folder) {
    auto profile = loadProfile(folder);
    if (!profile) {
        return failure(std::move(profile.error()));
    }
    auto journal = journal::Journal::open(profile->journalFile());
    if (!journal) {
        return failure(std::move(journal.error()));
    }
    return Opened{std::move(*profile), std::move(*journal)};
}

void EngineCore::open() {
    if (m_opening || m_profile || m_closing) {
        return;
    }
    m_opening = true;
    m_listener->onState(api::Engine::State::Opening);
    auto work = [folder = m_folder] {
        return openProfile(folder);
    };
    m_otherTasks.spawn(onDisk(m_environment->pools, std::move(work)),
                       [this](Result<Opened> result) { opened(std::move(result)); });
}

void EngineCore::createHomeProfile() {
    if (m_opening || m_profile || m_closing) {
        return;
    }
    m_opening = true;
    m_listener->onState(api::Engine::State::Opening);
    auto work = [folder = m_folder, random = m_environment->random]() -> Result<Opened> {
        NewProfile profile;
        profile.settings = homeSettings(folder);
        if (auto created = createProfile(folder, profile, *random); !created) {
            return failure(std::move(created.error()));
        }
        return openProfile(folder);
    };
    m_otherTasks.spawn(onDisk(m_environment->pools, std::move(work)),
                       [this](Result<Opened> result) { opened(std::move(result)); });
}

void EngineCore::opened(Result<Opened> opened) {
    m_opening = false;
    if (m_closing) {
        return;
    }
    if (!opened) {
        failed(opened.error());
        return;
    }
    m_profile = std::move(opened->profile);
    const auto& settings = m_profile->settings;
    m_transfers = std::make_unique<TransferDriver>(std::move(opened->journal), m_environment, m_limits, m_transferTasks,
                                                   *m_listener);
    m_home =
        std::make_unique<HomeDriver>(settings.serverFolder, m_environment, m_otherTasks, [this] { homeChanged(); });

    api::GridSnapshot grid;
    grid.servers = settings.home ? 1 : static_cast<int>(m_profile->servers.size());
    grid.required = static_cast<int>(settings.encoding.required);
    grid.happy = static_cast<int>(settings.encoding.happy);
    grid.total = static_cast<int>(settings.encoding.total);
    grid.homeOnly = settings.home;
    m_listener->onGrid(grid);
    m_transfers->restore([this] { restored(); });
}

void EngineCore::restored() {
    if (m_closing) {
        return;
    }
    const auto& settings = m_profile->settings;
    m_listener->onState(api::Engine::State::Ready);
    if (!settings.home) {
        m_transfers->serve(makeSession(*m_profile, m_profile->servers, m_environment, m_limits));
    }
    if (settings.serverEnabled) {
        m_home->setWanted(true);
    } else {
        homeChanged();
    }
    for (const auto& work : std::exchange(m_afterOpening, {})) {
        work();
    }
}

void EngineCore::failed(const Error& error) {
    if (error.code == ErrorCode::ProfileMissing) {
        m_listener->onState(api::Engine::State::NoProfile);
        return;
    }
    m_listener->onFailed(error);
    m_listener->onState(api::Engine::State::Failed);
}

void EngineCore::withTransfers(std::function<void(TransferDriver&)> work) {
    if (m_transfers) {
        work(*m_transfers);
    } else {
        m_afterOpening.emplace_back([this, waiting = std::move(work)] { waiting(*m_transfers); });
    }
}

void EngineCore::setHomeServerEnabled(bool enabled) {
    if (!m_home) {
        m_afterOpening.emplace_back([this, enabled] { setHomeServerEnabled(enabled); });
        return;
    }
    if (m_closing) {
        return;
    }
    m_home->setWanted(enabled);
    m_enabledToSave = enabled;
    saveEnabled();
}

void EngineCore::saveEnabled() {
    if (m_saving || !m_enabledToSave) {
        return;
    }
    m_saving = true;
    auto save = [folder = m_folder, enabled = *std::exchange(m_enabledToSave, {})] {
        return saveServerEnabled(folder, enabled);
    };
    // Where it cannot be remembered, the switch still works for now, and is as it was at the next start.
    m_otherTasks.spawn(onDisk(m_environment->pools, std::move(save)), [this](const Result<void>&) {
        m_saving = false;
        saveEnabled();
    });
}

void EngineCore::homeChanged() {
    const auto& snapshot = m_home->snapshot();
    m_listener->onHomeServer(snapshot);
    if (!m_profile->settings.home || m_closing) {
        return;
    }
    using State = api::HomeServerSnapshot::State;
    switch (snapshot.state) {
    case State::Starting: m_transfers->hold(); break;
    case State::On:
    case State::ElsewhereOnThisComputer:
        if (const auto& announcement = m_home->announcement(); m_servedAddress != snapshot.address) {
            m_servedAddress = snapshot.address;
            m_transfers->serve(makeSession(*m_profile, {*announcement}, m_environment, m_limits));
        }
        break;
    case State::Failed:
        m_servedAddress.clear();
        m_transfers->refuse(*m_home->error());
        break;
    case State::Off:
    case State::Stopping:
        m_servedAddress.clear();
        m_transfers->refuse({ErrorCode::Unreachable, "the storage server on this computer is switched off", true});
        break;
    }
}

async::Task<void> EngineCore::comeToRest(std::shared_ptr<EngineCore> core) {
    // What is being opened or started ends by itself; nothing new begins while `m_closing`.
    co_await core->m_transferTasks.drain();
    if (core->m_home) {
        core->m_home->setWanted(false);
    }
    co_await core->m_otherTasks.drain();
    co_return {};
}

void EngineCore::close(std::function<void()> done) {
    if (std::exchange(m_closing, true)) {
        return;
    }
    if (m_transfers) {
        m_transfers->stop();
    }
    m_lastTask.spawn(comeToRest(shared_from_this()), [end = std::move(done)](const Result<void>&) { end(); });
}

}  // namespace tarn::engine
