#include "tests/gbs/switchboard.h"

#include <QTcpSocket>

namespace tarn::testing {

namespace {

void pump(QTcpSocket* from, QTcpSocket* to) {
    const auto move = [from, to] {
        to->write(from->readAll());
    };
    QObject::connect(from, &QTcpSocket::readyRead, to, move);
    QObject::connect(from, &QTcpSocket::disconnected, to, [to] { to->disconnectFromHost(); });
    move();
}

}  // namespace

Switchboard::Switchboard() {
    QObject::connect(&m_listener, &QTcpServer::newConnection, this, [this] { take(); });
}

Switchboard::~Switchboard() = default;

bool Switchboard::listen() {
    return m_listener.listen(QHostAddress::LocalHost);
}

void Switchboard::take() {
    while (m_listener.hasPendingConnections()) {
        m_callers.push_back(m_listener.nextPendingConnection());
        const int number = connections() - 1;
        if (const quint16 port = m_target(number); port != 0) {
            lead(number, port);
        }
    }
}

void Switchboard::lead(int connection, quint16 port) {
    QTcpSocket* const caller = m_callers[static_cast<std::size_t>(connection)];
    auto* const callee = new QTcpSocket(caller);
    QObject::connect(callee, &QTcpSocket::connected, caller, [caller, callee] {
        pump(caller, callee);
        pump(callee, caller);
    });
    callee->connectToHost(QHostAddress(QHostAddress::LocalHost), port);
}

}  // namespace tarn::testing
