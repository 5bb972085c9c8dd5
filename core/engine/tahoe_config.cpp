#include "core/engine/tahoe_config.h"

#include <charconv>
#include <string>

namespace tarn::engine {

namespace {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view space = " \t\r";
    const auto begin = text.find_first_not_of(space);
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(space) + 1 - begin);
}

std::optional<unsigned> numberIn(std::string_view text) {
    unsigned number = 0;
    const auto* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stopped != end || number < 1 || number > 256) {
        return std::nullopt;
    }
    return number;
}

}  // namespace

TahoeEncoding parseTahoeEncoding(std::string_view configuration) {
    TahoeEncoding encoding;
    bool inClient = false;
    while (!configuration.empty()) {
        const auto end = configuration.find('\n');
        const auto line = trimmed(configuration.substr(0, end));
        configuration = end == std::string_view::npos ? std::string_view() : configuration.substr(end + 1);
        if (line.starts_with('[')) {
            inClient = line == "[client]";
            continue;
        }
        const auto equals = line.find_first_of("=:");
        if (!inClient || line.starts_with('#') || line.starts_with(';') || equals == std::string_view::npos) {
            continue;
        }
        const auto key = trimmed(line.substr(0, equals));
        const auto value = numberIn(trimmed(line.substr(equals + 1)));
        if (key == "shares.needed") {
            encoding.required = value;
        } else if (key == "shares.happy") {
            encoding.happy = value;
        } else if (key == "shares.total") {
            encoding.total = value;
        }
    }
    return encoding;
}

}  // namespace tarn::engine
