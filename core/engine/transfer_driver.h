#pragma once

#include "core/async/task_scope.h"
#include "core/engine/change_pacer.h"
#include "core/engine/engine_listener.h"
#include "core/engine/journal_writer.h"
#include "core/engine/session.h"
#include "core/engine/transfer_queue.h"

#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace tarn::engine {

/// Runs the transfer queue: starts what the queue allows, keeps the journal in step, and tells the listener.
///
/// A transfer is announced, and called finished, once its row is on disk. Thread: engine.
/// Cancel: `stop`, then drain the scope, before it goes; what had not finished stays queued in the journal.
class TransferDriver {
public:
    TransferDriver(std::shared_ptr<journal::Journal> journal, std::shared_ptr<const upload::Environment> environment,
                   async::TaskScope& scope, EngineListener& listener);

    /// Takes the journal's rows; announces them. Nothing starts before `serve` or `refuse`.
    void restore(std::vector<journal::Row> rows);
    /// From now on transfers run in this session.
    void serve(std::shared_ptr<const Session> session);
    /// From now on each transfer that would start fails with this error.
    void refuse(Error error);
    /// From now on transfers wait; those that run go on.
    void hold();

    void upload(std::vector<std::string> paths);
    void saveCopy(journal::RowId finished, const std::string& target);
    void download(const std::string& capability, const std::string& target);
    void cancel(journal::RowId id);
    void retry(journal::RowId id);
    void remove(journal::RowId id);
    void requestCapability(journal::RowId id);

    /// Starts nothing more and stops what runs.
    void stop();

private:
    enum class Mode : std::uint8_t { Holding, Serving, Refusing, Stopped };

    void add(std::vector<journal::Row> rows);
    void queueDownload(const std::string& capability, const std::string& target);
    void startMore();
    void run(journal::RowId id);
    void runUpload(journal::RowId id, const std::string& path, std::stop_token stopToken);
    void runDownload(journal::RowId id, const journal::Row& row, std::stop_token stopToken);
    void ended(journal::RowId id, const Error& error);
    void settle(journal::Row row);
    void write(const journal::Row& row);
    void changed(journal::RowId id);
    void tell();
    void tickLater();

    std::shared_ptr<const upload::Environment> m_environment;
    async::TaskScope* m_scope;
    EngineListener* m_listener;
    JournalWriter m_journal;
    TransferQueue m_queue;
    ChangePacer m_pacer;
    async::TimerHandle m_telling;
    async::TimerHandle m_ticking;
    bool m_tickDue = false;
    std::map<journal::RowId, std::stop_source> m_running;
    Mode m_mode = Mode::Holding;
    std::shared_ptr<const Session> m_session;
    Error m_refusal;
};

}  // namespace tarn::engine
