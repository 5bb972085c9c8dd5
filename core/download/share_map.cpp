#include "core/download/share_map.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace tarn::download {

namespace {

/// Names and error details come from outside: short, and without anything that steers a terminal.
std::string cleaned(const std::string& text, std::size_t most) {
    std::string result;
    for (const char c : text.substr(0, most)) {
        const auto byte = static_cast<unsigned char>(c);
        result.push_back(byte < 0x20 || byte == 0x7F ? ' ' : c);
    }
    // Where the cut fell within a character of UTF-8, the whole character goes.
    if (text.size() > most) {
        while (!result.empty() && (static_cast<unsigned char>(result.back()) & 0xC0U) == 0x80U) {
            result.pop_back();
        }
        if (!result.empty() && static_cast<unsigned char>(result.back()) >= 0xC0U) {
            result.pop_back();
        }
    }
    return result;
}

std::string reasonOf(const Error& error) {
    return error.detail.empty() ? std::string(errorName(error.code)) : cleaned(error.detail, 160);
}

/// A list as a person reads it: the first so many, then how many more.
class Listing {
public:
    explicit Listing(std::string_view separator) : m_separator(separator) {}

    void add(const std::string& item) {
        if (m_count++ < most) {
            m_text += (m_text.empty() ? std::string() : std::string(m_separator)) + item;
        }
    }
    [[nodiscard]] std::string text() const {
        return m_count <= most ? m_text
                               : m_text + std::string(m_separator) + "and " + std::to_string(m_count - most) + " more";
    }

private:
    static constexpr std::size_t most = 24;
    std::string_view m_separator;
    std::string m_text;
    std::size_t m_count = 0;
};

}  // namespace

ShareMap::ShareMap(unsigned required, unsigned total, std::vector<std::string> serverNames)
    : m_required(required), m_total(total) {
    for (const auto& name : serverNames) {
        m_servers.push_back({cleaned(name, 64), AskedServer::State::NotAsked, {}, 0, 0});
    }
}

void ShareMap::known(ServerIndex server, ShareNum share) {
    const bool there = std::ranges::any_of(
        m_holdings, [&](const Holding& holding) { return holding.server == server && holding.share == share; });
    if (share.value() < m_total && !there) {
        m_holdings.push_back({server, share, {}, {}, false, false, 0, {}});
    }
}

void ShareMap::answered(ServerIndex server, const std::set<ShareNum>& shares) {
    m_servers[server].state = AskedServer::State::Answered;
    m_servers[server].answerRank = m_answers++;
    for (const ShareNum share : shares) {
        known(server, share);
    }
}

void ShareMap::wasSlow(HoldingIndex index) {
    Holding& holding = m_holdings[index];
    holding.slow = true;
    holding.chosen = false;
    ++m_servers[holding.server].timesSlow;
}

bool ShareMap::needsMore() const {
    return sharesLeft(false).size() < m_required || std::ranges::any_of(m_holdings, [](const Holding& holding) {
               return holding.slow || holding.failures > 0 || holding.state == Holding::State::Lost ||
                      holding.state == Holding::State::WantsFacts;
           });
}

void ShareMap::failed(ServerIndex server, Error error) {
    m_servers[server].state = AskedServer::State::Failed;
    m_servers[server].error = std::move(error);
}

bool ShareMap::awaitsAnswers() const noexcept {
    return std::ranges::any_of(m_servers, [](const auto& server) { return server.state == AskedServer::State::Asked; });
}

unsigned ShareMap::sharesFound() const {
    std::set<ShareNum> found;
    for (const auto& holding : m_holdings) {
        found.insert(holding.share);
    }
    return static_cast<unsigned>(found.size());
}

bool ShareMap::usable(const Holding& holding) const noexcept {
    return holding.state != Holding::State::Lost && holding.state != Holding::State::WantsFacts;
}

