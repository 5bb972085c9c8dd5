#include "core/engine/grid_source.h"

#include "core/engine/private_file.h"
#include "core/engine/tahoe_config.h"
#include "core/foundation/base32.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace tarn::engine {

namespace {

constexpr std::size_t mostConfiguration = 1024 * 1024;
constexpr std::size_t mostSecret = 4096;
constexpr std::size_t mostCaches = 64;

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view space = " \t\r\n";
    const auto begin = text.find_first_not_of(space);
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(space) + 1 - begin);
}

Result<GridSource> readGridFile(const std::filesystem::path& file) {
    const auto text = readWholeFile(file, formats::mostGridFile);
    if (!text) {
        return failure(text.error());
    }
    auto grid = parseGrid(*text);
    if (!grid) {
        grid.error().detail = file.string() + ": " + grid.error().detail;
    }
    return grid;
}

/// The files in a node's folder that name servers: the hand-written one first, then what each introducer said.
Result<std::vector<std::filesystem::path>> serverFilesOf(const std::filesystem::path& node) {
    std::vector<std::filesystem::path> caches;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(node / "private", error), end; !error && entry != end;
         entry.increment(error)) {
        const auto name = entry->path().filename().string();
        if (name.starts_with("introducer_") && name.ends_with("_cache.yaml")) {
            caches.push_back(entry->path());
        }
        if (caches.size() > mostCaches) {
            return failure(ErrorCode::InvalidGrid, node.string() + ": more introducers than a node has");
        }
    }
    std::sort(caches.begin(), caches.end());
    std::vector<std::filesystem::path> files;
    if (std::filesystem::exists(node / "private" / "servers.yaml", error)) {
        files.push_back(node / "private" / "servers.yaml");
    }
    files.insert(files.end(), caches.begin(), caches.end());
    if (files.empty()) {
        return failure(ErrorCode::InvalidGrid,
                       node.string() +
                           ": has neither private/servers.yaml nor private/introducer_default_cache.yaml; a "
                           "node writes the latter when it has run on its grid");
    }
    return files;
}

std::optional<crypto::ConvergenceSecret> convergenceOf(const std::filesystem::path& node) {
    auto text = readWholeFile(node / "private" / "convergence", mostSecret);
    if (!text) {
        return std::nullopt;
    }
    auto bytes = fromBase32(trimmed(*text));
    wipe({reinterpret_cast<Byte*>(text->data()), text->size()});
    if (!bytes || bytes->empty()) {
        return std::nullopt;
    }
    return crypto::ConvergenceSecret(std::move(*bytes));
}

Result<GridSource> readNodeFolder(const std::filesystem::path& node) {
    const auto files = serverFilesOf(node);
    if (!files) {
        return failure(files.error());
    }
    GridSource grid;
    for (const auto& file : *files) {
        auto more = readGridFile(file);
        if (!more) {
            return more;
        }
        if (auto joined = joinGrid(grid, std::move(*more)); !joined) {
            return failure(std::move(joined.error()));
        }
    }
    if (const auto configuration = readWholeFile(node / "tahoe.cfg", mostConfiguration)) {
        const auto client = parseTahoeEncoding(*configuration);
        grid.required = client.required;
        grid.happy = client.happy;
        grid.total = client.total;
    }
    grid.convergence = convergenceOf(node);
    return grid;
}

}  // namespace

Result<GridSource> readGrid(const std::filesystem::path& place) {
    std::error_code error;
    if (std::filesystem::is_directory(place, error)) {
        return readNodeFolder(place);
    }
    return readGridFile(place);
}

Result<GridSource> parseGrid(std::string_view text) {
    if (trimmed(text).starts_with("pb://")) {
        return failure(ErrorCode::InvalidGrid,
                       "this is the address of an introducer or of one server, which does not tell which servers there "
                       "are and who they are; give a servers.yaml, an announcement.yaml, or a Tahoe-LAFS node folder");
    }
    auto file = formats::parseGridFile(text);
    if (!file) {
        return failure(std::move(file.error()));
    }
    GridSource grid;
    grid.servers = std::move(file->servers);
    grid.leftOut = std::move(file->leftOut);
    return grid;
}

Result<void> joinGrid(GridSource& grid, GridSource more) {
    std::set<ServerId> known;
    for (const auto& server : grid.servers) {
        known.insert(server.id);
    }
    for (auto& server : more.servers) {
        if (known.insert(server.id).second) {
            grid.servers.push_back(std::move(server));
        }
    }
    if (grid.servers.size() > formats::mostGridServers) {
        return failure(ErrorCode::InvalidGrid, "more servers than a grid may have");
    }
    std::move(more.leftOut.begin(), more.leftOut.end(), std::back_inserter(grid.leftOut));
    if (!grid.required && !grid.happy && !grid.total) {
        // Together or not at all: the three only make sense beside each other.
        grid.required = more.required;
        grid.happy = more.happy;
        grid.total = more.total;
    }
    if (!grid.convergence) {
        grid.convergence.swap(more.convergence);
    }
    return {};
}

}  // namespace tarn::engine
