#pragma once

#include "core/async/pools.h"
#include "core/async/task_scope.h"
#include "core/foundation/result.h"
#include "core/journal/journal.h"

#include <functional>
#include <memory>
#include <variant>
#include <vector>

namespace tarn::engine {

/// Brings changes to the journal from the engine's thread, without ever blocking it: one after the other on the disk
/// pool, in the order asked, those that wait at the same time in one go.
///
/// Thread: engine. `done` is called there when the change has reached the disk, or failed to.
/// Cancel: none; a change that was asked for is made. The owner drains the scope before the writer goes.
class JournalWriter {
public:
    JournalWriter(std::shared_ptr<journal::Journal> journal, std::shared_ptr<async::Pools> pools,
                  async::TaskScope& scope)
        : m_journal(std::move(journal)), m_pools(std::move(pools)), m_scope(&scope) {}

    using Added = std::function<void(Result<std::vector<journal::RowId>>)>;
    using Done = std::function<void(Result<void>)>;

    void add(std::vector<journal::Row> rows, Added done);
    void update(journal::Row row, Done done);
    void remove(journal::RowId id, Done done);

private:
    struct Add {
        std::vector<journal::Row> rows;
        Added done;
    };
    struct Update {
        journal::Row row;
        Done done;
    };
    struct Remove {
        journal::RowId id;
        Done done;
    };
    using Change = std::variant<Add, Update, Remove>;

    void writeNext();
    void writeUpdates();
    void wrote();

    std::shared_ptr<journal::Journal> m_journal;
    std::shared_ptr<async::Pools> m_pools;
    async::TaskScope* m_scope;
    std::vector<Change> m_waiting;
    bool m_writing = false;
};

}  // namespace tarn::engine
