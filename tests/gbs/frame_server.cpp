#include "tests/gbs/frame_server.h"

#include "core/formats/gbs_messages.h"

#include <QSslConfiguration>
#include <QSslSocket>
#include <QtEndian>

#include <algorithm>
#include <memory>

namespace tarn::testing {

namespace {

constexpr const char* preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr qsizetype prefaceSize = 24;
constexpr qsizetype frameHeadSize = 9;

template <typename T>
QByteArray bigEndian(T number) {
    QByteArray bytes(sizeof(T), '\0');
    qToBigEndian(number, bytes.data());
    return bytes;
}

/// A literal that is kept in no table. Source: RFC 7541, section 6.2.2.
QByteArray literal(const QByteArray& name, const QByteArray& value) {
    const auto text = [](const QByteArray& characters) {
        Q_ASSERT(characters.size() < 127);
        return QByteArray(1, static_cast<char>(characters.size())) + characters;
    };
    return QByteArray(1, '\0') + text(name) + text(value);
}

}  // namespace

QByteArray Frame::bytes() const {
    return bigEndian(static_cast<std::uint32_t>(payload.size())).mid(1) + static_cast<char>(type) +
           static_cast<char>(flags) + bigEndian(stream) + payload;
}

FrameServer::FrameServer(Answer answer) : m_identity(selfSigned(makeKey(), "frames")), m_answer(std::move(answer)) {
    QSslConfiguration tls;
    tls.setPrivateKey(m_identity.key);
    tls.setLocalCertificateChain(m_identity.chain);
    tls.setPeerVerifyMode(QSslSocket::VerifyNone);
    tls.setAllowedNextProtocols({QSslConfiguration::ALPNProtocolHTTP2});
    m_listener.setSslConfiguration(tls);
    QObject::connect(&m_listener, &QTcpServer::pendingConnectionAvailable, this, [this] {
        while (m_listener.hasPendingConnections()) {
            take(qobject_cast<QSslSocket*>(m_listener.nextPendingConnection()));
        }
    });
    if (!m_listener.listen(QHostAddress::LocalHost)) {
        qFatal("cannot listen");
    }
}

FrameServer::~FrameServer() {
    for (QSslSocket* const socket : m_sockets) {
        socket->disconnect(this);
    }
}

void FrameServer::hangUp() {
    const auto sockets = m_sockets;
    for (QSslSocket* const socket : sockets) {
        socket->abort();
    }
}

int FrameServer::count(std::uint8_t type) const {
    return static_cast<int>(std::ranges::count(m_frames, type, &Frame::type));
}

void FrameServer::take(QSslSocket* connection) {
    ++m_connections;
    ++m_open;
    m_sockets.push_back(connection);
    connection->write(Frame{Frame::Settings, 0, 0, {}}.bytes());
    const auto pending = std::make_shared<QByteArray>();
    const auto greeted = std::make_shared<bool>(false);
    const auto onBytes = [this, connection, pending, greeted] {
        *pending += connection->readAll();
        if (!*greeted && pending->size() >= prefaceSize) {
            *greeted = pending->startsWith(preface);
            pending->remove(0, prefaceSize);
        }
        while (*greeted && pending->size() >= frameHeadSize) {
            const auto* const bytes = reinterpret_cast<const uchar*>(pending->constData());
            const qsizetype size = (bytes[0] << 16) + (bytes[1] << 8) + bytes[2];
            if (pending->size() < frameHeadSize + size) {
                return;
            }
            const Frame frame{bytes[3], bytes[4], qFromBigEndian<std::uint32_t>(bytes + 5),
                              pending->mid(frameHeadSize, size)};
            pending->remove(0, frameHeadSize + size);
            m_frames.push_back(frame);
            if (frame.type == Frame::Settings && (frame.flags & Frame::ack) == 0) {
                connection->write(Frame{Frame::Settings, Frame::ack, 0, {}}.bytes());
            }
            m_answer(connection, frame);
        }
    };
    QObject::connect(connection, &QSslSocket::readyRead, this, onBytes);
    QObject::connect(connection, &QSslSocket::disconnected, this, [this, connection] {
        --m_open;
        std::erase(m_sockets, connection);
        connection->deleteLater();
    });
    onBytes();
}

formats::ServerAnnouncement FrameServer::announcement() const {
    formats::ServerAnnouncement announcement;
    announcement.id = ServerId("v0-frames");
    announcement.nickname = "frames";
    formats::Nurl nurl;
    nurl.spkiHash = m_identity.pin;
    nurl.host = "127.0.0.1";
    nurl.port = m_listener.serverPort();
    nurl.swissnum = formats::Swissnum("swissnum-of-the-test");
    announcement.nurls.push_back(nurl);
    return announcement;
}

QByteArray head(std::uint32_t stream, int status, const QList<std::pair<QByteArray, QByteArray>>& fields, bool last) {
    QByteArray block = literal(":status", QByteArray::number(status));
    for (const auto& [name, value] : fields) {
        block += literal(name, value);
    }
    return Frame{Frame::Headers, static_cast<std::uint8_t>(Frame::endHeaders | (last ? Frame::endStream : 0)), stream,
                 block}
        .bytes();
}

QByteArray data(std::uint32_t stream, const QByteArray& body, bool last) {
    return Frame{Frame::Data, last ? Frame::endStream : std::uint8_t{0}, stream, body}.bytes();
}

QByteArray version(std::uint32_t stream) {
    const Bytes body = formats::gbs::writeVersionReply({1, 1, 1, "frames"});
    return head(stream, 200, {{"content-type", "application/cbor"}}) +
           data(stream, QByteArray(reinterpret_cast<const char*>(body.data()), static_cast<qsizetype>(body.size())));
}

QByteArray reset(std::uint32_t stream, std::uint32_t reason) {
    return Frame{Frame::ResetStream, 0, stream, bigEndian(reason)}.bytes();
}

QByteArray goAway(std::uint32_t lastStream) {
    return Frame{Frame::GoAway, 0, 0, bigEndian(lastStream) + bigEndian(std::uint32_t{0})}.bytes();
}

}  // namespace tarn::testing
