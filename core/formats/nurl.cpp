#include "core/formats/nurl.h"

#include "core/formats/decimal.h"
#include "core/foundation/base64.h"

#include <algorithm>
#include <limits>
#include <optional>

namespace tarn::formats {
namespace {

constexpr std::string_view scheme = "pb://";
constexpr std::string_view version = "#v=1";
constexpr std::size_t mostHost = 253;
constexpr std::size_t mostSwissnum = 512;

bool isAlphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// What stands for itself in a path segment (RFC 3986, `pchar` without percent-encoding).
bool isSegmentCharacter(char c) {
    return isAlphanumeric(c) || std::string_view("-._~!$&'()*+,;=:@").find(c) != std::string_view::npos;
}

std::optional<unsigned> hexDigit(char c) {
    if (c >= '0' && c <= '9') {
        return static_cast<unsigned>(c - '0');
    }
    if (c >= 'a' && c <= 'f') {
        return static_cast<unsigned>(c - 'a') + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return static_cast<unsigned>(c - 'A') + 10;
    }
    return std::nullopt;
}

std::optional<std::string> percentDecoded(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded.push_back(text[i]);
            continue;
        }
        const auto high = i + 1 < text.size() ? hexDigit(text[i + 1]) : std::nullopt;
        const auto low = i + 2 < text.size() ? hexDigit(text[i + 2]) : std::nullopt;
        if (!high || !low) {
            return std::nullopt;
        }
        decoded.push_back(static_cast<char>(*high << 4 | *low));
        i += 2;
    }
    return decoded;
}

bool isHostName(std::string_view host) {
    return !host.empty() && host.size() <= mostHost && host.front() != '.' && host.front() != '-' &&
           host.find("..") == std::string_view::npos &&
           std::ranges::all_of(host, [](char c) { return isAlphanumeric(c) || c == '-' || c == '.' || c == '_'; });
}

/// Told from a name only roughly: the resolver has the last word. Zones (`%eth0`) have no meaning to another computer.
bool isIpv6Address(std::string_view host) {
    return host.size() >= 2 && host.size() <= 45 && host.find(':') != std::string_view::npos &&
           std::ranges::all_of(host, [](char c) { return hexDigit(c) || c == ':' || c == '.'; });
}

struct HostPort {
    std::string_view host;
    std::string_view port;
};

/// Parts `host:port` or `[address]:port`, without looking into either.
std::optional<HostPort> split(std::string_view location) {
    const bool bracketed = location.starts_with('[');
    const std::size_t hostEnd = bracketed ? location.find("]:") : location.find(':');
    if (hostEnd == std::string_view::npos) {
        return std::nullopt;
    }
    return bracketed ? HostPort{location.substr(1, hostEnd - 1), location.substr(hostEnd + 2)}
                     : HostPort{location.substr(0, hostEnd), location.substr(hostEnd + 1)};
}

tl::unexpected<Error> invalid(const char* detail) {
    return failure(ErrorCode::InvalidLocator, detail);
}

}  // namespace

std::string Nurl::reveal() const {
    return std::string(scheme) + toBase64Url(spkiHash.bytes()) + '@' + address() + '/' + swissnum.reveal() +
           std::string(version);
}

std::string Nurl::address() const {
    const bool bracketed = host.find(':') != std::string::npos;
    return (bracketed ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

Result<Nurl> parseNurl(std::string_view text) {
    if (text.size() > mostLocatorText) {
        return invalid("the server address is too long");
    }
    if (text.starts_with("pb+tor://")) {
        return invalid("the server address is a Tor address");
    }
    if (text.starts_with("pb+i2p://")) {
        return invalid("the server address is an I2P address");
    }
    if (!text.starts_with(scheme)) {
        return invalid("the server address does not begin with pb://");
    }
    text.remove_prefix(scheme.size());
    if (!text.ends_with(version)) {
        return invalid("the server address does not end in #v=1");
    }
    text.remove_suffix(version.size());

    const std::size_t hashEnd = text.find('@');
    const auto hashBytes = fromBase64Url(text.substr(0, hashEnd));
    const auto spkiHash = hashBytes ? crypto::Hash::fromBytes(*hashBytes) : std::nullopt;
    if (hashEnd == std::string_view::npos || !spkiHash) {
        return invalid("the server address does not name the server's key");
    }
    text.remove_prefix(hashEnd + 1);

    const std::size_t locationEnd = text.find('/');
    if (locationEnd == std::string_view::npos) {
        return invalid("the server address lacks its secret part");
    }
    const std::string_view location = text.substr(0, locationEnd);
    const auto hostPort = split(location);
    if (!hostPort) {
        return invalid("the server address lacks a port");
    }
    const bool hostFits = location.starts_with('[') ? isIpv6Address(hostPort->host) : isHostName(hostPort->host);
    if (!hostFits) {
        return invalid("the server address holds no usable host");
    }
    const auto port = parseDecimal(hostPort->port);
    if (!port || *port < 1 || *port > std::numeric_limits<std::uint16_t>::max()) {
        return invalid("the server address holds no usable port");
    }

    auto swissnum = percentDecoded(text.substr(locationEnd + 1));
    if (!swissnum || swissnum->empty() || swissnum->size() > mostSwissnum ||
        !std::ranges::all_of(*swissnum, isSegmentCharacter)) {
        return invalid("the secret part of the server address holds characters that it cannot");
    }
    return Nurl{*spkiHash, std::string(hostPort->host), static_cast<std::uint16_t>(*port),
                Swissnum(std::move(*swissnum))};
}

}  // namespace tarn::formats
