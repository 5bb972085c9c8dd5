#pragma once

#include "core/formats/grid_file.h"
#include "tests/gbs/identity.h"

#include <QByteArray>
#include <QObject>
#include <QSslServer>

#include <functional>
#include <memory>
#include <set>

class QSslSocket;

namespace tarn::testing {

/// The text that every test's NURL carries as the swissnum, to look for where it must not be.
inline constexpr const char* testSwissnum = "swissnum-of-the-test";

/// A TLS server that answers each request as the test says, and remembers every byte of application data it was sent.
/// Thread: the test's.
class ScriptedServer : public QObject {
public:
    /// Called with each whole request, head and body, on the connection it came on.
    using Answer = std::function<void(QSslSocket* connection, const QByteArray& request)>;

    explicit ScriptedServer(Identity identity, Answer answer = {});
    ~ScriptedServer() override;

    /// Listens on loopback; 0 takes a free port.
    [[nodiscard]] bool listen(quint16 port = 0);
    [[nodiscard]] quint16 port() const { return m_port; }
    /// Stops listening and cuts every connection.
    void shut();

    /// From the next `listen` on, agrees on HTTP/2 with whoever offers it. It cannot speak it.
    void agreeOnHttp2() { m_http2 = true; }
    void setAnswer(Answer answer) { m_answer = std::move(answer); }
    /// What a grid says of a server at this port with the key `pin`.
    [[nodiscard]] formats::ServerAnnouncement announcement(const crypto::Hash& pin) const;
    [[nodiscard]] formats::ServerAnnouncement announcement() const { return announcement(m_identity.pin); }

    [[nodiscard]] const QByteArray& received() const { return m_received; }
    [[nodiscard]] const QList<QByteArray>& requests() const { return m_requests; }
    /// TCP connections taken, whether or not TLS was agreed on.
    [[nodiscard]] int connections() const { return m_connections; }
    [[nodiscard]] int open() const { return static_cast<int>(m_open.size()); }

private:
    void take(QSslSocket* connection);
    void onBytes(QSslSocket* connection, const std::shared_ptr<QByteArray>& pending);

    class Listener;
    Identity m_identity;
    Answer m_answer;
    std::unique_ptr<Listener> m_listener;
    std::set<QSslSocket*> m_open;
    quint16 m_port = 0;
    bool m_http2 = false;
    QByteArray m_received;
    QList<QByteArray> m_requests;
    int m_connections = 0;
};

/// A whole HTTP reply with a length.
[[nodiscard]] QByteArray httpReply(const QByteArray& status, const QByteArray& headers, const QByteArray& body);
/// A whole reply with a CBOR body.
[[nodiscard]] QByteArray cborReply(const QByteArray& body, const QByteArray& status = "200 OK");
/// A whole, good answer to "which version are you".
[[nodiscard]] QByteArray versionReply();
/// An answer that always writes `reply`.
[[nodiscard]] ScriptedServer::Answer always(const QByteArray& reply);

}  // namespace tarn::testing
