#include "core/download/share_map.h"

#include "core/grid/happiness.h"

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
        m_holdings.push_back({server, share, {}, {}, false, false, false, 0, {}});
    }
}

void ShareMap::answered(ServerIndex server, const std::set<ShareNum>& shares, const std::set<ShareNum>& whole) {
    m_servers[server].state = AskedServer::State::Answered;
    m_servers[server].answerRank = m_readingBegan ? ++m_lateAnswers : 0;
    for (const ShareNum share : shares) {
        known(server, share);
    }
    for (Holding& holding : m_holdings) {
        holding.atHand = holding.atHand || (holding.server == server && whole.contains(holding.share));
    }
}

void ShareMap::wasSlow(HoldingIndex index) {
    Holding& holding = m_holdings[index];
    holding.slow = true;
    holding.chosen = false;
    ++m_servers[holding.server].timesSlow;
}

bool ShareMap::hasTrouble() const {
    return std::ranges::any_of(m_servers,
                               [](const auto& server) { return server.state == AskedServer::State::Failed; }) ||
           std::ranges::any_of(m_holdings, [](const Holding& holding) {
               return holding.slow || holding.failures > 0 || holding.state == Holding::State::Lost ||
                      holding.state == Holding::State::WantsFacts || holding.crypttext == Holding::Crypttext::Damaged;
           });
}

bool ShareMap::needsMore() const {
    return hasTrouble() || sharesLeft(false).size() < m_required;
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

bool ShareMap::mayChoose(const Holding& holding) const noexcept {
    const bool free = holding.state == Holding::State::Known || holding.state == Holding::State::Open;
    return free && !holding.chosen && !holding.slow;
}

/// By server: how often it has been slow or failed.
std::vector<unsigned> ShareMap::troubles() const {
    std::vector<unsigned> troubles;
    for (const auto& server : m_servers) {
        troubles.push_back(server.timesSlow);
    }
    for (const auto& holding : m_holdings) {
        const bool failed = holding.state == Holding::State::Lost || holding.failures > 0;
        troubles[holding.server] += failed ? 1U : 0U;
    }
    return troubles;
}

std::optional<HoldingIndex> ShareMap::best(const std::set<ShareNum>& covered) const {
    const std::vector<unsigned> troublesOf = troubles();
    std::vector<unsigned> chosen(m_servers.size());
    std::map<ShareNum, unsigned> copies;
    for (const auto& holding : m_holdings) {
        chosen[holding.server] += holding.chosen && usable(holding) ? 1U : 0U;
        copies[holding.share] += usable(holding) ? 1U : 0U;
    }
    const auto rank = [&](HoldingIndex index) {
        const auto& holding = m_holdings[index];
        return std::tuple(troublesOf[holding.server], !holding.atHand, chosen[holding.server],
                          m_servers[holding.server].answerRank, copies[holding.share], holding.share);
    };
    std::optional<HoldingIndex> found;
    for (HoldingIndex index = 0; index < m_holdings.size(); ++index) {
        const auto& holding = m_holdings[index];
        if (mayChoose(holding) && !covered.contains(holding.share) && (!found || rank(index) < rank(*found))) {
            found = index;
        }
    }
    return found;
}

std::vector<HoldingIndex> ShareMap::bestTogether(std::set<ShareNum> covered, std::size_t count) const {
    std::vector<HoldingIndex> greedy = oneByOne(covered, count);
    if (serversOf(greedy) == count) {
        return greedy;
    }
    // What looks best one by one may use up the only share that some other server has. Seldom: shares in several
    // places.
    std::vector<HoldingIndex> paired = aServerEach(covered, count);
    return paired.size() == count ? paired : greedy;
}

std::vector<HoldingIndex> ShareMap::oneByOne(std::set<ShareNum> covered, std::size_t count) const {
    ShareMap trial = *this;
    std::vector<HoldingIndex> found;
    while (found.size() < count) {
        const auto next = trial.best(covered);
        if (!next) {
            break;
        }
        found.push_back(*next);
        covered.insert(m_holdings[*next].share);
        trial.m_holdings[*next].chosen = true;
    }
    return found;
}

/// Only from servers without trouble that nothing is read from yet; the quickest to answer first.
std::vector<HoldingIndex> ShareMap::aServerEach(const std::set<ShareNum>& covered, std::size_t count) const {
    std::vector<bool> passedOver(m_servers.size());
    const std::vector<unsigned> troublesOf = troubles();
    std::vector<ServerIndex> order;
    for (const auto& holding : m_holdings) {
        passedOver[holding.server] = passedOver[holding.server] || holding.chosen || troublesOf[holding.server] > 0;
    }
    for (ServerIndex server = 0; server < m_servers.size(); ++server) {
        order.push_back(server);
    }
    std::ranges::stable_sort(order, {}, [this](ServerIndex server) { return m_servers[server].answerRank; });
    std::vector<std::size_t> turnOf(m_servers.size());
    for (std::size_t turn = 0; turn < order.size(); ++turn) {
        turnOf[order[turn]] = turn;
    }

    grid::ShareMap byTurn;
    for (const auto& holding : m_holdings) {
        if (mayChoose(holding) && !passedOver[holding.server] && !covered.contains(holding.share)) {
            byTurn[turnOf[holding.server]].insert(holding.share);
        }
    }
    std::map<std::size_t, ShareNum> shareOf;
    for (const auto& [share, turn] : grid::pairUp(byTurn)) {
        shareOf.emplace(turn, share);
    }
    std::vector<HoldingIndex> found;
    for (const auto& [turn, share] : shareOf) {
        const auto isIt = [server = order[turn], wanted = share](const Holding& holding) {
            return holding.server == server && holding.share == wanted;
        };
        if (found.size() < count) {
            found.push_back(static_cast<HoldingIndex>(std::ranges::find_if(m_holdings, isIt) - m_holdings.begin()));
        }
    }
    return found;
}

std::size_t ShareMap::serversOf(const std::vector<HoldingIndex>& holdings) const {
    std::set<ServerIndex> servers;
    for (const HoldingIndex index : holdings) {
        servers.insert(m_holdings[index].server);
    }
    return servers.size();
}

bool ShareMap::canSpread() const {
    return serversOf(bestTogether({}, m_required)) == m_required;
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
