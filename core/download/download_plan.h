#pragma once

#include "core/async/timers.h"
#include "core/download/byte_window.h"
#include "core/download/file_facts.h"
#include "core/download/open_share.h"
#include "core/download/share_map.h"
#include "core/foundation/result.h"

#include <map>
#include <optional>
#include <set>
#include <variant>
#include <vector>

namespace tarn::download {

/// Names one call in flight.
using Ticket = std::uint64_t;
/// A run by its place in the part of the file that is read: 0 is delivered first.
using RunNumber = std::uint64_t;

/// What the plan wants done. Every action with a ticket is answered by one event with that ticket, unless it is
/// stopped.
/// `along`: how many bytes of the shares may come along.
struct AskForShares {
    Ticket ticket;
    ServerIndex server;
    ByteCount along;
};
/// Find out what its blocks must hash to; goes on where an examination waited for facts.
struct OpenHolding {
    Ticket ticket;
    HoldingIndex holding;
};
struct ReadCrypttextHashes {
    Ticket ticket;
    HoldingIndex holding;
};
/// Read a run's blocks.
struct FetchBlocks {
    Ticket ticket;
    HoldingIndex holding;
    RunNumber run;
};
struct AdviseCorrupt {
    Ticket ticket;
    HoldingIndex holding;
    std::string reason;
};
struct WaitFor {
    Ticket ticket;
    async::Milliseconds delay;
};
/// The call's outcome is of no interest any more.
struct StopCall {
    Ticket ticket;
};
/// See how many of the first `segments` segments the sink holds from an earlier attempt, and keep those.
struct CheckHeld {
    std::uint64_t segments;
};
/// Decode a run from the blocks of these k holdings.
struct DecodeRun {
    RunNumber run;
    std::vector<HoldingIndex> from;
};
struct WriteRun {
    RunNumber run;
};
struct CommitSink {};
struct Finish {
    Result<void> outcome;
};
using Action = std::variant<AskForShares, OpenHolding, ReadCrypttextHashes, FetchBlocks, AdviseCorrupt, WaitFor,
                            StopCall, CheckHeld, DecodeRun, WriteRun, CommitSink, Finish>;
using Actions = std::vector<Action>;

/// What happened.
/// `whole`, of `shares`: those whose bytes came along and are at hand.
struct SharesListed {
    Ticket ticket;
    Result<std::set<ShareNum>> shares;
    std::set<ShareNum> whole = {};
};
struct HoldingOpened {
    struct Report {
        bool wantsFacts = false;
        std::shared_ptr<const FileFacts> facts;
        bool crypttextProved = false;
        bool crypttextDamaged = false;
        std::vector<std::string> damage;
    };
    Ticket ticket;
    Result<Report> report;
};
struct CrypttextHashesRead {
    Ticket ticket;
    Result<void> outcome;
};
struct BlocksFetched {
    Ticket ticket;
    Result<void> outcome;
};
struct Advised {
    Ticket ticket;
};
struct Waited {
    Ticket ticket;
};
/// A call has had no answer (also no part of one) for longer than is usual, or for `lostAfter`.
struct CallSlow {
    Ticket ticket;
};
struct CallLost {
    Ticket ticket;
};
struct HeldChecked {
    Result<std::uint64_t> good;
};
struct RunDecoded {
    RunNumber run;
    Result<void> outcome;
    /// Whose blocks do not match their own hashes, where that is why it failed. Those of the others are still here.
    std::vector<std::pair<HoldingIndex, Error>> bad = {};
};
struct RunWritten {
    RunNumber run;
    Result<void> outcome;
};
struct SinkCommitted {
    Result<void> outcome;
};
using Event = std::variant<SharesListed, HoldingOpened, CrypttextHashesRead, BlocksFetched, Advised, Waited, CallSlow,
                           CallLost, HeldChecked, RunDecoded, RunWritten, SinkCommitted>;

/// Decides how a file is read: whom to ask, from which shares to read, when to turn to others, when to give up.
///
/// Pure: takes events, gives actions; holds no bytes and no clock. All servers are asked at once, and reading begins
/// when they have answered, or soon after k different shares are known. Where k are known from the start nobody is
/// asked, unless one of them disappoints. Small shares come along with the answers: the first k servers are asked for
/// one each, so that one round trip may be all, and the others only where one of these keeps us waiting, fails, or all
/// have too little. A share whose server keeps a call waiting is joined by another one and the first to answer counts;
/// one that fails, or does not match its hashes, is replaced. Blocks are checked against these only where a segment
/// does not match the file's hash for it, which tells the same of all its blocks. Nothing but `runsAtOnce` runs is ever
/// on its way, so memory is bounded by the runs' size. Ends with exactly one Finish, whatever the servers do, as long
/// as every call is answered or its CallLost comes.
class DownloadPlan {
public:
    /// Without an answer for this long, the call has failed. The list of a server's shares is short: no line is that
    /// slow.
    static constexpr async::Milliseconds lostAfter{std::chrono::minutes(3)};
    static constexpr async::Milliseconds listLostAfter{std::chrono::minutes(1)};
    /// How long to wait for more servers when k shares are known: they may have to come from fewer than k servers, or
    /// those that need no decoding may be on others.
    static constexpr async::Milliseconds spreadWait{30};
    /// How long the end is put off for servers that are being told of damage.
    static constexpr async::Milliseconds adviceWait{std::chrono::seconds(5)};

