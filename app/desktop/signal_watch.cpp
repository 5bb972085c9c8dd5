#include "app/desktop/signal_watch.h"

#include <array>
#include <atomic>
#include <csignal>

#include <fcntl.h>
#include <unistd.h>

namespace tarn::desktop {
namespace {

// All that a signal handler may do is write to a pipe; the event loop reads it.
std::atomic<int> writeEnd{-1};

extern "C" void onSignal(int /*number*/) {
    const char byte = 0;
    // A full pipe holds the news already.
    [[maybe_unused]] const auto written = ::write(writeEnd.load(), &byte, 1);
}

}  // namespace

SignalWatch::SignalWatch(QObject* parent) : QObject(parent) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
        return;  // then the signals end the program as they do any other
    }
    m_readEnd = ends[0];
    writeEnd = ends[1];
    m_notifier = std::make_unique<QSocketNotifier>(m_readEnd, QSocketNotifier::Read);
    connect(m_notifier.get(), &QSocketNotifier::activated, this, [this] {
        std::array<char, 16> bytes{};
        [[maybe_unused]] const auto got = ::read(m_readEnd, bytes.data(), bytes.size());
        Q_EMIT ended();
    });
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
        struct sigaction action {};
        action.sa_handler = onSignal;
        action.sa_flags = SA_RESTART;
        ::sigaction(number, &action, nullptr);
    }
}

SignalWatch::~SignalWatch() {
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
        std::signal(number, SIG_DFL);
    }
    m_notifier.reset();
    if (m_readEnd >= 0) {
        ::close(m_readEnd);
        ::close(writeEnd.exchange(-1));
    }
}

}  // namespace tarn::desktop
