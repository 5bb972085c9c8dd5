#include "core/server/http2_session.h"

#include "core/server/request_head.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <new>
#include <utility>

#include <nghttp2/nghttp2.h>

namespace tarn::server {

namespace {

using std::chrono::milliseconds;

/// HTTP/2's least window of a connection: what a stranger gets.
constexpr std::uint64_t leastWindow = NGHTTP2_INITIAL_CONNECTION_WINDOW_SIZE;
/// A window this much larger keeps a line of 100 ms busy at 20 MB/s.
constexpr std::size_t windowCredit = 2UL * 1024 * 1024;
/// So much may then wait to be read, for the moment until it is.
constexpr qint64 longReadAhead = 256LL * 1024;
/// Of one stream. A body that fits reaches the store as one write; a longer one in halves of it, so that the next half
/// arrives while the store has one.
constexpr std::uint32_t streamWindow = 1024 * 1024;
/// So much is handed to TLS ahead of the client; the smaller figure is a stranger's.
constexpr qint64 sendAhead = 512LL * 1024;
constexpr qint64 strangerSendAhead = 64LL * 1024;
/// Of a share that goes out: two pieces of it are in memory, one on its way and one read ahead.
constexpr std::size_t replyClaim = 512UL * 1024;
constexpr std::size_t leastReplyClaim = 16UL * 1024;
constexpr std::size_t readPieceSize = 64UL * 1024;
/// What goes out is put together in pieces of this size.
constexpr qsizetype outPiece = 128L * 1024;

/// Frames that ask for work and bring nothing: so many in such a time wear the server out.
constexpr int mostIdleFrames = 1000;
constexpr std::chrono::seconds idleFramesTime{10};
constexpr std::uint64_t resetBurst = 500;
constexpr std::uint64_t resetsPerSecond = 50;
/// Answers of the library that wait to be sent to a client that reads nothing.
constexpr std::size_t mostAcks = 200;
constexpr std::size_t mostQueuedFrames = 2000;

/// What a field of a head takes beyond its text. Source: RFC 9113, section 6.5.2.
constexpr std::size_t fieldOverhead = 32;

nghttp2_nv field(std::string_view name, std::string_view value) {
    // The library takes pointers to what it does not change.
    const auto bytes = [](std::string_view text) {
        return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
    };
    return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NO_COPY_NAME};
}

template <typename T, void (*destroy)(T*)>
struct Destroy {
    void operator()(T* pointer) const noexcept { destroy(pointer); }
};

}  // namespace

/// One request on the connection, from the first byte of its head to the last of its reply.
struct Http2Session::Stream {
    std::int32_t id = 0;
    RequestHead head;
    std::size_t headSize = 0;
    bool hasLength = false;
    bool headDone = false;
    bool bodyEnded = false;
    SteadyTime begun;
    std::optional<SteadyTime> deadline;
    std::uint64_t held = 0;  ///< bytes of the body that were not given back to the windows

    bool replied = false;
    MemoryBudget::Claim replyMemory;
    QByteArray piece;  ///< of the reply's body, on its way from `at` on
    qsizetype at = 0;
    QByteArray next;

    std::shared_ptr<Exchange> exchange;  ///< goes before what it may still call for
};

/// The library's calls, led to the session they are for. An exception must not pass through its C code; none of what is
/// called throws but for want of memory, and then the connection ends.
struct Http2Session::Callbacks {
    static Http2Session& self(void* user) { return *static_cast<Http2Session*>(user); }

    template <typename Work>
    static int guarded(Work work) noexcept {
        try {
            work();
        } catch (const std::bad_alloc&) {
            return NGHTTP2_ERR_CALLBACK_FAILURE;
        }
        return 0;
    }

