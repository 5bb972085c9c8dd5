#pragma once

#include "tests/server/raw_client.h"

#include <QList>
#include <QPair>
#include <QSslConfiguration>

#include <memory>

#include <nghttp2/nghttp2.h>

namespace tarn::server::test {

/// One frame of HTTP/2. Source: RFC 9113, section 4.1.
struct Frame {
    std::uint8_t type = 0;
    std::uint8_t flags = 0;
    std::uint32_t stream = 0;
    QByteArray payload;
};

/// A client that writes HTTP/2 frames by hand, so that a test may send what no proper client would.
class RawHttp2Client {
public:
    using Fields = QList<QPair<QByteArray, QByteArray>>;
    enum Type : std::uint8_t {
        Data,
        Headers,
        Priority,
        Reset,
        Settings,
        Push,
        Ping,
        GoAway,
        WindowUpdate,
        Continuation
    };
    static constexpr std::uint8_t endStream = 1;
    static constexpr std::uint8_t endHeaders = 4;

    /// `settings`: the payload of the first SETTINGS frame.
    explicit RawHttp2Client(const Server& server, const QByteArray& settings = {})
        : RawHttp2Client(*formats::parseNurl(server.nurl()), settings) {}
    /// `from`: the address of this computer that it comes from, where that matters.
    explicit RawHttp2Client(const formats::Nurl& nurl, const QByteArray& settings = {}, const QHostAddress& from = {})
        : m_authorization(RawClient::authorizationOf(nurl)) {
        if (!from.isNull()) {
            m_socket.bind(from);
        }
        QSslConfiguration tls = m_socket.sslConfiguration();
        tls.setAllowedNextProtocols({QSslConfiguration::ALPNProtocolHTTP2});
        tls.setPeerVerifyMode(QSslSocket::VerifyNone);
        m_socket.setSslConfiguration(tls);
        m_socket.connectToHostEncrypted(QStringLiteral("127.0.0.1"), nurl.port);
        m_connected = m_socket.waitForEncrypted(RawClient::patience) &&
                      m_socket.sslConfiguration().nextNegotiatedProtocol() == QSslConfiguration::ALPNProtocolHTTP2;
        nghttp2_hd_inflate_new(&m_inflater);
        send(QByteArray(NGHTTP2_CLIENT_MAGIC) + frame(Settings, 0, 0, settings));
    }
    RawHttp2Client(const RawHttp2Client&) = delete;
    RawHttp2Client& operator=(const RawHttp2Client&) = delete;
    ~RawHttp2Client() { nghttp2_hd_inflate_del(m_inflater); }

    [[nodiscard]] bool connected() const { return m_connected; }
    [[nodiscard]] QSslSocket& socket() { return m_socket; }

