#pragma once

#include "core/foundation/result.h"
#include "core/server/connection.h"

#include <QSslConfiguration>
#include <QTcpServer>
#include <QTimer>

#include <functional>
#include <set>

namespace tarn::server {

/// The listening socket, its connections and their timers. Thread: the server's.
class Listener final : public QTcpServer {
    Q_OBJECT

public:
    /// `shared` must outlive it.
    Listener(Shared& shared, const QSslConfiguration& configuration);
    ~Listener() override;

    /// The port that is listened on. Fails: Unreachable.
    [[nodiscard]] Result<std::uint16_t> begin(const std::string& address, std::uint16_t port);
    /// Takes no new connection and no new request; calls `done` when the last reply is out, or after five seconds.
    void stop(std::function<void()> done);

protected:
    void incomingConnection(qintptr descriptor) override;

private:
    void forget(Connection* connection);
    void checkDeadlines();

    Shared& m_shared;
    const QSslConfiguration m_configuration;
    std::set<Connection*> m_connections;
    QTimer m_deadlines;
    QTimer m_stale;
    QTimer m_lastMoment;
    std::function<void()> m_done;
};

}  // namespace tarn::server
