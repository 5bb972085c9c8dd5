#include "core/formats/nurl.h"
#include "core/foundation/base32.h"

#include <algorithm>

namespace tarn::formats {
namespace {

constexpr std::string_view scheme = "pb://";
constexpr std::size_t mostHints = 64;

bool isPrintable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

std::string Furl::reveal() const {
    std::string text = std::string(scheme) + toBase32(tubId.bytes()) + '@';
    for (std::size_t i = 0; i < locationHints.size(); ++i) {
        text += (i == 0 ? "" : ",") + locationHints[i];
    }
    return text + '/' + swissnum.reveal();
}

Result<Furl> parseFurl(std::string_view text) {
    const auto invalid = [](const char* detail) {
        return failure(ErrorCode::InvalidLocator, detail);
    };
    if (text.size() > mostLocatorText || !isPrintable(text)) {
        return invalid("the fURL is too long or holds characters that it cannot");
    }
    if (!text.starts_with(scheme)) {
        return invalid("the fURL does not begin with pb://");
    }
    text.remove_prefix(scheme.size());

    // Foolscap writes TubIDs in lower case and takes either.
    const std::size_t tubEnd = text.find('@');
    std::string tubText(text.substr(0, tubEnd));
    std::ranges::transform(tubText, tubText.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    const auto tubBytes = fromBase32(tubText);
    const auto tubId = tubBytes ? LeaseSeed::fromBytes(*tubBytes) : std::nullopt;
    if (tubEnd == std::string_view::npos || !tubId) {
        return invalid("the fURL does not name the server's certificate");
    }
    text.remove_prefix(tubEnd + 1);

    const std::size_t hintsEnd = text.find('/');
    if (hintsEnd == std::string_view::npos || hintsEnd + 1 == text.size()) {
        return invalid("the fURL lacks its secret part");
    }
    Furl furl{*tubId, {}, Swissnum(std::string(text.substr(hintsEnd + 1)))};
    std::string_view hints = text.substr(0, hintsEnd);
    while (!hints.empty()) {
        const std::size_t hintEnd = std::min(hints.find(','), hints.size());
        if (hintEnd > 0) {
            furl.locationHints.emplace_back(hints.substr(0, hintEnd));
        }
        if (furl.locationHints.size() > mostHints) {
            return invalid("the fURL holds too many addresses");
        }
        hints.remove_prefix(std::min(hintEnd + 1, hints.size()));
    }
    return furl;
}

}  // namespace tarn::formats
