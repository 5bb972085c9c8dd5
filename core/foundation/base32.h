#pragma once

#include "core/foundation/bytes.h"

#include <optional>
#include <string>
#include <string_view>

namespace tarn {

/// RFC 3548 base32, lower case, without padding: the form of every capability and storage index.
[[nodiscard]] std::string toBase32(ByteView bytes);

/// Reads what `toBase32` writes. Nothing for any other character, an impossible length, or spare bits that are not
/// zero (so that every value has exactly one spelling).
[[nodiscard]] std::optional<Bytes> fromBase32(std::string_view text);

}  // namespace tarn
