#include "core/server/request_head.h"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/field.hpp>

#include <algorithm>
#include <limits>

namespace tarn::server {

namespace {

namespace http = boost::beast::http;

constexpr std::string_view emptyLine = "\r\n\r\n";

/// Beast's parser, fed one whole head and asked nothing about bodies.
class HeadParser final : public http::basic_parser<true> {
public:
    RequestHead head;

private:
    using ErrorCodeOut = boost::beast::error_code;
    using View = boost::beast::string_view;

    static std::string textOf(View view) { return {view.data(), view.size()}; }

    void keep(std::optional<std::string>& field, View value) {
        head.repeatedField = head.repeatedField || field.has_value();
        field = textOf(value);
    }

    void on_request_impl(http::verb /*method*/, View method, View target, int /*version*/, ErrorCodeOut& ec) override {
        head.method = textOf(method);
        head.target = textOf(target);
        ec = {};
    }

    void on_field_impl(http::field name, View nameText, View value, ErrorCodeOut& ec) override {
        switch (name) {
        case http::field::authorization: keep(head.authorization, value); break;
        case http::field::accept: keep(head.accept, value); break;
        case http::field::content_type: keep(head.contentType, value); break;
        case http::field::content_range: keep(head.contentRange, value); break;
        case http::field::range: keep(head.range, value); break;
        case http::field::expect: keep(head.expect, value); break;
        case http::field::prefer: keep(head.prefer, value); break;
        default:
            if (boost::beast::iequals(nameText, "X-Tahoe-Authorization")) {
                head.tahoeAuthorization.push_back(textOf(value));
            }
        }
        ec = {};
    }

    void on_header_impl(ErrorCodeOut& ec) override { ec = {}; }
    void on_response_impl(int, View, int, ErrorCodeOut& ec) override { ec = {}; }
    void on_body_init_impl(boost::optional<std::uint64_t> const&, ErrorCodeOut& ec) override { ec = {}; }
    std::size_t on_body_impl(View body, ErrorCodeOut& ec) override {
        ec = {};
        return body.size();
    }
    void on_chunk_header_impl(std::uint64_t, View, ErrorCodeOut& ec) override { ec = {}; }
    std::size_t on_chunk_body_impl(std::uint64_t, View body, ErrorCodeOut& ec) override {
        ec = {};
        return body.size();
    }
    void on_finish_impl(ErrorCodeOut& ec) override { ec = {}; }
};

}  // namespace

std::optional<std::size_t> headLength(std::string_view bytes, std::size_t searched) {
    const std::size_t from = searched - std::min(searched, emptyLine.size() - 1);
    const std::size_t end = bytes.find(emptyLine, from);
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    return end + emptyLine.size();
}

Result<RequestHead> parseRequestHead(std::string_view bytes) {
    HeadParser parser;
    parser.header_limit(static_cast<std::uint32_t>(bytes.size() + 1));
    // Not boost::none: Beast 1.74 then takes every length for one too large.
    parser.body_limit(std::numeric_limits<std::uint64_t>::max());
    boost::beast::error_code error;
    parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    if (error || !parser.is_header_done()) {
        return failure(ErrorCode::ProtocolViolation, "not an HTTP request");
    }
    parser.head.keepAlive = parser.keep_alive();
    parser.head.chunked = parser.chunked();
    if (const auto length = parser.content_length()) {
        parser.head.contentLength = *length;
    }
    return std::move(parser.head);
}

}  // namespace tarn::server
