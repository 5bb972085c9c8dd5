#include "core/server/http1_session.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tarn::server {

namespace {

using std::chrono::milliseconds;

/// Unsent bytes up to this many keep no request waiting.
constexpr qint64 smallUnsent = 16LL * 1024;
/// Of a share that goes out, so much waits for the client at most, and is read in pieces of a quarter of it.
constexpr std::size_t sendAhead = 1024UL * 1024;
/// A reply that is whole goes out in such pieces.
constexpr qsizetype sendPiece = 256L * 1024;
/// A body up to this length reaches the store as one write, and a whole small share so as one file.
constexpr std::size_t mostBodyPiece = 1024UL * 1024;
/// For whom a longer body is taken in, so much may wait to be read, which takes so much of memory.
constexpr qint64 longReadAhead = 256LL * 1024;
constexpr std::size_t longReadAheadMemory = 1024UL * 1024;
/// Taken instead of either where memory is short.
constexpr std::size_t leastHeld = 64UL * 1024;
constexpr milliseconds lingerTime{2000};
constexpr std::uint64_t mostLingered = 256ULL * 1024;
constexpr std::size_t skipPiece = 16UL * 1024;

/// Reads up to `most` bytes and throws them away; says how many.
std::uint64_t skip(Wire& wire, std::uint64_t most) {
    std::array<char, skipPiece> dropped;
    std::uint64_t skipped = 0;
    while (skipped < most) {
        const qint64 got =
            wire.read(dropped.data(), static_cast<qint64>(std::min<std::uint64_t>(most - skipped, dropped.size())));
        if (got <= 0) {
            break;
        }
        skipped += static_cast<std::uint64_t>(got);
    }
    return skipped;
}

}  // namespace

Http1Session::Http1Session(Shared& shared, std::shared_ptr<Client> client, Metrics::Visit& visit, Wire& wire)
    : m_shared(shared), m_client(std::move(client)), m_visit(visit), m_wire(wire) {
    setDeadline(m_shared.limits.idleTimeout);
}

Http1Session::~Http1Session() = default;

void Http1Session::setDeadline(milliseconds fromNow) {
    m_deadline = m_shared.clock->steadyNow() + fromNow;
}

void Http1Session::checkDeadline(SteadyTime now) {
    if (!m_deadline || now < *m_deadline) {
        return;
    }
    m_deadline.reset();
    if (m_phase == Phase::Lingering || (m_phase == Phase::Head && m_input.isEmpty())) {
        close();
    } else {
        m_visit.trouble(Trouble::TooSlow);
        m_wire.abort();
    }
}

void Http1Session::stop() {
    if (m_phase == Phase::Head) {
        close();
    }
}

void Http1Session::close() {
    m_phase = Phase::Closing;
    m_deadline.reset();
    m_wire.close();
}

void Http1Session::onBytes() {
    advance();
}

void Http1Session::onSent() {
    if (m_phase == Phase::Sending) {
        setDeadline(m_shared.limits.bodySilenceTimeout);
        sendMore();
    } else if (m_phase == Phase::Head) {
        advance();
    }
}

void Http1Session::advance() {
    if (m_advancing) {
        return;
    }
    m_advancing = true;
    bool more = true;
    while (more) {
        switch (m_phase) {
        case Phase::Head: more = readHead(); break;
        case Phase::Body: more = readBody(); break;
        case Phase::DroppedBody: more = dropBody(); break;
        case Phase::Lingering:
            linger();
            more = false;
            break;
        case Phase::Busy:
        case Phase::Sending:
        case Phase::Closing: more = false; break;
        }
    }
    m_advancing = false;
}

bool Http1Session::readHead() {
    if (m_shared.stopping) {
        close();
        return false;
    }
    if (m_wire.unsent() > smallUnsent) {
        return false;  // a client that asks and asks and reads no answer
    }
    m_replyClaim = {};
    const auto most = static_cast<qsizetype>(m_shared.limits.mostHeader);
    const bool fresh = m_searched == 0;
    const qsizetype had = m_input.size();
    const auto arrived = static_cast<qsizetype>(m_wire.arrived().size());
    if (had < most && arrived > 0) {
        m_input.resize(std::min(most, had + arrived));
        const qint64 got = m_wire.read(m_input.data() + had, m_input.size() - had);
        m_input.resize(had + std::max<qint64>(got, 0));
    }
    if (m_input.isEmpty()) {
        return false;
    }
    if (fresh) {
        // Counted from the first byte, however slowly the others come.
        setDeadline(m_shared.limits.headerTimeout);
    }
    const std::string_view bytes(m_input.constData(), static_cast<std::size_t>(m_input.size()));
    const auto length = headLength(bytes, m_searched);
    if (!length) {
        m_searched = bytes.size();
        if (m_input.size() >= most) {
            m_begun = m_shared.clock->steadyNow();
            replyAndLinger(HttpStatus::HeaderTooLarge);
        }
        return false;
    }
    const auto head = parseRequestHead(bytes.substr(0, *length));
    m_searched = 0;
    m_input.remove(0, static_cast<qsizetype>(*length));
    m_deadline.reset();
    m_begun = m_shared.clock->steadyNow();
    if (!head) {
        replyAndLinger(HttpStatus::BadRequest);
        return false;
    }
    beginRequest(*head);
    return true;
}

