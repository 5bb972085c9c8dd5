#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tarn::formats {

/// Reads a whole decimal number: digits alone, no sign, no space, no overflow.
[[nodiscard]] inline std::optional<std::uint64_t> parseDecimal(std::string_view text) noexcept {
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || error != std::errc() || stopped != end) {
        return std::nullopt;
    }
    return value;
}

}  // namespace tarn::formats
