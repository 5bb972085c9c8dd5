#pragma once

#include "core/formats/gbs_messages.h"
#include "core/foundation/ids.h"
#include "core/foundation/secret.h"
#include "core/foundation/units.h"
#include "core/server/request_head.h"
#include "core/server/server.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace tarn::server {

/// HTTP's numbers, where Tahoe-LAFS's server gives them.
enum class HttpStatus : std::uint16_t {
    Ok = 200,
    Created = 201,
    NoContent = 204,
    PartialContent = 206,
    BadRequest = 400,
    Unauthorized = 401,
    NotFound = 404,
    MethodNotAllowed = 405,
    NotAcceptable = 406,
    Conflict = 409,
    LengthRequired = 411,
    TooLarge = 413,
    UnsupportedMediaType = 415,
    RangeNotSatisfiable = 416,
    ExpectationFailed = 417,
    HeaderTooLarge = 431,
    ServerFailed = 500,
    Unavailable = 503,
    NoSpace = 507,
};

enum class Endpoint : std::uint8_t {
    Version,
    Allocate,
    WriteShare,
    ReadShare,
    AbortShare,
    AdviseCorrupt,
    ListShares,
    AddLease,
    ReadTestWrite,
    ListSlot,
    ReadSlotShare,
};

/// A request that may go on: who asks is known, and the header is as the endpoint wants it. Holds secrets.
struct Call {
    Endpoint endpoint = Endpoint::Version;
    StorageIndex index;
    ShareNum share;
    LeaseSecrets lease;
    UploadSecret upload;
    WriteEnabler enabler;
    std::optional<formats::gbs::Range> range;  ///< of a read, if given; of a write
    std::optional<std::size_t> along;          ///< bytes of shares that may come along with their list, if asked for
    std::uint64_t bodyLength = 0;
    std::string client;  ///< the address that asks, for whom leases are noted; filled in by who reads the head
};

/// Why a request goes no further.
struct Refusal {
    HttpStatus status = HttpStatus::BadRequest;
    /// Whether the client showed the swissnum: only then is its body read, to be thrown away, and the connection kept.
    bool authorized = false;
};

/// Decides on a request by its head alone, before a byte of the body is looked at: the swissnum first (compared in
/// constant time), then the route, the secrets, the body's type and length, and the range. Source: Tahoe-LAFS
/// storage/http_server.py.
///
/// `authorization`: the whole field value that the right swissnum gives.
[[nodiscard]] std::variant<Call, Refusal> readCall(const RequestHead& head, std::string_view authorization,
                                                   const Limits& limits);

}  // namespace tarn::server
