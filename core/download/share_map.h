#pragma once

#include "core/foundation/error.h"
#include "core/foundation/units.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tarn::download {

/// A server by its place in the permuted order.
using ServerIndex = std::size_t;
/// A share on a server, by the order in which they were heard of.
using HoldingIndex = std::size_t;

/// What a download knows of one share on one server.
struct Holding {
    enum class State : std::uint8_t {
        Known,       ///< the server says that it is there
        Opening,     ///< its hashes are being read
        WantsFacts,  ///< it can be opened when another share has proved the file's facts
        Open,        ///< its blocks can be read and checked
        Lost,        ///< damaged, gone, or its server failed: never used again
    };
    enum class Crypttext : std::uint8_t { Untried, Reading, Damaged };

    ServerIndex server = 0;
    ShareNum share;
    State state = State::Known;
    Crypttext crypttext = Crypttext::Untried;
    bool chosen = false;  ///< one of those that are read from
    bool slow = false;    ///< has kept a call waiting; it is used where nothing better is left
    bool atHand = false;  ///< its bytes came along with its server's answer
    unsigned failures = 0;
    Error lost;
};

/// What a download knows of one server.
struct AskedServer {
    enum class State : std::uint8_t { NotAsked, Asked, Answered, Failed };

    std::string name;
    State state = State::NotAsked;
    Error error;
    std::size_t answerRank = 0;  ///< 0 where it answered before reading began, then by the order of answers
    unsigned timesSlow = 0;      ///< calls for which another share had to step in
};

/// Who holds which share, and which of them to read from. Pure.
class ShareMap {
public:
    ShareMap(unsigned required, unsigned total, std::vector<std::string> serverNames);

    void asked(ServerIndex server) { m_servers[server].state = AskedServer::State::Asked; }
    /// Somebody knows that the share is there, without having asked.
    void known(ServerIndex server, ShareNum share);
    /// `whole`, of `shares`: those whose bytes came along.
    void answered(ServerIndex server, const std::set<ShareNum>& shares, const std::set<ShareNum>& whole);
    void failed(ServerIndex server, Error error);
    /// From here on, who answers is later than others.
    void readingBegins() noexcept { m_readingBegan = true; }
    /// A call on a holding has kept us waiting: others are better, now and later.
    void wasSlow(HoldingIndex index);

    [[nodiscard]] const std::vector<AskedServer>& servers() const noexcept { return m_servers; }
    [[nodiscard]] std::vector<Holding>& holdings() noexcept { return m_holdings; }
    [[nodiscard]] const std::vector<Holding>& holdings() const noexcept { return m_holdings; }
    [[nodiscard]] bool awaitsAnswers() const noexcept;

    /// A server or a share has disappointed.
    [[nodiscard]] bool hasTrouble() const;
    /// That, or what is known is too little: those who were not asked may know more.
    [[nodiscard]] bool needsMore() const;

    /// Different share numbers that some server says it holds, lost ones as well.
    [[nodiscard]] unsigned sharesFound() const;
    /// Different share numbers that may still be read; those that want facts count only when `factsKnown`, or when a
    /// share that is not one of them may yet prove the facts.
    [[nodiscard]] std::set<ShareNum> sharesLeft(bool factsKnown) const;

    /// The best share to read from beyond those of `covered`: on servers that have caused no trouble, at hand already,
    /// not yet chosen for another share, quick to answer; then rare shares, then low numbers (those need no decoding).
    [[nodiscard]] std::optional<HoldingIndex> best(const std::set<ShareNum>& covered) const;
    /// The best `count` shares beyond `covered`, or as many as there are. Wherever so many servers that have caused no
    /// trouble can give a share each, no two come from one server.
    [[nodiscard]] std::vector<HoldingIndex> bestTogether(std::set<ShareNum> covered, std::size_t count) const;
    /// Whether k shares can be had from k different servers.
    [[nodiscard]] bool canSpread() const;

    /// One sentence for a person: what was found where, and why the rest is missing. No secrets.
    [[nodiscard]] std::string describe() const;
    /// Whether asking again later may find more.
    [[nodiscard]] bool mayImprove() const;

private:
    [[nodiscard]] bool usable(const Holding& holding) const noexcept;
    [[nodiscard]] bool mayChoose(const Holding& holding) const noexcept;
    [[nodiscard]] std::vector<unsigned> troubles() const;
    [[nodiscard]] std::vector<HoldingIndex> oneByOne(std::set<ShareNum> covered, std::size_t count) const;
    [[nodiscard]] std::vector<HoldingIndex> aServerEach(const std::set<ShareNum>& covered, std::size_t count) const;
    [[nodiscard]] std::size_t serversOf(const std::vector<HoldingIndex>& holdings) const;

    unsigned m_required;
    unsigned m_total;
    std::vector<AskedServer> m_servers;
    std::vector<Holding> m_holdings;
    bool m_readingBegan = false;
    std::size_t m_lateAnswers = 0;
};

}  // namespace tarn::download
