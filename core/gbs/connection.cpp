#include "core/gbs/connection.h"

#include "core/gbs/http1_session.h"
#include "core/gbs/http2_session.h"
#include "core/gbs/reply_errors.h"
#include "core/x509/certificate.h"

#include <QNetworkProxy>
#include <QSslCertificate>

namespace tarn::gbs {

namespace {

/// So much may wait to be read, in TLS's own buffers.
constexpr qint64 readAhead = 256LL * 1024;

QSslConfiguration pinnedTls(bool http2) {
    QSslConfiguration tls;
    tls.setProtocol(QSsl::TlsV1_2OrLater);
    // Who signed the certificate, for whom and until when says nothing: its key is all that counts.
    tls.setPeerVerifyMode(QSslSocket::VerifyNone);
    // Setting the list, even an empty one, also keeps the system's authorities from being loaded.
    tls.setCaCertificates({});
    // A resumed session shows no certificate anew; every connection is to be judged by its own handshake.
    tls.setSslOption(QSsl::SslOptionDisableSessionTickets, true);
    tls.setSslOption(QSsl::SslOptionDisableSessionSharing, true);
    tls.setSslOption(QSsl::SslOptionDisableSessionPersistence, true);
    if (http2) {
        tls.setAllowedNextProtocols({QSslConfiguration::ALPNProtocolHTTP2, QSslConfiguration::NextProtocolHttp1_1});
    }
    return tls;
}

bool hasKey(const QSslCertificate& certificate, const crypto::Hash& pin) {
    const QByteArray der = certificate.toDer();
    const auto hash =
        x509::spkiHash({reinterpret_cast<const Byte*>(der.constData()), static_cast<std::size_t>(der.size())});
    return hash && equalConstantTime(hash->bytes(), pin.bytes());
}

}  // namespace

Connection::Connection(const Peer& peer, Owner& owner) : m_peer(peer), m_owner(owner) {
    connect(&m_socket, &QSslSocket::connected, this, [this] {
        m_socket.setSocketOption(QAbstractSocket::LowDelayOption, 1);
        m_socket.startClientEncryption();
    });
    connect(&m_socket, &QSslSocket::encrypted, this, &Connection::onEncrypted);
    connect(&m_socket, &QSslSocket::readyRead, this, &Connection::onBytes);
    connect(&m_socket, &QSslSocket::encryptedBytesWritten, this, [this] {
        if (m_session && !m_over) {
            m_session->onSent();
        }
    });
    connect(&m_socket, &QSslSocket::errorOccurred, this, &Connection::onHungUp);
    connect(&m_socket, &QSslSocket::disconnected, this, &Connection::onHungUp);
    m_patience.setSingleShot(true);
    connect(&m_patience, &QTimer::timeout, this,
            [this] { giveUp(connectError(m_peer.name, QAbstractSocket::SocketTimeoutError)); });
    m_patience.start(m_peer.limits.connectTimeout);
    QMetaObject::invokeMethod(this, &Connection::begin, Qt::QueuedConnection);
}

void Connection::begin() {
    m_socket.setProxy(QNetworkProxy::NoProxy);
    m_socket.setSslConfiguration(pinnedTls(m_peer.limits.http2));
    // An address, so that no name is sent in the clear.
    m_socket.setPeerVerifyName(QStringLiteral("0.0.0.0"));
    m_socket.setReadBufferSize(readAhead);
    m_socket.connectToHost(QString::fromStdString(m_peer.host), m_peer.port);
}

Connection::~Connection() {
    m_socket.disconnect(this);
    m_socket.abort();
}

void Connection::onEncrypted() {
    if (m_over) {
        return;
    }
    if (!hasKey(m_socket.peerCertificate(), m_peer.pin)) {
        giveUp({ErrorCode::WrongCertificate, m_peer.name + " shows another key than its address names", false});
        return;
    }
    m_patience.stop();
    m_http2 = m_socket.sslConfiguration().nextNegotiatedProtocol() == QSslConfiguration::ALPNProtocolHTTP2;
    Wire& wire = *this;
    if (m_http2) {
        m_session = std::make_unique<Http2Session>(m_peer.caller, m_peer.name, m_peer.limits.silenceTimeout, wire);
    } else {
        m_session = std::make_unique<Http1Session>(m_peer.caller, m_peer.name, m_peer.limits.silenceTimeout, wire);
    }
    m_owner.onReady(*this);
    if (!m_over) {
        m_session->onSent();
    }
}

void Connection::onBytes() {
    if (m_session && !m_over) {
        m_served = true;
        m_session->onBytes();
    }
}

void Connection::onHungUp() {
    if (m_over) {
        return;
    }
    if (!m_session) {
        giveUp(connectError(m_peer.name, m_socket.error()));
        return;
    }
    m_session->onBytes();
    if (!m_over) {
        m_session->onHungUp();
    }
    if (!m_over) {
        giveUp(brokenOff(m_peer.name, false));
    }
}

void Connection::send(std::shared_ptr<Exchange> exchange) {
    m_session->send(std::move(exchange));
}

bool Connection::drop(const Exchange& exchange) {
    return m_session && m_session->drop(exchange);
}

std::vector<std::shared_ptr<Exchange>> Connection::takeRunning() {
    return m_session ? m_session->takeRunning() : std::vector<std::shared_ptr<Exchange>>();
}

qint64 Connection::read(char* out, qint64 most) {
    return m_over ? 0 : m_socket.read(out, most);
}

/// Hands what was written to the system when the events at hand are done, all together. Left alone, the socket would
/// wait for the next round of the event loop to tell it that it may write.
void Connection::flushSoon() {
    if (m_flushing) {
        return;
    }
    m_flushing = true;
    QMetaObject::invokeMethod(
        this,
        [this] {
            m_flushing = false;
            m_socket.flush();
        },
        Qt::QueuedConnection);
}

void Connection::write(const QByteArray& bytes) {
    if (!m_over) {
        m_socket.write(bytes);
        flushSoon();
    }
}

void Connection::giveUp(Error error) {
    if (m_over) {
        return;
    }
    m_over = true;
    m_patience.stop();
    m_socket.disconnect(this);
    m_socket.abort();
    m_owner.onOver(*this, std::move(error));
}

}  // namespace tarn::gbs
