#pragma once

#include "core/bucketstore/bucket_store.h"
#include "core/foundation/clock.h"
#include "core/server/call.h"
#include "core/server/metrics.h"
#include "core/server/operations.h"
#include "core/server/server.h"

#include <QObject>
#include <QPointer>
#include <QSslConfiguration>
#include <QSslSocket>
#include <QThreadPool>

#include <memory>
#include <optional>
#include <string>

namespace tarn::server {

/// What the connections of one server share. Thread: the server's, but for the metrics and the store.
struct Shared {
    std::shared_ptr<bucketstore::BucketStore> store;
    std::shared_ptr<Clock> clock;
    std::shared_ptr<Metrics> metrics;
    Limits limits;
    std::string authorization;  ///< what the Authorization field must be. Secret

    QObject* home = nullptr;  ///< lives on the server's thread for as long as `disk` has work
    QThreadPool* disk = nullptr;
    bool stopping = false;
    Outcome version;  ///< the last answer to a version request, for the many that ask
    std::optional<SteadyTime> versionTime;
    std::uint64_t bodiesHeld = 0;  ///< bytes that connections may have in memory of share bodies
};

/// One client's connection: TLS, then one HTTP request after the other, each answered before the next is looked at.
///
/// What a client can make it hold is bounded: the head by `Limits::mostHeader`, messages by `mostCborBody`, a share's
/// body and a share that is read by a piece each. While the store works nothing is read, and while the client does not
/// read nothing is written or begun. Thread: the server's. `finished` comes once, when the socket is gone; the owner
/// then deletes it later.
class Connection final : public QObject {
    Q_OBJECT

public:
    Connection(Shared& shared, qintptr descriptor, const QSslConfiguration& configuration);
    ~Connection() override;

    /// Ends the connection if the time for what it waits for is over.
    void checkDeadline(SteadyTime now);
    /// Ends the connection now, or after the reply to the request that is under way.
    void stop();
    void abort();

Q_SIGNALS:
    void finished();

private:
    enum class Phase : std::uint8_t {
        Handshake,
        Head,         ///< waits for a request, or for the rest of its head
        MessageBody,  ///< collects a CBOR body
        ShareBody,    ///< collects the next piece of a share
        DroppedBody,  ///< throws a body away
        Busy,         ///< the store is at work
        Sending,      ///< a share goes out
        Lingering,    ///< the last reply is out; what the client still sends is thrown away, so that it can read it
        Closing,
    };

    void advance();
    [[nodiscard]] bool readHead();
    [[nodiscard]] bool readMessage();
    [[nodiscard]] bool readSharePiece();
    [[nodiscard]] bool dropBody();
    void linger();

    void beginRequest(const RequestHead& head);
    void refuse(const RequestHead& head, const Refusal& refusal);
    void perform();
    void performVersion();
    void afterPiece(Outcome outcome);
    /// Counts the request, now that it is known how it ends.
    void tell(HttpStatus status);
    void reply(const Outcome& outcome);
    void replyWithShare(ReadOutcome outcome);
    void sendMore();
    void finishRequest();
    /// Answers and hangs up, whatever the client still sends.
    void replyAndLinger(HttpStatus status);
    void close();

    /// Runs `work` on the disk pool, then `then(result)` here if the connection is still there.
    template <typename Work, typename Then>
    void onDisk(Work work, Then then);

    [[nodiscard]] bool fillBody(std::size_t target);
    void startBody();
    void releaseBody();
    void setDeadline(std::chrono::milliseconds fromNow);
    [[nodiscard]] bool closesAfterReply() const noexcept { return !m_keepAlive || m_shared.stopping; }
    [[nodiscard]] qint64 unsent() const { return m_socket.bytesToWrite() + m_socket.encryptedBytesToWrite(); }
    void write(const QByteArray& bytes);

    Shared& m_shared;
    QSslSocket m_socket;
    std::unique_ptr<Metrics::Visit> m_visit;
    Phase m_phase = Phase::Handshake;
    std::optional<SteadyTime> m_deadline;
    bool m_finished = false;

    QByteArray m_input;          ///< bytes behind the last head that was read
    std::size_t m_searched = 0;  ///< of `m_input`, for the end of a head
    bool m_keepAlive = true;
    SteadyTime m_begun;                  ///< when the head of the request was whole
    std::optional<Endpoint> m_endpoint;  ///< none where the head is refused
    Call m_call;
    std::optional<HttpStatus> m_refusal;  ///< the reply once a body was thrown away
    std::uint64_t m_bodyLeft = 0;         ///< bytes of the body that have not been taken in
    Bytes m_body;
    std::size_t m_pieceSize = 0;
    std::uint64_t m_lingered = 0;

    std::shared_ptr<const bucketstore::ShareReader> m_reader;
    std::uint64_t m_readNext = 0;
    std::uint64_t m_readEnd = 0;
    bool m_reading = false;
};

}  // namespace tarn::server
