#pragma once

#include <QObject>
#include <QTcpServer>
#include <QTimer>

#include <chrono>
#include <memory>
#include <vector>

class QTcpSocket;

namespace tarn::testing {

/// A line to several servers on which round trips are counted instead of timed.
///
/// What clients send goes on at once. What servers answer is held back until the client has sent all it can without any
/// answer; then all that is held goes on together, and that was one round trip. So each call's waves show, however
/// quick the machine is. Whoever has sent nothing for `stillness` is taken to wait for an answer: too short a stillness
/// counts too much and never too little. Thread: the test's.
class RoundTripCounter : public QObject {
public:
    RoundTripCounter();
    ~RoundTripCounter() override;

    /// The port that leads to `server`'s. 0 when there is none to be had.
    [[nodiscard]] quint16 lead(quint16 server);

    /// From here on answers are held. Until then all goes through.
    void begin(std::chrono::milliseconds stillness);
    /// Ends the counting, lets go what is held, and gives the number of round trips.
    int end();

    /// Bytes that clients and servers have sent since `begin`, as they stand on the wire.
    [[nodiscard]] qint64 sent() const { return m_sent; }
    [[nodiscard]] qint64 answered() const { return m_answered; }

private:
    struct Line {
        QTcpSocket* client;
        QTcpSocket* server;
        QByteArray held;
    };

    void take(QTcpServer& listener, quint16 server);
    void toServer(Line& line);
    void toClient(Line& line);
    void release();

    std::vector<std::unique_ptr<QTcpServer>> m_listeners;
    std::vector<std::unique_ptr<Line>> m_lines;
    QTimer m_still;
    bool m_counting = false;
    int m_roundTrips = 0;
    qint64 m_sent = 0;
    qint64 m_answered = 0;
};

}  // namespace tarn::testing
