#include "core/server/listener.h"

#include "core/foundation/allocator.h"

#include <algorithm>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

namespace tarn::server {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds longestTick{500};
constexpr milliseconds shortestTick{10};
constexpr std::chrono::minutes staleInterval{1};
constexpr milliseconds acceptPause{500};
/// After the last body has gone.
constexpr milliseconds restBeforeGivingBack{3'000};
/// Connections that may come at once, before any was accepted.
constexpr int backlog = 1024;

/// One tick serves the deadlines of all connections: fine enough for the shortest of them.
milliseconds tickFor(const Limits& limits) {
    const milliseconds shortest =
        std::min({limits.handshakeTimeout, limits.headerTimeout, limits.bodySilenceTimeout, limits.idleTimeout});
    return std::clamp(shortest / 4, shortestTick, longestTick);
}

/// A socket for IPv6 and IPv4 at once is bound to [::], and Qt would write that as 0.0.0.0.
std::string textOf(const QHostAddress& address) {
    const bool both = address.protocol() == QAbstractSocket::AnyIPProtocol;
    return (both ? QHostAddress(QHostAddress::AnyIPv6) : address).toString().toStdString();
}

}  // namespace

/// One address that is listened on.
class Listener::Door final : public QTcpServer {
public:
    explicit Door(Listener& owner) : m_owner(owner) {
        setListenBacklogSize(backlog);
        // Out of file descriptors, Qt stops accepting for good: go on once some may be free again.
        connect(this, &QTcpServer::acceptError, this, [this] {
            m_owner.m_shared.metrics->trouble(Trouble::NotAccepted, "somebody");
            QTimer::singleShot(acceptPause, this, &QTcpServer::resumeAccepting);
        });
    }

protected:
    void incomingConnection(qintptr descriptor) override { m_owner.take(descriptor); }

private:
    Listener& m_owner;
};

Listener::Listener(Shared& shared, std::shared_ptr<const tls::Context> context)
    : m_shared(shared), m_context(std::move(context)) {
    m_deadlines.setInterval(tickFor(shared.limits));
    connect(&m_deadlines, &QTimer::timeout, this, &Listener::checkDeadlines);
    m_stale.setInterval(staleInterval);
    m_stale.setTimerType(Qt::VeryCoarseTimer);
    connect(&m_stale, &QTimer::timeout, this,
            [this] { m_shared.disk->start([store = m_shared.store] { store->dropStaleIncoming(); }, [] {}); });
    m_stale.start();
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

Result<std::vector<HostPort>> Listener::begin(const std::vector<HostPort>& addresses) {
    std::vector<HostPort> listened;
    for (HostPort address : addresses) {
        address.port = address.port != 0 || listened.empty() ? address.port : listened.front().port;
        const auto port = listen(address);
        if (!port) {
            m_doors.clear();
            return failure(port.error());
        }
        listened.push_back({address.host, *port});
    }
    return listened;
}

Result<std::vector<HostPort>> Listener::adopt(const std::vector<int>& sockets) {
    std::vector<HostPort> listened;
    for (const int descriptor : sockets) {
        int listens = 0;
        socklen_t size = sizeof listens;
        auto door = std::make_unique<Door>(*this);
        // A datagram socket never listens, and a local one has no port.
        if (::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0 ||
            !door->setSocketDescriptor(descriptor) || door->serverPort() == 0) {
            m_doors.clear();
            return failure(ErrorCode::InvalidArgument, "a socket that was handed over does not listen for TCP");
        }
        listened.push_back({textOf(door->serverAddress()), door->serverPort()});
        m_doors.push_back(std::move(door));
    }
    return listened;
}

Result<std::uint16_t> Listener::listen(const HostPort& address) {
    const QHostAddress host(QString::fromStdString(address.host));
    if (host.isNull()) {
        return failure(ErrorCode::Unreachable, "not an address to listen on: " + address.host);
    }
    auto door = std::make_unique<Door>(*this);
    if (!door->listen(host, address.port)) {
        return failure(ErrorCode::Unreachable, "cannot listen on " + address.host + " port " +
                                                   std::to_string(address.port) + ": " +
                                                   door->errorString().toStdString());
    }
    m_doors.push_back(std::move(door));
    return m_doors.back()->serverPort();
}

std::shared_ptr<Client> Listener::clientOf(qintptr descriptor) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    QByteArray key;
    if (::getpeername(static_cast<int>(descriptor), reinterpret_cast<sockaddr*>(&peer), &size) == 0) {
        const QHostAddress address(reinterpret_cast<const sockaddr*>(&peer));
        bool isIpv4 = false;
        const quint32 ipv4 = address.toIPv4Address(&isIpv4);
        if (isIpv4) {
            key = QByteArray::number(ipv4);
        } else {
            // Whoever has one address of IPv6 has the other 2^64 of its network.
            constexpr int networkBytes = 8;
            const Q_IPV6ADDR ipv6 = address.toIPv6Address();
            key = QByteArray(reinterpret_cast<const char*>(ipv6.c), networkBytes);
        }
    }
    std::weak_ptr<Client>& known = m_clients[key];
    auto client = known.lock();
    if (!client) {
        client = std::make_shared<Client>(m_shared);
        known = client;
    }
    return client;
}

void Listener::take(qintptr descriptor) {
    auto client = clientOf(descriptor);
    if (static_cast<int>(m_connections.size()) >= m_shared.limits.mostConnections ||
        client->connections >= m_shared.limits.mostConnectionsPerClient) {
        m_shared.metrics->trouble(Trouble::TooManyConnections, "somebody");
        ::close(static_cast<int>(descriptor));
        return;
    }
    ++client->connections;
    auto* const connection = new Connection(m_shared, std::move(client), descriptor, *m_context, m_poller);
    m_connections.insert(connection);
    connect(connection, &Connection::finished, this, [this, connection] { forget(connection); });
    if (!m_deadlines.isActive()) {
        m_deadlines.start();
    }
}

void Listener::forget(Connection* connection) {
    m_connections.erase(connection);
    --connection->client()->connections;
    connection->deleteLater();
    if (m_connections.empty()) {
        m_deadlines.stop();
        if (m_bodiesSeen) {
            giveMemoryBack();
        }
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
    std::erase_if(m_clients, [](const auto& client) { return client.second.expired(); });
    if (m_shared.memory.used() > 0) {
        m_bodiesSeen = now;
    } else if (m_bodiesSeen && now - *m_bodiesSeen >= restBeforeGivingBack) {
        giveMemoryBack();
    }
}

void Listener::giveMemoryBack() {
    m_bodiesSeen.reset();
    giveFreedMemoryBack();
}

void Listener::stop(std::function<void()> done) {
    for (const auto& door : m_doors) {
        door->close();
    }
    m_shared.stopping = true;
    m_stale.stop();
    if (m_connections.empty()) {
        done();
        return;
    }
    m_done = std::move(done);
    m_lastMoment.start(m_shared.limits.stopTimeout);
    for (Connection* const connection : std::set(m_connections)) {
        connection->stop();
    }
}

}  // namespace tarn::server
