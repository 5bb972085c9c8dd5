#include "core/gbs/connection.h"

#include "core/gbs/http1_session.h"
#include "core/gbs/http2_session.h"
#include "core/gbs/reply_errors.h"
#include "core/x509/certificate.h"

#include <QNetworkProxy>

#include <fcntl.h>

namespace tarn::gbs {

namespace {

/// So much may wait to be read.
constexpr qint64 readAhead = 256LL * 1024;

bool hasKey(ByteView certificate, const crypto::Hash& pin) {
    const auto hash = x509::spkiHash(certificate);
    return hash && equalConstantTime(hash->bytes(), pin.bytes());
}

}  // namespace

Connection::Connection(const Peer& peer, tls::Poller& poller, Owner& owner)
    : m_peer(peer), m_owner(owner), m_poller(poller) {
    connect(&m_dial, &QTcpSocket::connected, this, &Connection::onConnected);
    connect(&m_dial, &QTcpSocket::errorOccurred, this,
            [this](QAbstractSocket::SocketError error) { giveUp(connectError(m_peer.name, error)); });
    m_patience.setSingleShot(true);
    connect(&m_patience, &QTimer::timeout, this,
            [this] { giveUp(connectError(m_peer.name, QAbstractSocket::SocketTimeoutError)); });
    m_patience.start(m_peer.limits.connectTimeout);
    QMetaObject::invokeMethod(this, &Connection::begin, Qt::QueuedConnection);
}

Connection::~Connection() = default;

void Connection::begin() {
    m_dial.setProxy(QNetworkProxy::NoProxy);
    m_dial.connectToHost(QString::fromStdString(m_peer.host), m_peer.port);
}

void Connection::onConnected() {
    // Qt finds the way there; from here on the socket is TLS's alone.
    const int descriptor = ::fcntl(static_cast<int>(m_dial.socketDescriptor()), F_DUPFD_CLOEXEC, 0);
    m_dial.disconnect(this);
    m_dial.abort();
    if (descriptor < 0) {
        giveUp({ErrorCode::Unreachable, m_peer.name + " cannot be reached: too many files are open", true});
        return;
    }
    tls::Socket::Handler& self = *this;
    m_socket = std::make_unique<tls::Socket>(*m_peer.tls, m_poller, descriptor, self);
    m_socket->setReadAhead(readAhead);
}

void Connection::onReady() {
    if (!hasKey(m_socket->peerCertificate(), m_peer.pin)) {
        giveUp({ErrorCode::WrongCertificate, m_peer.name + " shows another key than its address names", false});
        return;
    }
    m_patience.stop();
    m_http2 = m_socket->isHttp2();
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
    m_served = true;
    m_session->onBytes();
}

void Connection::onSent() {
    m_session->onSent();
}

void Connection::onOver() {
    if (!m_session) {
        giveUp(connectError(m_peer.name, m_socket->brokeRules() ? QAbstractSocket::SslHandshakeFailedError
                                                                : QAbstractSocket::RemoteHostClosedError));
        return;
    }
    m_session->onHungUp();
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

ByteView Connection::arrived() const {
    return m_over ? ByteView() : m_socket->arrived();
}

void Connection::took(std::size_t bytes) {
    if (!m_over) {
        m_socket->took(static_cast<qint64>(bytes));
    }
}

void Connection::write(const QByteArray& bytes) {
    if (!m_over) {
        m_socket->write(bytes);
    }
}

void Connection::giveUp(Error error) {
    if (m_over) {
        return;
    }
    m_over = true;
    m_patience.stop();
    m_dial.disconnect(this);
    m_dial.abort();
    if (m_socket) {
        m_socket->abort();
    }
    m_owner.onOver(*this, std::move(error));
}

}  // namespace tarn::gbs
