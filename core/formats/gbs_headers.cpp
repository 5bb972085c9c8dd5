#include "core/formats/decimal.h"
#include "core/formats/gbs_messages.h"
#include "core/foundation/base64.h"

#include <algorithm>
#include <array>
#include <limits>

namespace tarn::formats::gbs {
namespace {

constexpr std::size_t mostHeader = 4096;
constexpr std::size_t mostSecret = 256;
constexpr std::size_t leaseSecretSize = 32;

constexpr std::array kinds = {SecretKind::LeaseRenew, SecretKind::LeaseCancel, SecretKind::Upload,
                              SecretKind::WriteEnabler};

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blank = " \t";
    const std::size_t first = text.find_first_not_of(blank);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

bool isBytesUnit(std::string_view unit) {
    constexpr std::string_view bytes = "bytes";
    return std::ranges::equal(unit, bytes, [](char given, char wanted) {
        return given == wanted || (given >= 'A' && given <= 'Z' && given - 'A' + 'a' == wanted);
    });
}

/// Reads `a-b` into the half-open range from a to b + 1.
std::optional<Range> parseClosed(std::string_view text) {
    const std::size_t dash = text.find('-');
    if (dash == std::string_view::npos) {
        return std::nullopt;
    }
    const auto first = parseDecimal(trimmed(text.substr(0, dash)));
    const auto last = parseDecimal(trimmed(text.substr(dash + 1)));
    if (!first || !last || *last < *first || *last == std::numeric_limits<std::uint64_t>::max()) {
        return std::nullopt;
    }
    return Range{*first, *last + 1};
}

std::string closed(Range range) {
    return std::to_string(range.begin) + '-' + std::to_string(range.end - 1);
}

}  // namespace

std::string_view secretName(SecretKind kind) noexcept {
    switch (kind) {
    case SecretKind::LeaseRenew: return "lease-renew-secret";
    case SecretKind::LeaseCancel: return "lease-cancel-secret";
    case SecretKind::Upload: return "upload-secret";
    case SecretKind::WriteEnabler: return "write-enabler";
    }
    return {};
}

std::string writeSecretHeader(SecretKind kind, ByteView secret) {
    return std::string(secretName(kind)) + ' ' + toBase64(secret);
}

Result<std::vector<std::pair<SecretKind, Bytes>>> parseSecretHeader(std::string_view value) {
    const auto violation = [](const char* detail) {
        return failure(ErrorCode::ProtocolViolation, detail);
    };
    if (value.size() > mostHeader) {
        return violation("the secrets header is too long");
    }
    std::vector<std::pair<SecretKind, Bytes>> secrets;
    for (bool more = true; more;) {
        const std::size_t comma = value.find(',');
        const std::string_view one = trimmed(value.substr(0, comma));
        more = comma != std::string_view::npos;
        value.remove_prefix(more ? comma + 1 : value.size());

        const std::size_t space = one.find(' ');
        const std::string_view name = one.substr(0, space);
        const auto kind = std::ranges::find_if(kinds, [&](SecretKind known) { return secretName(known) == name; });
        if (space == std::string_view::npos || kind == kinds.end()) {
            return violation("the secrets header names no known secret");
        }
        auto secret = fromBase64(trimmed(one.substr(space + 1)));
        if (!secret || secret->empty() || secret->size() > mostSecret) {
            return violation("the secrets header holds a secret that is not base64, empty or too long");
        }
        const bool isLease = *kind == SecretKind::LeaseRenew || *kind == SecretKind::LeaseCancel;
        if (isLease && secret->size() != leaseSecretSize) {
            return violation("a lease secret must be 32 bytes long");
        }
        if (std::ranges::any_of(secrets, [&](const auto& earlier) { return earlier.first == *kind; })) {
            return violation("the secrets header gives a secret twice");
        }
        secrets.emplace_back(*kind, std::move(*secret));
    }
    return secrets;
}

std::string writeAuthorization(std::string_view swissnum) {
    return "Tahoe-LAFS " + toBase64(viewOf(swissnum));
}

std::string writeRange(Range range) {
    return "bytes=" + closed(range);
}

std::string writeContentRange(Range range) {
    return "bytes " + closed(range) + "/*";
}

std::optional<Range> parseRange(std::string_view value) {
    const std::size_t equals = value.find('=');
    if (equals == std::string_view::npos || !isBytesUnit(trimmed(value.substr(0, equals)))) {
        return std::nullopt;
    }
    return parseClosed(trimmed(value.substr(equals + 1)));
}

std::optional<Range> parseContentRange(std::string_view value) {
    value = trimmed(value);
    const std::size_t space = value.find(' ');
    const std::size_t slash = value.find('/');
    if (space == std::string_view::npos || slash == std::string_view::npos || slash < space ||
        !isBytesUnit(value.substr(0, space))) {
        return std::nullopt;
    }
    const auto range = parseClosed(value.substr(space + 1, slash - space - 1));
    const std::string_view total = value.substr(slash + 1);
    if (!range || total == "*") {
        return range;
    }
    const auto length = parseDecimal(total);
    return length && range->end <= *length ? range : std::nullopt;
}

}  // namespace tarn::formats::gbs