void Http1Session::beginRequest(const RequestHead& head) {
    m_keepAlive = head.keepAlive;
    auto opened = Exchange::open(m_shared, m_client, *this, head);
    if (const auto* const refusal = std::get_if<Refusal>(&opened)) {
        refuse(head, refusal->status, refusal->authorized);
        return;
    }
    m_exchange = std::get<std::shared_ptr<Exchange>>(opened);
    m_phase = Phase::Busy;
    if (m_exchange->bodyLeft() > 0) {
        if (head.expect) {
            m_wire.write("HTTP/1.1 100 Continue\r\n\r\n");
        }
        m_phase = Phase::Body;
        setDeadline(m_shared.limits.bodySilenceTimeout);
    }
    m_exchange->begin();
}

void Http1Session::refuse(const RequestHead& head, HttpStatus status, bool authorized) {
    const bool bodyPending = head.chunked || head.contentLength > 0;
    if (!bodyPending) {
        tell(std::nullopt, status);
        m_wire.write(writeReplyHead({status, BodyType::None, 0, {}}, closesAfterReply()));
        finishRequest();
    } else if (!authorized || head.chunked || head.expect || head.contentLength > m_shared.limits.mostShareBody ||
               status == HttpStatus::TooLarge) {
        replyAndLinger(status);
    } else {
        // The client of a grid we belong to: it gets its answer and keeps its connection.
        tell(std::nullopt, status);
        m_dropLeft = head.contentLength;
        m_replyAfterBody = writeReplyHead({status, BodyType::None, 0, {}}, closesAfterReply());
        m_phase = Phase::DroppedBody;
        setDeadline(m_shared.limits.bodySilenceTimeout);
    }
}

Carrier::BodyPieces Http1Session::bodyPieces(Exchange& exchange) {
    const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(mostBodyPiece, exchange.bodyLeft()));
    if (most > leastHeld && m_readAhead.size() == 0) {
        if (auto lasting = m_client->memory.tryLastingClaim(longReadAheadMemory)) {
            m_readAhead = std::move(*lasting);
            m_wire.setReadAhead(longReadAhead);
        }
    }
    auto claim = std::make_shared<MemoryBudget::Claim>(m_client->memory.claim(most, leastHeld));
    const std::size_t size = claim->size();
    return {size, std::move(claim)};
}

std::size_t Http1Session::replyPiece(Exchange& /*exchange*/, std::uint64_t length) {
    constexpr std::size_t parts = 4;
    const auto most = static_cast<std::size_t>(std::clamp<std::uint64_t>(length, leastHeld, sendAhead / parts) * parts);
    m_replyClaim = m_client->memory.claim(most, leastHeld);
    return m_replyClaim.size() / parts;
}

bool Http1Session::readBody() {
    const std::size_t wanted = m_exchange->wanted();
    const std::size_t there = static_cast<std::size_t>(m_input.size()) + m_wire.arrived().size();
    const std::size_t size = std::min(wanted, there);
    if (size == 0) {
        return false;
    }
    setDeadline(m_shared.limits.bodySilenceTimeout);
    const MutableByteView room = m_exchange->room(size);
    const std::size_t fromInput = std::min(size, static_cast<std::size_t>(m_input.size()));
    std::copy_n(m_input.constData(), fromInput, reinterpret_cast<char*>(room.data()));
    m_input.remove(0, static_cast<qsizetype>(fromInput));
    std::size_t got = fromInput;
    while (got < size) {
        const qint64 more = m_wire.read(reinterpret_cast<char*>(room.data() + got), static_cast<qint64>(size - got));
        if (more <= 0) {
            break;
        }
        got += static_cast<std::size_t>(more);
    }
    if (got == size && m_exchange->wanted() == 0) {
        // The store's turn: its time is not the client's.
        m_deadline.reset();
        m_phase = Phase::Busy;
    }
    const auto exchange = m_exchange;
    exchange->filled(size, size - got);
    return got == size;
}

