#pragma once

#include "core/foundation/bytes.h"
#include "core/server/call.h"

#include <QByteArray>

#include <cstdint>

namespace tarn::server {

enum class BodyType : std::uint8_t { None, Cbor, Octets };

/// The media type of a body that there is.
[[nodiscard]] const char* mediaTypeOf(BodyType type) noexcept;

/// What the server calls itself in its version, and in the head of every reply that has a body of a known type: such a
/// reply goes to nobody but who showed the swissnum. A client of ours learns by it what it may ask for; see ADR 0012.
inline constexpr const char* applicationVersion = "tarn/0.1.0";

/// What a reply says before its body.
struct ReplyHead {
    HttpStatus status = HttpStatus::Ok;
    BodyType type = BodyType::None;
    std::uint64_t length = 0;  ///< of the whole body
    QByteArray contentRange;   ///< for a 206, "bytes a-b/size"
};

/// The head of a reply in HTTP/1.1, with room for `bodyRoom` bytes of body to follow in the same array, so that both go
/// out as one. `close` tells the client that no other request will be read.
[[nodiscard]] QByteArray writeReplyHead(const ReplyHead& head, bool close, qsizetype bodyRoom = 0);

}  // namespace tarn::server
