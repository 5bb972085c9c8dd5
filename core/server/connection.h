#pragma once

#include "core/server/session.h"
#include "core/server/shared.h"
#include "core/tls/socket.h"

#include <QObject>

#include <memory>
#include <optional>

namespace tarn::server {

/// One client's connection: TLS, and then a session of the protocol that both agreed on.
///
/// Thread: the server's. `finished` comes once, when the socket is gone; the owner then deletes it later.
class Connection final : public QObject, private Wire, private tls::Socket::Handler {
    Q_OBJECT

public:
    /// Takes over `descriptor`. `context` and `poller` must outlive it.
    Connection(Shared& shared, std::shared_ptr<Client> client, qintptr descriptor, const tls::Context& context,
               tls::Poller& poller);
    ~Connection() override;

    /// Ends the connection if the time for what it waits for is over.
    void checkDeadline(SteadyTime now);
    /// Ends the connection now, or after the replies to the requests that are under way.
    void stop();
    void abort() override;
    [[nodiscard]] const std::shared_ptr<Client>& client() const noexcept { return m_client; }

Q_SIGNALS:
    void finished();

private:
    [[nodiscard]] ByteView arrived() const override;
    void took(std::size_t bytes) override;
    void setReadAhead(qint64 bytes) override { m_socket.setReadAhead(bytes); }
    void write(const QByteArray& bytes) override;
    [[nodiscard]] qint64 unsent() const override { return m_socket.unsent(); }
    void close() override;

    void onReady() override;
    void onBytes() override;
    void onSent() override;
    void onOver() override;

    Shared& m_shared;
    const std::shared_ptr<Client> m_client;
    tls::Socket m_socket;
    std::unique_ptr<Metrics::Visit> m_visit;
    std::optional<SteadyTime> m_deadline;  ///< of the handshake and of the end; between them the session has its own
    bool m_finished = false;
    std::unique_ptr<Session> m_session;
};

}  // namespace tarn::server
