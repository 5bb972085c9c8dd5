#include "core/server/reply.h"

namespace tarn::server {

namespace {

const char* phrase(HttpStatus status) noexcept {
    switch (status) {
    case HttpStatus::Ok: return "200 OK";
    case HttpStatus::Created: return "201 Created";
    case HttpStatus::NoContent: return "204 No Content";
    case HttpStatus::PartialContent: return "206 Partial Content";
    case HttpStatus::BadRequest: return "400 Bad Request";
    case HttpStatus::Unauthorized: return "401 Unauthorized";
    case HttpStatus::NotFound: return "404 Not Found";
    case HttpStatus::MethodNotAllowed: return "405 Method Not Allowed";
    case HttpStatus::NotAcceptable: return "406 Not Acceptable";
    case HttpStatus::Conflict: return "409 Conflict";
    case HttpStatus::LengthRequired: return "411 Length Required";
    case HttpStatus::TooLarge: return "413 Content Too Large";
    case HttpStatus::UnsupportedMediaType: return "415 Unsupported Media Type";
    case HttpStatus::RangeNotSatisfiable: return "416 Range Not Satisfiable";
    case HttpStatus::ExpectationFailed: return "417 Expectation Failed";
    case HttpStatus::HeaderTooLarge: return "431 Request Header Fields Too Large";
    case HttpStatus::ServerFailed: return "500 Internal Server Error";
    case HttpStatus::Unavailable: return "503 Service Unavailable";
    case HttpStatus::NoSpace: return "507 Insufficient Storage";
    }
    return "500 Internal Server Error";
}

}  // namespace

const char* mediaTypeOf(BodyType type) noexcept {
    return type == BodyType::Cbor ? "application/cbor" : "application/octet-stream";
}

QByteArray writeReplyHead(const ReplyHead& head, bool close, qsizetype bodyRoom) {
    constexpr qsizetype headRoom = 200;
    QByteArray text;
    text.reserve(headRoom + bodyRoom);
    text += "HTTP/1.1 ";
    text += phrase(head.status);
    // A 204 has no body and must not speak of one.
    if (head.status != HttpStatus::NoContent) {
        text += "\r\nContent-Length: ";
        text += QByteArray::number(static_cast<qulonglong>(head.length));
    }
    if (head.type != BodyType::None) {
        text += "\r\nContent-Type: ";
        text += mediaTypeOf(head.type);
        text += "\r\nServer: ";
        text += applicationVersion;
    }
    if (!head.contentRange.isEmpty()) {
        text += "\r\nContent-Range: ";
        text += head.contentRange;
    }
    if (close) {
        text += "\r\nConnection: close";
    }
    text += "\r\n\r\n";
    return text;
}

}  // namespace tarn::server
