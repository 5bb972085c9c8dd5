#pragma once

#include "core/foundation/bytes.h"
#include "core/tls/context.h"
#include "core/tls/poller.h"

#include <QByteArray>

#include <memory>
#include <vector>

struct ssl_st;

namespace tarn::tls {

/// TLS on a connected socket, at either end of it. Bytes are read ahead up to a limit, and what is written leaves when
/// the events at hand are done; both are plain here and encrypted on the line.
///
/// Thread: its poller's.
class Socket final : private Poller::Watched {
public:
    /// What a socket tells, from the event loop. It must not be destroyed from within, but may be aborted.
    class Handler {
    public:
        virtual ~Handler() = default;
        /// The handshake is over.
        virtual void onReady() = 0;
        /// There are bytes to read.
        virtual void onBytes() = 0;
        /// Some of what was unsent is with the system now.
        virtual void onSent() = 0;
        /// The connection is gone: closed by either side, or broken. The last call, and never from within a call to it.
        virtual void onOver() = 0;
    };

    /// Takes over `descriptor`. All others must outlive it.
    Socket(const Context& context, Poller& poller, int descriptor, Handler& handler);
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() override;

    [[nodiscard]] bool isHttp2() const;
    /// What the other side showed, in DER; nothing where it showed none.
    [[nodiscard]] Bytes peerCertificate() const;
    /// Whether it is over because the other side does not speak TLS, and not because it hung up.
    [[nodiscard]] bool brokeRules() const noexcept { return m_brokeRules; }

    [[nodiscard]] qint64 available() const noexcept { return m_in.size() - m_inAt; }
    /// All the bytes that are there, until the next call of `took`.
    [[nodiscard]] ByteView arrived() const noexcept;
    /// Drops the first of them.
    void took(qint64 bytes);
    /// How many bytes may wait to be read.
    void setReadAhead(qint64 bytes);
    void write(const QByteArray& bytes);
    /// Written, but not yet with the system.
    [[nodiscard]] qint64 unsent() const noexcept { return m_unsent; }
    /// Hangs up once everything that was written is with the system; `onOver` tells.
    void close();
    /// Hangs up now. Nothing is told any more.
    void abort();

private:
    enum class Phase : std::uint8_t { Handshake, Open, Over };

    void onEvents(bool readable, bool writable, bool broken) override;
    void onLater() override;

    void shakeHands();
    void receive();
    void flush();
    void watch(bool readable, bool writable);
    void askForLater();
    /// What went wrong in a call of OpenSSL: true where it is no more than that it must wait for the line.
    [[nodiscard]] bool mustWait(int outcome);
    void end();

    Poller& m_poller;
    Handler& m_handler;
    int m_descriptor;  ///< -1 once aborted
    ssl_st* m_tls;
    Phase m_phase = Phase::Handshake;
    QByteArray m_in;
    qsizetype m_inAt = 0;
    std::vector<QByteArray> m_out;  ///< what is handed to TLS, in order; long ones as they came
    qsizetype m_outAt = 0;          ///< of the first, what TLS has taken
    qint64 m_unsent = 0;
    qint64 m_readAhead;
    bool m_readable = true;   ///< what the poller watches for
    bool m_writable = false;  ///< the same
    bool m_waitsToWrite = false;
    bool m_receiveAgain = false;  ///< there may be bytes in TLS's own buffers, of which no event tells
    bool m_wrote = false;
    bool m_closing = false;
    bool m_laterAsked = false;
    bool m_brokeRules = false;
};

}  // namespace tarn::tls
