#include "core/formats/grid_file.h"

#include "core/crypto/hash.h"
#include "core/formats/grid_yaml.h"
#include "core/foundation/base32.h"

#include <QList>
#include <QString>

#include <algorithm>
#include <optional>
#include <set>

namespace tarn::formats {
namespace {

constexpr std::size_t mostServerId = 256;
constexpr std::size_t mostPermutationSeed = 256;
constexpr std::size_t mostNurls = 16;
constexpr std::size_t shortIdSize = 11;

constexpr const char* furlKey = "anonymous-storage-FURL";
constexpr const char* nurlsKey = "anonymous-storage-NURLs";
constexpr const char* seedKey = "permutation-seed-base32";

bool isServerId(std::string_view id) {
    return !id.empty() && id.size() <= mostServerId &&
           std::ranges::all_of(id, [](char c) { return c > ' ' && c < '\x7f'; });
}

/// For people: enough of the id to tell servers apart.
std::string shortId(std::string_view id) {
    return id.size() <= shortIdSize ? std::string(id) : std::string(id.substr(0, shortIdSize)) + "…";
}

std::optional<std::string> scalar(const YAML::Node& map, const char* key) {
    const YAML::Node value = map[key];
    return value && value.IsScalar() ? std::optional(value.Scalar()) : std::nullopt;
}

/// Takes out what could make a name look like another, or break the line it is shown on.
std::string cleanNickname(const std::string& nickname) {
    QString clean;
    int kept = 0;
    for (const char32_t c : QString::fromStdString(nickname).toUcs4()) {
        const bool turnsText =
            (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x200E || c == 0x200F || c == 0x061C;
        const bool breaksLine = QChar::category(c) == QChar::Other_Control || c == 0x2028 || c == 0x2029;
        if (turnsText || breaksLine) {
            continue;
        }
        if (kept++ == mostNickname) {
            break;
        }
        clean += QString::fromUcs4(&c, 1);
    }
    return clean.toStdString();
}

/// The seed of a server that announces none: its public key if its id is one, else a hash of the id.
std::optional<Bytes> seedOf(std::string_view id) {
    constexpr std::string_view prefix = "v0-";
    constexpr std::size_t keyText = 52;
    const auto isAlphanumeric = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    };
    if (id.size() == prefix.size() + keyText && id.starts_with(prefix) &&
        std::ranges::all_of(id.substr(prefix.size()), isAlphanumeric)) {
        return fromBase32(id.substr(prefix.size()));
    }
    return copyOf(crypto::sha256(viewOf(id)).bytes());
}

/// One server, or why it cannot be used.
struct Reading {
    std::optional<ServerAnnouncement> server;
    std::string problem;
};

Reading leaveOut(std::string problem) {
    return {std::nullopt, std::move(problem)};
}

Reading readAnnouncement(const std::string& id, const YAML::Node& ann) {
    if (!ann || !ann.IsMap()) {
        return leaveOut("has no announcement");
    }
    if (const auto service = scalar(ann, "service-name"); service && *service != "storage") {
        return leaveOut("is not a storage server");
    }
    const auto furlText = scalar(ann, furlKey);
    const auto furl = furlText ? parseFurl(*furlText) : Result<Furl>(failure(ErrorCode::InvalidLocator));
    if (!furl) {
        return leaveOut("announces no usable fURL, which its lease secrets depend on");
    }

    const auto seedText = scalar(ann, seedKey);
    const auto seed = !seedText                                 ? seedOf(id)
                      : seedText->size() <= mostPermutationSeed ? fromBase32(*seedText)
                                                                : std::nullopt;
    if (!seed) {
        return leaveOut("announces a permutation seed that is not base32");
    }

    ServerAnnouncement server{ServerId(id), {}, *seed, furl->tubId, {}};
    std::string problem = "announces no HTTPS address";
    if (const YAML::Node nurls = ann[nurlsKey]; nurls && nurls.IsSequence()) {
        for (const YAML::Node& text : nurls) {
            auto nurl = text.IsScalar() ? parseNurl(text.Scalar())
                                        : Result<Nurl>(failure(ErrorCode::InvalidLocator, "the address is not text"));
            if (!nurl) {
                problem = "announces no usable HTTPS address: " + nurl.error().detail;
            } else if (server.nurls.size() < mostNurls) {
                server.nurls.push_back(std::move(*nurl));
            }
        }
    }
    if (server.nurls.empty()) {
        return leaveOut(std::move(problem));
    }
    server.nickname = cleanNickname(scalar(ann, "nickname").value_or(std::string()));
    return {std::move(server), {}};
}

/// Takes servers one by one and keeps what became of each.
class Collector {
public:
    /// False when there are too many.
    [[nodiscard]] bool take(const YAML::Node& idNode, const YAML::Node& ann) {
        if (++m_count > mostGridServers) {
            return false;
        }
        if (!idNode || !idNode.IsScalar() || !isServerId(idNode.Scalar())) {
            m_file.leftOut.emplace_back("a server without a usable id");
            return true;
        }
        const std::string& id = idNode.Scalar();
        if (!m_ids.insert(id).second) {
            m_file.leftOut.push_back(shortId(id) + ": stands in the file twice, the first is used");
            return true;
        }
        Reading reading = readAnnouncement(id, ann);
        if (reading.server) {
            m_file.servers.push_back(std::move(*reading.server));
        } else {
            m_file.leftOut.push_back(shortId(id) + ": " + reading.problem);
        }
        return true;
    }
    [[nodiscard]] GridFile finish() { return std::move(m_file); }

private:
    GridFile m_file;
    std::set<std::string> m_ids;
    std::size_t m_count = 0;
};

Result<GridFile> collect(const YAML::Node& document) {
    Collector collector;
    const auto tooMany = [] {
        return failure(ErrorCode::InvalidGrid, "the grid file holds too many servers");
    };
    if (document.IsSequence()) {
        for (const YAML::Node& entry : document) {
            const bool isMap = entry.IsMap();
            const YAML::Node none;
            if (!collector.take(isMap ? entry["key_s"] : none, isMap ? entry["ann"] : none)) {
                return tooMany();
            }
        }
        return collector.finish();
    }
    const YAML::Node storage = document.IsMap() ? document["storage"] : YAML::Node(YAML::NodeType::Undefined);
    if (!storage || !(storage.IsMap() || storage.IsNull())) {
        return failure(ErrorCode::InvalidGrid,
                       "the grid file holds neither a storage: map nor a list of announcements");
    }
    for (const auto& entry : storage) {
        const YAML::Node none;
        if (!collector.take(entry.first, entry.second.IsMap() ? entry.second["ann"] : none)) {
            return tooMany();
        }
    }
    return collector.finish();
}

/// A double-quoted scalar in ASCII alone: every reader of YAML takes it, whatever the text holds.
std::string quoted(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out = "\"";
    for (const char32_t c : QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size())).toUcs4()) {
        if (c == U'"' || c == U'\\') {
            out += '\\';
            out += static_cast<char>(c);
        } else if (c >= 0x20 && c < 0x7f) {
            out += static_cast<char>(c);
        } else {
            const bool isShort = c <= 0xffff;
            out += isShort ? "\\u" : "\\U";
            for (int shift = isShort ? 12 : 28; shift >= 0; shift -= 4) {
                out += digits[c >> shift & 0xfU];
            }
        }
    }
    return out + '"';
}