void Http1Session::onTaken(Exchange& exchange, std::size_t /*bytes*/) {
    if (m_phase == Phase::Busy && exchange.bodyLeft() > 0) {
        m_phase = Phase::Body;
        setDeadline(m_shared.limits.bodySilenceTimeout);
        advance();
    }
}

void Http1Session::onGone() {
    if (m_exchange) {
        m_exchange->flush();
    }
}

bool Http1Session::dropBody() {
    const auto fromInput =
        static_cast<qsizetype>(std::min<std::uint64_t>(m_dropLeft, static_cast<std::uint64_t>(m_input.size())));
    m_input.remove(0, fromInput);
    const std::uint64_t skipped = skip(m_wire, m_dropLeft - static_cast<std::uint64_t>(fromInput));
    m_dropLeft -= static_cast<std::uint64_t>(fromInput) + skipped;
    if (m_dropLeft > 0) {
        if (skipped > 0) {
            setDeadline(m_shared.limits.bodySilenceTimeout);
        }
        return false;
    }
    m_wire.write(std::exchange(m_replyAfterBody, {}));
    finishRequest();
    return true;
}

void Http1Session::onReply(Exchange& exchange, ReplyHead head, QByteArray piece) {
    tell(exchange.endpoint(), head.status);
    if (auto claim = exchange.takeReplyMemory(); claim.size() > 0) {
        m_replyClaim = std::move(claim);
    }
    const qsizetype first = exchange.bodyLeft() > 0 ? piece.size() : std::min(piece.size(), sendPiece);
    QByteArray bytes = writeReplyHead(head, closesAfterReply(), first);
    bytes.append(piece.constData(), first);
    if (exchange.bodyLeft() > 0) {
        m_dropLeft = exchange.bodyLeft();
        m_replyAfterBody = std::move(bytes);
        m_exchange.reset();
        m_phase = Phase::DroppedBody;
        setDeadline(m_shared.limits.bodySilenceTimeout);
        advance();
        return;
    }
    m_wire.write(bytes);
    if (first < piece.size()) {
        m_rest = std::move(piece);
        m_restAt = first;
    }
    if (!exchange.moreToRead() && m_rest.isEmpty()) {
        finishRequest();
        advance();
        return;
    }
    m_keepAlive = m_keepAlive && !m_shared.stopping;
    m_phase = Phase::Sending;
    setDeadline(m_shared.limits.bodySilenceTimeout);
    sendMore();
}

void Http1Session::sendMore() {
    if (!m_rest.isEmpty()) {
        sendRest();
        return;
    }
    if (!m_exchange->reading() && static_cast<std::size_t>(m_wire.unsent()) <= m_replyClaim.size() / 4 * 3) {
        m_exchange->readMore();
    }
}

void Http1Session::sendRest() {
    while (!m_rest.isEmpty() && m_wire.unsent() < sendPiece) {
        const QByteArray piece = m_rest.mid(m_restAt, sendPiece);
        m_restAt += piece.size();
        m_wire.write(piece);
        if (m_restAt == m_rest.size()) {
            m_rest = {};
        }
    }
    if (m_rest.isEmpty()) {
        finishRequest();
        advance();
    }
}

void Http1Session::onPiece(Exchange& exchange, QByteArray piece) {
    if (piece.isEmpty()) {
        // The length was promised and cannot be kept: all that is left to say is to hang up.
        m_wire.abort();
        return;
    }
    m_wire.write(piece);
    setDeadline(m_shared.limits.bodySilenceTimeout);
    if (exchange.moreToRead()) {
        sendMore();
        return;
    }
    finishRequest();
    advance();
}

void Http1Session::finishRequest() {
    m_exchange.reset();
    if (closesAfterReply()) {
        close();
        return;
    }
    if (m_input.isEmpty()) {
        m_input = {};  // a connection at rest holds no buffer
    }
    m_phase = Phase::Head;
    setDeadline(m_shared.limits.idleTimeout);
}

void Http1Session::tell(std::optional<Endpoint> endpoint, HttpStatus status) {
    m_visit.answered(endpoint, status, m_shared.clock->steadyNow() - m_begun);
}

void Http1Session::replyAndLinger(HttpStatus status) {
    tell(std::nullopt, status);
    m_wire.write(writeReplyHead({status, BodyType::None, 0, {}}, true));
    m_phase = Phase::Lingering;
    m_input = {};
    setDeadline(lingerTime);
    linger();
}

void Http1Session::linger() {
    m_lingered += skip(m_wire, mostLingered);
    if (m_lingered >= mostLingered) {
        close();
    }
}

}  // namespace tarn::server
