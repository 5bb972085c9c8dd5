#include "core/engine/engine_thread.h"

#include <QDebug>
#include <QMetaObject>
#include <QObject>
#include <QThread>

#include <utility>

#include <sys/resource.h>

namespace tarn::engine {

namespace {

/// Of the engine's threads; 0 is the interface's, and any other program's.
constexpr int yielding = 10;

}  // namespace

class EngineThread::Runner final : public QThread {
public:
    Runner(std::filesystem::path profile, std::unique_ptr<EngineListener> listener)
        : m_profile(std::move(profile)), m_listener(std::move(listener)) {
        setObjectName(QStringLiteral("engine"));
        m_mailbox.moveToThread(this);
    }

    void post(std::function<void(EngineCore&)> work) {
        QMetaObject::invokeMethod(
            &m_mailbox, [this, posted = std::move(work)] { posted(*m_core); }, Qt::QueuedConnection);
    }

protected:
    void run() override {
        // Also for all threads that begin here: the interface's gets a processor when it wants one. Where the system
        // does not have it, all are alike.
        (void)::setpriority(PRIO_PROCESS, 0, yielding);
        m_core = std::make_shared<EngineCore>(m_profile, *m_listener);
        exec();
        // Here, and not with this object: sockets and timers belong to the thread that made them.
        m_core = nullptr;
    }

private:
    std::filesystem::path m_profile;
    std::unique_ptr<EngineListener> m_listener;
    QObject m_mailbox;
    std::shared_ptr<EngineCore> m_core;
};

EngineThread::EngineThread(std::filesystem::path profile, std::unique_ptr<EngineListener> listener)
    : m_runner(std::make_unique<Runner>(std::move(profile), std::move(listener))) {
    m_runner->start();
}

EngineThread::~EngineThread() {
    auto* const runner = m_runner.get();
    runner->post([runner](EngineCore& core) { core.close([runner] { runner->quit(); }); });
    if (!runner->wait(QDeadlineTimer(patience))) {
        // What hangs (a disk that does not answer) cannot be stopped safely from outside. The process is about to end.
        qWarning("the engine did not come to rest in time");
        (void)m_runner.release();
    }
}

void EngineThread::post(std::function<void(EngineCore&)> work) {
    m_runner->post(std::move(work));
}

}  // namespace tarn::engine
