#pragma once

#include "core/formats/grid_file.h"
#include "tests/gbs/identity.h"

#include <QByteArray>
#include <QObject>
#include <QSslServer>

#include <cstdint>
#include <functional>
#include <vector>

class QSslSocket;

namespace tarn::testing {

/// One frame of HTTP/2, as it stands on the line. Source: RFC 9113, section 4.1.
struct Frame {
    enum Type : std::uint8_t {
        Data = 0,
        Headers = 1,
        ResetStream = 3,
        Settings = 4,
        PushPromise = 5,
        Ping = 6,
        GoAway = 7,
        WindowUpdate = 8,
    };
    static constexpr std::uint8_t endStream = 1;  // of Data and Headers
    static constexpr std::uint8_t ack = 1;        // of Settings and Ping
    static constexpr std::uint8_t endHeaders = 4;

    std::uint8_t type = Data;
    std::uint8_t flags = 0;
    std::uint32_t stream = 0;
    QByteArray payload;

    [[nodiscard]] QByteArray bytes() const;
    /// Whether the client has said all of its request by this.
    [[nodiscard]] bool endsRequest() const { return (type == Headers || type == Data) && (flags & endStream) != 0; }
};

/// A TLS server that agrees on HTTP/2 and answers as the test says, frame by frame: it knows no rule that it could not
/// break. Thread: the test's.
class FrameServer : public QObject {
public:
    /// Called with each frame, on the connection it came on.
    using Answer = std::function<void(QSslSocket* connection, const Frame& frame)>;

    explicit FrameServer(Answer answer);
    ~FrameServer() override;

    void setAnswer(Answer answer) { m_answer = std::move(answer); }
    [[nodiscard]] formats::ServerAnnouncement announcement() const;
    [[nodiscard]] int connections() const { return m_connections; }
    [[nodiscard]] int open() const { return m_open; }
    /// Every frame that came, on any connection.
    [[nodiscard]] const std::vector<Frame>& frames() const { return m_frames; }
    [[nodiscard]] int count(std::uint8_t type) const;
    /// Hangs up on everybody.
    void hangUp();

private:
    void take(QSslSocket* connection);

    Identity m_identity;
    Answer m_answer;
    QSslServer m_listener;
    std::vector<Frame> m_frames;
    std::vector<QSslSocket*> m_sockets;
    int m_connections = 0;
    int m_open = 0;
};

/// An answer's head, with a status of three digits and fields in HPACK's plainest form.
[[nodiscard]] QByteArray head(std::uint32_t stream, int status, const QList<std::pair<QByteArray, QByteArray>>& fields,
                              bool last = false);
/// An answer's body, or a part of it.
[[nodiscard]] QByteArray data(std::uint32_t stream, const QByteArray& body, bool last = true);
/// A whole, good answer to "which version are you".
[[nodiscard]] QByteArray version(std::uint32_t stream);
[[nodiscard]] QByteArray reset(std::uint32_t stream, std::uint32_t reason);
[[nodiscard]] QByteArray goAway(std::uint32_t lastStream);

}  // namespace tarn::testing
