#include "core/gbs/http2_session.h"

#include "core/gbs/reply_errors.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <new>
#include <utility>

#include <nghttp2/nghttp2.h>

namespace tarn::gbs {

namespace {

/// Of one connection: requests, and bytes of their bodies, which share its line. Were there more, a slow line would
/// have some of them wait into their timeout.
constexpr std::size_t mostStreams = 96;
constexpr std::size_t mostBodies = 1UL * 1024 * 1024;
/// So much is handed to TLS ahead of the server.
constexpr qint64 sendAhead = 128LL * 1024;
constexpr std::size_t readPiece = 64UL * 1024;
constexpr std::int32_t streamWindow = 16 * 1024 * 1024;
constexpr std::int32_t connectionWindow = 256 * 1024 * 1024;
constexpr std::size_t mostHead = 16UL * 1024;
/// What a field of a head takes beyond its text. Source: RFC 9113, section 6.5.2.
constexpr std::size_t fieldOverhead = 32;
/// A server that sends so many frames with nothing in them, and none with something between them, wears us out.
constexpr int mostIdleFrames = 10'000;

std::size_t bodySize(const Request& request) {
    return request.body ? request.body->size() : 0;
}

nghttp2_nv field(std::string_view name, std::string_view value, bool secret = false) {
    // The library takes pointers to what it does not change.
    const auto bytes = [](std::string_view text) {
        return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
    };
    return {bytes(name), bytes(value), name.size(), value.size(),
            static_cast<std::uint8_t>(secret ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE)};
}

template <typename T, void (*destroy)(T*)>
struct Destroy {
    void operator()(T* pointer) const noexcept { destroy(pointer); }
};

}  // namespace

/// One exchange on the connection. Its exchange is gone once it is over, while the stream may have yet to end.
struct Http2Session::Stream {
    std::int32_t id = 0;
    std::shared_ptr<Exchange> exchange;
    SharedBytes body;
    std::size_t sent = 0;  ///< of the body
    AnswerHead head;
    std::size_t headSize = 0;
    bool headDone = false;
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
        const bool useful = head->type == NGHTTP2_HEADERS || (head->type == NGHTTP2_DATA && head->length > 0);
        return guarded([&] {
            if (!useful) {
                self(user).countIdleFrame();
            }
        });
    }
    static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t nameSize,
                      const std::uint8_t* value, std::size_t valueSize, std::uint8_t, void* user) {
        Stream* const stream = self(user).find(frame->hd.stream_id);
        if (stream == nullptr || stream->headDone) {
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
            if (frame->hd.type == NGHTTP2_GOAWAY) {
                session.onGoAway();
                return;
            }
            if (Stream* const stream = session.find(frame->hd.stream_id);
                stream != nullptr && frame->hd.type == NGHTTP2_HEADERS && !stream->headDone) {
                session.onHead(*stream);
            }
            const bool isLast = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 &&
                                (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA);
            if (Stream* const stream = session.find(frame->hd.stream_id); stream != nullptr && isLast) {
                session.onAnswered(*stream);
            }
        });
    }
    static int data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes, std::size_t size,
                    void* user) {
        return guarded([&] {
            self(user).m_idleFrames = 0;
            Stream* const stream = self(user).find(id);
            if (stream != nullptr && stream->exchange) {
                // The exchange may end by this, and drop its stream.
                const auto exchange = stream->exchange;
                exchange->onBody({bytes, size});
            }
        });
    }
    static int closed(nghttp2_session*, std::int32_t id, std::uint32_t reason, void* user) {
        return guarded([&] { self(user).onStreamClosed(id, reason); });
    }
    static ssize_t read(nghttp2_session*, std::int32_t id, std::uint8_t*, std::size_t most, std::uint32_t* flags,
                        nghttp2_data_source*, void* user) {
        Stream* const stream = self(user).find(id);
        if (stream == nullptr || !stream->exchange) {
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        }
        const std::size_t left = stream->body->size() - stream->sent;
        *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
        if (left <= most) {
            *flags |= NGHTTP2_DATA_FLAG_EOF;
        }
        return static_cast<ssize_t>(std::min(left, most));
    }
    static int write(nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* head, std::size_t size,
                     nghttp2_data_source*, void* user) {
        Stream* const stream = self(user).find(frame->hd.stream_id);
        if (stream == nullptr || !stream->exchange) {
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        }
        if (self(user).isFull()) {
            return NGHTTP2_ERR_WOULDBLOCK;
        }
        return guarded([&] { self(user).writeData(*stream, head, size); });
    }
};