    static int beginFrame(nghttp2_session*, const nghttp2_frame_hd* head, void* user) {
        const bool useful =
            head->type == NGHTTP2_HEADERS || head->type == NGHTTP2_CONTINUATION || head->type == NGHTTP2_DATA;
        return guarded([&] {
            if (!useful) {
                self(user).countIdleFrame();
            }
        });
    }
    static int beginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* user) {
        if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
            return 0;
        }
        return guarded([&] { self(user).onHeadBegun(frame->hd.stream_id); });
    }
    static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t nameSize,
                      const std::uint8_t* value, std::size_t valueSize, std::uint8_t, void* user) {
        Stream* const stream = self(user).find(frame->hd.stream_id);
        if (stream == nullptr || frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
            return 0;  // trailers say nothing to us
        }
        return guarded([&] {
            self(user).onHeader(*stream, {reinterpret_cast<const char*>(name), nameSize},
                                {reinterpret_cast<const char*>(value), valueSize});
        });
    }
    static int frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
        return guarded([&] {
            Http2Session& session = self(user);
            const bool isLast = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
            Stream* const stream = session.find(frame->hd.stream_id);
            if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
                if (stream != nullptr) {
                    session.onHead(*stream, isLast);
                }
                return;
            }
            if (frame->hd.type == NGHTTP2_HEADERS ||
                (frame->hd.type == NGHTTP2_DATA && frame->hd.length == 0 && !isLast)) {
                session.countIdleFrame();
            }
            if (stream != nullptr && isLast) {
                stream->bodyEnded = true;
            }
        });
    }
    static int invalidFrame(nghttp2_session*, const nghttp2_frame*, int, void* user) {
        return guarded([&] { self(user).countIdleFrame(); });
    }
    static int data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes, std::size_t size,
                    void* user) {
        return guarded([&] { self(user).onBody(id, bytes, size); });
    }
    static int sent(nghttp2_session*, const nghttp2_frame* frame, void* user) {
        const bool isReply = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
        if (isReply && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
            return guarded([&] { self(user).onReplySent(frame->hd.stream_id); });
        }
        return 0;
    }
    static int closed(nghttp2_session*, std::int32_t id, std::uint32_t, void* user) {
        return guarded([&] { self(user).onStreamClosed(id); });
    }
    static ssize_t read(nghttp2_session*, std::int32_t id, std::uint8_t*, std::size_t most, std::uint32_t* flags,
                        nghttp2_data_source*, void* user) {
        if (Stream* const stream = self(user).find(id)) {
            return self(user).nextData(*stream, most, *flags);
        }
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    static int write(nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* head, std::size_t size,
                     nghttp2_data_source*, void* user) {
        Stream* const stream = self(user).find(frame->hd.stream_id);
        if (stream == nullptr) {
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        }
        if (self(user).isFull()) {
            return NGHTTP2_ERR_WOULDBLOCK;
        }
        return guarded([&] { self(user).writeData(*stream, head, size); });
    }
};

Http2Session::Http2Session(Shared& shared, std::shared_ptr<Client> client, Metrics::Visit& visit, Wire& wire)
    : m_shared(shared), m_client(std::move(client)), m_visit(visit), m_wire(wire), m_window(leastWindow) {
    m_idleDeadline = m_shared.clock->steadyNow() + m_shared.limits.idleTimeout;

    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_option* option = nullptr;
    if (nghttp2_session_callbacks_new(&callbacks) != 0 || nghttp2_option_new(&option) != 0) {
        throw std::bad_alloc();
    }
    const std::unique_ptr<nghttp2_session_callbacks, Destroy<nghttp2_session_callbacks, nghttp2_session_callbacks_del>>
        callbacksOwner(callbacks);
    const std::unique_ptr<nghttp2_option, Destroy<nghttp2_option, nghttp2_option_del>> optionOwner(option);
    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, Callbacks::beginFrame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, Callbacks::beginHeaders);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::frame);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, Callbacks::invalidFrame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::data);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, Callbacks::sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::closed);
    nghttp2_session_callbacks_set_send_data_callback(callbacks, Callbacks::write);
    // Windows are given back when the store has taken what came, not when it came.
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_no_closed_streams(option, 1);
    nghttp2_option_set_max_outbound_ack(option, mostAcks);
    nghttp2_option_set_stream_reset_rate_limit(option, resetBurst, resetsPerSecond);
    if (nghttp2_session_server_new2(&m_session, callbacks, this, option) != 0) {
        throw std::bad_alloc();
    }
    const std::array settings{
        nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, m_shared.limits.mostStreams},
        nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, streamWindow},
        nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
                               static_cast<std::uint32_t>(m_shared.limits.mostHeader)},
        // What a client says of priorities is not listened to: all its streams take turns.
        nghttp2_settings_entry{NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
    };
    nghttp2_submit_settings(m_session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
    send();
}

