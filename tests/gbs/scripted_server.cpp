#include "tests/gbs/scripted_server.h"

#include "core/formats/gbs_messages.h"

#include <QSslConfiguration>
#include <QSslSocket>

namespace tarn::testing {

/// Counts connections before TLS begins on them.
class ScriptedServer::Listener final : public QSslServer {
public:
    explicit Listener(int& connections) : m_connections(connections) {}

protected:
    void incomingConnection(qintptr handle) override {
        ++m_connections;
        QSslServer::incomingConnection(handle);
    }

private:
    int& m_connections;
};

ScriptedServer::ScriptedServer(Identity identity, Answer answer)
    : m_identity(std::move(identity)), m_answer(std::move(answer)) {}

ScriptedServer::~ScriptedServer() {
    shut();
}

bool ScriptedServer::listen(quint16 port) {
    m_listener = std::make_unique<Listener>(m_connections);
    QSslConfiguration tls;
    tls.setPrivateKey(m_identity.key);
    tls.setLocalCertificateChain(m_identity.chain);
    tls.setPeerVerifyMode(QSslSocket::VerifyNone);
    if (m_http2) {
        tls.setAllowedNextProtocols({QSslConfiguration::ALPNProtocolHTTP2});
    }
    m_listener->setSslConfiguration(tls);
    QObject::connect(m_listener.get(), &QTcpServer::pendingConnectionAvailable, this, [this] {
        while (m_listener->hasPendingConnections()) {
            take(qobject_cast<QSslSocket*>(m_listener->nextPendingConnection()));
        }
    });
    if (!m_listener->listen(QHostAddress::LocalHost, port)) {
        return false;
    }
    m_port = m_listener->serverPort();
    return true;
}

void ScriptedServer::shut() {
    const auto open = std::exchange(m_open, {});
    for (QSslSocket* const connection : open) {
        connection->disconnect(this);
        connection->abort();
    }
    m_listener.reset();
}

void ScriptedServer::take(QSslSocket* connection) {
    m_open.insert(connection);
    const auto pending = std::make_shared<QByteArray>();
    QObject::connect(connection, &QSslSocket::readyRead, this,
                     [this, connection, pending] { onBytes(connection, pending); });
    QObject::connect(connection, &QSslSocket::disconnected, this, [this, connection] {
        m_open.erase(connection);
        connection->deleteLater();
    });
    onBytes(connection, pending);
}

void ScriptedServer::onBytes(QSslSocket* connection, const std::shared_ptr<QByteArray>& pending) {
    const QByteArray bytes = connection->readAll();
    m_received += bytes;
    *pending += bytes;
    for (;;) {
        const qsizetype head = pending->indexOf("\r\n\r\n");
        if (head < 0) {
            return;
        }
        const QByteArray lower = pending->left(head + 2).toLower();
        const qsizetype field = lower.indexOf("\r\ncontent-length: ");
        const qsizetype at = field + static_cast<qsizetype>(qstrlen("\r\ncontent-length: "));
        const qsizetype body = field < 0 ? 0 : lower.mid(at, lower.indexOf("\r\n", at) - at).toLongLong();
        if (pending->size() < head + 4 + body) {
            return;
        }
        const QByteArray request = pending->left(head + 4 + body);
        pending->remove(0, request.size());
        m_requests.append(request);
        if (m_answer) {
            m_answer(connection, request);
        }
    }
}

formats::ServerAnnouncement ScriptedServer::announcement(const crypto::Hash& pin) const {
    formats::ServerAnnouncement announcement;
    announcement.id = ServerId("v0-scripted");
    announcement.nickname = "scripted";
    formats::Nurl nurl;
    nurl.spkiHash = pin;
    nurl.host = "127.0.0.1";
    nurl.port = m_port;
    nurl.swissnum = formats::Swissnum(testSwissnum);
    announcement.nurls.push_back(nurl);
    return announcement;
}

QByteArray httpReply(const QByteArray& status, const QByteArray& headers, const QByteArray& body) {
    return "HTTP/1.1 " + status + "\r\n" + headers + "Content-Length: " + QByteArray::number(body.size()) + "\r\n\r\n" +
           body;
}

QByteArray cborReply(const QByteArray& body, const QByteArray& status) {
    return httpReply(status, "Content-Type: application/cbor\r\n", body);
}

QByteArray versionReply() {
    const Bytes body = formats::gbs::writeVersionReply({1, 1, 1, "scripted"});
    return cborReply(QByteArray(reinterpret_cast<const char*>(body.data()), static_cast<qsizetype>(body.size())));
}

ScriptedServer::Answer always(const QByteArray& reply) {
    return [reply](QSslSocket* connection, const QByteArray&) {
        connection->write(reply);
    };
}

}  // namespace tarn::testing
