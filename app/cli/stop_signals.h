#pragma once

#include <QSocketNotifier>

#include <csignal>
#include <functional>
#include <memory>

namespace tarn::cli {

/// While it lives, SIGINT and SIGTERM call `stop` on the event loop instead of ending the program. A second one ends
/// it at once, also while the loop has ended and the program waits for what is under way. Thread: the main one; make it
/// before any other thread starts.
class StopSignals {
public:
    explicit StopSignals(std::function<void()> stop);
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;
    ~StopSignals();

private:
    void arrived();

    std::function<void()> m_stop;
    sigset_t m_signals;
    sigset_t m_before;
    int m_descriptor = -1;
    std::unique_ptr<QSocketNotifier> m_notifier;
    bool m_stopping = false;
};

}  // namespace tarn::cli
