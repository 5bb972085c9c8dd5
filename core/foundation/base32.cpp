#include "core/foundation/base32.h"

namespace tarn {

namespace {

constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";

int digitOf(char c) noexcept {
    if (c >= 'a' && c <= 'z') {
        return c - 'a';
    }
    if (c >= '2' && c <= '7') {
        return c - '2' + 26;
    }
    return -1;
}

}  // namespace

std::string toBase32(ByteView bytes) {
    std::string text;
    text.reserve((bytes.size() * 8 + 4) / 5);
    unsigned buffer = 0;
    unsigned bits = 0;
    for (const Byte byte : bytes) {
        buffer = (buffer << 8U) | byte;
        bits += 8;
        while (bits >= 5) {
            bits -= 5;
            text.push_back(alphabet[(buffer >> bits) & 31U]);
        }
    }
    if (bits > 0) {
        text.push_back(alphabet[(buffer << (5 - bits)) & 31U]);
    }
    return text;
}

std::optional<Bytes> fromBase32(std::string_view text) {
    const std::size_t size = text.size() * 5 / 8;
    if ((size * 8 + 4) / 5 != text.size()) {
        return std::nullopt;
    }
    Bytes bytes;
    bytes.reserve(size);
    unsigned buffer = 0;
    unsigned bits = 0;
    for (const char c : text) {
        const int digit = digitOf(c);
        if (digit < 0) {
            return std::nullopt;
        }
        buffer = ((buffer << 5U) | static_cast<unsigned>(digit)) & 0xFFFFU;
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            bytes.push_back(static_cast<Byte>((buffer >> bits) & 0xFFU));
        }
    }
    if ((buffer & ((1U << bits) - 1U)) != 0) {
        return std::nullopt;
    }
    return bytes;
}

}  // namespace tarn