Http2Session::Http2Session(const Caller& caller, std::string server, std::chrono::milliseconds silenceTimeout,
                           Wire& wire)
    : m_caller(caller), m_server(std::move(server)), m_silenceTimeout(silenceTimeout), m_wire(wire),
      m_heard(std::chrono::steady_clock::now()) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_option* option = nullptr;
    if (nghttp2_session_callbacks_new(&callbacks) != 0) {
        throw std::bad_alloc();
    }
    const std::unique_ptr<nghttp2_session_callbacks, Destroy<nghttp2_session_callbacks, nghttp2_session_callbacks_del>>
        callbacksOwner(callbacks);
    if (nghttp2_option_new(&option) != 0) {
        throw std::bad_alloc();
    }
    const std::unique_ptr<nghttp2_option, Destroy<nghttp2_option, nghttp2_option_del>> optionOwner(option);
    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, Callbacks::beginFrame);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::closed);
    nghttp2_session_callbacks_set_send_data_callback(callbacks, Callbacks::write);
    nghttp2_option_set_no_closed_streams(option, 1);
    if (nghttp2_session_client_new2(&m_session, callbacks, this, option) != 0) {
        throw std::bad_alloc();
    }
    const std::array settings{
        nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, streamWindow},
        nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, mostHead},
    };
    nghttp2_submit_settings(m_session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
    nghttp2_session_set_local_window_size(m_session, NGHTTP2_FLAG_NONE, 0, connectionWindow);
    // Both go out with the first request.
}

Http2Session::~Http2Session() {
    // The streams first: the library's farewell to them finds them gone.
    m_streams.clear();
    nghttp2_session_del(m_session);
}

bool Http2Session::hasRoom(const Request& request) const {
    return goesOn() && (m_running == 0 || (m_running < mostStreams && m_bodies + bodySize(request) <= mostBodies));
}

bool Http2Session::goesOn() const {
    return !m_over && !m_leaving;
}

void Http2Session::send(std::shared_ptr<Exchange> exchange) {
    const Request& request = exchange->request();
    exchange->begin(m_silenceTimeout);
    const RequestFields head(request, m_caller);
    std::vector<nghttp2_nv> fields{field(":method", verbOf(request.verb)), field(":scheme", "https"),
                                   field(":authority", m_caller.host), field(":path", request.path)};
    fields.reserve(fields.size() + head.fields().size());
    for (const Field& one : head.fields()) {
        fields.push_back(field(one.name, one.value, one.secret));
    }
    nghttp2_data_provider body{};
    body.read_callback = Callbacks::read;
    const bool hasBody = bodySize(request) > 0;
    const std::int32_t id =
        nghttp2_submit_request(m_session, nullptr, fields.data(), fields.size(), hasBody ? &body : nullptr, nullptr);
    if (id < 0) {
        // The numbers of streams have run out, after a thousand million: a new connection has new ones.
        m_leaving = true;
        exchange->fail({ErrorCode::Unreachable, m_server + ": the connection is used up", true});
        return;
    }
    auto stream = std::make_unique<Stream>();
    stream->id = id;
    stream->body = request.body;
    stream->exchange = std::move(exchange);
    ++m_running;
    m_bodies += bodySize(request);
    m_streams.emplace(id, std::move(stream));
    flush();
}

