#include "core/server/listener.h"

#include <QHostAddress>

#include <algorithm>

#include <unistd.h>

namespace tarn::server {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds longestTick{500};
constexpr milliseconds shortestTick{10};
constexpr std::chrono::minutes staleInterval{1};
constexpr milliseconds stopTime{5000};
constexpr milliseconds acceptPause{500};

/// One tick serves the deadlines of all connections: fine enough for the shortest of them.
milliseconds tickFor(const Limits& limits) {
    const milliseconds shortest =
        std::min({limits.handshakeTimeout, limits.headerTimeout, limits.bodySilenceTimeout, limits.idleTimeout});
    return std::clamp(shortest / 4, shortestTick, longestTick);
}

}  // namespace

Listener::Listener(Shared& shared, const QSslConfiguration& configuration)
    : m_shared(shared), m_configuration(configuration) {
    m_deadlines.setInterval(tickFor(shared.limits));
    connect(&m_deadlines, &QTimer::timeout, this, &Listener::checkDeadlines);
    m_stale.setInterval(staleInterval);
    m_stale.setTimerType(Qt::VeryCoarseTimer);
    connect(&m_stale, &QTimer::timeout, this,
            [this] { m_shared.disk->start([store = m_shared.store] { store->dropStaleIncoming(); }); });
    m_stale.start();
    // Out of file descriptors, Qt stops accepting for good: go on once some may be free again.
    connect(this, &QTcpServer::acceptError, this, [this] {
        m_shared.metrics->trouble(Trouble::NotAccepted, "somebody");
        QTimer::singleShot(acceptPause, this, &QTcpServer::resumeAccepting);
    });
    m_lastMoment.setSingleShot(true);
    connect(&m_lastMoment, &QTimer::timeout, this, [this] {
        for (Connection* const connection : std::set(m_connections)) {
            connection->abort();
        }
    });
}

Listener::~Listener() {
    for (Connection* const connection : m_connections) {
        delete connection;
    }
}

Result<std::uint16_t> Listener::begin(const std::string& address, std::uint16_t port) {
    const QHostAddress host(QString::fromStdString(address));
    if (host.isNull()) {
        return failure(ErrorCode::Unreachable, "not an address to listen on: " + address);
    }
    if (!listen(host, port)) {
        return failure(ErrorCode::Unreachable, "cannot listen on " + address + " port " + std::to_string(port) + ": " +
                                                   errorString().toStdString());
    }
    return serverPort();
}

void Listener::incomingConnection(qintptr descriptor) {
    if (static_cast<int>(m_connections.size()) >= m_shared.limits.mostConnections) {
        m_shared.metrics->trouble(Trouble::TooManyConnections, "somebody");
        ::close(static_cast<int>(descriptor));
        return;
    }
    auto* const connection = new Connection(m_shared, descriptor, m_configuration);
    m_connections.insert(connection);
    connect(connection, &Connection::finished, this, [this, connection] { forget(connection); });
    if (!m_deadlines.isActive()) {
        m_deadlines.start();
    }
}

void Listener::forget(Connection* connection) {
    m_connections.erase(connection);
    connection->deleteLater();
    if (m_connections.empty()) {
        m_deadlines.stop();
        if (m_done) {
            m_done();
        }
    }
}

void Listener::checkDeadlines() {
    const SteadyTime now = m_shared.clock->steadyNow();
    // A connection that ends takes itself out of the set.
    for (Connection* const connection : std::set(m_connections)) {
        connection->checkDeadline(now);
    }
}

void Listener::stop(std::function<void()> done) {
    QTcpServer::close();
    m_shared.stopping = true;
    m_stale.stop();
    if (m_connections.empty()) {
        done();
        return;
    }
    m_done = std::move(done);
    m_lastMoment.start(stopTime);
    for (Connection* const connection : std::set(m_connections)) {
        connection->stop();
    }
}

}  // namespace tarn::server
