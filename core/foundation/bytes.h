#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tarn {

using Byte = std::uint8_t;
using Bytes = std::vector<Byte>;
using ByteView = std::span<const Byte>;
using MutableByteView = std::span<Byte>;

/// Bytes shared between pipeline stages without a copy: written once, then only read, by any thread.
using SharedBytes = std::shared_ptr<const Bytes>;

/// Views the characters of `text` as bytes. `text` must outlive the view.
[[nodiscard]] inline ByteView viewOf(std::string_view text) noexcept {
    return {reinterpret_cast<const Byte*>(text.data()), text.size()};
}

/// Views bytes as characters, without any claim about their encoding. `bytes` must outlive the view.
[[nodiscard]] inline std::string_view textOf(ByteView bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

[[nodiscard]] inline Bytes copyOf(ByteView bytes) {
    return {bytes.begin(), bytes.end()};
}

/// Compares secrets in a time that depends on the lengths alone, never on where they differ.
[[nodiscard]] bool equalConstantTime(ByteView a, ByteView b) noexcept;

/// Overwrites `bytes` with zeros in a way that the compiler may not drop.
void wipe(MutableByteView bytes) noexcept;

}  // namespace tarn
