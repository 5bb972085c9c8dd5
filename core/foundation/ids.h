#pragma once

#include "core/foundation/bytes.h"

#include <algorithm>
#include <array>
#include <compare>
#include <cstring>
#include <functional>
#include <optional>
#include <string>

namespace tarn {

/// A public identifier of `Size` bytes, told apart from every other kind by `Tag`.
template <typename Tag, std::size_t Size>
class FixedId {
public:
    static constexpr std::size_t size = Size;

    constexpr FixedId() noexcept = default;
    constexpr explicit FixedId(const std::array<Byte, Size>& bytes) noexcept : m_bytes(bytes) {}

    /// Nothing when `bytes` is not exactly `Size` long.
    [[nodiscard]] static std::optional<FixedId> fromBytes(ByteView bytes) noexcept {
        if (bytes.size() != Size) {
            return std::nullopt;
        }
        FixedId id;
        std::copy(bytes.begin(), bytes.end(), id.m_bytes.begin());
        return id;
    }

    [[nodiscard]] constexpr ByteView bytes() const noexcept { return m_bytes; }
    constexpr auto operator<=>(const FixedId&) const noexcept = default;

private:
    std::array<Byte, Size> m_bytes{};
};

/// Names a bucket (immutable) or slot (mutable) on every server. Public: servers see it.
using StorageIndex = FixedId<struct StorageIndexTag, 16>;

/// The 20 bytes a server is known by in lease and write-enabler secrets: its Foolscap TubID, the SHA-1 of its
/// certificate. Source: Tahoe-LAFS storage_client.py, `get_lease_seed`.
using LeaseSeed = FixedId<struct LeaseSeedTag, 20>;

/// A server's name in announcements: `v0-` and the base32 of an Ed25519 key, or whatever a static grid calls it.
class ServerId {
public:
    ServerId() = default;
    explicit ServerId(std::string text) : m_text(std::move(text)) {}

    [[nodiscard]] const std::string& text() const noexcept { return m_text; }
    auto operator<=>(const ServerId&) const = default;

private:
    std::string m_text;
};

}  // namespace tarn

template <typename Tag, std::size_t Size>
struct std::hash<tarn::FixedId<Tag, Size>> {
    std::size_t operator()(const tarn::FixedId<Tag, Size>& id) const noexcept {
        return std::hash<std::string_view>{}(tarn::textOf(id.bytes()));
    }
};

template <>
struct std::hash<tarn::ServerId> {
    std::size_t operator()(const tarn::ServerId& id) const noexcept { return std::hash<std::string>{}(id.text()); }
};
