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
    case HttpStatus::NoSpace: return "507 Insufficient Storage";
    }
    return "500 Internal Server Error";
}

}  // namespace

QByteArray replyHead(HttpStatus status, BodyType type, std::uint64_t bodyLength, bool close,
                     const QByteArray& contentRange, qsizetype bodyRoom) {
    constexpr qsizetype headRoom = 200;
    QByteArray head;
    head.reserve(headRoom + bodyRoom);
    head += "HTTP/1.1 ";
    head += phrase(status);
    // A 204 has no body and must not speak of one.
    if (status != HttpStatus::NoContent) {
        head += "\r\nContent-Length: ";
        head += QByteArray::number(static_cast<qulonglong>(bodyLength));
    }
    if (type != BodyType::None) {
        head += type == BodyType::Cbor ? "\r\nContent-Type: application/cbor"
                                       : "\r\nContent-Type: application/octet-stream";
    }
    if (!contentRange.isEmpty()) {
        head += "\r\nContent-Range: ";
        head += contentRange;
    }
    if (close) {
        head += "\r\nConnection: close";
    }
    head += "\r\n\r\n";
    return head;
}

QByteArray wholeReply(HttpStatus status, BodyType type, ByteView body, bool close) {
    QByteArray reply = replyHead(status, type, body.size(), close, {}, static_cast<qsizetype>(body.size()));
    reply.append(reinterpret_cast<const char*>(body.data()), static_cast<qsizetype>(body.size()));
    return reply;
}

}  // namespace tarn::server