std::set<ShareNum> ShareMap::sharesLeft(bool factsKnown) const {
    const bool factsMayCome =
        factsKnown || std::ranges::any_of(m_holdings, [this](const auto& holding) { return usable(holding); });
    std::set<ShareNum> left;
    for (const auto& holding : m_holdings) {
        if (usable(holding) || (factsMayCome && holding.state == Holding::State::WantsFacts)) {
            left.insert(holding.share);
        }
    }
    return left;
}

std::optional<HoldingIndex> ShareMap::best(const std::set<ShareNum>& covered) const {
    std::vector<unsigned> troubles;
    for (const auto& server : m_servers) {
        troubles.push_back(server.timesSlow);
    }
    std::vector<unsigned> chosen(m_servers.size());
    std::map<ShareNum, unsigned> copies;
    for (const auto& holding : m_holdings) {
        const bool failed = holding.state == Holding::State::Lost || holding.failures > 0;
        troubles[holding.server] += failed ? 1U : 0U;
        chosen[holding.server] += holding.chosen && usable(holding) ? 1U : 0U;
        copies[holding.share] += usable(holding) ? 1U : 0U;
    }
    const auto rank = [&](HoldingIndex index) {
        const auto& holding = m_holdings[index];
        return std::tuple(troubles[holding.server], chosen[holding.server], m_servers[holding.server].answerRank,
                          copies[holding.share], holding.share);
    };
    std::optional<HoldingIndex> found;
    for (HoldingIndex index = 0; index < m_holdings.size(); ++index) {
        const auto& holding = m_holdings[index];
        const bool free = holding.state == Holding::State::Known || holding.state == Holding::State::Open;
        if (free && !holding.chosen && !holding.slow && !covered.contains(holding.share) &&
            (!found || rank(index) < rank(*found))) {
            found = index;
        }
    }
    return found;
}

bool ShareMap::canSpread() const {
    // Taking shares the way `best` does is close enough to a perfect matching for deciding whether to wait a moment.
    ShareMap trial = *this;
    std::set<ShareNum> shares;
    std::set<ServerIndex> servers;
    while (shares.size() < m_required) {
        const auto next = trial.best(shares);
        if (!next || !servers.insert(m_holdings[*next].server).second) {
            return false;
        }
        shares.insert(m_holdings[*next].share);
        trial.m_holdings[*next].chosen = true;
    }
    return true;
}

std::string ShareMap::describe() const {
    const std::set<ShareNum> left = sharesLeft(true);
    Listing found(", ");
    Listing lost("; ");
    for (const auto& holding : m_holdings) {
        const std::string where =
            "share " + std::to_string(holding.share.value()) + " on " + m_servers[holding.server].name;
        if (holding.state != Holding::State::Lost) {
            found.add(where);
        } else if (holding.lost.code == ErrorCode::CorruptShare) {
            lost.add(where + " is damaged");
        } else {
            lost.add(where + " could not be read (" + reasonOf(holding.lost) + ")");
        }
    }
    for (const auto& server : m_servers) {
        if (server.state == AskedServer::State::Asked || server.state == AskedServer::State::Failed) {
            const bool silent = server.state == AskedServer::State::Asked;
            lost.add(server.name + " did not answer" + (silent ? "" : " (" + reasonOf(server.error) + ")"));
        }
    }
    std::string text = "found " + std::to_string(left.size()) + " of the " + std::to_string(m_required) +
                       (m_required == 1 ? " share needed" : " shares needed");
    if (!found.text().empty()) {
        text += ": " + found.text();
    }
    if (!lost.text().empty()) {
        text += "; " + lost.text();
    }
    if (m_servers.empty()) {
        text += "; no servers are known";
    }
    return text;
}

bool ShareMap::mayImprove() const {
    return std::ranges::any_of(m_servers,
                               [](const auto& server) { return server.state != AskedServer::State::Answered; }) ||
           std::ranges::any_of(m_holdings, [](const auto& holding) {
               return holding.state == Holding::State::Lost && holding.lost.retryable;
           });
}

}  // namespace tarn::download
