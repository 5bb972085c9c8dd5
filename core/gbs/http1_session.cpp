#include "core/gbs/http1_session.h"

#include "core/gbs/reply_errors.h"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace tarn::gbs {

namespace {

namespace http = boost::beast::http;

constexpr std::uint32_t mostHead = 16U * 1024;
/// So much is handed to TLS ahead of the server, in such pieces.
constexpr qint64 sendAhead = 128LL * 1024;
constexpr std::size_t sendPiece = 64UL * 1024;
constexpr std::size_t readPiece = 64UL * 1024;

QByteArray writeHead(const Request& request, const Caller& caller) {
    QByteArray head;
    const auto add = [&head](std::string_view text) {
        head.append(text.data(), static_cast<qsizetype>(text.size()));
    };
    add(verbOf(request.verb));
    add(" ");
    add(request.path);
    add(" HTTP/1.1\r\nhost: ");
    add(caller.host);
    const RequestFields fields(request, caller);
    for (const Field& field : fields.fields()) {
        add("\r\n");
        add(field.name);
        add(": ");
        add(field.value);
    }
    add("\r\n\r\n");
    return head;
}

}  // namespace

/// Beast's parser, which hands an answer on as it reads it.
class Http1Session::AnswerParser final : public http::basic_parser<false> {
public:
    explicit AnswerParser(Exchange& exchange) : m_exchange(exchange) {
        header_limit(mostHead);
        // Not boost::none: Beast 1.74 then takes every length for one too large. The exchange has its own limit.
        body_limit(std::numeric_limits<std::uint64_t>::max());
        eager(true);
    }

private:
    using ErrorCodeOut = boost::beast::error_code;
    using View = boost::beast::string_view;

    void on_response_impl(int code, View /*reason*/, int /*version*/, ErrorCodeOut& ec) override {
        m_head = {};
        m_head.status = code;
        ec = {};
    }
    void on_field_impl(http::field name, View /*text*/, View value, ErrorCodeOut& ec) override {
        const std::string text(value.data(), value.size());
        switch (name) {
        case http::field::content_type: m_head.contentType = text; break;
        case http::field::content_encoding: m_head.contentEncoding = text; break;
        case http::field::content_range: m_head.contentRange = text; break;
        case http::field::server: m_head.server = text; break;
        default: break;
        }
        ec = {};
    }
    void on_header_impl(ErrorCodeOut& ec) override {
        ec = {};
        if (const auto length = content_length()) {
            m_head.contentLength = *length;
        }
        if (m_head.status >= 200) {
            m_exchange.onHead(m_head);
        }
    }
    void on_body_init_impl(boost::optional<std::uint64_t> const&, ErrorCodeOut& ec) override { ec = {}; }
    std::size_t on_body_impl(View body, ErrorCodeOut& ec) override { return give(body, ec); }
    void on_chunk_header_impl(std::uint64_t, View, ErrorCodeOut& ec) override { ec = {}; }
    std::size_t on_chunk_body_impl(std::uint64_t, View body, ErrorCodeOut& ec) override { return give(body, ec); }
    void on_finish_impl(ErrorCodeOut& ec) override { ec = {}; }
    void on_request_impl(http::verb, View, View, int, ErrorCodeOut& ec) override { ec = {}; }

    std::size_t give(View body, ErrorCodeOut& ec) {
        ec = {};
        m_exchange.onBody({reinterpret_cast<const Byte*>(body.data()), body.size()});
        return body.size();
    }

    Exchange& m_exchange;
    AnswerHead m_head;

public:
    /// 100 and its like come before the answer.
    [[nodiscard]] bool isInterim() const noexcept { return m_head.status < 200; }
};

Http1Session::Http1Session(const Caller& caller, std::string server, std::chrono::milliseconds silenceTimeout,
                           Wire& wire)
    : m_caller(caller), m_server(std::move(server)), m_silenceTimeout(silenceTimeout), m_wire(wire) {}

Http1Session::~Http1Session() = default;

bool Http1Session::hasRoom(const Request& /*request*/) const {
    return !m_over && !m_exchange;
}

bool Http1Session::goesOn() const {
    return !m_over;
}

