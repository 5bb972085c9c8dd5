#include "core/server/metrics_port.h"

#include "core/server/disk_work.h"
#include "core/server/prometheus_text.h"
#include "core/server/request_head.h"

#include <QHostAddress>
#include <QPointer>
#include <QTcpSocket>
#include <QTimer>

#include <chrono>

namespace tarn::server {

namespace {

constexpr int mostVisitors = 8;
constexpr qsizetype mostHead = 8LL * 1024;
constexpr std::chrono::seconds visitTime{10};

QByteArray wholeReply(const char* status, const QByteArray& type, const QByteArray& body, bool withBody = true) {
    return QByteArray("HTTP/1.1 ") + status + "\r\nContent-Type: " + type +
           "\r\nContent-Length: " + QByteArray::number(body.size()) + "\r\nConnection: close\r\n\r\n" +
           (withBody ? body : QByteArray());
}

QByteArray refusal(const char* status) {
    return wholeReply(status, "text/plain; charset=utf-8", QByteArray(status) + '\n');
}

}  // namespace

/// One connection; goes when it is over.
class MetricsPort::Visitor final : public QObject {
public:
    Visitor(MetricsPort& port, QTcpSocket* socket) : m_port(port), m_socket(socket) {
        ++m_port.m_visitors;
        m_socket->setParent(this);
        m_socket->setReadBufferSize(mostHead);
        connect(m_socket, &QTcpSocket::readyRead, this, &Visitor::read);
        // Queued: a socket is not taken down from within its own signal.
        connect(m_socket, &QTcpSocket::disconnected, this, &QObject::deleteLater, Qt::QueuedConnection);
        QTimer::singleShot(visitTime, this, &QObject::deleteLater);
        read();
    }
    Visitor(const Visitor&) = delete;
    Visitor& operator=(const Visitor&) = delete;
    ~Visitor() override {
        m_socket->disconnect(this);
        --m_port.m_visitors;
    }

private:
    void read() {
        if (m_asked) {
            m_socket->readAll();
            return;
        }
        m_input += m_socket->read(mostHead - m_input.size());
        const std::string_view bytes(m_input.constData(), static_cast<std::size_t>(m_input.size()));
        const auto length = headLength(bytes, 0);
        if (!length) {
            if (m_input.size() >= mostHead) {
                reply(refusal("431 Request Header Fields Too Large"));
            }
            return;
        }
        const auto head = parseRequestHead(bytes.substr(0, *length));
        if (!head || head->chunked || head->contentLength > 0) {
            reply(refusal("400 Bad Request"));
        } else if (head->target != "/metrics") {
            reply(refusal("404 Not Found"));
        } else if (head->method != "GET" && head->method != "HEAD") {
            reply(refusal("405 Method Not Allowed"));
        } else {
            answer(head->method == "GET");
        }
    }

    void answer(bool withBody) {
        m_asked = true;
        const auto page = std::make_shared<QByteArray>();
        m_port.m_disk.start([page, make = m_port.m_makePage] { *page = make(); },
                            [self = QPointer(this), page, withBody] {
                                if (self) {
                                    self->reply(wholeReply("200 OK", prometheusType, *page, withBody));
                                }
                            });
    }

    void reply(const QByteArray& bytes) {
        m_asked = true;
        m_socket->write(bytes);
        m_socket->disconnectFromHost();
    }

    MetricsPort& m_port;
    QTcpSocket* const m_socket;
    QByteArray m_input;
    bool m_asked = false;
};

bool isLoopback(const std::string& address) {
    return QHostAddress(QString::fromStdString(address)).isLoopback();
}

MetricsPort::MetricsPort(std::function<QByteArray()> makePage, DiskWork& disk)
    : m_makePage(std::move(makePage)), m_disk(disk) {
    connect(&m_door, &QTcpServer::newConnection, this, &MetricsPort::take);
}

MetricsPort::~MetricsPort() {
    // While there is still somebody that they may report to.
    qDeleteAll(children());
}

Result<std::uint16_t> MetricsPort::listen(const HostPort& address) {
    if (!isLoopback(address.host)) {
        return failure(ErrorCode::InvalidArgument, "metrics are for this computer alone, not for " + address.host);
    }
    if (!m_door.listen(QHostAddress(QString::fromStdString(address.host)), address.port)) {
        return failure(ErrorCode::Unreachable, "cannot listen on " + address.host + " port " +
                                                   std::to_string(address.port) +
                                                   " for metrics: " + m_door.errorString().toStdString());
    }
    return m_door.serverPort();
}

void MetricsPort::take() {
    while (QTcpSocket* const socket = m_door.nextPendingConnection()) {
        if (m_visitors >= mostVisitors) {
            socket->abort();
            socket->deleteLater();
            continue;
        }
        auto* const visitor = new Visitor(*this, socket);
        visitor->setParent(this);
    }
}

}  // namespace tarn::server
