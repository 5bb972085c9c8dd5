#pragma once

#include "core/async/mailbox.h"
#include "core/async/task_scope.h"
#include "core/upload/share_lane.h"
#include "core/upload/share_maker.h"
#include "core/upload/upload.h"
#include "core/upload/upload_plan.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

namespace tarn::upload {

/// Does what an UploadPlan decides: calls servers, and sends what the maker of shares has put into the lanes, one write
/// a share at a time, all shares at once. Allocation and the making of the first shares happen at the same time.
///
/// Shares that are lost and that the plan places once more are made from the source again, and only those: nothing is
/// kept for them. A share whose end is in doubt is asked for before it counts as lost: the last write's answer may be
/// all that did not come.
///
/// Thread: engine. Driven by the coroutine `drive`, which hands every event to `handle` until `over`.
class UploadDriver {
public:
    UploadDriver(Prepared prepared, std::shared_ptr<const Secrets> secrets, storage::ServerList permuted,
                 std::shared_ptr<const Environment> environment, Watch watch,
                 std::shared_ptr<const Continuation> continuation);
    UploadDriver(const UploadDriver&) = delete;
    UploadDriver& operator=(const UploadDriver&) = delete;

    // What comes back from the work that was started.
    struct PlanEvent {
        UploadPlan::Event event;
    };
    /// How far a share is that an earlier upload may have begun.
    struct Probed {
        grid::ServerIndex server;
        ShareNum share;
        Result<storage::WriteProgress> answer;
    };
    struct WriteAnswered {
        ShareNum share;
        Result<storage::WriteProgress> answer;
    };
    /// Which shares stand on the server of one whose end is in doubt.
    struct DoubtAnswered {
        ShareNum share;
        Result<std::set<ShareNum>> answer;
    };
    struct DoubtTimedOut {
        ShareNum share;
    };
    struct Made {
        unsigned making;
        ShareMaker::Event event;
    };
    struct CleanedUp {};  ///< an abort or a lease's renewal, however it ended
    struct CleanupTimedOut {};
    struct Silence {};  ///< no server has answered a write for long
    struct StopRequested {};
    using Event = std::variant<PlanEvent, Probed, WriteAnswered, DoubtAnswered, DoubtTimedOut, CleanedUp,
                               CleanupTimedOut, Silence, StopRequested, Made>;

    [[nodiscard]] const async::Mailbox<Event>& mailbox() const noexcept { return m_mailbox; }
    [[nodiscard]] async::TaskScope& scope() noexcept { return m_scope; }

    void start();
    void handle(Event event);
    /// Nothing is left to wait for but work on the pools.
    [[nodiscard]] bool over() const;
    [[nodiscard]] Result<Outcome> outcome() const;

private:
    struct Server {
        std::shared_ptr<storage::StorageServer> calls;
        UploadSecret secret;
        LeaseSecrets lease;
        std::stop_source questions;
        std::set<ShareNum> asked;  ///< room for these
        bool awaitsBytes = false;  ///< the question leaves when the shares' bytes are there
        std::set<ShareNum> along;  ///< whose bytes went with the question
    };
    /// An allocation's answer that waits until it is known how far the shares are.
    struct Probing {
        storage::Allocation answer;
        std::size_t open = 0;
    };
    /// A share of which all was sent, and that may stand on its server although it said otherwise, or nothing.
    struct Doubt {
        Error error;
        std::stop_source question;
        async::TimerHandle patience;
    };

    void on(PlanEvent event);
    void on(Probed event);
    void on(WriteAnswered event);
    void on(const DoubtAnswered& event);
    void on(const DoubtTimedOut& event);
    void on(const CleanedUp& event);
    void on(const CleanupTimedOut& event);
    void on(const Silence& event);
    void on(const StopRequested& event);
    void on(Made event);

    void act(const UploadPlan::Actions& actions);
    void act(const UploadPlan::Allocate& action);
    void act(const UploadPlan::ListShares& action);
    void act(const UploadPlan::RenewLease& action);
    void act(const UploadPlan::StartPatience& action);
    void act(const UploadPlan::StopAsking& action);
    void act(const UploadPlan::Abort& action);
    void act(const UploadPlan::Send& action);
    void act(const UploadPlan::Finished& action);
    void act(const UploadPlan::Failed& action);

    void fail(const Error& error);
    void abandon(Error error);
    void closeLane(ShareLane& lane);
    void lose(ShareNum share, Error error);
    void makeLostAgain();
    void setLanes();
    [[nodiscard]] std::function<void(ShareMaker::Event)> teller();
    [[nodiscard]] const std::shared_ptr<const SealedFile>& sealed() const noexcept;
    void allocate(grid::ServerIndex index, storage::WholeShares whole);
    void allocateWhatIsReady();
    void takeBackWhatWentAlong(const UploadPlan::AllocationAnswered& answered);
    [[nodiscard]] bool probe(const UploadPlan::AllocationAnswered& answered);
    [[nodiscard]] bool leavesBehind() const;
    void cleanUp(async::Task<void> task);
    void wrapUpWhenDone();

    void sendWhatIsReady();
    void send(ShareNum share, grid::ServerIndex index);
    void watchForSilence();
    [[nodiscard]] bool wasHeldBack(const Server& server, async::Milliseconds span) const;
    [[nodiscard]] bool limitsHoldQuestions() const;

    [[nodiscard]] Phase phaseNow() const;
    void report();

    formats::Geometry m_geometry;
    crypto::FileKey m_key;
    std::shared_ptr<const Environment> m_environment;
    Watch m_watch;
    StorageIndex m_index;
    std::vector<Server> m_servers;
    async::Mailbox<Event> m_mailbox;
    async::TaskScope m_scope;
    UploadPlan m_plan;

    // Going on with an earlier upload.
    std::shared_ptr<const Continuation> m_continuation;
    std::map<grid::ServerIndex, Probing> m_probing;
    std::map<std::pair<grid::ServerIndex, ShareNum>, ByteOffset> m_standing;  ///< where servers' parts of shares end

    // Sending.
    std::vector<ShareLane> m_lanes;                        ///< by share
    Prepared m_again;                                      ///< what lost shares are made from
    std::optional<ShareMaker> m_maker;                     ///< fills the lanes
    std::shared_ptr<const SealedFile> m_sealed;            ///< by an earlier maker
    std::map<ShareNum, grid::ServerIndex> m_destinations;  ///< empty until all is placed
    std::map<ShareNum, Doubt> m_doubts;
    std::uint64_t m_unanswered = 0;  ///< bytes of writes under way
    std::uint64_t m_acknowledged = 0;
    std::uint64_t m_toSend = 0;
    async::TimerHandle m_patience;
    async::Milliseconds m_patienceSpan{0};
    async::TimerHandle m_silence;
    async::Milliseconds m_silenceSpan{0};

    // Ending.
    std::stop_source m_cleanupStop;
    std::optional<Error> m_failure;
    async::TimerHandle m_cleanupTimer;
    SteadyTime m_lastReport;

    unsigned m_calls = 0;     ///< to servers, under way
    unsigned m_making = 0;    ///< how often shares were made anew
    bool m_makeLost = false;  ///< as soon as the earlier lanes are at rest
    bool m_placed = false;
    bool m_planOver = false;
    bool m_wrappingUp = false;
    Phase m_phase = Phase::Hashing;
};

}  // namespace tarn::upload