void Http1Session::send(std::shared_ptr<Exchange> exchange) {
    m_exchange = std::move(exchange);
    m_parser = std::make_unique<AnswerParser>(*m_exchange);
    m_sent = 0;
    m_exchange->begin(m_silenceTimeout);
    QByteArray head = writeHead(m_exchange->request(), m_caller);
    const SharedBytes& body = m_exchange->request().body;
    if (body && body->size() <= sendPiece) {
        // As one write, so that it goes out as one.
        head.append(reinterpret_cast<const char*>(body->data()), static_cast<qsizetype>(body->size()));
        m_sent = body->size();
    }
    m_wire.write(head);
    sendMore();
}

void Http1Session::sendMore() {
    const SharedBytes body = m_exchange->request().body;
    while (body && m_sent < body->size() && m_wire.unsent() < sendAhead) {
        const std::size_t size = std::min(sendPiece, body->size() - m_sent);
        m_wire.write(QByteArray(reinterpret_cast<const char*>(body->data() + m_sent), static_cast<qsizetype>(size)));
        m_sent += size;
    }
}

bool Http1Session::drop(const Exchange& exchange) {
    if (m_exchange.get() != &exchange) {
        return false;
    }
    // What would still come on this connection belongs to it.
    m_exchange.reset();
    m_over = true;
    m_wire.giveUp({ErrorCode::Cancelled, {}, false});
    return true;
}

void Http1Session::onBytes() {
    while (!m_over) {
        ByteView bytes = m_wire.arrived();
        if (bytes.empty()) {
            break;
        }
        bytes = bytes.first(std::min(bytes.size(), readPiece));
        m_input.append(reinterpret_cast<const char*>(bytes.data()), static_cast<qsizetype>(bytes.size()));
        m_wire.took(bytes.size());
        parse();
    }
}

void Http1Session::parse() {
    while (!m_over && !m_input.isEmpty()) {
        if (!m_exchange) {
            // Nobody asked.
            m_over = true;
            m_wire.giveUp(violation(m_server, "speaks without having been asked"));
            return;
        }
        const auto exchange = m_exchange;
        exchange->onLife();
        boost::beast::error_code error;
        const std::size_t taken = m_parser->put(
            boost::asio::const_buffer(m_input.constData(), static_cast<std::size_t>(m_input.size())), error);
        if (exchange->over()) {
            return;  // by what its head or its body was; it has been dropped
        }
        m_input.remove(0, static_cast<qsizetype>(taken));
        if (error == http::error::need_more) {
            return;
        }
        if (error) {
            m_over = true;
            m_wire.giveUp(violation(m_server, "does not speak HTTP as it should"));
            return;
        }
        if (m_parser->is_done()) {
            if (m_parser->isInterim()) {
                m_parser = std::make_unique<AnswerParser>(*exchange);
                continue;
            }
            finish();
        } else if (taken == 0) {
            return;
        }
    }
}

void Http1Session::finish() {
    const SharedBytes& body = m_exchange->request().body;
    // An answer that came before the request was out leaves a connection on which the rest would have to follow.
    const bool keepsUp = m_parser->keep_alive() && (!body || m_sent == body->size());
    const auto exchange = std::exchange(m_exchange, nullptr);
    if (!keepsUp) {
        m_over = true;
    }
    exchange->onEnd();
    if (!keepsUp) {
        m_wire.giveUp({ErrorCode::Cancelled, {}, false});
    }
}

void Http1Session::onSent() {
    if (m_exchange) {
        m_exchange->onLife();
        sendMore();
    }
}

void Http1Session::onHungUp() {
    if (m_over || !m_exchange || !m_exchange->hasHead()) {
        return;
    }
    boost::beast::error_code error;
    m_parser->put_eof(error);
    if (!error && m_parser->is_done()) {
        m_over = true;
        std::exchange(m_exchange, nullptr)->onEnd();
    }
}

std::vector<std::shared_ptr<Exchange>> Http1Session::takeRunning() {
    m_over = true;
    std::vector<std::shared_ptr<Exchange>> running;
    if (m_exchange) {
        running.push_back(std::exchange(m_exchange, nullptr));
    }
    return running;
}

}  // namespace tarn::gbs
