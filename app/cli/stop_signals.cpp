#include "app/cli/stop_signals.h"

#include "app/cli/verbs.h"

#include <utility>

#include <sys/signalfd.h>
#include <unistd.h>

namespace tarn::cli {

namespace {

extern "C" void endAtOnce(int /*signal*/) {
    ::_exit(static_cast<int>(Exit::Failed));
}

}  // namespace

StopSignals::StopSignals(std::function<void()> stop) : m_stop(std::move(stop)) {
    sigemptyset(&m_signals);
    sigaddset(&m_signals, SIGINT);
    sigaddset(&m_signals, SIGTERM);
    // Threads that are made later inherit the mask, so the descriptor alone gets them.
    pthread_sigmask(SIG_BLOCK, &m_signals, &m_before);
    m_descriptor = ::signalfd(-1, &m_signals, SFD_CLOEXEC | SFD_NONBLOCK);
    m_notifier = std::make_unique<QSocketNotifier>(m_descriptor, QSocketNotifier::Read);
    QObject::connect(m_notifier.get(), &QSocketNotifier::activated, m_notifier.get(), [this] { arrived(); });
}

StopSignals::~StopSignals() {
    m_notifier = nullptr;
    ::close(m_descriptor);
    if (m_stopping) {
        for (const int signal : {SIGINT, SIGTERM}) {
            std::signal(signal, SIG_DFL);
        }
    }
    pthread_sigmask(SIG_SETMASK, &m_before, nullptr);
}

void StopSignals::arrived() {
    signalfd_siginfo info{};
    while (::read(m_descriptor, &info, sizeof info) == sizeof info) {
        if (std::exchange(m_stopping, true)) {
            ::_exit(static_cast<int>(Exit::Failed));
        }
        m_stop();
        // The loop may end now, and with it whoever would hear of another one.
        for (const int signal : {SIGINT, SIGTERM}) {
            std::signal(signal, endAtOnce);
        }
        pthread_sigmask(SIG_UNBLOCK, &m_signals, nullptr);
    }
}

}  // namespace tarn::cli