    static constexpr std::uint64_t runsAtOnce = 3;
    /// A run is as many segments as stay under both (the second is one share's part), and at least one.
    static constexpr std::uint64_t mostRunPlaintext =
        2 * 1024 * 1024 + 4 * 1024;  // segments of 1 MiB are a little more
    static constexpr std::uint64_t mostRunBlocks = 1024 * 1024;

    /// Shares that somebody knows to be there.
    using Known = std::vector<std::pair<ServerIndex, ShareNum>>;

    /// `range` lies within the file and is not empty. `smallShare`: what a share takes at most, where it may come along
    /// with a server's answer; 0 where it is too large. `held` bytes of the file, from its beginning, are there from an
    /// earlier attempt and not checked; only where the range begins there, too.
    DownloadPlan(unsigned required, unsigned total, Range range, std::vector<std::string> serverNames,
                 const Known& known = {}, ByteCount smallShare = ByteCount(0), ByteCount held = ByteCount(0));

    [[nodiscard]] Actions start();
    [[nodiscard]] Actions on(const Event& event);

    [[nodiscard]] const ShareMap& shares() const noexcept { return m_map; }
    [[nodiscard]] bool hasBegunReading() const noexcept { return m_facts != nullptr; }
    /// Once the facts are known: the segments of a run.
    [[nodiscard]] SegmentRun segmentsOf(RunNumber run) const;

private:
    struct Call {
        enum class Kind : std::uint8_t { List, Open, Crypttext, Fetch, Advise, Spread, AdviceEnd };
        Kind kind;
        ServerIndex server = 0;
        HoldingIndex holding = 0;
        RunNumber run = 0;
    };
    struct RunState {
        enum class Stage : std::uint8_t { Fetching, Decoding, Decoded, Writing };
        Stage stage = Stage::Fetching;
        std::map<ShareNum, HoldingIndex> here;  ///< whose blocks have come
    };

    void handle(const SharesListed& event);
    void handle(const HoldingOpened& event);
    void handle(const CrypttextHashesRead& event);
    void handle(const BlocksFetched& event);
    void handle(const Advised& event);
    void handle(const Waited& event);
    void handle(const CallSlow& event);
    void handle(const CallLost& event);
    void handle(const HeldChecked& event);
    void handle(const RunDecoded& event);
    void handle(const RunWritten& event);
    void handle(const SinkCommitted& event);

    /// Does all that can be done now.
    void proceed();
    void askServers();
    void ask(ServerIndex server, std::uint64_t sharesAlong);
    void giveUpIfHopeless();
    [[nodiscard]] bool mayBegin();
    void chooseHoldings();
    void seekCrypttextHashes();
    void checkHeld();
    void beginRuns();
    void countRuns();
    void fetchFor(RunNumber number, RunState& run);
    void decodeWhatIsHere();
    void writeNext();

    void learnFacts(const std::shared_ptr<const FileFacts>& facts);
    void choose(HoldingIndex index);
    /// A call on a holding has failed: it may be tried once more, or is lost.
    void holdingFailed(HoldingIndex index, const Error& error);
    void tell(HoldingIndex index, const std::string& damage);
    void conclude(Result<void> outcome);
    void finishWhenTold();

    [[nodiscard]] Ticket begin(Call call);
    /// Takes a call off the list; nothing when it was stopped before.
    [[nodiscard]] std::optional<Call> take(Ticket ticket);
    template <typename Condition>
    void stopCalls(Condition condition);

    unsigned m_required;
    Range m_range;
    ShareMap m_map;
    std::map<Ticket, Call> m_calls;
    Ticket m_nextTicket = 1;
    ByteCount m_smallShare;
    enum class Asked : std::uint8_t { Nobody, First, FirstAndSlow, All };
    Asked m_asked = Asked::Nobody;
    bool m_spreadWaited = false;
    bool m_spreadOver = false;
    bool m_begun = false;
    std::shared_ptr<const FileFacts> m_facts;
    bool m_crypttextKnown = false;
    std::uint64_t m_firstSegment = 0;
    std::uint64_t m_segmentsPerRun = 0;
    std::uint64_t m_segmentsWanted = 0;
    RunNumber m_runCount = 0;
    RunNumber m_nextRun = 0;
    RunNumber m_nextWrite = 0;
    ByteCount m_held;
    bool m_checkingHeld = false;
    bool m_committing = false;
    std::map<RunNumber, RunState> m_runs;
    std::set<HoldingIndex> m_told;
    std::optional<Result<void>> m_outcome;
    bool m_finished = false;
    Actions m_actions;
};

}  // namespace tarn::download
