#pragma once

#include "core/foundation/result.h"
#include "core/server/connection.h"
#include "core/tls/context.h"
#include "core/tls/poller.h"

#include <QHostAddress>
#include <QTcpServer>
#include <QTimer>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

namespace tarn::server {

/// The listening sockets, their connections and the timers of these. Thread: the server's.
class Listener final : public QObject {
    Q_OBJECT

public:
    /// `shared` must outlive it.
    Listener(Shared& shared, std::shared_ptr<const tls::Context> context);
    ~Listener() override;

    /// Listens on all of `addresses`, or on none. Where a port is 0 it takes the one of the first address, and there a
    /// free one. Gives them with their ports. Fails: Unreachable.
    [[nodiscard]] Result<std::vector<HostPort>> begin(const std::vector<HostPort>& addresses);
    /// Takes over sockets that listen already. Gives their addresses. Fails: InvalidArgument (one of them does not
    /// listen for TCP).
    [[nodiscard]] Result<std::vector<HostPort>> adopt(const std::vector<int>& sockets);
    /// Takes no new connection and no new request; calls `done` when the last reply is out, or after
    /// `Limits::stopTimeout`.
    void stop(std::function<void()> done);

private:
    class Door;

    [[nodiscard]] Result<std::uint16_t> listen(const HostPort& address);
    void take(qintptr descriptor);
    [[nodiscard]] std::shared_ptr<Client> clientOf(qintptr descriptor);
    void forget(Connection* connection);
    void checkDeadlines();
    void giveMemoryBack();

    Shared& m_shared;
    const std::shared_ptr<const tls::Context> m_context;
    tls::Poller m_poller;
    std::vector<std::unique_ptr<Door>> m_doors;
    std::map<QByteArray, std::weak_ptr<Client>> m_clients;  ///< by what `clientOf` takes for one client's address
    std::set<Connection*> m_connections;
    QTimer m_deadlines;
    std::optional<SteadyTime>
        m_bodiesSeen;  ///< when a body was held, as far as was looked; none since memory was given back
    QTimer m_stale;
    QTimer m_lastMoment;
    std::function<void()> m_done;
};

}  // namespace tarn::server
