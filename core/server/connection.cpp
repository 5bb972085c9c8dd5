#include "core/server/connection.h"

#include <QHostAddress>
#include <QMetaObject>

#include <algorithm>
#include <type_traits>
#include <utility>

#include <unistd.h>

namespace tarn::server {

namespace {

using std::chrono::milliseconds;

constexpr qint64 socketReadBuffer = 256LL * 1024;
constexpr qint64 unsentWatermark = 1024LL * 1024;
constexpr std::size_t sendPiece = 256UL * 1024;
/// A body up to this length reaches the store as one write, and a whole small share so as one file.
constexpr std::size_t bodyPiece = 1024UL * 1024;
/// Taken instead while many bodies are held at once.
constexpr std::size_t smallBodyPiece = 64UL * 1024;
constexpr std::uint64_t mostBodiesHeld = 64ULL * 1024 * 1024;
constexpr milliseconds lingerTime{2000};
constexpr std::uint64_t mostLingered = 256ULL * 1024;
constexpr milliseconds closeTime{5000};
constexpr milliseconds versionKept{1000};

/// Without the zone of a link-local address, and an IPv4 client as such where it came to an IPv6 socket.
std::string textOf(const QHostAddress& address) {
    bool isIPv4 = false;
    const quint32 number = address.toIPv4Address(&isIPv4);
    return (isIPv4 ? QHostAddress(number) : address).toString().section(QLatin1Char('%'), 0, 0).toStdString();
}

}  // namespace

Connection::Connection(Shared& shared, qintptr descriptor, const QSslConfiguration& configuration) : m_shared(shared) {
    connect(&m_socket, &QSslSocket::encrypted, this, [this] {
        m_phase = Phase::Head;
        setDeadline(m_shared.limits.idleTimeout);
        advance();
    });
    connect(&m_socket, &QSslSocket::readyRead, this, &Connection::advance);
    connect(&m_socket, &QSslSocket::encryptedBytesWritten, this, [this] {
        if (m_phase == Phase::Sending) {
            setDeadline(m_shared.limits.bodySilenceTimeout);
            sendMore();
        } else if (m_phase == Phase::Head) {
            advance();
        }
    });
    // Queued: a socket is not taken down from within its own signal.
    connect(&m_socket, &QSslSocket::disconnected, this, &Connection::abort, Qt::QueuedConnection);
    connect(&m_socket, &QSslSocket::errorOccurred, this, &Connection::abort, Qt::QueuedConnection);

    if (!m_socket.setSocketDescriptor(descriptor)) {
        ::close(static_cast<int>(descriptor));
        QMetaObject::invokeMethod(this, &Connection::abort, Qt::QueuedConnection);
        return;
    }
    m_visit = m_shared.metrics->visit(textOf(m_socket.peerAddress()));
    m_socket.setSocketOption(QAbstractSocket::LowDelayOption, 1);
    m_socket.setReadBufferSize(socketReadBuffer);
    m_socket.setSslConfiguration(configuration);
    setDeadline(m_shared.limits.handshakeTimeout);
    m_socket.startServerEncryption();
}

Connection::~Connection() {
    m_socket.disconnect(this);
    releaseBody();
}

void Connection::setDeadline(milliseconds fromNow) {
    m_deadline = m_shared.clock->steadyNow() + fromNow;
}

void Connection::checkDeadline(SteadyTime now) {
    if (!m_deadline || now < *m_deadline) {
        return;
    }
    if (m_phase == Phase::Lingering || (m_phase == Phase::Head && m_input.isEmpty())) {
        close();
    } else {
        if (m_phase != Phase::Handshake && m_phase != Phase::Closing) {
            m_visit->trouble(Trouble::TooSlow);
        }
        abort();
    }
}

void Connection::stop() {
    if (m_phase == Phase::Handshake) {
        abort();
    } else if (m_phase == Phase::Head) {
        close();
    }
}

void Connection::close() {
    m_phase = Phase::Closing;
    setDeadline(closeTime);
    m_socket.disconnectFromHost();
}

void Connection::abort() {
    if (m_finished) {
        return;
    }
    m_finished = true;
    if (m_phase == Phase::Handshake && m_visit && !m_shared.stopping) {
        m_visit->trouble(Trouble::HandshakeFailed);
    }
    m_visit.reset();
    m_phase = Phase::Closing;
    m_deadline.reset();
    m_socket.disconnect(this);
    m_socket.abort();
    releaseBody();
    Q_EMIT finished();
}

void Connection::advance() {
    bool more = true;
    while (more) {
        switch (m_phase) {
        case Phase::Head: more = readHead(); break;
        case Phase::MessageBody: more = readMessage(); break;
        case Phase::ShareBody: more = readSharePiece(); break;
        case Phase::DroppedBody: more = dropBody(); break;
        case Phase::Lingering:
            linger();
            more = false;
            break;
        case Phase::Handshake:
        case Phase::Busy:
        case Phase::Sending:
        case Phase::Closing: more = false; break;
        }
    }
}

bool Connection::readHead() {
    if (m_shared.stopping) {
        close();
        return false;
    }
    if (unsent() > unsentWatermark) {
        return false;  // a client that asks and asks and reads no answer
    }
    const auto most = static_cast<qsizetype>(m_shared.limits.mostHeader);
    const bool fresh = m_searched == 0;
    if (m_input.size() < most && m_socket.bytesAvailable() > 0) {
        const QByteArray more = m_socket.read(most - m_input.size());
        m_visit->received(static_cast<std::uint64_t>(more.size()));
        m_input += more;
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

void Connection::beginRequest(const RequestHead& head) {
    m_keepAlive = head.keepAlive;
    const auto decision = readCall(head, m_shared.authorization, m_shared.limits);
    if (const auto* const refusal = std::get_if<Refusal>(&decision)) {
        refuse(head, *refusal);
        return;
    }
    m_call = std::get<Call>(decision);
    m_endpoint = m_call.endpoint;
    m_bodyLeft = m_call.bodyLength;
    if (m_bodyLeft == 0) {
        perform();
        return;
    }
    if (head.expect) {
        write("HTTP/1.1 100 Continue\r\n\r\n");
    }
    setDeadline(m_shared.limits.bodySilenceTimeout);
    startBody();
}

void Connection::refuse(const RequestHead& head, const Refusal& refusal) {
    const bool bodyPending = head.chunked || head.contentLength > 0;
    if (!bodyPending) {
        reply({refusal.status, BodyType::None, {}});
    } else if (!refusal.authorized || head.chunked || head.expect ||
               head.contentLength > m_shared.limits.mostShareBody || refusal.status == HttpStatus::TooLarge) {
        replyAndLinger(refusal.status);
    } else {
        // The client of a grid we belong to: it gets its answer and keeps its connection.
        m_bodyLeft = head.contentLength;
        m_refusal = refusal.status;
        m_phase = Phase::DroppedBody;
        setDeadline(m_shared.limits.bodySilenceTimeout);
    }
}

void Connection::startBody() {
    switch (m_call.endpoint) {
    case Endpoint::Allocate:
    case Endpoint::AdviseCorrupt: m_phase = Phase::MessageBody; break;
    case Endpoint::WriteShare:
        m_pieceSize = m_shared.bodiesHeld < mostBodiesHeld ? bodyPiece : smallBodyPiece;
        m_pieceSize = static_cast<std::size_t>(std::min<std::uint64_t>(m_pieceSize, m_bodyLeft));
        m_shared.bodiesHeld += m_pieceSize;
        m_phase = Phase::ShareBody;
        break;
    default: m_phase = Phase::DroppedBody; break;
    }
}

void Connection::releaseBody() {
    m_shared.bodiesHeld -= m_pieceSize;
    m_pieceSize = 0;
    m_body = {};
}

bool Connection::fillBody(std::size_t target) {
    const std::size_t before = m_body.size();
    m_body.reserve(target);
    const auto fromInput = std::min<std::size_t>(target - before, static_cast<std::size_t>(m_input.size()));
    m_body.insert(m_body.end(), m_input.begin(), m_input.begin() + static_cast<qsizetype>(fromInput));
    m_input.remove(0, static_cast<qsizetype>(fromInput));
    while (m_body.size() < target) {
        const qint64 available = m_socket.bytesAvailable();
        if (available <= 0) {
            break;
        }
        const std::size_t at = m_body.size();
        const std::size_t most = std::min<std::size_t>(target - at, static_cast<std::size_t>(available));
        m_body.resize(at + most);
        const qint64 got = m_socket.read(reinterpret_cast<char*>(m_body.data() + at), static_cast<qint64>(most));
        m_body.resize(at + static_cast<std::size_t>(std::max<qint64>(got, 0)));
        m_visit->received(static_cast<std::uint64_t>(std::max<qint64>(got, 0)));
        if (got <= 0) {
            break;
        }
    }
    m_bodyLeft -= m_body.size() - before;
    if (m_body.size() > before) {
        setDeadline(m_shared.limits.bodySilenceTimeout);
    }
    return m_body.size() == target;
}

bool Connection::readMessage() {
    if (!fillBody(static_cast<std::size_t>(m_call.bodyLength))) {
        return false;
    }
    perform();
    return true;
}

bool Connection::readSharePiece() {
    const std::uint64_t target = std::min<std::uint64_t>(m_pieceSize, m_body.size() + m_bodyLeft);
    if (!fillBody(static_cast<std::size_t>(target))) {
        return false;
    }
    const std::uint64_t at = m_call.bodyLength - m_bodyLeft - m_body.size();
    onDisk([store = m_shared.store, call = m_call, at,
            piece = std::exchange(m_body, {})] { return writePiece(*store, call, at, piece); },
           [](Connection& self, Outcome outcome) { self.afterPiece(std::move(outcome)); });
    return true;
}

void Connection::afterPiece(Outcome outcome) {
    const bool good = outcome.status == HttpStatus::Ok || outcome.status == HttpStatus::Created;
    if (m_bodyLeft == 0) {
        reply(outcome);
    } else if (good) {
        m_phase = Phase::ShareBody;
        setDeadline(m_shared.limits.bodySilenceTimeout);
    } else {
        m_refusal = outcome.status;
        m_phase = Phase::DroppedBody;
        setDeadline(m_shared.limits.bodySilenceTimeout);
    }
    advance();
}

bool Connection::dropBody() {
    const auto fromInput =
        static_cast<qsizetype>(std::min<std::uint64_t>(m_bodyLeft, static_cast<std::uint64_t>(m_input.size())));
    m_input.remove(0, fromInput);
    m_bodyLeft -= static_cast<std::uint64_t>(fromInput);
    qint64 skipped = 1;
    while (m_bodyLeft > 0 && skipped > 0) {
        const auto most = std::min<std::uint64_t>(m_bodyLeft, static_cast<std::uint64_t>(socketReadBuffer));
        skipped = m_socket.bytesAvailable() > 0 ? m_socket.skip(static_cast<qint64>(most)) : 0;
        if (skipped > 0) {
            m_bodyLeft -= static_cast<std::uint64_t>(skipped);
            m_visit->received(static_cast<std::uint64_t>(skipped));
            setDeadline(m_shared.limits.bodySilenceTimeout);
        }
    }
    if (m_bodyLeft > 0) {
        return false;
    }
    if (m_refusal) {
        reply({*m_refusal, BodyType::None, {}});
    } else {
        perform();
    }
    return true;
}

template <typename Work, typename Then>
void Connection::onDisk(Work work, Then then) {
    if (m_phase != Phase::Sending) {
        m_phase = Phase::Busy;
    }
    m_deadline.reset();
    m_shared.disk->start([home = m_shared.home, self = QPointer(this), work = std::move(work), then]() mutable {
        const auto outcome = std::make_shared<std::invoke_result_t<Work&>>(work());
        // Only the server's thread asks whether the connection is still there.
        QMetaObject::invokeMethod(
            home,
            [self, outcome, then] {
                if (self && !self->m_finished) {
                    then(*self, std::move(*outcome));
                }
            },
            Qt::QueuedConnection);
    });
}

void Connection::perform() {
    const auto answer = [](Connection& self, const Outcome& outcome) {
        self.reply(outcome);
        self.advance();
    };
    const auto& store = m_shared.store;
    switch (m_call.endpoint) {
    case Endpoint::Version: performVersion(); break;
    case Endpoint::Allocate:
        onDisk([store, call = m_call, body = std::exchange(m_body, {})] { return allocate(*store, call, body); },
               answer);
        break;
    case Endpoint::WriteShare:
        // No range is empty, so a body that is cannot be what the range says; see readCall.
        reply({HttpStatus::BadRequest, BodyType::None, {}});
        break;
    case Endpoint::ReadShare:
        onDisk([store, call = m_call] { return beginRead(*store, call, sendPiece); },
               [](Connection& self, ReadOutcome outcome) {
                   self.replyWithShare(std::move(outcome));
                   self.advance();
               });
        break;
    case Endpoint::AbortShare: onDisk([store, call = m_call] { return abortShare(*store, call); }, answer); break;
    case Endpoint::AdviseCorrupt:
        onDisk([store, call = m_call, body = std::exchange(m_body, {})] { return adviseCorrupt(*store, call, body); },
               answer);
        break;
    case Endpoint::ListShares: onDisk([store, call = m_call] { return listShares(*store, call); }, answer); break;
    case Endpoint::AddLease: onDisk([store, call = m_call] { return addLease(*store, call); }, answer); break;
    }
}

void Connection::performVersion() {
    const SteadyTime now = m_shared.clock->steadyNow();
    if (m_shared.versionTime && now - *m_shared.versionTime < versionKept) {
        reply(m_shared.version);
        return;
    }
    onDisk([store = m_shared.store] { return versionOutcome(*store); },
           [](Connection& self, Outcome outcome) {
               self.m_shared.version = std::move(outcome);
               self.m_shared.versionTime = self.m_shared.clock->steadyNow();
               self.reply(self.m_shared.version);
               self.advance();
           });
}

void Connection::write(const QByteArray& bytes) {
    m_visit->sent(static_cast<std::uint64_t>(bytes.size()));
    m_socket.write(bytes);
}

void Connection::tell(HttpStatus status) {
    m_visit->answered(m_endpoint, status, m_shared.clock->steadyNow() - m_begun);
}

void Connection::reply(const Outcome& outcome) {
    tell(outcome.status);
    write(wholeReply(outcome.status, outcome.type, outcome.body, closesAfterReply()));
    finishRequest();
}

void Connection::replyWithShare(ReadOutcome outcome) {
    tell(outcome.status);
    const bool hasBody = outcome.status == HttpStatus::Ok || outcome.status == HttpStatus::PartialContent;
    // Octets also where there are none: Tahoe-LAFS's client asks for the type before it looks at the status.
    QByteArray bytes = replyHead(outcome.status, BodyType::Octets, outcome.length, closesAfterReply(),
                                 outcome.contentRange, outcome.piece.size());
    bytes += outcome.piece;
    write(bytes);
    m_readNext = outcome.next;
    m_readEnd = outcome.next + (outcome.length - static_cast<std::uint64_t>(outcome.piece.size()));
    if (!hasBody || m_readNext == m_readEnd) {
        finishRequest();
        return;
    }
    m_keepAlive = m_keepAlive && !m_shared.stopping;
    m_reader = std::move(outcome.reader);
    m_phase = Phase::Sending;
    setDeadline(m_shared.limits.bodySilenceTimeout);
    sendMore();
}

void Connection::sendMore() {
    if (m_reading || unsent() > unsentWatermark) {
        return;
    }
    m_reading = true;
    const std::uint64_t size = std::min<std::uint64_t>(sendPiece, m_readEnd - m_readNext);
    onDisk([reader = m_reader, from = m_readNext, size] { return readPiece(*reader, from, size); },
           [](Connection& self, const QByteArray& piece) {
               self.m_reading = false;
               if (piece.isEmpty()) {
                   // The length was promised and cannot be kept: all that is left to say is to hang up.
                   self.abort();
                   return;
               }
               self.write(piece);
               self.setDeadline(self.m_shared.limits.bodySilenceTimeout);
               self.m_readNext += static_cast<std::uint64_t>(piece.size());
               if (self.m_readNext < self.m_readEnd) {
                   self.sendMore();
                   return;
               }
               self.finishRequest();
               self.advance();
           });
}

void Connection::finishRequest() {
    m_reader.reset();
    m_refusal.reset();
    m_endpoint.reset();
    m_call = {};
    releaseBody();
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

void Connection::replyAndLinger(HttpStatus status) {
    tell(status);
    write(wholeReply(status, BodyType::None, {}, true));
    m_phase = Phase::Lingering;
    m_input = {};
    setDeadline(lingerTime);
    linger();
}

void Connection::linger() {
    const qint64 skipped = m_socket.skip(m_socket.bytesAvailable());
    m_lingered += static_cast<std::uint64_t>(std::max<qint64>(skipped, 0));
    if (m_lingered > mostLingered) {
        close();
    }
}

}  // namespace tarn::server