    [[nodiscard]] static QByteArray frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                                          const QByteArray& payload = {}) {
        QByteArray bytes = number(static_cast<std::uint32_t>(payload.size())).mid(1);
        bytes += static_cast<char>(type);
        bytes += static_cast<char>(flags);
        return bytes + number(stream) + payload;
    }
    /// A whole header block, in as many frames as it needs.
    [[nodiscard]] static QByteArray headers(std::uint8_t flags, std::uint32_t stream, const QByteArray& block) {
        constexpr qsizetype most = 16'384;
        QByteArray bytes = frame(Headers, flags | (block.size() <= most ? endHeaders : 0), stream, block.left(most));
        for (qsizetype at = most; at < block.size(); at += most) {
            bytes += frame(Continuation, at + most >= block.size() ? endHeaders : 0, stream, block.mid(at, most));
        }
        return bytes;
    }
    [[nodiscard]] static QByteArray number(std::uint32_t value) {
        QByteArray bytes;
        for (int shift = 24; shift >= 0; shift -= 8) {
            bytes += static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xFFU);
        }
        return bytes;
    }
    /// One entry of a SETTINGS frame.
    [[nodiscard]] static QByteArray setting(std::uint8_t id, std::uint32_t value) {
        return QByteArray(1, '\0') + static_cast<char>(id) + number(value);
    }
    /// A header block in which every field stands as it is.
    [[nodiscard]] static QByteArray block(const Fields& fields) {
        QByteArray bytes;
        for (const auto& [name, value] : fields) {
            bytes += QByteArray(1, '\0') + text(name) + text(value);
        }
        return bytes;
    }
    [[nodiscard]] Fields head(const QByteArray& method, const QByteArray& path, const Fields& fields = {}) const {
        Fields all{{":method", method}, {":scheme", "https"}, {":path", path}, {":authority", "x"}};
        if (!m_authorization.isNull()) {
            all.append({"authorization", m_authorization});
        }
        return all + fields;
    }
    /// See RawClient::pretend.
    void pretend(const QByteArray& authorization) { m_authorization = authorization; }
    /// The lines that RawClient takes, as fields.
    [[nodiscard]] static Fields fieldsOf(const QByteArray& lines) {
        Fields fields;
        for (const QByteArray& line : lines.split('\n')) {
            const qsizetype colon = line.indexOf(':');
            if (colon > 0) {
                fields.append({line.left(colon).toLower(), line.mid(colon + 1).trimmed()});
            }
        }
        return fields;
    }

    void send(const QByteArray& bytes) {
        m_socket.write(bytes);
        while (m_socket.bytesToWrite() > 0 && m_socket.waitForBytesWritten(RawClient::patience)) {
        }
    }
    /// Sends a whole request, whose body must fit into a frame, and says on which stream.
    std::uint32_t request(const QByteArray& method, const QByteArray& path, const QByteArray& lines = {},
                          const QByteArray& body = {}) {
        Fields fields = fieldsOf(lines);
        if (!body.isEmpty()) {
            fields.append({"content-length", QByteArray::number(body.size())});
        }
        const std::uint32_t stream = nextStream();
        const std::uint8_t last = body.isEmpty() ? endStream : 0;
        send(headers(last, stream, block(head(method, path, fields))) +
             (body.isEmpty() ? QByteArray() : frame(Data, endStream, stream, body)));
        return stream;
    }
    [[nodiscard]] std::uint32_t nextStream() { return std::exchange(m_next, m_next + 2); }

    /// The next frame; nothing when the connection ended first.
    [[nodiscard]] std::optional<Frame> read() {
        constexpr qsizetype headSize = 9;
        while (m_input.size() < headSize || m_input.size() < headSize + lengthAt(m_input)) {
            if (m_socket.bytesAvailable() == 0 && !m_socket.waitForReadyRead(RawClient::patience)) {
                return std::nullopt;
            }
            m_input += m_socket.readAll();
        }
        const qsizetype length = lengthAt(m_input);
        Frame frame;
        frame.type = static_cast<std::uint8_t>(m_input[3]);
        frame.flags = static_cast<std::uint8_t>(m_input[4]);
        frame.stream = valueOf(m_input.mid(5, 4));
        frame.payload = m_input.mid(headSize, length);
        m_input.remove(0, headSize + length);
        if (frame.type == GoAway) {
            m_goAway = static_cast<int>(valueOf(frame.payload.mid(4, 4)));
        }
        return frame;
    }
    /// The whole reply on a stream; a status below 0 is that of a reset, 0 the end of the connection. Others' frames
    /// go.
    [[nodiscard]] Reply reply(std::uint32_t stream) {
        Reply reply;
        while (const auto frame = read()) {
            if (frame->type == Headers) {
                const Reply head = headOf(frame->payload);
                if (frame->stream == stream && head.status != 100) {
                    reply = head;
                }
            }
            if (frame->stream != stream) {
                continue;
            }
            if (frame->type == Reset) {
                reply.status = -static_cast<int>(valueOf(frame->payload));
                return reply;
            }
            if (frame->type == Data) {
                reply.body += frame->payload;
            }
            if ((frame->type == Data || frame->type == Headers) && (frame->flags & endStream) != 0) {
                return reply;
            }
        }
        return {};
    }
    [[nodiscard]] Reply ask(const QByteArray& method, const QByteArray& path, const QByteArray& lines = {},
                            const QByteArray& body = {}) {
        return reply(request(method, path, lines, body));
    }
    /// What a header block says. Each block that comes must be read, in turn.
    [[nodiscard]] Reply headOf(const QByteArray& payload) {
        Reply reply;
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(payload.constData());
        auto left = static_cast<std::size_t>(payload.size());
        while (true) {
            nghttp2_nv field{};
            int flags = 0;
            const ssize_t taken = nghttp2_hd_inflate_hd2(m_inflater, &field, &flags, bytes, left, 1);
            if (taken < 0) {
                return {};
            }
            bytes += taken;
            left -= static_cast<std::size_t>(taken);
            if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
                const QByteArray name(reinterpret_cast<const char*>(field.name), static_cast<qsizetype>(field.namelen));
                const QByteArray value(reinterpret_cast<const char*>(field.value),
                                       static_cast<qsizetype>(field.valuelen));
                reply.fields[name] = value;
            }
            if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) {
                nghttp2_hd_inflate_end_headers(m_inflater);
                break;
            }
        }
        reply.status = reply.fields.value(":status").toInt();
        return reply;
    }
    /// Whether the server hangs up, whatever it still says.
    [[nodiscard]] bool ended() {
        while (read()) {
        }
        return m_socket.state() != QAbstractSocket::ConnectedState;
    }
    /// The code of the farewell; -1 when none came.
    [[nodiscard]] int goAway() const { return m_goAway; }

private:
    [[nodiscard]] static QByteArray text(const QByteArray& bytes) {
        // A length in seven bits, and what does not fit in groups of seven bits after it. Source: RFC 7541, section 5.
        constexpr qsizetype most = 127;
        if (bytes.size() < most) {
            return QByteArray(1, static_cast<char>(bytes.size())) + bytes;
        }
        QByteArray length(1, static_cast<char>(most));
        qsizetype rest = bytes.size() - most;
        for (; rest >= 128; rest /= 128) {
            length += static_cast<char>(128 + rest % 128);
        }
        return length + static_cast<char>(rest) + bytes;
    }
    [[nodiscard]] static std::uint32_t valueOf(const QByteArray& bytes) {
        std::uint32_t value = 0;
        for (const char byte : bytes) {
            value = (value << 8U) | static_cast<std::uint8_t>(byte);
        }
        return value;
    }
    [[nodiscard]] static qsizetype lengthAt(const QByteArray& bytes) { return valueOf(bytes.left(3)); }
    QByteArray m_authorization;
    QSslSocket m_socket;
    bool m_connected = false;
    QByteArray m_input;
    std::uint32_t m_next = 1;
    int m_goAway = -1;
    nghttp2_hd_inflater* m_inflater = nullptr;
};

}  // namespace tarn::server::test
