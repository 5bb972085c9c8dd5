#include "core/engine/home_driver.h"

#include "core/engine/disk_task.h"

#include <chrono>
#include <utility>

namespace tarn::engine {

namespace {

/// How often the figures are read, and a server that another program runs is offered to be taken over.
constexpr std::chrono::milliseconds lookInterval{2000};

QString addressOf(const formats::ServerAnnouncement& announcement) {
    return announcement.nurls.empty() ? QString() : QString::fromStdString(announcement.nurls.front().address());
}

void tellFigures(const server::Status& status, api::HomeServerSnapshot& snapshot) {
    snapshot.shares = status.usage.shares;
    snapshot.bytesStored = status.usage.bytes.value();
    snapshot.bytesAvailable = status.usage.available.value();
    snapshot.requests = status.metrics.requests();
    snapshot.connections = status.metrics.connections;
    snapshot.clients = status.metrics.clients.size();
}

QString nameOf(ErrorCode code) {
    const auto name = errorName(code);
    return QString::fromLatin1(name.data(), static_cast<qsizetype>(name.size()));
}

}  // namespace

HomeDriver::HomeDriver(std::filesystem::path folder, std::shared_ptr<const upload::Environment> environment,
                       async::TaskScope& scope, std::function<void()> changed)
    : m_folder(std::move(folder)), m_environment(std::move(environment)), m_scope(&scope),
      m_changed(std::move(changed)) {
    m_snapshot.folder = QString::fromStdString(m_folder.string());
}

void HomeDriver::setWanted(bool wanted) {
    m_wanted = wanted;
    converge();
}

void HomeDriver::converge() {
    if (m_busy) {
        return;  // comes back here when it is done
    }
    const auto state = m_snapshot.state;
    if (m_wanted && (state == State::Off || state == State::Failed)) {
        auto starting = m_snapshot;
        starting.state = State::Starting;
        starting.errorCode.clear();
        starting.errorDetail.clear();
        m_busy = true;
        show(std::move(starting));
        start();
    } else if (!m_wanted && state != State::Off) {
        stop();
    } else {
        lookLater();
    }
}

void HomeDriver::start() {
    m_busy = true;
    auto open = [folder = m_folder, clock = m_environment->clock, random = m_environment->random] {
        return openHomeStore(folder, clock, random);
    };
    m_scope->spawn(onDisk(m_environment->pools, std::move(open)), [this](Result<HomeStore> store) {
        m_busy = false;
        started(std::move(store));
        if (m_snapshot.state == State::Failed) {
            // Tried again when the person says so: what was wrong is not put right by trying.
            if (!m_wanted) {
                converge();
            }
            return;
        }
        converge();
    });
}

void HomeDriver::started(Result<HomeStore> store) {
    api::HomeServerSnapshot snapshot;
    snapshot.folder = m_snapshot.folder;
    if (!store) {
        m_announcement = std::nullopt;
        m_error = store.error();
        snapshot.state = State::Failed;
        snapshot.errorCode = nameOf(store.error().code);
        snapshot.errorDetail = QString::fromStdString(store.error().detail);
        show(std::move(snapshot));
        return;
    }
    m_error = std::nullopt;
    m_server = store->server ? std::make_shared<std::unique_ptr<server::Server>>(std::move(store->server)) : nullptr;
    m_announcement = std::move(store->announcement);
    snapshot.state = m_server ? State::On : State::ElsewhereOnThisComputer;
    snapshot.address = addressOf(*m_announcement);
    if (m_server) {
        tellFigures((*m_server)->status(), snapshot);
    }
    show(std::move(snapshot));
}

void HomeDriver::stop() {
    m_looking.reset();
    m_announcement = std::nullopt;
    api::HomeServerSnapshot snapshot;
    snapshot.folder = m_snapshot.folder;
    if (!m_server) {
        snapshot.state = State::Off;
        show(std::move(snapshot));
        return;
    }
    snapshot.state = State::Stopping;
    m_busy = true;
    show(std::move(snapshot));
    // Its end waits for the requests in flight: not on this thread.
    auto end = [server = std::exchange(m_server, nullptr)]() -> Result<void> {
        server->reset();
        return {};
    };
    m_scope->spawn(onDisk(m_environment->pools, std::move(end)), [this](const Result<void>&) {
        m_busy = false;
        auto off = m_snapshot;
        off.state = State::Off;
        show(std::move(off));
        converge();
    });
}

void HomeDriver::lookLater() {
    if (m_snapshot.state != State::On && m_snapshot.state != State::ElsewhereOnThisComputer) {
        m_looking.reset();
        return;
    }
    m_looking = m_environment->timers->after(lookInterval, [this] { look(); });
}

void HomeDriver::look() {
    if (m_snapshot.state == State::ElsewhereOnThisComputer) {
        start();
        return;
    }
    m_busy = true;
    auto read = [server = m_server]() -> Result<server::Status> {
        return (*server)->status();
    };
    m_scope->spawn(onDisk(m_environment->pools, std::move(read)), [this](Result<server::Status> status) {
        m_busy = false;
        auto snapshot = m_snapshot;
        tellFigures(*status, snapshot);
        show(std::move(snapshot));
        converge();
    });
}

void HomeDriver::show(api::HomeServerSnapshot snapshot) {
    if (snapshot == m_snapshot) {
        return;
    }
    m_snapshot = std::move(snapshot);
    m_changed();
}

}  // namespace tarn::engine
