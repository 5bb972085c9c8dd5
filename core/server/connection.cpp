#include "core/server/connection.h"

#include "core/server/http1_session.h"
#include "core/server/http2_session.h"

#include <QHostAddress>
#include <QMetaObject>

#include <utility>

#include <unistd.h>

namespace tarn::server {

namespace {

constexpr qint64 leastReadAhead = 16LL * 1024;
constexpr std::chrono::milliseconds closeTime{5000};

/// Without the zone of a link-local address, and an IPv4 client as such where it came to an IPv6 socket.
std::string textOf(const QHostAddress& address) {
    bool isIPv4 = false;
    const quint32 number = address.toIPv4Address(&isIPv4);
    return (isIPv4 ? QHostAddress(number) : address).toString().section(QLatin1Char('%'), 0, 0).toStdString();
}

}  // namespace

Connection::Connection(Shared& shared, std::shared_ptr<Client> client, qintptr descriptor,
                       const QSslConfiguration& configuration)
    : m_shared(shared), m_client(std::move(client)) {
    connect(&m_socket, &QSslSocket::encrypted, this, &Connection::begin);
    connect(&m_socket, &QSslSocket::readyRead, this, [this] {
        if (m_session) {
            m_session->onBytes();
        }
    });
    connect(&m_socket, &QSslSocket::encryptedBytesWritten, this, [this] {
        if (m_session) {
            m_session->onSent();
        }
    });
    // Queued: a socket is not taken down from within its own signal.
    connect(&m_socket, &QSslSocket::disconnected, this, &Connection::abort, Qt::QueuedConnection);
    connect(&m_socket, &QSslSocket::errorOccurred, this, &Connection::abort, Qt::QueuedConnection);

    if (!m_socket.setSocketDescriptor(descriptor)) {
        ::close(static_cast<int>(descriptor));
        QMetaObject::invokeMethod(this, &Connection::abort, Qt::QueuedConnection);
        return;
    }
    m_client->address = textOf(m_socket.peerAddress());
    m_visit = m_shared.metrics->visit(m_client->address);
    m_socket.setSocketOption(QAbstractSocket::LowDelayOption, 1);
    m_socket.setReadBufferSize(leastReadAhead);
    m_socket.setSslConfiguration(configuration);
    m_deadline = m_shared.clock->steadyNow() + m_shared.limits.handshakeTimeout;
    m_socket.startServerEncryption();
}

Connection::~Connection() {
    m_socket.disconnect(this);
}

void Connection::begin() {
    m_deadline.reset();
    Wire& wire = *this;
    if (m_socket.sslConfiguration().nextNegotiatedProtocol() == QSslConfiguration::ALPNProtocolHTTP2) {
        m_session = std::make_unique<Http2Session>(m_shared, m_client, *m_visit, wire);
    } else {
        m_session = std::make_unique<Http1Session>(m_shared, m_client, *m_visit, wire);
    }
    m_session->onBytes();
}

void Connection::checkDeadline(SteadyTime now) {
    if (m_deadline && now >= *m_deadline) {
        abort();
    } else if (m_session && !m_deadline) {
        m_session->checkDeadline(now);
    }
}

void Connection::stop() {
    if (m_session) {
        m_session->stop();
    } else {
        abort();
    }
}

qint64 Connection::read(char* out, qint64 most) {
    const qint64 got = m_finished ? 0 : m_socket.read(out, most);
    if (got > 0) {
        m_visit->received(static_cast<std::uint64_t>(got));
    }
    return got;
}

void Connection::write(const QByteArray& bytes) {
    if (!m_finished) {
        m_visit->sent(static_cast<std::uint64_t>(bytes.size()));
        m_socket.write(bytes);
    }
}

void Connection::close() {
    if (!m_finished) {
        m_deadline = m_shared.clock->steadyNow() + closeTime;
        m_socket.disconnectFromHost();
    }
}

void Connection::abort() {
    if (m_finished) {
        return;
    }
    m_finished = true;
    if (!m_session && m_visit && !m_shared.stopping) {
        m_visit->trouble(Trouble::HandshakeFailed);
    }
    m_deadline.reset();
    m_socket.disconnect(this);
    m_socket.abort();
    Q_EMIT finished();
}

}  // namespace tarn::server
