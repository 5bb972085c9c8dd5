#include "core/grid/happiness.h"

#include <algorithm>
#include <optional>

namespace tarn::grid {

namespace {

/// Pairs servers with shares that they hold, each server and each share at most once. Once a server is paired it stays
/// paired, although its partner may change: so servers that are added first are served first.
class Matching {
public:
    explicit Matching(const ShareMap& holdings) : m_holdings(holdings) {}

    /// Tries to pair one more server, letting paired ones change partners where that frees a share for it.
    bool add(ServerIndex server) {
        m_seen.clear();
        return augment(server);
    }

    [[nodiscard]] const std::map<ShareNum, ServerIndex>& pairs() const noexcept { return m_serverOf; }

private:
    // The depth of the recursion is at most the number of shares, so 256.
    bool augment(ServerIndex server) {
        const auto held = m_holdings.find(server);
        if (held == m_holdings.end()) {
            return false;
        }
        for (const ShareNum share : held->second) {
            if (!m_seen.insert(share).second) {
                continue;
            }
            const auto partner = m_serverOf.find(share);
            if (partner == m_serverOf.end() || augment(partner->second)) {
                m_serverOf[share] = server;
                return true;
            }
        }
        return false;
    }

    const ShareMap& m_holdings;
    std::map<ShareNum, ServerIndex> m_serverOf;
    std::set<ShareNum> m_seen;
};

/// One placement in the making.
class Placement {
public:
    explicit Placement(const PlacementInput& input)
        : m_input(input), m_existing(withNumbersInRange(input)), m_load(m_existing) {
        for (const ServerIndex server : input.writable) {
            m_load.try_emplace(server);
        }
        for (const auto& [server, shares] : m_existing) {
            m_held.insert(shares.begin(), shares.end());
        }
    }

    std::map<ShareNum, ServerIndex> make() {
        pairExisting();
        pairWritableWithNew();
        settleTheRest();
        return std::move(m_placed);
    }

private:
    [[nodiscard]] static ShareMap withNumbersInRange(const PlacementInput& input) {
        ShareMap kept;
        for (const auto& [server, shares] : input.existing) {
            for (const ShareNum share : shares) {
                if (share.value() < input.total) {
                    kept[server].insert(share);
                }
            }
        }
        return kept;
    }

    /// Read-only servers come first: a share is the only thing that can pair them, while a writable server that goes
    /// without here can still be given a new one.
    void pairExisting() {
        const std::set<ServerIndex> writable(m_input.writable.begin(), m_input.writable.end());
        Matching matching(m_existing);
        for (const auto& [server, shares] : m_existing) {
            if (!writable.contains(server)) {
                matching.add(server);
            }
        }
        for (const ServerIndex server : m_input.writable) {
            matching.add(server);
        }
        for (const auto& [share, server] : matching.pairs()) {
            m_placed.emplace(share, server);
            m_paired.insert(server);
        }
    }

    /// The lowest number that has no place yet, if possible one that stands nowhere.
    [[nodiscard]] std::optional<ShareNum> nextUnplaced() const {
        std::optional<ShareNum> elsewhere;
        for (unsigned number = 0; number < m_input.total; ++number) {
            const ShareNum share(static_cast<std::uint16_t>(number));
            if (m_placed.contains(share)) {
                continue;
            }
            if (!m_held.contains(share)) {
                return share;
            }
            if (!elsewhere) {
                elsewhere = share;
            }
        }
        return elsewhere;
    }

    void pairWritableWithNew() {
        for (const ServerIndex server : m_input.writable) {
            if (m_paired.contains(server)) {
                continue;
            }
            const auto share = nextUnplaced();
            if (!share) {
                return;
            }
            place(*share, server);
        }
    }

    /// What is left adds nothing to happiness: shares that stand somewhere stay, the others go where least is.
    void settleTheRest() {
        for (unsigned number = 0; number < m_input.total; ++number) {
            const ShareNum share(static_cast<std::uint16_t>(number));
            if (m_placed.contains(share)) {
                continue;
            }
            const auto holder =
                std::ranges::find_if(m_existing, [&](const auto& entry) { return entry.second.contains(share); });
            if (holder != m_existing.end()) {
                m_placed.emplace(share, holder->first);
            } else if (!m_input.writable.empty()) {
                place(share, *std::ranges::min_element(m_input.writable, {},
                                                       [&](ServerIndex server) { return m_load.at(server).size(); }));
            }
        }
    }

    void place(ShareNum share, ServerIndex server) {
        m_placed.emplace(share, server);
        m_load[server].insert(share);
    }

    const PlacementInput& m_input;
    ShareMap m_existing;
    ShareMap m_load;  ///< what each server holds or is to hold
    std::set<ShareNum> m_held;
    std::set<ServerIndex> m_paired;
    std::map<ShareNum, ServerIndex> m_placed;
};

}  // namespace

std::map<ShareNum, ServerIndex> pairUp(const ShareMap& shares) {
    Matching matching(shares);
    for (const auto& [server, held] : shares) {
        (void)matching.add(server);
    }
    return matching.pairs();
}

std::size_t happinessOf(const ShareMap& shares) {
    return pairUp(shares).size();
}

std::map<ShareNum, ServerIndex> placeShares(const PlacementInput& input) {
    return Placement(input).make();
}

}  // namespace tarn::grid
