#pragma once

#include "core/foundation/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tarn::server {

/// The request line and the header fields that the server acts on; all others are read and dropped.
struct RequestHead {
    std::string method;
    std::string target;
    std::optional<std::string> authorization;
    std::optional<std::string> accept;
    std::optional<std::string> contentType;
    std::optional<std::string> contentRange;
    std::optional<std::string> range;
    std::optional<std::string> expect;
    std::optional<std::string> along;             ///< formats::gbs::alongField
    std::vector<std::string> tahoeAuthorization;  ///< one entry a header line
    std::uint64_t contentLength = 0;
    bool chunked = false;        ///< the body comes with a Transfer-Encoding; its length is not known
    bool keepAlive = false;      ///< the client wants to go on after this request
    bool repeatedField = false;  ///< a field that may stand once stood twice
};

/// Puts a header field where it belongs in the head; one that does not matter is dropped. Any case of letters.
void keepField(RequestHead& head, std::string_view name, std::string_view value);

/// The length of the first head in `bytes`, its empty line included; nothing while that has not come. `searched` is how
/// much of `bytes` was known to hold none.
[[nodiscard]] std::optional<std::size_t> headLength(std::string_view bytes, std::size_t searched);

/// Reads a whole head, as `headLength` delimits it. HTTP/1.0 and 1.1. Fails: ProtocolViolation.
/// HTTP's grammar is Boost.Beast's: see core/doc/adr/0007-http-parsing-by-boost-beast.md.
[[nodiscard]] Result<RequestHead> parseRequestHead(std::string_view bytes);

}  // namespace tarn::server
