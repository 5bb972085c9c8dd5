#pragma once

#include <QObject>
#include <QTcpServer>

#include <functional>
#include <memory>
#include <vector>

class QTcpSocket;

namespace tarn::testing {

/// An address on loopback behind which every single connection can be led to another server, at once or later: what
/// somebody on the line can do. Thread: the test's.
class Switchboard : public QObject {
public:
    Switchboard();
    ~Switchboard() override;

    [[nodiscard]] bool listen();
    [[nodiscard]] quint16 port() const { return m_listener.serverPort(); }
    /// Connections so far, counted from 0 in the order they came.
    [[nodiscard]] int connections() const { return static_cast<int>(m_callers.size()); }
    /// Where new connections go; 0 holds them until `lead`.
    void setTarget(std::function<quint16(int)> target) { m_target = std::move(target); }
    /// Leads a connection that was held to `port`.
    void lead(int connection, quint16 port);

private:
    void take();

    QTcpServer m_listener;
    std::vector<QTcpSocket*> m_callers;
    std::function<quint16(int)> m_target;
};

}  // namespace tarn::testing