bool Http2Session::drop(const Exchange& exchange) {
    const auto found = std::ranges::find_if(
        m_streams, [&exchange](const auto& one) { return one.second->exchange.get() == &exchange; });
    if (found == m_streams.end()) {
        return false;
    }
    (void)release(*found->second);
    if (m_over) {
        return true;
    }
    nghttp2_submit_rst_stream(m_session, NGHTTP2_FLAG_NONE, found->first, NGHTTP2_CANCEL);
    flush();
    const bool wasSilent = std::chrono::steady_clock::now() - exchange.lastLife() >= m_silenceTimeout;
    if (!m_over && wasSilent && m_heard < exchange.lastLife()) {
        // Nobody was heard on the whole connection: after a sleep or in another network it is dead, and nothing says
        // so.
        m_over = true;
        m_wire.giveUp(brokenOff(m_server, false));
    }
    return true;
}

std::vector<std::shared_ptr<Exchange>> Http2Session::takeRunning() {
    m_over = true;
    std::vector<std::shared_ptr<Exchange>> running;
    for (const auto& [id, stream] : m_streams) {
        if (stream->exchange) {
            running.push_back(release(*stream));
        }
    }
    m_streams.clear();
    return running;
}

void Http2Session::onBytes() {
    while (!m_over) {
        ByteView bytes = m_wire.arrived();
        if (bytes.empty()) {
            break;
        }
        bytes = bytes.first(std::min(bytes.size(), readPiece));
        m_heard = std::chrono::steady_clock::now();
        m_feeding = true;
        const ssize_t taken = nghttp2_session_mem_recv(m_session, bytes.data(), bytes.size());
        m_feeding = false;
        if (m_over) {
            return;
        }
        m_wire.took(bytes.size());
        if (taken < 0) {
            giveUp("does not speak HTTP/2 as it should");
            return;
        }
    }
    flush();
}

void Http2Session::onSent() {
    // Those whose bodies wait for the line are alive as long as it moves.
    for (const auto& [id, stream] : m_streams) {
        if (stream->exchange && stream->body && stream->sent < stream->body->size()) {
            stream->exchange->onLife();
        }
    }
    flush();
}

Http2Session::Stream* Http2Session::find(std::int32_t id) {
    const auto found = m_streams.find(id);
    return found == m_streams.end() ? nullptr : found->second.get();
}

std::shared_ptr<Exchange> Http2Session::release(Stream& stream) {
    --m_running;
    m_bodies -= bodySize(stream.exchange->request());
    return std::exchange(stream.exchange, nullptr);
}

void Http2Session::countIdleFrame() {
    if (++m_idleFrames > mostIdleFrames && !m_over) {
        giveUp("sends frames without end and nothing in them");
    }
}

void Http2Session::giveUp(const std::string& what) {
    m_over = true;
    m_wire.giveUp(violation(m_server, what));
}

void Http2Session::onHeader(Stream& stream, std::string_view name, std::string_view value) {
    stream.headSize += name.size() + value.size() + fieldOverhead;
    if (stream.headSize > mostHead) {
        if (stream.exchange) {
            const auto exchange = stream.exchange;
            exchange->fail(violation(m_server, "answers with an endless head"));
        }
        return;
    }
    if (name == ":status") {
        std::from_chars(value.data(), value.data() + value.size(), stream.head.status);
    } else if (name == "content-type") {
        stream.head.contentType = value;
    } else if (name == "content-encoding") {
        stream.head.contentEncoding = value;
    } else if (name == "content-range") {
        stream.head.contentRange = value;
    } else if (name == "server") {
        stream.head.server = value;
    } else if (name == "content-length") {
        std::uint64_t length = 0;
        const auto parsed = std::from_chars(value.data(), value.data() + value.size(), length);
        if (parsed.ec == std::errc()) {
            stream.head.contentLength = length;
        }
    }
}