std::string writeServer(const ServerAnnouncement& server, std::string_view furl) {
    std::string yaml = "  " + quoted(server.id.text()) + ":\n    ann:\n";
    yaml += "      nickname: " + quoted(server.nickname) + '\n';
    yaml += std::string("      ") + furlKey + ": " + quoted(furl) + '\n';
    yaml += std::string("      ") + nurlsKey + ":\n";
    for (const Nurl& nurl : server.nurls) {
        yaml += "        - " + quoted(nurl.reveal()) + '\n';
    }
    yaml += std::string("      ") + seedKey + ": " + quoted(toBase32(server.permutationSeed)) + '\n';
    return yaml;
}

std::string rebuiltFurl(const ServerAnnouncement& server) {
    const Nurl& nurl = server.nurls.front();
    return Furl{server.leaseSeed, {"tcp:" + nurl.address()}, nurl.swissnum}.reveal();
}

}  // namespace

Result<GridFile> parseGridFile(std::string_view yaml) {
    const auto document = loadYaml(yaml, mostGridFile);
    if (!document) {
        return failure(document.error());
    }
    try {
        return collect(*document);
    } catch (const YAML::Exception&) {
        return failure(ErrorCode::InvalidGrid, "the grid file does not have the shape of one");
    }
}

std::string writeAnnouncement(const ServerAnnouncement& server, std::string_view anonymousStorageFurl) {
    return "storage:\n" + writeServer(server, anonymousStorageFurl);
}

std::string writeGridFile(const std::vector<ServerAnnouncement>& servers) {
    std::string yaml = servers.empty() ? "storage: {}\n" : "storage:\n";
    for (const ServerAnnouncement& server : servers) {
        yaml += writeServer(server, rebuiltFurl(server));
    }
    return yaml;
}

}  // namespace tarn::formats
