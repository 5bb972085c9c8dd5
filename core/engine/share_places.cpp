#include "core/engine/share_places.h"

#include <algorithm>
#include <cstdint>

namespace tarn::engine {

namespace {

std::string withoutBreaks(std::string text) {
    std::ranges::replace_if(
        text, [](char c) { return c == '\n' || c == '\t'; }, ' ');
    return text;
}

}  // namespace

std::string writePlaces(const std::vector<upload::ShareState>& shares) {
    std::string lines;
    for (const auto& share : shares) {
        lines += withoutBreaks(share.server);
        if (!share.server.empty() && !share.id.text().empty()) {
            lines += '\t' + withoutBreaks(share.id.text());
        }
        lines += '\n';
    }
    return lines;
}

std::vector<SharePlace> readPlaces(std::string_view lines) {
    std::vector<SharePlace> places;
    while (!lines.empty()) {
        const auto end = std::min(lines.find('\n'), lines.size());
        const auto line = lines.substr(0, end);
        const auto tab = std::min(line.find('\t'), line.size());
        places.push_back({std::string(line.substr(0, tab)),
                          ServerId(std::string(tab < line.size() ? line.substr(tab + 1) : std::string_view()))});
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
    return places;
}

std::vector<download::KnownShare> knownShares(std::string_view lines) {
    constexpr std::size_t mostShares = 256;
    std::vector<download::KnownShare> known;
    const auto places = readPlaces(lines);
    for (std::size_t share = 0; share < std::min(places.size(), mostShares); ++share) {
        if (!places[share].id.text().empty()) {
            known.push_back({places[share].id, ShareNum(static_cast<std::uint16_t>(share))});
        }
    }
    return known;
}

}  // namespace tarn::engine
