#pragma once

#include <QApplication>
#include <QByteArray>
#include <QEvent>
#include <QMutex>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>

namespace tarn::bench {

/// How long the events of one thread took: by the clock, and by the processor time that the thread used for them. On a
/// machine with other work the clock counts that work too; the processor time does not. Takes no memory as it counts.
class EventTimes {
public:
    using Span = std::chrono::nanoseconds;

    /// One event that took long.
    struct Slow {
        Span wall{0};
        Span cpu{0};
        QEvent::Type type = QEvent::None;
        const char* receiver = "";  ///< its class
    };
    static constexpr std::size_t mostSlow = 4;

    void add(const Slow& event);

    std::uint64_t count = 0;
    std::uint64_t longWall = 0;  ///< those above `bar`
    std::uint64_t longCpu = 0;
    Span maxWall{0};
    Span maxCpu{0};
    std::array<Slow, mostSlow> slowest;  ///< by processor time, the longest first

    static constexpr Span bar = std::chrono::milliseconds(16);

    /// What all but one in a thousand stay below, to 20 microseconds.
    [[nodiscard]] Span almostAllWall() const { return almostAll(m_wall); }
    [[nodiscard]] Span almostAllCpu() const { return almostAll(m_cpu); }

private:
    static constexpr Span step = std::chrono::microseconds(20);
    using Steps = std::array<std::uint32_t, 5000>;  ///< the last one stands for all that is longer

    static void addTo(Steps& steps, Span span);
    [[nodiscard]] Span almostAll(const Steps& steps) const;

    Steps m_wall{};
    Steps m_cpu{};
};

/// An application that takes the time of every event delivered on the GUI's thread and on the engine's, from the
/// outside: what an event delivers in its turn is part of it.
class TimedApplication final : public QApplication {
public:
    TimedApplication(int& argc, char** argv) : QApplication(argc, argv) {}

    bool notify(QObject* receiver, QEvent* event) override;

    /// What was taken since the last call. Thread: GUI.
    struct Taken {
        std::unique_ptr<EventTimes> gui;
        std::unique_ptr<EventTimes> engine;
    };
    [[nodiscard]] Taken take();

private:
    QMutex m_mutex;
    std::unique_ptr<EventTimes> m_gui = std::make_unique<EventTimes>();
    std::unique_ptr<EventTimes> m_engine = std::make_unique<EventTimes>();
};

}  // namespace tarn::bench
