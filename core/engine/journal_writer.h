#pragma once

#include "core/async/pools.h"
#include "core/async/task_scope.h"
#include "core/engine/disk_task.h"
#include "core/foundation/result.h"
#include "core/journal/journal.h"

#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

namespace tarn::engine {

/// Brings what is asked of the journal from the engine's thread to the disk pool, without ever blocking: one after the
/// other, in the order asked, updates that wait at the same time in one go.
///
/// Thread: engine. `done` is called there when the change has reached the disk, or failed to.
/// Cancel: none; a change that was asked for is made. The owner drains the scope before the writer goes.
class JournalWriter {
public:
    JournalWriter(std::shared_ptr<journal::Journal> journal, std::shared_ptr<async::Pools> pools,
                  async::TaskScope& scope)
        : m_journal(std::move(journal)), m_pools(std::move(pools)), m_scope(&scope) {}

    using Done = std::function<void(Result<void>)>;

    void update(journal::Row row, Done done);

    /// Runs `work`, which owns all it touches, with the journal on the disk pool; then calls `done` with its result.
    template <typename Work, typename Finished>
    void perform(Work work, Finished done) {
        m_waiting.emplace_back(Job([this, asked = std::move(work), finished = std::move(done)]() mutable {
            auto onJournal = [journal = m_journal, call = std::move(asked)] {
                return call(*journal);
            };
            using Outcome = decltype(onJournal());
            m_scope->spawn(onDisk(m_pools, std::move(onJournal)),
                           [this, told = std::move(finished)](Outcome result) mutable {
                               told(std::move(result));
                               wrote();
                           });
        }));
        writeNext();
    }

private:
    struct Update {
        journal::Row row;
        Done done;
    };
    using Job = std::function<void()>;

    void writeNext();
    void writeUpdates();
    void wrote();

    std::shared_ptr<journal::Journal> m_journal;
    std::shared_ptr<async::Pools> m_pools;
    async::TaskScope* m_scope;
    std::deque<std::variant<Update, Job>> m_waiting;
    bool m_writing = false;
};

}  // namespace tarn::engine
