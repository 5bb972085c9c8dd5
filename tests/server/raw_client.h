#pragma once

#include "core/formats/gbs_messages.h"
#include "core/formats/nurl.h"
#include "core/foundation/base32.h"
#include "core/server/server.h"

#include <QElapsedTimer>
#include <QHostAddress>
#include <QMap>
#include <QSslSocket>

#include <optional>

namespace tarn::server::test {

struct Reply {
    int status = 0;
    QMap<QByteArray, QByteArray> fields;  ///< names in lower case
    QByteArray body;
};

/// A client that sends the bytes it is given and reads replies, so that a test may say what no proper client would.
class RawClient {
public:
    static constexpr int patience = 20'000;  // milliseconds; only a broken server needs them

    explicit RawClient(const Server& server, const QString& host = QStringLiteral("127.0.0.1"))
        : RawClient(*formats::parseNurl(server.nurl()), host, server.port()) {}
    explicit RawClient(const formats::Nurl& nurl) : RawClient(nurl, QString::fromStdString(nurl.host), nurl.port) {}
    /// `from`: the address of this computer that it comes from, where that matters.
    RawClient(const formats::Nurl& nurl, const QString& host, std::uint16_t port, const QHostAddress& from = {})
        : m_authorization(authorizationOf(nurl)) {
        if (!from.isNull()) {
            m_socket.bind(from);
        }
        m_socket.setPeerVerifyMode(QSslSocket::VerifyNone);
        m_socket.connectToHostEncrypted(host, port);
        m_connected = m_socket.waitForEncrypted(patience);
    }

    [[nodiscard]] bool connected() const { return m_connected; }
    [[nodiscard]] QSslSocket& socket() { return m_socket; }

    /// What the right swissnum gives as the field's value.
    [[nodiscard]] static QByteArray authorizationOf(const formats::Nurl& nurl) {
        return QByteArray::fromStdString(formats::gbs::writeAuthorization(nurl.swissnum.reveal()));
    }
    /// Says this from now on in place of it; nothing at all for a null array.
    void pretend(const QByteArray& authorization) { m_authorization = authorization; }
    [[nodiscard]] QByteArray authorization() const {
        return m_authorization.isNull() ? QByteArray() : "Authorization: " + m_authorization + "\r\n";
    }
    [[nodiscard]] static QByteArray secret(formats::gbs::SecretKind kind, char fill, int size = 32) {
        const std::string bytes(static_cast<std::size_t>(size), fill);
        return "X-Tahoe-Authorization: " +
               QByteArray::fromStdString(formats::gbs::writeSecretHeader(kind, viewOf(bytes))) + "\r\n";
    }
    [[nodiscard]] static QByteArray upload(char fill) { return secret(formats::gbs::SecretKind::Upload, fill); }
    [[nodiscard]] static QByteArray lease(char fill) {
        return secret(formats::gbs::SecretKind::LeaseRenew, fill) + secret(formats::gbs::SecretKind::LeaseCancel, fill);
    }

    /// A request as a proper client sends it. `fields` are whole lines.
    [[nodiscard]] QByteArray request(const QByteArray& method, const QByteArray& path, const QByteArray& fields = {},
                                     const QByteArray& body = {}) const {
        QByteArray text = method + ' ' + path + " HTTP/1.1\r\nHost: x\r\n" + authorization() + fields;
        if (!body.isEmpty()) {
            text += "Content-Length: " + QByteArray::number(body.size()) + "\r\n";
        }
        return text + "\r\n" + body;
    }

    void send(const QByteArray& bytes) {
        m_socket.write(bytes);
        while (m_socket.bytesToWrite() > 0 && m_socket.waitForBytesWritten(patience)) {
        }
    }

    /// The next reply; status 0 when the connection ended first.
    [[nodiscard]] Reply read() {
        Reply reply;
        qsizetype end = -1;
        while ((end = m_input.indexOf("\r\n\r\n")) < 0) {
            if (!more()) {
                return reply;
            }
        }
        const QList<QByteArray> lines = m_input.left(end).split('\n');
        m_input.remove(0, end + 4);
        const int status = lines[0].split(' ').value(1).toInt();
        for (const QByteArray& line : lines.mid(1)) {
            const qsizetype colon = line.indexOf(':');
            reply.fields[line.left(colon).toLower()] = line.mid(colon + 1).trimmed();
        }
        const qsizetype length = reply.fields.value("content-length").toLongLong();
        while (m_input.size() < length) {
            if (!more()) {
                return {};
            }
        }
        reply.status = status;
        reply.body = m_input.left(length);
        m_input.remove(0, length);
        return reply;
    }

    [[nodiscard]] Reply ask(const QByteArray& method, const QByteArray& path, const QByteArray& fields = {},
                            const QByteArray& body = {}) {
        send(request(method, path, fields, body));
        return read();
    }

    /// Whether the server hangs up without another byte.
    [[nodiscard]] bool ended() {
        while (more()) {
        }
        return m_input.isEmpty() && m_socket.state() == QAbstractSocket::UnconnectedState;
    }

private:
    [[nodiscard]] bool more() {
        if (m_socket.bytesAvailable() == 0 && !m_socket.waitForReadyRead(patience)) {
            return false;
        }
        m_input += m_socket.readAll();
        return true;
    }

    QByteArray m_authorization;
    QSslSocket m_socket;
    bool m_connected = false;
    QByteArray m_input;
};

/// A bucket's path. `letter` tells buckets apart.
inline QByteArray bucket(char letter) {
    return "/storage/v1/immutable/" + QByteArray(1, letter) + QByteArray(25, 'a');
}

inline QByteArray allocateBody(std::initializer_list<std::uint16_t> numbers, std::uint64_t size) {
    formats::gbs::AllocateRequest request;
    for (const std::uint16_t number : numbers) {
        request.shares.insert(ShareNum(number));
    }
    request.allocatedSize = size;
    const Bytes bytes = formats::gbs::writeAllocateRequest(request);
    return {reinterpret_cast<const char*>(bytes.data()), static_cast<qsizetype>(bytes.size())};
}

inline ByteView viewOf(const QByteArray& bytes) {
    return {reinterpret_cast<const Byte*>(bytes.constData()), static_cast<std::size_t>(bytes.size())};
}

inline QByteArray contentRange(std::uint64_t begin, std::uint64_t end) {
    return "Content-Range: " + QByteArray::fromStdString(formats::gbs::writeContentRange({begin, end})) + "\r\n";
}

inline QByteArray rangeField(const QByteArray& range) {
    return "Range: " + range + "\r\n";
}

inline QByteArray pattern(qsizetype size, unsigned seed) {
    QByteArray bytes(size, Qt::Uninitialized);
    std::uint32_t state = seed * 2654435761U + 1;
    for (char& byte : bytes) {
        state = state * 1664525U + 1013904223U;
        byte = static_cast<char>(state >> 24U);
    }
    return bytes;
}

inline Result<std::unique_ptr<Server>> startServer(const QString& folder, const Limits& limits = {}) {
    Options options;
    options.store.folder = folder.toStdString();
    options.limits = limits;
    return Server::start(options, std::make_shared<SystemClock>(), std::make_shared<SystemRandom>());
}

}  // namespace tarn::server::test
