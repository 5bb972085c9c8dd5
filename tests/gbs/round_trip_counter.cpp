#include "tests/gbs/round_trip_counter.h"

#include <QTcpSocket>

#include <utility>

namespace tarn::testing {

RoundTripCounter::RoundTripCounter() {
    m_still.setSingleShot(true);
    QObject::connect(&m_still, &QTimer::timeout, this, [this] { release(); });
}

RoundTripCounter::~RoundTripCounter() {
    for (const auto& line : m_lines) {
        line->client->disconnect();
        line->server->disconnect();
    }
}

quint16 RoundTripCounter::lead(quint16 server) {
    m_listeners.push_back(std::make_unique<QTcpServer>());
    QTcpServer& listener = *m_listeners.back();
    if (!listener.listen(QHostAddress::LocalHost)) {
        return 0;
    }
    QObject::connect(&listener, &QTcpServer::newConnection, this,
                     [this, &listener, server] { take(listener, server); });
    return listener.serverPort();
}

void RoundTripCounter::begin(std::chrono::milliseconds stillness) {
    m_still.setInterval(stillness);
    m_counting = true;
    m_roundTrips = 0;
    m_sent = m_answered = 0;
}

int RoundTripCounter::end() {
    m_counting = false;
    m_still.stop();
    const int counted = m_roundTrips;
    release();
    return counted;
}

void RoundTripCounter::take(QTcpServer& listener, quint16 server) {
    while (QTcpSocket* const client = listener.nextPendingConnection()) {
        client->setSocketOption(QAbstractSocket::LowDelayOption, 1);
        auto* const callee = new QTcpSocket(client);
        m_lines.push_back(std::make_unique<Line>(Line{client, callee, {}}));
        Line& line = *m_lines.back();
        QObject::connect(callee, &QTcpSocket::connected, client, [this, &line] {
            line.server->setSocketOption(QAbstractSocket::LowDelayOption, 1);
            QObject::connect(line.client, &QTcpSocket::readyRead, this, [this, &line] { toServer(line); });
            QObject::connect(line.server, &QTcpSocket::readyRead, this, [this, &line] { toClient(line); });
            QObject::connect(line.client, &QTcpSocket::disconnected, line.server,
                             [&line] { line.server->disconnectFromHost(); });
            QObject::connect(line.server, &QTcpSocket::disconnected, line.client,
                             [&line] { line.client->disconnectFromHost(); });
            toServer(line);
        });
        callee->connectToHost(QHostAddress(QHostAddress::LocalHost), server);
    }
}

void RoundTripCounter::toServer(Line& line) {
    const QByteArray bytes = line.client->readAll();
    if (bytes.isEmpty()) {
        return;
    }
    line.server->write(bytes);
    m_sent += bytes.size();
    if (m_counting) {
        m_still.start();
    }
}

void RoundTripCounter::toClient(Line& line) {
    const QByteArray bytes = line.server->readAll();
    m_answered += bytes.size();
    if (!m_counting) {
        line.client->write(bytes);
        return;
    }
    // A slow server's answer belongs to the same round trip as a quick one's: both have to be still.
    line.held += bytes;
    m_still.start();
}

void RoundTripCounter::release() {
    bool any = false;
    for (const auto& line : m_lines) {
        if (!line->held.isEmpty()) {
            line->client->write(std::exchange(line->held, {}));
            any = true;
        }
    }
    m_roundTrips += any && m_counting ? 1 : 0;
}

}  // namespace tarn::testing
