#include "app/cli/queue_runner.h"

#include "app/cli/output.h"
#include "app/cli/progress_bar.h"
#include "app/cli/stop_signals.h"
#include "core/engine/local_engine.h"

#include <QCoreApplication>
#include <QSet>

#include <optional>
#include <string>

namespace tarn::cli {

namespace {

ErrorCode codeNamed(const QString& name) {
    for (int code = 0; code <= static_cast<int>(ErrorCode::CorruptFile); ++code) {
        if (nameOf(static_cast<ErrorCode>(code)) == name) {
            return static_cast<ErrorCode>(code);
        }
    }
    return ErrorCode::Internal;
}

/// Follows an engine and says what becomes of each transfer.
class QueueRunner final : public QObject {
public:
    QueueRunner(const Globals& globals, bool waits)
        : m_globals(globals), m_waits(waits), m_engine(engine::LocalEngineOptions{globals.profile}) {
        connect(&m_engine, &api::Engine::failed, this, [this](const QString& code, const QString& detail) {
            end(fail(m_globals, {codeNamed(code), detail.toStdString(), false}));
        });
        connect(&m_engine, &api::Engine::stateChanged, this, [this](api::Engine::State state) {
            if (state == api::Engine::State::NoProfile) {
                end(fail(m_globals, {ErrorCode::ProfileMissing, m_globals.profile.string(), false}));
            }
            m_ready = state == api::Engine::State::Ready;
            look();
        });
        auto& transfers = m_engine.transfers();
        connect(&transfers, &api::Transfers::changed, this, &QueueRunner::see);
        connect(&transfers, &api::Transfers::totalsChanged, this, &QueueRunner::look);
        connect(&transfers, &api::Transfers::settingsChanged, this, [this](const api::QueueSettings& settings) {
            if (settings.held) {
                printNote(QStringLiteral("tarn: the queue is held; \"tarn queue resume\" lets it go on."));
                end(Exit::Failed);
            }
        });
        m_engine.open();
    }

    [[nodiscard]] Exit exit() const { return m_exit.value_or(Exit::Failed); }
    void end(Exit exit) {
        if (!m_exit) {
            m_exit = exit;
            QMetaObject::invokeMethod(QCoreApplication::instance(), &QCoreApplication::quit, Qt::QueuedConnection);
        }
    }

private:
    void see(const QList<api::TransferSnapshot>& snapshots) {
        for (const auto& transfer : snapshots) {
            switch (transfer.state) {
            case api::TransferState::Done: say(transfer, QStringLiteral("done")); break;
            case api::TransferState::Failed:
                m_failed = true;
                m_bar.clear();
                (void)fail(m_globals, {codeNamed(transfer.errorCode), transfer.errorDetail.toStdString(), false},
                           transfer.name);
                break;
            case api::TransferState::Queued:
                if (transfer.retryAt != 0) {
                    m_later.insert(transfer.id);
                }
                break;
            case api::TransferState::Running: m_later.remove(transfer.id); break;
            default: break;
            }
        }
        look();
    }

    void say(const api::TransferSnapshot& transfer, const QString& what) {
        m_later.remove(transfer.id);
        if (m_globals.json) {
            printResult(QJsonObject{{QStringLiteral("number"), transfer.id},
                                    {QStringLiteral("name"), transfer.name},
                                    {QStringLiteral("state"), what}});
            (void)flushResults();
        }
    }

    void look() {
        const auto totals = m_engine.transfers().totals();
        if (totals.running > 0) {
            m_bar.show(QStringLiteral("%1 running, %2 waiting").arg(totals.running).arg(totals.waiting),
                       totals.activeDone, totals.activeBytes);
        }
        // The totals are told before Ready; an empty queue is over at once.
        const bool onlyLater = !m_waits && totals.waiting > 0 && totals.waiting == m_later.size();
        if (m_ready && totals.running == 0 && (totals.waiting == 0 || onlyLater)) {
            m_bar.clear();
            end(m_failed || onlyLater ? Exit::Failed : Exit::Done);
        }
    }

    Globals m_globals;
    bool m_waits;
    bool m_ready = false;
    bool m_failed = false;
    ProgressBar m_bar;
    QSet<api::TransferId> m_later;
    std::optional<Exit> m_exit;
    engine::LocalEngine m_engine;
};

}  // namespace

Exit runQueueToItsEnd(const Globals& globals, bool waits) {
    QueueRunner* running = nullptr;
    const StopSignals signals([&running] {  // from before any thread starts
        if (running != nullptr) {
            running->end(Exit::Failed);
        }
    });
    QueueRunner runner(globals, waits);
    running = &runner;
    QCoreApplication::exec();
    running = nullptr;
    return runner.exit();
}

}  // namespace tarn::cli
