#pragma once

#include "core/server/call.h"
#include "core/server/operations.h"
#include "core/server/reply.h"
#include "core/server/shared.h"

#include <memory>
#include <optional>
#include <variant>

namespace tarn::server {

class Exchange;

/// How an exchange's bytes travel: what a session does for the exchanges it carries. Calls may come from within one to
/// the exchange.
class Carrier {
public:
    virtual ~Carrier() = default;
    /// The pieces in which a share's body goes to the store, and what vouches for the memory of those that the store
    /// has, for as long as it has them.
    struct BodyPieces {
        std::size_t size = 0;
        std::shared_ptr<const void> memory;
    };
    [[nodiscard]] virtual BodyPieces bodyPieces(Exchange& exchange) = 0;
    /// The pieces in which a share is read for a reply of at most `length` bytes, as far as that is known.
    [[nodiscard]] virtual std::size_t replyPiece(Exchange& exchange, std::uint64_t length) = 0;
    /// The store has taken `bytes` more of the body: as many may come again.
    virtual void onTaken(Exchange& exchange, std::size_t bytes) = 0;
    /// The reply, with the first bytes of its body; comes once, perhaps before the whole body of the request came. The
    /// carrier then takes what vouches for those bytes, if there is anything: `takeReplyMemory`.
    virtual void onReply(Exchange& exchange, ReplyHead head, QByteArray piece) = 0;
    /// The bytes that `readMore` asked for; none when the disk failed and the reply cannot be finished.
    virtual void onPiece(Exchange& exchange, QByteArray piece) = 0;
};

/// One request that may go on, and its reply, whatever version of HTTP carries them: takes the body in as the store
/// takes it, has the store do the work on the disk pool, and gives the reply out as the carrier asks for it.
///
/// Holds one piece of the body and what arrives while the store works on another, both bounded by its carrier. When the
/// carrier lets go of it, work that is begun is finished and its outcome dropped. Thread: the server's.
class Exchange final : public std::enable_shared_from_this<Exchange> {
public:
    /// Judges a request by its head. A refusal is the carrier's to answer. `carrier` must outlive the exchange;
    /// `number` is how it knows it.
    [[nodiscard]] static std::variant<std::shared_ptr<Exchange>, Refusal>
    open(Shared& shared, const std::shared_ptr<Client>& client, Carrier& carrier, const RequestHead& head,
         std::int32_t number = 0);

    /// To be called once, when the carrier knows the exchange: without a body the work begins here.
    void begin();

    /// Whether the store is at work for it.
    [[nodiscard]] bool busy() const noexcept { return m_busy; }
    [[nodiscard]] std::int32_t number() const noexcept { return m_number; }
    [[nodiscard]] Endpoint endpoint() const noexcept { return m_call.endpoint; }
    [[nodiscard]] std::uint64_t bodyLeft() const noexcept { return m_bodyLeft; }
    /// How many bytes of the body fit into the piece that is collected; none when no body is left or wanted, or while
    /// the store works.
    [[nodiscard]] std::size_t wanted() const noexcept;
    /// The next bytes of the body, which must not be more than are left. More than `wanted` may come, as far as the
    /// carrier vouches for the memory.
    void take(ByteView bytes);
    /// Room for the next `size` bytes of the body, as for `take`.
    [[nodiscard]] MutableByteView room(std::size_t size);
    /// Of that room of `size` bytes, the last `unused` were not needed.
    void filled(std::size_t size, std::size_t unused);
    /// Has the store take what is there of the body before the piece is full: a share's bytes are worth keeping also
    /// where the rest of them will not come.
    void flush();

    /// To be kept until the reply is with the system.
    [[nodiscard]] MemoryBudget::Claim takeReplyMemory() { return std::move(m_replyMemory); }

    /// Whether the reply's body goes on after the pieces that came.
    [[nodiscard]] bool moreToRead() const noexcept { return m_readNext < m_readEnd; }
    /// Asks for the next piece, which comes as `onPiece`. One at a time.
    void readMore();
    [[nodiscard]] bool reading() const noexcept { return m_reading; }

private:
    enum class Body : std::uint8_t { None, Message, Share, Dropped };

    /// Counts the exchange for its client for as long as it lasts, and longer while the store works for it.
    class Ticket {
    public:
        explicit Ticket(std::shared_ptr<Client> client) : m_client(std::move(client)) { ++m_client->exchanges; }
        Ticket(const Ticket&) = delete;
        Ticket& operator=(const Ticket&) = delete;
        ~Ticket() { --m_client->exchanges; }

        [[nodiscard]] MemoryBudget& budget() noexcept { return m_client->memory; }

        std::shared_ptr<const void> memory;  ///< of the body's pieces

    private:
        const std::shared_ptr<Client> m_client;
    };

    Exchange(Shared& shared, const std::shared_ptr<Client>& client, Carrier& carrier, std::int32_t number, Call call);

    void beginPiece(std::size_t size);
    using Piece = std::shared_ptr<const Bytes>;
    void afterPiece(const Piece& piece, const Outcome& outcome);
    void perform();
    void performVersion();
    void performList();
    void answer(const Outcome& outcome);
    void answerWithShare(ReadOutcome outcome);

    /// Runs `work` on the disk pool, then `then(*this, result)` here if the exchange is still there.
    template <typename Work, typename Then>
    void onDisk(Work work, Then then);

    Shared& m_shared;
    Carrier& m_carrier;
    const std::int32_t m_number;
    Call m_call;
    std::shared_ptr<Ticket> m_ticket;

    Body m_kind = Body::None;
    std::uint64_t m_bodyLeft = 0;  ///< bytes of the body that have not come
    Bytes m_body;                  ///< what came and was not given to the store
    std::size_t m_pieceSize = 0;
    std::uint64_t m_written = 0;  ///< bytes of the body that the store was given
    bool m_busy = false;
    bool m_answered = false;
    MemoryBudget::Claim m_replyMemory;

    std::shared_ptr<const bucketstore::ShareReader> m_reader;
    std::uint64_t m_readNext = 0;
    std::uint64_t m_readEnd = 0;
    std::size_t m_readPiece = 0;
    bool m_reading = false;
};

}  // namespace tarn::server
