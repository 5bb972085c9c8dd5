#include "core/server/request_head.h"

#include "core/formats/gbs_messages.h"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/field.hpp>

#include <algorithm>
#include <array>
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

    void on_request_impl(http::verb /*method*/, View method, View target, int /*version*/, ErrorCodeOut& ec) override {
        head.method = textOf(method);
        head.target = textOf(target);
        ec = {};
    }

    void on_field_impl(http::field /*name*/, View nameText, View value, ErrorCodeOut& ec) override {
        keepField(head, {nameText.data(), nameText.size()}, {value.data(), value.size()});
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

void keepField(RequestHead& head, std::string_view name, std::string_view value) {
    struct Field {
        std::string_view name;
        std::optional<std::string> RequestHead::*place;
    };
    static constexpr std::array fields{
        Field{"authorization", &RequestHead::authorization},
        Field{"accept", &RequestHead::accept},
        Field{"content-type", &RequestHead::contentType},
        Field{"content-range", &RequestHead::contentRange},
        Field{"range", &RequestHead::range},
        Field{"expect", &RequestHead::expect},
        Field{formats::gbs::alongField, &RequestHead::along},
    };
    const auto same = [name](std::string_view other) {
        return boost::beast::iequals({name.data(), name.size()}, {other.data(), other.size()});
    };
    if (same("x-tahoe-authorization")) {
        head.tahoeAuthorization.emplace_back(value);
        return;
    }
    const auto field = std::ranges::find_if(fields, same, &Field::name);
    if (field != fields.end()) {
        std::optional<std::string>& kept = head.*(field->place);
        head.repeatedField = head.repeatedField || kept.has_value();
        kept = std::string(value);
    }
}

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
