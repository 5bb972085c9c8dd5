#pragma once

#include "core/foundation/bytes.h"
#include "core/server/call.h"

#include <QByteArray>

#include <cstdint>

namespace tarn::server {

enum class BodyType : std::uint8_t { None, Cbor, Octets };

/// The head of a reply, with room for `bodyRoom` bytes of body to follow in the same array, so that both go out as one.
/// `contentRange`: for a 206, "bytes a-b/size". `close` tells the client that no other request will be read.
[[nodiscard]] QByteArray replyHead(HttpStatus status, BodyType type, std::uint64_t bodyLength, bool close,
                                   const QByteArray& contentRange = {}, qsizetype bodyRoom = 0);

/// A whole reply.
[[nodiscard]] QByteArray wholeReply(HttpStatus status, BodyType type, ByteView body, bool close);

}  // namespace tarn::server