Http2Session::~Http2Session() {
    // The exchanges first: the library's farewell to its streams finds them gone.
    m_streams.clear();
    m_orphans.clear();
    nghttp2_session_del(m_session);
}

void Http2Session::onBytes() {
    while (!m_over && nghttp2_session_want_read(m_session) != 0) {
        ByteView bytes = m_wire.arrived();
        if (bytes.empty()) {
            break;
        }
        bytes = bytes.first(std::min(bytes.size(), readPieceSize));
        m_feeding = true;
        const ssize_t taken = nghttp2_session_mem_recv(m_session, bytes.data(), bytes.size());
        m_feeding = false;
        m_wire.took(bytes.size());
        if (taken < 0) {
            shutOut(taken == NGHTTP2_ERR_FLOODED);
            return;
        }
        if (m_idleFrames > mostIdleFrames || nghttp2_session_get_outbound_queue_size(m_session) > mostQueuedFrames) {
            shutOut(true);
            return;
        }
        relieve();
        send();
    }
    if (m_streams.empty() && !m_over && !m_idleDeadline) {
        m_idleDeadline = m_shared.clock->steadyNow() + m_shared.limits.idleTimeout;
    }
}

void Http2Session::onSent() {
    m_writeDeadline.reset();
    send();
}

void Http2Session::checkDeadline(SteadyTime now) {
    const auto over = [now](const std::optional<SteadyTime>& deadline) {
        return deadline && now >= *deadline;
    };
    if (m_over) {
        return;
    }
    if (over(m_writeDeadline)) {
        m_visit.trouble(Trouble::TooSlow);
        m_over = true;
        m_wire.abort();
        return;
    }
    if (over(m_idleDeadline)) {
        m_idleDeadline.reset();
        stop();
        return;
    }
    for (const auto& [id, stream] : m_streams) {
        // The store's time is not the client's.
        if (!over(stream->deadline) || (stream->exchange && stream->exchange->busy())) {
            continue;
        }
        stream->deadline.reset();
        m_visit.trouble(Trouble::TooSlow);
        if (!stream->headDone) {
            // Nothing else can come before the rest of this head.
            shutOut(false);
            return;
        }
        nghttp2_submit_rst_stream(m_session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    }
    send();
}

void Http2Session::stop() {
    if (m_over || m_stopping) {
        return;
    }
    m_stopping = true;
    // The last stream that is answered is named, so that the client may ask for the others elsewhere.
    nghttp2_submit_goaway(m_session, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(m_session),
                          NGHTTP2_NO_ERROR, nullptr, 0);
    send();
}

void Http2Session::onGone() {
    m_over = true;
    for (const auto& [id, stream] : m_streams) {
        if (stream->exchange) {
            stream->exchange->flush();
        }
    }
}

void Http2Session::shutOut(bool worn) {
    m_over = true;
    if (worn) {
        m_visit.trouble(Trouble::TooSlow);
        nghttp2_session_terminate_session(m_session, NGHTTP2_ENHANCE_YOUR_CALM);
    }
    // The farewell goes out if it can; nothing that the client still sends is looked at.
    const std::uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(m_session, &bytes);
    if (size > 0) {
        m_wire.write(QByteArray(reinterpret_cast<const char*>(bytes), size));
    }
    m_wire.close();
}

void Http2Session::onHeadBegun(std::int32_t id) {
    auto stream = std::make_unique<Stream>();
    stream->id = id;
    stream->deadline = m_shared.clock->steadyNow() + m_shared.limits.headerTimeout;
    m_streams.emplace(id, std::move(stream));
    m_idleDeadline.reset();
}

void Http2Session::onHeader(Stream& stream, std::string_view name, std::string_view value) {
    stream.headSize += name.size() + value.size() + fieldOverhead;
    if (stream.headSize > m_shared.limits.mostHeader) {
        stream.head = {};
        return;
    }
    if (name == ":method") {
        stream.head.method = value;
    } else if (name == ":path") {
        stream.head.target = value;
    } else if (name == "content-length") {
        // The library has made sure that it is one number, and holds the body to it.
        std::from_chars(value.data(), value.data() + value.size(), stream.head.contentLength);
        stream.hasLength = true;
    } else {
        keepField(stream.head, name, value);
    }
}

void Http2Session::onHead(Stream& stream, bool bodyEnded) {
    stream.headDone = true;
    stream.begun = m_shared.clock->steadyNow();
    stream.deadline = stream.begun + m_shared.limits.bodySilenceTimeout;
    stream.bodyEnded = bodyEnded;
    stream.head.keepAlive = true;
    stream.head.chunked = !bodyEnded && !stream.hasLength;
    // Streams take turns, whatever their client says.
    const nghttp2_extpri turns{NGHTTP2_EXTPRI_DEFAULT_URGENCY, 1};
    nghttp2_session_change_extpri_stream_priority(m_session, stream.id, &turns, 1);

    if (stream.headSize > m_shared.limits.mostHeader) {
        countIdleFrame();
        reply(stream, {HttpStatus::HeaderTooLarge, BodyType::None, 0, {}}, std::nullopt);
        return;
    }
    const RequestHead head = std::exchange(stream.head, {});
    auto opened = Exchange::open(m_shared, m_client, *this, head, stream.id);
    if (const auto* const refusal = std::get_if<Refusal>(&opened)) {
        if (!refusal->authorized) {
            countIdleFrame();
        }
        reply(stream, {refusal->status, BodyType::None, 0, {}}, std::nullopt);
        return;
    }
    m_idleFrames = 0;
    extendWindow();
    stream.exchange = std::get<std::shared_ptr<Exchange>>(opened);
    if (head.expect && !bodyEnded) {
        const nghttp2_nv goOn = field(":status", "100");
        nghttp2_submit_headers(m_session, NGHTTP2_FLAG_NONE, stream.id, nullptr, &goOn, 1, nullptr);
    }
    const auto exchange = stream.exchange;
    exchange->begin();
}

void Http2Session::onBody(std::int32_t id, const std::uint8_t* data, std::size_t size) {
    Stream* const stream = find(id);
    if (stream == nullptr || !stream->exchange || stream->replied || stream->exchange->bodyLeft() < size) {
        // The answer has been given: what still comes is let pass by.
        nghttp2_session_consume(m_session, id, size);
        return;
    }
    m_idleFrames = 0;
    stream->deadline = m_shared.clock->steadyNow() + m_shared.limits.bodySilenceTimeout;
    stream->held += size;
    m_held += size;
    const auto exchange = stream->exchange;
    exchange->take({reinterpret_cast<const Byte*>(data), size});
}

void Http2Session::onReplySent(std::int32_t id) {
    const Stream* const stream = find(id);
    if (stream != nullptr && !stream->bodyEnded) {
        // The rest of the body is not wanted any more. Source: RFC 9113, section 8.1.
        nghttp2_submit_rst_stream(m_session, NGHTTP2_FLAG_NONE, id, NGHTTP2_NO_ERROR);
    }
}

void Http2Session::onStreamClosed(std::int32_t id) {
    const auto place = m_streams.find(id);
    if (place == m_streams.end()) {
        return;
    }
    std::unique_ptr<Stream> stream = std::move(place->second);
    m_streams.erase(place);
    if (stream->exchange) {
        stream->exchange->flush();  // the body may have been cut off
    }
    if (stream->exchange && stream->exchange->busy()) {
        m_orphans.push_back(std::move(stream));
    } else {
        giveBack(*stream, stream->held, true);
    }
    if (m_streams.empty()) {
        m_idleDeadline = m_shared.clock->steadyNow() + m_shared.limits.idleTimeout;
    }
}

void Http2Session::countIdleFrame() {
    const SteadyTime now = m_shared.clock->steadyNow();
    if (now - m_idleFramesSince > idleFramesTime) {
        m_idleFramesSince = now;
        m_idleFrames = 0;
    }
    ++m_idleFrames;
}

Http2Session::Stream* Http2Session::find(std::int32_t id) {
    const auto place = m_streams.find(id);
    return place != m_streams.end() ? place->second.get() : nullptr;
}

Carrier::BodyPieces Http2Session::bodyPieces(Exchange& exchange) {
    const bool fits = exchange.bodyLeft() <= streamWindow;
    return {fits ? streamWindow : streamWindow / 2, m_credit};
}

std::size_t Http2Session::replyPiece(Exchange& exchange, std::uint64_t length) {
    Stream* const stream = find(exchange.number());
    if (stream == nullptr) {
        return leastReplyClaim / 2;
    }
    const auto most = static_cast<std::size_t>(std::clamp<std::uint64_t>(length, leastReplyClaim / 2, replyClaim / 2));
    stream->replyMemory = m_client->memory.claim(most * 2, leastReplyClaim);
    return stream->replyMemory.size() / 2;
}

void Http2Session::onTaken(Exchange& exchange, std::size_t bytes) {
    if (Stream* const stream = find(exchange.number())) {
        stream->deadline = m_shared.clock->steadyNow() + m_shared.limits.bodySilenceTimeout;
        giveBack(*stream, bytes, false);
        relieve();
        send();
        return;
    }
    const auto orphan =
        std::ranges::find_if(m_orphans, [&exchange](const auto& one) { return one->exchange.get() == &exchange; });
    if (orphan != m_orphans.end()) {
        giveBack(**orphan, bytes, true);
        dropOrphans();
        send();
    }
}

void Http2Session::onReply(Exchange& exchange, ReplyHead head, QByteArray piece) {
    Stream* const stream = find(exchange.number());
    if (stream == nullptr) {
        dropOrphans();
        return;
    }
    stream->piece = std::move(piece);
    if (auto claim = exchange.takeReplyMemory(); claim.size() > 0) {
        stream->replyMemory = std::move(claim);
    }
    giveBack(*stream, stream->held, false);
    reply(*stream, head, exchange.endpoint());
}

void Http2Session::onPiece(Exchange& exchange, QByteArray piece) {
    Stream* const stream = find(exchange.number());
    if (stream == nullptr) {
        dropOrphans();
        return;
    }
    if (piece.isEmpty()) {
        // The length was promised and cannot be kept.
        nghttp2_submit_rst_stream(m_session, NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_INTERNAL_ERROR);
    } else {
        stream->next = std::move(piece);
        nghttp2_session_resume_data(m_session, stream->id);
    }
    send();
}

void Http2Session::dropOrphans() {
    std::erase_if(m_orphans, [this](const auto& orphan) {
        if (orphan->exchange->busy()) {
            return false;
        }
        giveBack(*orphan, orphan->held, true);
        return true;
    });
}

void Http2Session::giveBack(Stream& stream, std::uint64_t bytes, bool closed) {
    const std::uint64_t given = std::min(bytes, stream.held);
    stream.held -= given;
    m_held -= given;
    if (given == 0) {
        return;
    }
    if (closed) {
        nghttp2_session_consume_connection(m_session, static_cast<std::size_t>(given));
    } else {
        nghttp2_session_consume(m_session, stream.id, static_cast<std::size_t>(given));
    }
}

void Http2Session::relieve() {
    if (m_held < m_window / 2) {
        return;
    }
    // Streams that each wait for the rest of a piece could fill the window between them, and none would come.
    for (const auto& [id, stream] : m_streams) {
        if (stream->exchange) {
            stream->exchange->flush();
        }
    }
}

void Http2Session::extendWindow() {
    if (m_credit) {
        return;
    }
    auto claim = m_client->memory.tryLastingClaim(windowCredit + static_cast<std::size_t>(sendAhead));
    if (!claim) {
        return;
    }
    m_credit = std::make_shared<MemoryBudget::Claim>(std::move(*claim));
    m_window = leastWindow + windowCredit;
    m_wire.setReadAhead(longReadAhead);
    nghttp2_session_set_local_window_size(m_session, NGHTTP2_FLAG_NONE, 0, static_cast<std::int32_t>(m_window));
}

void Http2Session::reply(Stream& stream, const ReplyHead& head, std::optional<Endpoint> endpoint) {
    stream.replied = true;
    stream.deadline = m_shared.clock->steadyNow() + m_shared.limits.bodySilenceTimeout;
    m_visit.answered(endpoint, head.status, m_shared.clock->steadyNow() - stream.begun);
    const std::string status = std::to_string(static_cast<int>(head.status));
    const std::string length = std::to_string(head.length);
    std::array<nghttp2_nv, 5> fields{};
    std::size_t count = 0;
    fields[count++] = field(":status", status);
    if (head.status != HttpStatus::NoContent) {
        fields[count++] = field("content-length", length);
    }
    if (head.type != BodyType::None) {
        fields[count++] = field("content-type", mediaTypeOf(head.type));
        fields[count++] = field("server", applicationVersion);
    }
    if (!head.contentRange.isEmpty()) {
        fields[count++] =
            field("content-range", {head.contentRange.constData(), static_cast<std::size_t>(head.contentRange.size())});
    }
    nghttp2_data_provider body{};
    body.read_callback = Callbacks::read;
    const bool hasBody = !stream.piece.isEmpty();
    nghttp2_submit_response(m_session, stream.id, fields.data(), count, hasBody ? &body : nullptr);
    readAhead(stream);
    send();
}

void Http2Session::readAhead(Stream& stream) {
    Exchange* const exchange = stream.exchange.get();
    if (exchange != nullptr && exchange->moreToRead() && !exchange->reading() && stream.next.isEmpty()) {
        exchange->readMore();
    }
}

std::ptrdiff_t Http2Session::nextData(Stream& stream, std::size_t most, std::uint32_t& flags) {
    if (stream.at == stream.piece.size()) {
        if (stream.next.isEmpty()) {
            return NGHTTP2_ERR_DEFERRED;
        }
        stream.piece = std::exchange(stream.next, {});
        stream.at = 0;
        readAhead(stream);
    }
    const auto left = static_cast<std::size_t>(stream.piece.size() - stream.at);
    const std::size_t size = std::min(most, left);
    const bool more = stream.exchange && (stream.exchange->moreToRead() || stream.exchange->reading());
    if (size == left && stream.next.isEmpty() && !more) {
        flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    return static_cast<std::ptrdiff_t>(size);
}

void Http2Session::writeData(Stream& stream, const std::uint8_t* frameHead, std::size_t size) {
    constexpr qsizetype frameHeadSize = 9;
    if (m_out.size() >= outPiece) {
        handOver();
    }
    const qsizetype left = std::min(stream.piece.size() - stream.at, outPiece);
    if (left > static_cast<qsizetype>(size) && m_out.capacity() - m_out.size() < frameHeadSize + left) {
        // Once for all of it: growing step by step would copy it as often again.
        m_out.reserve(m_out.size() + left + frameHeadSize * (left / static_cast<qsizetype>(size) + 1));
    }
    m_out.append(reinterpret_cast<const char*>(frameHead), frameHeadSize);
    m_out.append(stream.piece.constData() + stream.at, static_cast<qsizetype>(size));
    stream.at += static_cast<qsizetype>(size);
    stream.deadline = m_shared.clock->steadyNow() + m_shared.limits.bodySilenceTimeout;
    m_idleFrames = 0;
}

bool Http2Session::isFull() const {
    return m_wire.unsent() + m_out.size() >= (m_credit ? sendAhead : strangerSendAhead);
}

void Http2Session::handOver() {
    if (m_out.isEmpty()) {
        return;
    }
    m_wire.write(std::exchange(m_out, {}));
    if (!m_writeDeadline) {
        m_writeDeadline = m_shared.clock->steadyNow() + m_shared.limits.bodySilenceTimeout;
    }
}

void Http2Session::send() {
    if (m_feeding || m_sending || m_over) {
        return;
    }
    m_sending = true;
    while (!isFull()) {
        const std::uint8_t* bytes = nullptr;
        const qsizetype before = m_out.size();
        const ssize_t size = nghttp2_session_mem_send(m_session, &bytes);
        if (size < 0) {
            m_over = true;
            m_wire.abort();
            break;
        }
        m_out.append(reinterpret_cast<const char*>(bytes), size);
        if (m_out.size() == before) {
            break;
        }
    }
    m_sending = false;
    if (!m_over) {
        handOver();
    }
    if (m_wire.unsent() == 0) {
        m_writeDeadline.reset();
    }
    const bool done = nghttp2_session_want_read(m_session) == 0 && nghttp2_session_want_write(m_session) == 0;
    if (!m_over && (done || (m_stopping && m_streams.empty() && nghttp2_session_want_write(m_session) == 0))) {
        m_over = true;
        m_wire.close();
    }
}

}  // namespace tarn::server
