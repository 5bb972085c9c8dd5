#pragma once

#include "core/crypto/hash.h"
#include "core/gbs/gbs_server.h"
#include "core/gbs/request_head.h"
#include "core/gbs/session.h"
#include "core/tls/socket.h"

#include <QTcpSocket>
#include <QTimer>

#include <memory>
#include <string>

namespace tarn::gbs {

/// Where a server is, and how it shows who it is.
struct Peer {
    Caller caller;
    std::string host;
    std::uint16_t port = 0;
    crypto::Hash pin;
    std::string name;  ///< for people
    Limits limits;
    std::shared_ptr<const tls::Context> tls;  ///< from the first connection on
};

/// One TLS connection to a server: the handshake, the pin, and then a session of the protocol that both agreed on.
///
/// Nothing is written before the handshake is over and the server's key was found to be the pinned one: sockets are
/// ours, so no request can be on one that nobody judged. Thread: that of the access.
class Connection final : public QObject, private Wire, private tls::Socket::Handler {
public:
    /// What a connection tells. It may be deleted (later) from within either.
    class Owner {
    public:
        virtual ~Owner() = default;
        virtual void onReady(Connection& connection) = 0;
        /// An exchange to be sent again, and not on this connection.
        virtual void onGivenBack(const std::shared_ptr<Exchange>& exchange) = 0;
        /// The connection is over. `error` says why, of what was under way and may not be repeated.
        virtual void onOver(Connection& connection, Error error) = 0;
    };

    /// Connects, beginning with the next event: none of what it tells comes from within here. All must outlive it.
    Connection(const Peer& peer, tls::Poller& poller, Owner& owner);
    ~Connection() override;

    /// Whether the handshake is over and all is well.
    [[nodiscard]] bool isReady() const noexcept { return m_session != nullptr; }
    [[nodiscard]] bool isHttp2() const noexcept { return m_http2; }
    /// Whether it is, or will be, of use to further requests.
    [[nodiscard]] bool goesOn() const { return !m_over && (!m_session || m_session->goesOn()); }
    [[nodiscard]] bool hasRoom(const Request& request) const {
        return !m_over && m_session && m_session->hasRoom(request);
    }
    /// Whether an answer has come on it: it was good once, so that its end may be no more than that of its time.
    [[nodiscard]] bool hasServed() const noexcept { return m_served; }
    void send(std::shared_ptr<Exchange> exchange);
    bool drop(const Exchange& exchange);
    [[nodiscard]] std::vector<std::shared_ptr<Exchange>> takeRunning();

private:
    [[nodiscard]] ByteView arrived() const override;
    void took(std::size_t bytes) override;
    void write(const QByteArray& bytes) override;
    [[nodiscard]] qint64 unsent() const override { return m_socket ? m_socket->unsent() : 0; }
    void giveBack(const std::shared_ptr<Exchange>& exchange) override { m_owner.onGivenBack(exchange); }
    void giveUp(Error error) override;

    void begin();
    void onConnected();

    // What the socket tells.
    void onReady() override;
    void onBytes() override;
    void onSent() override;
    void onOver() override;

    const Peer& m_peer;
    Owner& m_owner;
    tls::Poller& m_poller;
    QTcpSocket m_dial;  ///< until it is connected
    std::unique_ptr<tls::Socket> m_socket;
    QTimer m_patience;  ///< until it is ready
    std::unique_ptr<Session> m_session;
    bool m_http2 = false;
    bool m_served = false;
    bool m_over = false;
};

}  // namespace tarn::gbs
