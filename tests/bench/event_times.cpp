#include "tests/bench/event_times.h"

#include <QMutexLocker>
#include <QThread>

#include <algorithm>
#include <ctime>
#include <utility>

namespace tarn::bench {

namespace {

EventTimes::Span now(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

thread_local unsigned depth = 0;

}  // namespace

void EventTimes::add(const Slow& event) {
    ++count;
    longWall += event.wall > bar ? 1 : 0;
    longCpu += event.cpu > bar ? 1 : 0;
    maxWall = std::max(maxWall, event.wall);
    maxCpu = std::max(maxCpu, event.cpu);
    addTo(m_wall, event.wall);
    addTo(m_cpu, event.cpu);
    const auto shorter = std::ranges::find_if(slowest, [&](const Slow& slow) { return slow.cpu < event.cpu; });
    if (shorter != slowest.end()) {
        std::move_backward(shorter, slowest.end() - 1, slowest.end());
        *shorter = event;
    }
}

void EventTimes::addTo(Steps& steps, Span span) {
    ++steps.at(std::min(static_cast<std::size_t>(span / step), steps.size() - 1));
}

EventTimes::Span EventTimes::almostAll(const Steps& steps) const {
    std::uint64_t longer = count / 1000;
    for (std::size_t i = steps.size(); i-- > 0;) {
        if (steps.at(i) > longer) {
            return step * static_cast<int>(i + 1);
        }
        longer -= steps.at(i);
    }
    return Span(0);
}

bool TimedApplication::notify(QObject* receiver, QEvent* event) {
    const QThread* const thread = QThread::currentThread();
    const bool onGui = thread == this->thread();
    if (depth > 0 || (!onGui && thread->objectName() != QLatin1String("engine"))) {
        return QApplication::notify(receiver, event);
    }
    EventTimes::Slow taken;
    taken.type = event->type();
    taken.receiver = receiver->metaObject()->className();  // neither may be there afterwards
    ++depth;
    const auto wall = now(CLOCK_MONOTONIC);
    const auto cpu = now(CLOCK_THREAD_CPUTIME_ID);
    const bool done = QApplication::notify(receiver, event);
    taken.cpu = now(CLOCK_THREAD_CPUTIME_ID) - cpu;
    taken.wall = now(CLOCK_MONOTONIC) - wall;
    --depth;
    const QMutexLocker lock(&m_mutex);
    (onGui ? m_gui : m_engine)->add(taken);
    return done;
}

TimedApplication::Taken TimedApplication::take() {
    const QMutexLocker lock(&m_mutex);
    return {std::exchange(m_gui, std::make_unique<EventTimes>()),
            std::exchange(m_engine, std::make_unique<EventTimes>())};
}

}  // namespace tarn::bench
