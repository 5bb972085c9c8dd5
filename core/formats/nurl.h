#pragma once

#include "core/crypto/hash.h"
#include "core/foundation/ids.h"
#include "core/foundation/result.h"
#include "core/foundation/secret.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tarn::formats {

/// A server's shared password, in the text that the Authorization header carries in base64. Secret.
class Swissnum {
public:
    explicit Swissnum(std::string text) : m_text(std::move(text)) {}
    [[nodiscard]] const std::string& reveal() const noexcept { return m_text; }

private:
    std::string m_text;
};

/// Where a GBS server is, which key it must show, and the secret that lets a client in:
/// `pb://<base64url SPKI hash>@<host>:<port>/<swissnum>#v=1`, with an IPv6 address in brackets.
/// Source: Tahoe-LAFS docs/specifications/url.rst.
struct Nurl {
    crypto::Hash spkiHash;
    std::string host;  ///< a name, an IPv4 address, or an IPv6 address without brackets
    std::uint16_t port = 0;
    Swissnum swissnum{{}};

    [[nodiscard]] std::string reveal() const;
    /// For logs and people: host and port, no secret.
    [[nodiscard]] std::string address() const;
};

/// The longest text that `parseNurl` and `parseFurl` look at.
inline constexpr std::size_t mostLocatorText = 2048;

/// Reads a version 1 NURL for TCP. The swissnum may be percent-encoded; the value holds it decoded, and it must be made
/// of characters that a path segment takes as they are. Fails: InvalidLocator (the detail says why, also for Tor and
/// I2P addresses, and never repeats the text).
[[nodiscard]] Result<Nurl> parseNurl(std::string_view text);

/// A Foolscap URL, of which Tarn uses only the TubID: `pb://<base32 tubid>@<hint>,<hint>,…/<swissnum>`.
struct Furl {
    LeaseSeed tubId;
    std::vector<std::string> locationHints;
    Swissnum swissnum{{}};
    [[nodiscard]] std::string reveal() const;
};
/// Reads a fURL with any number of location hints, none included. Fails: InvalidLocator (the detail never repeats the
/// text).
[[nodiscard]] Result<Furl> parseFurl(std::string_view text);

}  // namespace tarn::formats
