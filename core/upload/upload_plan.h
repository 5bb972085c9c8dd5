#pragma once

#include "core/async/timers.h"
#include "core/foundation/result.h"
#include "core/grid/happiness.h"
#include "core/storage/storage_server.h"
#include "core/upload/upload.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace tarn::upload {

/// Decides which server gets which share of one upload, and whether that is enough. Knows no sockets, no clock, no
/// bytes: events in, actions out.
///
///     Placing ──(all answers in, happy)──► Sending ──(every share closed or lost, still happy)──► Done
///      │   ▲                                │   │
///      │   └──(lost ones that others take)──┘   │
///      └────────(not enough servers, or abandoned)────────────────────────────────► Failed
///
/// One round is the rule: every server that is to hold shares is asked for room at once, and the servers behind them
/// (up to 2n in all) are asked at the same moment what they hold. Only shares that found no home make another round.
/// Small shares go along with the question, to servers that take them so (`Input::takeWhole`).
/// Shares that are lost on the way are placed once more when all others have ended: on servers that lost none, and each
/// on one only. Where enough stands without them that is tried `mostMendings` times, otherwise while servers are left.
/// Every share that a server may have begun and that is not completed there is aborted. Where too little would stand
/// without a lost share its abort waits until others have taken it or the upload has failed, since a failed one may be
/// gone on with.
/// Servers go by their place in the permuted order. Thread: any, one at a time.
/// Source: Tahoe-LAFS docs/specifications/servers-of-happiness.rst, immutable/upload.py.
class UploadPlan {
public:
    struct Input {
        unsigned required = 0;
        unsigned happy = 0;
        unsigned total = 0;
        std::vector<std::string> servers;  ///< their names, in permuted order
        /// Those that take whole shares along with the question for their room. Empty where shares are large.
        std::set<grid::ServerIndex> takeWhole = {};
        std::vector<ServerId> ids = {};  ///< theirs, where anybody wants them back
        /// An upload that fails for a reason that may pass is gone on with later. So when connections break with all
        /// servers at once it fails: what stands there is worth more than another place.
        bool comesBack = false;
    };

    // What has happened.
    struct AllocationAnswered {
        grid::ServerIndex server;
        Result<storage::Allocation> answer;
    };
    struct SharesListed {
        grid::ServerIndex server;
        Result<std::set<ShareNum>> answer;
    };
    /// The span of the StartPatience with this number is over.
    struct PatienceOver {
        unsigned number;
    };
    /// The server has confirmed that it holds the whole share.
    struct ShareClosed {
        ShareNum share;
    };
    /// The share cannot be written to its server any further.
    struct ShareLost {
        ShareNum share;
        Error error;
    };
    /// Lost shares cannot be made once more: the file failed.
    struct SourceLost {
        Error error;
    };
    /// The upload ends for a reason that has nothing to do with servers: stopped, or the file failed.
    struct Abandoned {
        Error error;
    };
    using Event =
        std::variant<AllocationAnswered, SharesListed, PatienceOver, ShareClosed, ShareLost, SourceLost, Abandoned>;

    // What is to be done.
    struct Allocate {
        grid::ServerIndex server;
        std::set<ShareNum> shares;
        bool withBytes = false;  ///< the shares go along
    };
    struct ListShares {
        grid::ServerIndex server;
    };
    /// A share that stands there already counts; its lease is renewed.
    struct RenewLease {
        grid::ServerIndex server;
    };
    /// Start a span; an earlier one no longer matters.
    struct StartPatience {
        unsigned number;
        async::Milliseconds span;
    };
    /// Its answer is not waited for any longer.
    struct StopAsking {
        grid::ServerIndex server;
    };
    struct Abort {
        grid::ServerIndex server;
        ShareNum share;
    };
    /// All placing is over; `shares` are to be sent. May be empty. Another one, for shares that were lost, may follow
    /// when all of them have ended.
    struct Send {
        std::map<ShareNum, grid::ServerIndex> shares;
    };
    struct Finished {};
    struct Failed {
        Error error;
    };
    using Action =
        std::variant<Allocate, ListShares, RenewLease, StartPatience, StopAsking, Abort, Send, Finished, Failed>;
    using Actions = std::vector<Action>;

    explicit UploadPlan(Input input);

    /// The first actions; called once, before any event.
    [[nodiscard]] Actions start();
    [[nodiscard]] Actions on(Event event);

    /// As things stand: after `Finished` what became of each share.
    [[nodiscard]] std::vector<ShareState> shareStates() const;
    [[nodiscard]] std::size_t happiness() const { return grid::happinessOf(standing()); }

    /// How long a round of questions may take before silent servers are left out.
    static constexpr async::Milliseconds answerSpan{15000};
    /// How long to wait for servers that were only asked what they hold, when all shares have a home without them.
    static constexpr async::Milliseconds listSpan{1000};
    /// How often lost shares are placed once more when enough stands without them: the end must not be put off for
    /// long.
    static constexpr unsigned mostMendings = 3;

private:
    enum class State : std::uint8_t { Placing, Sending, Done, Failed };
    struct Server {
        std::string name;
        ServerId id;
        bool takesShares = true;    ///< worth asking for room
        bool listing = false;       ///< asked what it holds, no answer yet
        std::set<ShareNum> asked;   ///< room asked for, no answer yet
        std::set<ShareNum> found;   ///< stood there before us
        std::set<ShareNum> begun;   ///< room held for us, not complete
        std::set<ShareNum> closed;  ///< complete, by us
        std::set<ShareNum> adrift;  ///< lost, to be aborted when it is known what becomes of them
        std::string trouble;        ///< why it took less than it was asked to
    };

    void apply(AllocationAnswered event);
    void apply(SharesListed event);
    void apply(const PatienceOver& event);
    void apply(const ShareClosed& event);
    void apply(const ShareLost& event);
    void apply(const SourceLost& event);
    void apply(const Abandoned& event);

    void ask(const std::map<ShareNum, grid::ServerIndex>& placement);
    void startPatience(async::Milliseconds span);
    void settle();
    void beginSending();
    void dropWhatStandsElsewhere();
    void giveUpAsking(grid::ServerIndex index);
    void abortBegun(grid::ServerIndex server, ShareNum share);
    void abortAllBegun();
    void abortAdrift();
    void fail(Error error);
    void goOnWhenAllEnded();
    [[nodiscard]] bool mend();
    void finish();

    [[nodiscard]] grid::ShareMap standing() const;
    [[nodiscard]] std::map<ShareNum, grid::ServerIndex> newPlaces() const;
    [[nodiscard]] std::map<ShareNum, grid::ServerIndex> placesForLost() const;
    [[nodiscard]] bool isEnough(const grid::ShareMap& stands) const;
    [[nodiscard]] bool canBeMended() const;
    [[nodiscard]] bool lineBroke() const;
    [[nodiscard]] std::optional<Error> shortage() const;
    [[nodiscard]] std::string troubles() const;
    void noteTrouble(grid::ServerIndex server, const Error& error);

    Input m_input;
    State m_state = State::Placing;
    std::vector<Server> m_servers;
    std::map<ShareNum, grid::ServerIndex> m_sending;  ///< every share's last place
    std::map<ShareNum, ErrorCode> m_lost;             ///< and not sent again since
    std::set<grid::ServerIndex> m_sentTo;             ///< by the last Send
    unsigned m_mendings = 0;
    bool m_sourceLost = false;
    unsigned m_patience = 0;
    bool m_shortPatience = false;
    Actions m_actions;  ///< gathered while one event is worked on
};

}  // namespace tarn::upload
