#include "core/engine/local_engine.h"

#include "core/engine/engine_thread.h"
#include "core/engine/local_home_server.h"
#include "core/engine/local_transfers.h"

#include <QMetaObject>
#include <QMutex>
#include <QMutexLocker>

#include <functional>
#include <string_view>
#include <utility>

namespace tarn::engine {

/// The way from the engine's thread to the GUI's, which the GUI's side can shut: an engine that was left behind hanging
/// must not report to an object that is gone.
class LocalEngine::Gate {
public:
    explicit Gate(LocalEngine* engine) : m_engine(engine) {}

    void post(std::function<void(LocalEngine&)> work) {
        const QMutexLocker lock(&m_mutex);
        if (m_engine != nullptr) {
            QMetaObject::invokeMethod(
                m_engine, [engine = m_engine, posted = std::move(work)] { posted(*engine); }, Qt::QueuedConnection);
        }
    }

    void shut() {
        const QMutexLocker lock(&m_mutex);
        m_engine = nullptr;
    }

private:
    QMutex m_mutex;
    LocalEngine* m_engine;
};

/// Carries each report over to the GUI's thread, in order.
class LocalEngine::Relay final : public EngineListener {
public:
    explicit Relay(std::shared_ptr<Gate> gate) : m_gate(std::move(gate)) {}

    void onState(State state) override {
        m_gate->post([state](LocalEngine& engine) {
            engine.m_state = state;
            Q_EMIT engine.stateChanged(state);
        });
    }
    void onGrid(const api::GridSnapshot& grid) override {
        m_gate->post([grid](LocalEngine& engine) {
            engine.m_grid = grid;
            Q_EMIT engine.gridChanged(grid);
        });
    }
    void onFailed(const Error& error) override {
        m_gate->post([code = nameOf(error), detail = QString::fromStdString(error.detail)](LocalEngine& engine) {
            Q_EMIT engine.failed(code, detail);
        });
    }
    void onListed(const QList<api::TransferId>& ids) override {
        m_gate->post([ids](LocalEngine& engine) { Q_EMIT engine.m_transfers->listed(ids); });
    }
    void onAdded(const QList<api::TransferSnapshot>& snapshots) override {
        m_gate->post([snapshots](LocalEngine& engine) { Q_EMIT engine.m_transfers->added(snapshots); });
    }
    void onChanged(const QList<api::TransferSnapshot>& snapshots) override {
        m_gate->post([snapshots](LocalEngine& engine) { Q_EMIT engine.m_transfers->changed(snapshots); });
    }
    void onStale() override {
        m_gate->post([](LocalEngine& engine) { Q_EMIT engine.m_transfers->stale(); });
    }
    void onMoved(const QList<api::TransferId>& ids, api::TransferId before) override {
        m_gate->post([ids, before](LocalEngine& engine) { Q_EMIT engine.m_transfers->moved(ids, before); });
    }
    void onRemoved(const QList<api::TransferId>& ids) override {
        m_gate->post([ids](LocalEngine& engine) { Q_EMIT engine.m_transfers->removed(ids); });
    }
    void onTotals(const api::QueueTotals& totals) override {
        m_gate->post([totals](LocalEngine& engine) { engine.m_transfers->take(totals); });
    }
    void onSettings(const api::QueueSettings& settings) override {
        m_gate->post([settings](LocalEngine& engine) { engine.m_transfers->take(settings); });
    }
    void onCapability(api::TransferId id, const QString& capability) override {
        m_gate->post(
            [id, capability](LocalEngine& engine) { Q_EMIT engine.m_transfers->capabilityReady(id, capability); });
    }
    void onRefused(const QString& what, const Error& error) override {
        m_gate->post([what, code = nameOf(error), detail = QString::fromStdString(error.detail)](LocalEngine& engine) {
            Q_EMIT engine.m_transfers->refused(what, code, detail);
        });
    }
    void onHomeServer(const api::HomeServerSnapshot& snapshot) override {
        m_gate->post([snapshot](LocalEngine& engine) { engine.m_homeServer->take(snapshot); });
    }

private:
    static QString nameOf(const Error& error) {
        const auto name = errorName(error.code);
        return QString::fromLatin1(name.data(), static_cast<qsizetype>(name.size()));
    }

    std::shared_ptr<Gate> m_gate;
};

LocalEngine::LocalEngine(LocalEngineOptions options, QObject* parent)
    : Engine(parent), m_gate(std::make_shared<Gate>(this)),
      m_transfers(std::make_unique<LocalTransfers>([this](std::function<void(TransferDriver&)> work) {
          m_thread->post([posted = std::move(work)](EngineCore& core) { core.withTransfers(posted); });
      })),
      m_homeServer(std::make_unique<LocalHomeServer>([this](bool enabled) {
          m_thread->post([enabled](EngineCore& core) { core.setHomeServerEnabled(enabled); });
      })),
      m_thread(std::make_unique<EngineThread>(std::filesystem::absolute(options.profile).lexically_normal(),
                                              std::make_unique<Relay>(m_gate))) {}

LocalEngine::~LocalEngine() {
    m_gate->shut();
}

void LocalEngine::open() {
    m_thread->post([](EngineCore& core) { core.open(); });
}

void LocalEngine::createHomeProfile() {
    m_thread->post([](EngineCore& core) { core.createHomeProfile(); });
}

api::Transfers& LocalEngine::transfers() {
    return *m_transfers;
}

api::HomeServer& LocalEngine::homeServer() {
    return *m_homeServer;
}

}  // namespace tarn::engine
