#include "core/tls/poller.h"

#include <algorithm>
#include <utility>

#include <sys/epoll.h>
#include <unistd.h>

namespace tarn::tls {

namespace {

std::uint32_t interest(bool readable, bool writable) {
    return (readable ? std::uint32_t{EPOLLIN} : 0U) | (writable ? std::uint32_t{EPOLLOUT} : 0U);
}

}  // namespace

Poller::~Poller() {
    m_notifier.reset();
    if (m_set >= 0) {
        ::close(m_set);
    }
}

bool Poller::begin() {
    m_set = ::epoll_create1(EPOLL_CLOEXEC);
    if (m_set < 0) {
        return false;
    }
    m_notifier = std::make_unique<QSocketNotifier>(m_set, QSocketNotifier::Read);
    connect(m_notifier.get(), &QSocketNotifier::activated, this, &Poller::onReady);
    return true;
}

bool Poller::add(int descriptor, Watched& watched) {
    if (m_set < 0 && !begin()) {
        return false;
    }
    epoll_event event{};
    event.events = interest(true, false);
    event.data.ptr = &watched;
    return ::epoll_ctl(m_set, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void Poller::watch(int descriptor, Watched& watched, bool readable, bool writable) {
    epoll_event event{};
    event.events = interest(readable, writable);
    event.data.ptr = &watched;
    (void)::epoll_ctl(m_set, EPOLL_CTL_MOD, descriptor, &event);
}

void Poller::remove(int descriptor, Watched& watched) {
    (void)::epoll_ctl(m_set, EPOLL_CTL_DEL, descriptor, nullptr);
    const auto none = static_cast<Watched*>(nullptr);
    std::ranges::replace(m_batch, &watched, none);
    std::ranges::replace(m_running, &watched, none);
    std::erase(m_later, &watched);
}

void Poller::later(Watched& watched) {
    m_later.push_back(&watched);
    if (m_dispatching || m_scheduled) {
        return;
    }
    m_scheduled = true;
    QMetaObject::invokeMethod(
        this,
        [this] {
            m_scheduled = false;
            runLater();
        },
        Qt::QueuedConnection);
}

void Poller::onReady() {
    m_dispatching = true;
    dispatch();
    m_dispatching = false;
    runLater();
}

void Poller::dispatch() {
    std::array<epoll_event, mostAtOnce> events;
    const int count = ::epoll_wait(m_set, events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count; ++i) {
        m_batch[static_cast<std::size_t>(i)] = static_cast<Watched*>(events[static_cast<std::size_t>(i)].data.ptr);
    }
    for (int i = 0; i < count; ++i) {
        if (Watched* const watched = std::exchange(m_batch[static_cast<std::size_t>(i)], nullptr)) {
            const std::uint32_t happened = events[static_cast<std::size_t>(i)].events;
            watched->onEvents((happened & EPOLLIN) != 0, (happened & EPOLLOUT) != 0,
                              (happened & (EPOLLERR | EPOLLHUP)) != 0);
        }
    }
}

void Poller::runLater() {
    // What these ask for in turn has its own turn, when the event loop has seen to others.
    m_running.swap(m_later);
    m_later.clear();
    for (std::size_t i = 0; i < m_running.size(); ++i) {
        if (Watched* const watched = std::exchange(m_running[i], nullptr)) {
            watched->onLater();
        }
    }
    m_running.clear();
}

}  // namespace tarn::tls
