#pragma once

#include "core/server/exchange.h"
#include "core/server/request_head.h"
#include "core/server/session.h"

#include <memory>
#include <optional>

namespace tarn::server {

/// HTTP/1.1 on one connection: one request after the other, each answered before the next is looked at.
///
/// What a client can make it hold is bounded: the head by `Limits::mostHeader`, and a piece of a body in each direction
/// by its claim on the memory. While the store works nothing is read, and while the client does not read nothing is
/// written or begun. Thread: the server's.
class Http1Session final : public Session, private Carrier {
public:
    /// All must outlive it.
    Http1Session(Shared& shared, std::shared_ptr<Client> client, Metrics::Visit& visit, Wire& wire);
    ~Http1Session() override;

    void onBytes() override;
    void onSent() override;
    void checkDeadline(SteadyTime now) override;
    void stop() override;
    void onGone() override;

private:
    enum class Phase : std::uint8_t {
        Head,         ///< waits for a request, or for the rest of its head
        Body,         ///< takes in the body
        DroppedBody,  ///< throws the rest of the body away
        Busy,         ///< the store is at work
        Sending,      ///< a share goes out
        Lingering,    ///< the last reply is out; what the client still sends is thrown away, so that it can read it
        Closing,
    };

    [[nodiscard]] BodyPieces bodyPieces(Exchange& exchange) override;
    [[nodiscard]] std::size_t replyPiece(Exchange& exchange, std::uint64_t length) override;
    void onTaken(Exchange& exchange, std::size_t bytes) override;
    void onReply(Exchange& exchange, ReplyHead head, QByteArray piece) override;
    void onPiece(Exchange& exchange, QByteArray piece) override;

    void advance();
    [[nodiscard]] bool readHead();
    [[nodiscard]] bool readBody();
    [[nodiscard]] bool dropBody();
    void linger();

    void beginRequest(const RequestHead& head);
    void refuse(const RequestHead& head, HttpStatus status, bool authorized);
    void sendMore();
    void sendRest();
    void finishRequest();
    /// Counts the request, now that it is known how it ends.
    void tell(std::optional<Endpoint> endpoint, HttpStatus status);
    /// Answers and hangs up, whatever the client still sends.
    void replyAndLinger(HttpStatus status);
    void close();

    void setDeadline(std::chrono::milliseconds fromNow);
    [[nodiscard]] bool closesAfterReply() const noexcept { return !m_keepAlive || m_shared.stopping; }

    Shared& m_shared;
    const std::shared_ptr<Client> m_client;
    Metrics::Visit& m_visit;
    Wire& m_wire;
    Phase m_phase = Phase::Head;
    bool m_advancing = false;
    std::optional<SteadyTime> m_deadline;

    QByteArray m_input;          ///< bytes behind the last head that was read
    std::size_t m_searched = 0;  ///< of `m_input`, for the end of a head
    bool m_keepAlive = true;
    SteadyTime m_begun;  ///< when the head of the request was whole
    std::uint64_t m_dropLeft = 0;
    QByteArray m_replyAfterBody;
    std::uint64_t m_lingered = 0;

    MemoryBudget::Claim m_readAhead;   ///< of what more may wait to be read than a stranger gets
    MemoryBudget::Claim m_replyClaim;  ///< of the last reply, until nearly all of it is with the system
    QByteArray m_rest;                 ///< of a reply that is whole, what goes out from `m_restAt` on
    qsizetype m_restAt = 0;
    std::shared_ptr<Exchange> m_exchange;
};

}  // namespace tarn::server