void Http2Session::onHead(Stream& stream) {
    constexpr int firstFinal = 200;
    if (stream.head.status < firstFinal) {
        countIdleFrame();  // a word that comes before the answer
        stream.head = {};
        return;
    }
    m_idleFrames = 0;
    stream.headDone = true;
    if (stream.exchange) {
        const auto exchange = stream.exchange;
        exchange->onHead(stream.head);
    }
}

void Http2Session::onAnswered(Stream& stream) {
    if (!stream.exchange || !stream.headDone) {
        return;
    }
    const auto exchange = release(stream);
    if (stream.body && stream.sent < stream.body->size()) {
        // Its answer came before it was out. What is left of it is of no use.
        nghttp2_submit_rst_stream(m_session, NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_CANCEL);
    }
    exchange->onEnd();
}

void Http2Session::onStreamClosed(std::int32_t id, std::uint32_t reason) {
    const auto found = m_streams.find(id);
    if (found == m_streams.end()) {
        return;
    }
    const std::unique_ptr<Stream> stream = std::move(found->second);
    m_streams.erase(found);
    if (!stream->exchange) {
        return;
    }
    const auto exchange = release(*stream);
    if (reason == NGHTTP2_REFUSED_STREAM) {
        m_wire.giveBack(exchange);
        return;
    }
    const bool broken = reason == NGHTTP2_PROTOCOL_ERROR || reason == NGHTTP2_COMPRESSION_ERROR ||
                        reason == NGHTTP2_FLOW_CONTROL_ERROR || reason == NGHTTP2_FRAME_SIZE_ERROR;
    exchange->fail(broken ? violation(m_server, "does not speak HTTP/2 as it should")
                          : brokenOff(m_server, exchange->hasHead()));
}

void Http2Session::onGoAway() {
    // The library ends the streams that the server will not look at; those before them go on to their answers.
    m_leaving = true;
}

void Http2Session::writeData(Stream& stream, const std::uint8_t* frameHead, std::size_t size) {
    constexpr qsizetype frameHeadSize = 9;
    const qsizetype left = std::min(static_cast<qsizetype>(stream.body->size() - stream.sent), qsizetype(sendAhead));
    if (left > static_cast<qsizetype>(size) && m_out.capacity() - m_out.size() < frameHeadSize + left) {
        // Once for all of it: growing step by step would copy it as often again.
        m_out.reserve(m_out.size() + left + frameHeadSize * (left / static_cast<qsizetype>(size) + 1));
    }
    m_out.append(reinterpret_cast<const char*>(frameHead), frameHeadSize);
    m_out.append(reinterpret_cast<const char*>(stream.body->data() + stream.sent), static_cast<qsizetype>(size));
    stream.sent += size;
    stream.exchange->onLife();
}

bool Http2Session::isFull() const {
    return m_wire.unsent() + m_out.size() >= sendAhead;
}

void Http2Session::flush() {
    if (m_feeding || m_flushing || m_over) {
        return;
    }
    m_flushing = true;
    while (!m_over && !isFull()) {
        const std::uint8_t* bytes = nullptr;
        const qsizetype before = m_out.size();
        const ssize_t size = nghttp2_session_mem_send(m_session, &bytes);
        if (size < 0) {
            m_flushing = false;
            giveUp("does not speak HTTP/2 as it should");
            return;
        }
        m_out.append(reinterpret_cast<const char*>(bytes), size);
        if (m_out.size() == before) {
            break;
        }
    }
    m_flushing = false;
    if (!m_out.isEmpty() && !m_over) {
        m_wire.write(std::exchange(m_out, {}));
    }
    if (m_over) {
        return;
    }
    const bool done = nghttp2_session_want_read(m_session) == 0 && nghttp2_session_want_write(m_session) == 0;
    if (m_leaving && (done || m_streams.empty())) {
        m_over = true;
        m_wire.giveUp(brokenOff(m_server, false));
    } else if (done) {
        giveUp("does not speak HTTP/2 as it should");  // the library has found so and taken its leave
    }
}

}  // namespace tarn::gbs
