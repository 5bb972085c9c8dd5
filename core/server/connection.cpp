#include "core/server/connection.h"

#include "core/server/http1_session.h"
#include "core/server/http2_session.h"

#include <QHostAddress>

#include <utility>

#include <sys/socket.h>

namespace tarn::server {

namespace {

constexpr std::chrono::milliseconds closeTime{5000};

/// Without the zone of a link-local address, and an IPv4 client as such where it came to an IPv6 socket.
std::string peerOf(int descriptor) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) != 0) {
        return {};  // it has gone already
    }
    const QHostAddress address(reinterpret_cast<const sockaddr*>(&peer));
    bool isIPv4 = false;
    const quint32 number = address.toIPv4Address(&isIPv4);
    return (isIPv4 ? QHostAddress(number) : address).toString().section(QLatin1Char('%'), 0, 0).toStdString();
}

}  // namespace

Connection::Connection(Shared& shared, std::shared_ptr<Client> client, qintptr descriptor, const tls::Context& context,
                       tls::Poller& poller)
    : m_shared(shared), m_client(std::move(client)), m_socket(context, poller, static_cast<int>(descriptor), *this) {
    m_client->address = peerOf(static_cast<int>(descriptor));
    m_visit = m_shared.metrics->visit(m_client->address);
    m_deadline = m_shared.clock->steadyNow() + m_shared.limits.handshakeTimeout;
}

Connection::~Connection() = default;

void Connection::onReady() {
    m_deadline.reset();
    Wire& wire = *this;
    if (m_socket.isHttp2()) {
        m_session = std::make_unique<Http2Session>(m_shared, m_client, *m_visit, wire);
    } else {
        m_session = std::make_unique<Http1Session>(m_shared, m_client, *m_visit, wire);
    }
}

void Connection::onBytes() {
    m_session->onBytes();
}

void Connection::onSent() {
    m_session->onSent();
}

void Connection::onOver() {
    abort();
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

ByteView Connection::arrived() const {
    return m_finished ? ByteView() : m_socket.arrived();
}

void Connection::took(std::size_t bytes) {
    if (!m_finished && bytes > 0) {
        m_visit->received(bytes);
        m_socket.took(static_cast<qint64>(bytes));
    }
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
        m_socket.close();
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
    m_socket.abort();
    if (m_session) {
        m_session->onGone();
    }
    Q_EMIT finished();
}

}  // namespace tarn::server
