#pragma once

#include <QObject>
#include <QSocketNotifier>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

struct epoll_event;

namespace tarn::tls {

/// Watches the sockets of one thread. However many they are, the thread's event loop watches one descriptor, and what
/// happened to many of them at once is dealt with in one go: their answers leave together at its end.
///
/// Thread: that of the event loop it was made on. Source: epoll(7).
class Poller final : public QObject {
public:
    /// A socket that is watched. It may be taken out from within either call.
    class Watched {
    public:
        virtual ~Watched() = default;
        virtual void onEvents(bool readable, bool writable, bool broken) = 0;
        /// What it asked for by `later`.
        virtual void onLater() = 0;
    };

    /// Takes no descriptor before there is a socket to watch.
    Poller() = default;
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;
    ~Poller() override;

    /// False where the system has no descriptor to give, or takes no more.
    [[nodiscard]] bool add(int descriptor, Watched& watched);
    void watch(int descriptor, Watched& watched, bool readable, bool writable);
    /// It is not called again.
    void remove(int descriptor, Watched& watched);

    /// Calls `onLater` soon, once: after what is at hand now.
    void later(Watched& watched);

private:
    [[nodiscard]] bool begin();
    void onReady();
    void dispatch();
    void runLater();

    static constexpr std::size_t mostAtOnce = 128;

    int m_set = -1;
    std::unique_ptr<QSocketNotifier> m_notifier;
    std::array<Watched*, mostAtOnce> m_batch{};  ///< what is being called; removed ones are null
    std::vector<Watched*> m_later;
    std::vector<Watched*> m_running;  ///< of those, what is being called; removed ones are null
    bool m_dispatching = false;
    bool m_scheduled = false;
};

}  // namespace tarn::tls
