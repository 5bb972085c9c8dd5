#include "core/gbs/pinned_access.h"

#include "core/gbs/reply_errors.h"

#include <algorithm>
#include <utility>

namespace tarn::gbs {

PinnedAccess::PinnedAccess(const formats::Nurl& nurl, std::string server, const Limits& limits)
    : m_peer{Caller(nurl), nurl.host, nurl.port, nurl.spkiHash, std::move(server), limits, nullptr},
      m_version(limits.http2 ? Version::Unknown : Version::Http1) {}

PinnedAccess::~PinnedAccess() {
    close();
}

Exchanged PinnedAccess::send(Request request, std::stop_token stop) {
    auto exchange = std::make_shared<Exchange>(std::move(request), m_peer.name, std::move(stop),
                                               [this](const std::shared_ptr<Exchange>& over) { forget(over); });
    if (m_closed) {
        exchange->fail({ErrorCode::Cancelled, {}, false});
        return {exchange};
    }
    m_waiting.push_back(exchange);
    exchange->watchStop();
    startWaiting();
    return {exchange};
}

void PinnedAccess::close() {
    m_closed = true;
    failAll({ErrorCode::Cancelled, {}, false});
}

void PinnedAccess::startWaiting() {
    while (!m_waiting.empty()) {
        const Request& request = m_waiting.front()->request();
        const auto free = std::ranges::find_if(
            m_connections, [&request](const auto& connection) { return connection->hasRoom(request); });
        if (free == m_connections.end()) {
            break;
        }
        auto next = std::move(m_waiting.front());
        m_waiting.pop_front();
        (*free)->send(std::move(next));
    }
    openMore();
}

void PinnedAccess::openMore() {
    if (m_closed || m_waiting.empty()) {
        return;
    }
    const auto useful =
        static_cast<std::size_t>(std::ranges::count_if(m_connections, [](const auto& one) { return one->goesOn(); }));
    const auto coming = static_cast<std::size_t>(
        std::ranges::count_if(m_connections, [](const auto& one) { return one->goesOn() && !one->isReady(); }));
    const std::size_t most = m_version == Version::Http1 ? m_mostNow : 1;
    const std::size_t wanted = std::min(most, useful - coming + m_waiting.size());
    if (!m_peer.tls) {
        // Now and not before: a grid may name thousands of servers that nobody calls.
        m_peer.tls = tls::Context::forClient(m_peer.limits.http2);
    }
    Connection::Owner& self = *this;
    for (std::size_t have = useful; have < wanted; ++have) {
        m_connections.push_back(std::make_unique<Connection>(m_peer, m_poller, self));
    }
}

void PinnedAccess::onReady(Connection& connection) {
    m_version = connection.isHttp2() ? Version::Http2 : Version::Http1;
    m_mostNow = mostConnections;
    startWaiting();
}

void PinnedAccess::onGivenBack(const std::shared_ptr<Exchange>& exchange) {
    if (!m_closed && exchange->setAside()) {
        m_waiting.push_front(exchange);
        startWaiting();
    } else {
        exchange->fail(brokenOff(m_peer.name, exchange->hasHead()));
    }
}

void PinnedAccess::onOver(Connection& connection, Error error) {
    const bool wasReady = connection.isReady();
    const bool hadServed = connection.hasServed();
    const auto running = connection.takeRunning();
    const auto found =
        std::ranges::find_if(m_connections, [&connection](const auto& one) { return one.get() == &connection; });
    if (found != m_connections.end()) {
        found->release()->deleteLater();  // its own socket may be calling
        m_connections.erase(found);
    }
    if (error.code == ErrorCode::WrongCertificate) {
        for (const auto& exchange : running) {
            exchange->fail(error);
        }
        failAll(error);
        return;
    }
    for (const auto& exchange : running) {
        if (error.code == ErrorCode::Unreachable && hadServed && !m_closed && exchange->request().mayRepeat &&
            exchange->setAside()) {
            m_waiting.push_front(exchange);
        } else if (error.code == ErrorCode::Unreachable) {
            exchange->fail(brokenOff(m_peer.name, exchange->hasHead()));
        } else {
            exchange->fail(error);
        }
    }
    if (!wasReady) {
        if (m_connections.empty()) {
            failWaiting(error);
            return;
        }
        // It serves as many as it has; those that wait get their turn on them.
        m_mostNow = std::max<std::size_t>(m_connections.size(), 1);
    }
    startWaiting();
}

void PinnedAccess::forget(const std::shared_ptr<Exchange>& exchange) {
    std::erase(m_waiting, exchange);
    for (const auto& connection : m_connections) {
        if (connection->drop(*exchange)) {
            break;  // it may have gone by this
        }
    }
    startWaiting();
}

void PinnedAccess::failWaiting(const Error& error) {
    // Ending one starts the next; with the list emptied first there is no next.
    const auto waiting = std::exchange(m_waiting, {});
    for (const auto& exchange : waiting) {
        exchange->fail(error);
    }
}

void PinnedAccess::failAll(const Error& error) {
    std::vector<std::shared_ptr<Exchange>> running;
    const auto connections = std::exchange(m_connections, {});
    for (const auto& connection : connections) {
        std::ranges::move(connection->takeRunning(), std::back_inserter(running));
    }
    failWaiting(error);
    for (const auto& exchange : running) {
        exchange->fail(error);
    }
}

}  // namespace tarn::gbs
