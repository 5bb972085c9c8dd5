#include "core/server/exchange.h"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>

namespace tarn::server {

namespace {

constexpr std::chrono::milliseconds versionKept{1000};
/// In such pieces a body is thrown away.
constexpr std::uint64_t dropPiece = 16ULL * 1024;
/// A reply up to this size is within what every connection may take.
constexpr std::size_t smallReply = 512;
/// What 256 share numbers take, and the heads of as many shares.
constexpr std::size_t mostShareList = 4096;
/// Of what is being sent, TLS and the socket hold so much besides.
constexpr std::size_t sentTwice = 512UL * 1024;

}  // namespace

std::variant<std::shared_ptr<Exchange>, Refusal> Exchange::open(Shared& shared, const std::shared_ptr<Client>& client,
                                                                Carrier& carrier, const RequestHead& head,
                                                                std::int32_t number) {
    auto decision = readCall(head, shared.authorization, shared.limits);
    if (const auto* const refusal = std::get_if<Refusal>(&decision)) {
        return *refusal;
    }
    std::get<Call>(decision).client = client->address;
    const Refusal tooMuch{HttpStatus::Unavailable, true};
    if (client->exchanges >= shared.limits.mostExchangesPerClient) {
        return tooMuch;
    }
    // Not make_shared: the constructor is private.
    const std::shared_ptr<Exchange> exchange(
        new Exchange(shared, client, carrier, number, std::move(std::get<Call>(decision))));
    if (exchange->m_kind == Body::Message) {
        auto claim = client->memory.tryClaim(static_cast<std::size_t>(exchange->m_bodyLeft));
        if (!claim) {
            return tooMuch;
        }
        exchange->m_ticket->memory = std::make_shared<MemoryBudget::Claim>(std::move(*claim));
    }
    return exchange;
}

Exchange::Exchange(Shared& shared, const std::shared_ptr<Client>& client, Carrier& carrier, std::int32_t number,
                   Call call)
    : m_shared(shared), m_carrier(carrier), m_number(number), m_call(std::move(call)),
      m_ticket(std::make_shared<Ticket>(client)), m_bodyLeft(m_call.bodyLength) {
    if (m_bodyLeft == 0) {
        return;
    }
    switch (m_call.endpoint) {
    case Endpoint::Allocate:
    case Endpoint::AdviseCorrupt:
    case Endpoint::ReadTestWrite:
        m_kind = Body::Message;
        m_pieceSize = static_cast<std::size_t>(m_bodyLeft);
        break;
    case Endpoint::WriteShare: m_kind = Body::Share; break;
    default:
        m_kind = Body::Dropped;
        m_pieceSize = static_cast<std::size_t>(std::min<std::uint64_t>(m_bodyLeft, dropPiece));
        break;
    }
}

void Exchange::begin() {
    if (m_kind == Body::Share) {
        Carrier::BodyPieces pieces = m_carrier.bodyPieces(*this);
        m_pieceSize = static_cast<std::size_t>(std::min<std::uint64_t>(pieces.size, m_bodyLeft));
        m_ticket->memory = std::move(pieces.memory);
    }
    if (m_kind == Body::None) {
        perform();
    }
}

std::size_t Exchange::wanted() const noexcept {
    if (m_busy || m_answered || m_body.size() >= m_pieceSize) {
        return 0;
    }
    return static_cast<std::size_t>(std::min<std::uint64_t>(m_pieceSize - m_body.size(), m_bodyLeft));
}

/// A piece is made room for when its first `size` bytes come, and not before.
void Exchange::beginPiece(std::size_t size) {
    if (m_body.empty()) {
        m_body.reserve(std::max(m_pieceSize, size));
    }
}

void Exchange::take(ByteView bytes) {
    beginPiece(bytes.size());
    m_body.insert(m_body.end(), bytes.begin(), bytes.end());
    m_bodyLeft -= bytes.size();
    filled(bytes.size(), 0);
}

MutableByteView Exchange::room(std::size_t size) {
    beginPiece(size);
    const std::size_t before = m_body.size();
    m_body.resize(before + size);
    m_bodyLeft -= size;
    return MutableByteView(m_body).subspan(before);
}

void Exchange::filled(std::size_t size, std::size_t unused) {
    const auto self = shared_from_this();
    m_body.resize(m_body.size() - unused);
    m_bodyLeft += unused;
    m_shared.metrics->bodyReceived(size - unused);
    if (m_answered) {
        m_body.clear();
    }
    switch (m_kind) {
    case Body::Message: m_carrier.onTaken(*this, size - unused); break;
    case Body::Dropped:
        m_body.clear();
        m_carrier.onTaken(*this, size - unused);
        break;
    case Body::Share:
        if (m_body.size() >= m_pieceSize || m_bodyLeft == 0) {
            flush();
        }
        return;
    case Body::None: return;
    }
    if (m_bodyLeft == 0) {
        perform();
    }
}

void Exchange::flush() {
    if (m_kind != Body::Share || m_busy || m_answered || m_body.empty()) {
        return;
    }
    const auto piece = std::make_shared<const Bytes>(std::exchange(m_body, {}));
    onDisk(
        [store = m_shared.store, call = m_call, at = m_written, piece] { return writePiece(*store, call, at, *piece); },
        [piece](Exchange& self, const Outcome& outcome) { self.afterPiece(piece, outcome); });
}

void Exchange::afterPiece(const Piece& piece, const Outcome& outcome) {
    const std::size_t size = piece->size();
    m_written += size;
    const bool good = outcome.status == HttpStatus::Ok || outcome.status == HttpStatus::Created;
    if (!good || m_written == m_call.bodyLength) {
        m_answered = true;
        m_carrier.onTaken(*this, size);
        answer(outcome);
        return;
    }
    if (m_body.size() >= m_pieceSize || m_bodyLeft == 0) {
        flush();
    }
    m_carrier.onTaken(*this, size);
}

template <typename Work, typename Then>
void Exchange::onDisk(Work work, Then then) {
    m_busy = true;
    const auto result = std::make_shared<std::optional<std::invoke_result_t<Work&>>>();
    m_shared.disk->start([result, work = std::move(work)]() mutable { result->emplace(work()); },
                         [weak = weak_from_this(), ticket = m_ticket, result, then] {
                             if (const auto self = weak.lock()) {
                                 self->m_busy = false;
                                 then(*self, std::move(**result));
                             }
                         });
}

void Exchange::perform() {
    const auto reply = [](Exchange& self, const Outcome& outcome) {
        self.answer(outcome);
    };
    const auto& store = m_shared.store;
    switch (m_call.endpoint) {
    case Endpoint::Version: performVersion(); break;
    case Endpoint::Allocate:
        onDisk([store, call = m_call, body = std::exchange(m_body, {})] { return allocate(*store, call, body); },
               reply);
        break;
    case Endpoint::WriteShare:
        // No range is empty, so a body that is cannot be what the range says; see readCall.
        answer({HttpStatus::BadRequest, BodyType::None, {}});
        break;
    case Endpoint::ReadTestWrite:
        onDisk([store, call = m_call, body = std::exchange(m_body, {})] { return readTestWrite(*store, call, body); },
               reply);
        break;
    case Endpoint::ListSlot: onDisk([store, call = m_call] { return listSlot(*store, call); }, reply); break;
    case Endpoint::ReadShare:
    case Endpoint::ReadSlotShare:
        m_readPiece = m_carrier.replyPiece(*this, m_call.range ? m_call.range->end - m_call.range->begin
                                                               : std::numeric_limits<std::uint64_t>::max());
        // A small read that the system can answer from memory spares the way to another thread.
        if (auto outcome = beginCachedRead(*store, m_call, m_readPiece)) {
            answerWithShare(std::move(*outcome));
            break;
        }
        onDisk([store, call = m_call, most = m_readPiece] { return beginRead(*store, call, most); },
               [](Exchange& self, ReadOutcome outcome) { self.answerWithShare(std::move(outcome)); });
        break;
    case Endpoint::AbortShare: onDisk([store, call = m_call] { return abortShare(*store, call); }, reply); break;
    case Endpoint::AdviseCorrupt:
        onDisk([store, call = m_call, body = std::exchange(m_body, {})] { return adviseCorrupt(*store, call, body); },
               reply);
        break;
    case Endpoint::ListShares: performList(); break;
    case Endpoint::AddLease: onDisk([store, call = m_call] { return addLease(*store, call); }, reply); break;
    }
}

/// Where there is no room for shares that would come along, their list goes alone.
void Exchange::performList() {
    if (m_call.along.value_or(0) > 0) {
        auto claim = m_ticket->budget().tryClaim(2 * (*m_call.along + mostShareList));
        if (claim) {
            m_replyMemory = std::move(*claim);
        } else {
            m_call.along = 0;
        }
    }
    onDisk([store = m_shared.store, call = m_call] { return listShares(*store, call); },
           [](Exchange& self, const Outcome& outcome) { self.answer(outcome); });
}

void Exchange::performVersion() {
    const SteadyTime now = m_shared.clock->steadyNow();
    if (m_shared.versionTime && now - *m_shared.versionTime < versionKept) {
        answer(m_shared.version);
        return;
    }
    onDisk([store = m_shared.store] { return versionOutcome(*store); },
           [](Exchange& self, Outcome outcome) {
               self.m_shared.version = std::move(outcome);
               self.m_shared.versionTime = self.m_shared.clock->steadyNow();
               self.answer(self.m_shared.version);
           });
}

void Exchange::answer(const Outcome& outcome) {
    const auto self = shared_from_this();
    m_answered = true;
    m_body = {};
    m_ticket->memory.reset();
    const std::size_t size = outcome.body.size();
    const std::size_t needed = size + std::min(size, sentTwice);
    if (size > smallReply && m_replyMemory.size() < needed) {
        // A client that asks for much and reads nothing of it. What it changed is changed, but there is no room to say
        // what it wanted to know.
        auto claim = m_ticket->budget().tryClaim(needed);
        if (!claim) {
            m_carrier.onReply(*this, {HttpStatus::Unavailable, BodyType::None, 0, {}}, {});
            return;
        }
        m_replyMemory = std::move(*claim);
    }
    QByteArray body(reinterpret_cast<const char*>(outcome.body.data()), static_cast<qsizetype>(outcome.body.size()));
    m_carrier.onReply(*this, {outcome.status, outcome.type, outcome.body.size(), {}}, std::move(body));
}

void Exchange::answerWithShare(ReadOutcome outcome) {
    const auto self = shared_from_this();
    m_answered = true;
    m_readNext = outcome.next;
    m_readEnd = outcome.next + (outcome.length - static_cast<std::uint64_t>(outcome.piece.size()));
    m_reader = std::move(outcome.reader);
    // Octets also where there are none: Tahoe-LAFS's client asks for the type before it looks at the status.
    m_carrier.onReply(*this, {outcome.status, BodyType::Octets, outcome.length, std::move(outcome.contentRange)},
                      std::move(outcome.piece));
}

void Exchange::readMore() {
    m_reading = true;
    const std::uint64_t size = std::min<std::uint64_t>(m_readPiece, m_readEnd - m_readNext);
    onDisk([reader = m_reader, from = m_readNext, size] { return readPiece(*reader, from, size); },
           [](Exchange& self, QByteArray piece) {
               self.m_reading = false;
               self.m_readNext += static_cast<std::uint64_t>(piece.size());
               const auto kept = self.shared_from_this();
               self.m_carrier.onPiece(self, std::move(piece));
           });
}

}  // namespace tarn::server
