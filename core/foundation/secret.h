#pragma once

#include "core/foundation/bytes.h"

#include <algorithm>
#include <array>
#include <optional>

namespace tarn {

/// `Size` secret bytes, told apart from every other kind by `Tag`. Wiped when it goes; compared in constant time; no
/// ordering, no printing. `reveal()` is the one place where the bytes leave.
template <typename Tag, std::size_t Size>
class Secret {
public:
    static constexpr std::size_t size = Size;

    Secret() noexcept = default;
    explicit Secret(const std::array<Byte, Size>& bytes) noexcept : m_bytes(bytes) {}
    Secret(const Secret&) noexcept = default;
    Secret& operator=(const Secret&) noexcept = default;
    ~Secret() { wipe(m_bytes); }

    /// Nothing when `bytes` is not exactly `Size` long.
    [[nodiscard]] static std::optional<Secret> fromBytes(ByteView bytes) noexcept {
        if (bytes.size() != Size) {
            return std::nullopt;
        }
        Secret secret;
        std::copy(bytes.begin(), bytes.end(), secret.m_bytes.begin());
        return secret;
    }

    [[nodiscard]] ByteView reveal() const noexcept { return m_bytes; }
    [[nodiscard]] bool operator==(const Secret& other) const noexcept {
        return equalConstantTime(m_bytes, other.m_bytes);
    }

private:
    std::array<Byte, Size> m_bytes{};
};

/// Proves the right to go on with one upload to one server. Chosen at random by the uploader.
using UploadSecret = Secret<struct UploadSecretTag, 32>;
/// Renews one lease on one server.
using LeaseRenewSecret = Secret<struct LeaseRenewSecretTag, 32>;
/// Would cancel one lease on one server (servers no longer act on it, but want it).
using LeaseCancelSecret = Secret<struct LeaseCancelSecretTag, 32>;

/// Grants writing to one mutable slot on one server.
using WriteEnabler = Secret<struct WriteEnablerTag, 32>;

/// What every allocation and lease call carries, already derived for one bucket on one server.
struct LeaseSecrets {
    LeaseRenewSecret renew;
    LeaseCancelSecret cancel;
};

}  // namespace tarn
