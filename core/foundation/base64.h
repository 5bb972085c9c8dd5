#pragma once

#include "core/foundation/bytes.h"

#include <optional>
#include <string>
#include <string_view>

namespace tarn {

/// RFC 4648 base64 with padding: secrets in HTTP headers.
[[nodiscard]] std::string toBase64(ByteView bytes);
[[nodiscard]] std::optional<Bytes> fromBase64(std::string_view text);

/// RFC 4648 base64url without padding: the SPKI hash in a NURL.
[[nodiscard]] std::string toBase64Url(ByteView bytes);
[[nodiscard]] std::optional<Bytes> fromBase64Url(std::string_view text);

}  // namespace tarn
