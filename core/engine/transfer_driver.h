#pragma once

#include "core/async/task_scope.h"
#include "core/engine/change_pacer.h"
#include "core/engine/concurrency_planner.h"
#include "core/engine/earlier_attempts.h"
#include "core/engine/engine_listener.h"
#include "core/engine/folder_walk.h"
#include "core/engine/journal_writer.h"
#include "core/engine/network_watch.h"
#include "core/engine/queue_figures.h"
#include "core/engine/session.h"
#include "core/engine/sleep_watch.h"
#include "core/engine/transfer_queue.h"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace tarn::engine {

/// Runs the transfer queue: starts what may start, keeps the journal in step, and tells the listener.
///
/// The journal is the queue; of it, only what runs and what comes next is in memory. What a person asks is written
/// first and acted on when it is on disk, one request after the other. A transfer is announced, and called finished,
/// once its row is on disk. One that fails for a reason that may pass (servers that are gone) stays queued, and is
/// tried again after a while. Thread: engine. Cancel: `stop`, then drain the scope, before it goes; what had not
/// finished stays queued in the journal.
class TransferDriver {
public:
    TransferDriver(std::shared_ptr<journal::Journal> journal, std::shared_ptr<const upload::Environment> environment,
                   std::shared_ptr<storage::RateLimits> limits, async::TaskScope& scope, EngineListener& listener);

    /// Lists what the journal holds, then calls `done`. Nothing starts before `serve` or `refuse`.
    void restore(std::function<void()> done);
    /// From now on transfers run in this session; those that wait for their next attempt try at once.
    void serve(std::shared_ptr<const Session> session);
    /// From now on each transfer that would start fails with this error.
    void refuse(Error error);
    /// From now on transfers wait; those that run go on.
    void hold();
    /// Whether the line is one on which bytes cost money.
    void setMetered(bool metered);
    /// The network came back or changed: whoever waits for the next attempt tries at once.
    void wake();

    // What a person asks.
    void upload(std::vector<std::string> paths);
    void saveCopy(journal::RowId finished, const std::string& target);
    void download(const std::string& capability, const std::string& target);
    void apply(std::vector<journal::RowId> ids, journal::Change change);
    void remove(std::vector<journal::RowId> ids);
    void move(std::vector<journal::RowId> ids, journal::Step step);
    void prioritise(std::vector<journal::RowId> ids, journal::Priority priority);
    void setSettings(const api::QueueSettings& settings);
    void load(std::vector<journal::RowId> ids);
    void requestCapability(journal::RowId id);

    /// Starts nothing more and stops what runs.
    void stop();

private:
    enum class Mode : std::uint8_t { Holding, Serving, Refusing, Stopped };
    /// A transfer that runs: how it is stopped, and what its row is to say then.
    struct Running {
        std::stop_source stop;
        std::shared_ptr<bool> keep = std::make_shared<bool>(false);  ///< what servers hold of it is gone on with later
        /// What a download has written so far is of no use to anybody.
        std::shared_ptr<std::atomic<bool>> givenUp = std::make_shared<std::atomic<bool>>(false);
        bool leaving = false;  ///< its row says already what it is now; nothing is written when it ends
    };

    void listFrom(journal::Place after, std::function<void()> done);
    void walk(std::shared_ptr<FolderWalk> folders, std::shared_ptr<std::size_t> leftOut);
    void add(std::vector<journal::Row> rows, std::function<void()> then);
    void queueDownload(const std::string& capability, const std::string& places, const std::string& target);
    void dropPartialFiles(std::vector<journal::Row> rows);
    void turned(const std::vector<journal::RowId>& changed, bool keep);
    void stopRunning(journal::RowId id, bool keep);
    void tellOf(std::vector<journal::RowId> ids);
    void recount();
    void take(const api::QueueSettings& settings);

    [[nodiscard]] bool mayRun() const;
    [[nodiscard]] TransferQueue::Limits limits() const;
    void orderChanged();
    void fillAhead();
    void waitForNextAttempt();
    void startMore();
    void run(journal::RowId id);
    void runUpload(journal::RowId id, const journal::Row& row, const Running& running);
    void runDownload(journal::RowId id, const journal::Row& row, const Running& running);
    void ended(journal::RowId id, const Error& error);
    void mark(bool underWay);
    void settle(journal::Row row);
    void settled(const journal::Row& row);
    void changed(journal::RowId id);
    void tell();
    void tellTotals();
    void tickLater();
    void tick();

    std::shared_ptr<const upload::Environment> m_environment;
    std::shared_ptr<storage::RateLimits> m_limits;
    async::TaskScope* m_scope;
    EngineListener* m_listener;
    JournalWriter m_journal;
    TransferQueue m_queue;
    QueueFigures m_figures;
    ConcurrencyPlanner m_planner;
    SleepWatch m_sleepWatch;
    ChangePacer m_pacer;
    std::map<journal::RowId, api::TransferSnapshot> m_atRest;  ///< ended since the last telling
    async::TimerHandle m_telling;
    async::TimerHandle m_ticking;
    async::TimerHandle m_nextAttempt;
    bool m_tickDue = false;
    std::map<journal::RowId, Running> m_running;
    EarlierAttempts m_earlier;
    bool m_marked = false;  ///< EarlierAttempts::setting is 1
    Mode m_mode = Mode::Holding;
    api::QueueSettings m_settings;
    std::unique_ptr<NetworkWatch> m_network;  ///< only while somebody wants to know
    bool m_metered = false;
    bool m_filling = false;   // the journal is asked for what comes next
    bool m_lookAgain = true;  // it may have more than it gave last
    std::shared_ptr<const Session> m_session;
    Error m_refusal;
    api::QueueTotals m_told;
};

}  // namespace tarn::engine
