#include "core/journal/journal.h"

#include "core/journal/database.h"
#include "core/journal/file_lock.h"
#include "core/journal/row_columns.h"
#include "core/journal/schema.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <utility>

namespace tarn::journal {

namespace {

/// Between one place and the next, so that there is always room in between.
constexpr Place placeStep = Place{1} << 20U;

/// What `Change` does: the states that it fits, and the columns that it sets.
constexpr std::array<std::string_view, 4> changeStatements{
    "UPDATE transfer SET state = 5, not_before = 0 WHERE id = ?1 AND state = 0",
    "UPDATE transfer SET state = 0, attempts = 0, not_before = 0 WHERE id = ?1 AND state = 5",
    "UPDATE transfer SET state = 4, finished = ?2, not_before = 0, error_name = '', error_detail = ''"
    " WHERE id = ?1 AND state IN (0, 5)",
    "UPDATE transfer SET state = 0, attempts = 0, not_before = 0, finished = 0, error_name = '', error_detail = ''"
    " WHERE id = ?1 AND (state IN (3, 4) OR (state = 0 AND not_before > 0))",
};

Result<void> checkSize(const Row& row) {
    if (row.size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        return failure(ErrorCode::InvalidArgument, "a size that no file has");
    }
    return {};
}

class SqliteJournal final : public Journal {
public:
    SqliteJournal(FileLock lock, Database database) : m_lock(std::move(lock)), m_database(std::move(database)) {}

    [[nodiscard]] Result<void> prepare() {
        const std::string columns(rowColumns);
        const std::pair<Statement*, std::string> wanted[] = {
            {&m_insert, insertStatement()},
            {&m_update, updateStatement()},
            {&m_remove, "DELETE FROM transfer WHERE id = ?"},
            {&m_list, "SELECT id, place FROM transfer WHERE place > ? ORDER BY place LIMIT ?"},
            {&m_page, "SELECT " + columns + " FROM transfer WHERE place > ? ORDER BY place LIMIT ?"},
            {&m_rowOf, "SELECT " + columns + " FROM transfer WHERE id = ?"},
            {&m_next, "SELECT " + columns +
                          " FROM transfer WHERE state = 0 AND (not_before <= ?1 OR not_before > ?2)"
                          " ORDER BY priority DESC, place LIMIT ?3"},
            {&m_soonest, "SELECT coalesce(min(not_before), 0) FROM transfer WHERE state = 0 AND not_before > ?"},
            {&m_placeOf, "SELECT place FROM transfer WHERE id = ?"},
            {&m_setPlace, "UPDATE transfer SET place = ? WHERE id = ?"},
            {&m_before, "SELECT id, place FROM transfer WHERE place < ? ORDER BY place DESC LIMIT 1"},
            {&m_setPriority, "UPDATE transfer SET priority = ? WHERE id = ?"},
            {&m_endWaits, "UPDATE transfer SET not_before = 0 WHERE state = 0 AND not_before > 0"},
            {&m_totals, "SELECT state, count(*), sum(size) FROM transfer GROUP BY state"},
            {&m_setting, "SELECT value FROM setting WHERE name = ?"},
            {&m_setSetting, "INSERT INTO setting (name, value) VALUES (?1, ?2)"
                            " ON CONFLICT (name) DO UPDATE SET value = ?2"},
            {&m_changes[0], std::string(changeStatements[0])},
            {&m_changes[1], std::string(changeStatements[1])},
            {&m_changes[2], std::string(changeStatements[2])},
            {&m_changes[3], std::string(changeStatements[3])},
        };
        for (const auto& [statement, sql] : wanted) {
            auto prepared = m_database.prepare(sql);
            if (!prepared) {
                return failure(std::move(prepared.error()));
            }
            *statement = std::move(*prepared);
        }
        const auto last = m_database.number("SELECT coalesce(max(place), 0) FROM transfer");
        if (!last) {
            return failure(last.error());
        }
        m_lastPlace = *last;
        return {};
    }

    Result<RowId> add(const Row& row) override {
        if (auto checked = checkSize(row); !checked) {
            return failure(std::move(checked.error()));
        }
        Row placed = row;
        placed.place = m_lastPlace + placeStep;
        bindNew(m_insert, placed);
        if (auto run = m_insert.run(); !run) {
            return failure(std::move(run.error()));
        }
        m_lastPlace = placed.place;
        return m_database.lastRowId();
    }

    Result<std::vector<RowId>> addAll(const std::vector<Row>& rows) override {
        return inTransaction<std::vector<RowId>>([this, &rows]() -> Result<std::vector<RowId>> {
            std::vector<RowId> ids;
            ids.reserve(rows.size());
            for (const auto& row : rows) {
                const auto id = add(row);
                if (!id) {
                    return failure(id.error());
                }
                ids.push_back(*id);
            }
            return ids;
        });
    }

    Result<void> update(const Row& row) override {
        if (auto checked = checkSize(row); !checked) {
            return checked;
        }
        bindChanged(m_update, row);
        if (auto run = m_update.run(); !run) {
            return run;
        }
        if (m_database.changes() == 0) {
            return failure(ErrorCode::NotFound, "no such transfer");
        }
        return {};
    }

    Result<void> updateAll(const std::vector<Row>& rows) override {
        return inTransaction<void>([this, &rows]() -> Result<void> {
            for (const auto& row : rows) {
                if (auto updated = update(row); !updated) {
                    return updated;
                }
            }
            return {};
        });
    }

    Result<std::vector<RowId>> apply(const std::vector<RowId>& ids, Change change, WallTime now) override {
        auto& statement = m_changes.at(static_cast<std::size_t>(change));
        return changeEach(ids, statement, [&statement, change, now] {
            if (change == Change::Cancel) {
                statement.bind(2, microsecondsOf(now));
            }
        });
    }

    Result<std::vector<RowId>> remove(const std::vector<RowId>& ids) override {
        return changeEach(ids, m_remove, [] {});
    }

    Result<std::vector<Move>> move(const std::vector<RowId>& ids, Step step) override {
        return inTransaction<std::vector<Move>>([this, &ids, step]() -> Result<std::vector<Move>> {
            std::vector<Listed> listed;
            for (const auto id : ids) {
                m_placeOf.bind(1, id);
                const auto there = m_placeOf.step();
                if (!there) {
                    return failure(there.error());
                }
                if (*there) {
                    listed.push_back({id, m_placeOf.integer(0)});
                }
                m_placeOf.finish();
            }
            std::ranges::sort(listed, {}, &Listed::place);
            const auto sameRow = [](const Listed& a, const Listed& b) {
                return a.id == b.id;
            };
            listed.erase(std::unique(listed.begin(), listed.end(), sameRow), listed.end());
            if (listed.empty()) {
                return std::vector<Move>();
            }
            switch (step) {
            case Step::Top:
            case Step::Bottom: return moveToEnd(listed, step);
            case Step::Up:
            case Step::Down: return swapAlong(listed, step);
            }
            return std::vector<Move>();
        });
    }

    Result<void> prioritise(const std::vector<RowId>& ids, Priority priority) override {
        return inTransaction<void>([this, &ids, priority]() -> Result<void> {
            for (const auto id : ids) {
                m_setPriority.bind(1, static_cast<std::int64_t>(priority));
                m_setPriority.bind(2, id);
                if (auto set = m_setPriority.run(); !set) {
                    return set;
                }
            }
            return {};
        });
    }

    Result<std::uint64_t> endWaits() override {
        if (auto run = m_endWaits.run(); !run) {
            return failure(std::move(run.error()));
        }
        return static_cast<std::uint64_t>(m_database.changes());
    }

    Result<std::vector<Listed>> list(Place after, std::size_t most) override {
        m_list.bind(1, after);
        m_list.bind(2, static_cast<std::int64_t>(most));
        return readAll<Listed>(m_list, [](const Statement& read) -> Result<Listed> {
            return Listed{read.integer(0), read.integer(1)};
        });
    }

    Result<std::vector<Row>> page(Place after, std::size_t most) override {
        m_page.bind(1, after);
        m_page.bind(2, static_cast<std::int64_t>(most));
        return readAll<Row>(m_page, readRow);
    }

    Result<std::vector<Row>> rowsOf(const std::vector<RowId>& ids) override {
        std::vector<Row> rows;
        for (const auto id : ids) {
            m_rowOf.bind(1, id);
            auto found = readAll<Row>(m_rowOf, readRow);
            if (!found) {
                return found;
            }
            std::ranges::move(*found, std::back_inserter(rows));
        }
        return rows;
    }

    Result<std::vector<Row>> next(std::size_t most, WallTime now, WallTime::duration longestWait) override {
        m_next.bind(1, microsecondsOf(now));
        m_next.bind(2, microsecondsOf(now + longestWait));
        m_next.bind(3, static_cast<std::int64_t>(most));
        return readAll<Row>(m_next, readRow);
    }

    Result<WallTime> soonest(WallTime now) override {
        m_soonest.bind(1, microsecondsOf(now));
        const auto row = m_soonest.step();
        const auto at = row && *row ? m_soonest.integer(0) : 0;
        m_soonest.finish();
        return row ? Result<WallTime>(timeOf(at)) : failure(row.error());
    }

    Result<Totals> totals() override {
        Totals totals;
        for (;;) {
            const auto more = m_totals.step();
            if (!more || !*more) {
                m_totals.finish();
                return more ? Result<Totals>(totals) : failure(more.error());
            }
            if (const auto state = static_cast<std::size_t>(m_totals.integer(0)); state < totals.states.size()) {
                totals.states.at(state) = {static_cast<std::uint64_t>(m_totals.integer(1)),
                                           static_cast<std::uint64_t>(m_totals.integer(2))};
            }
        }
    }

    Result<std::int64_t> setting(std::string_view name, std::int64_t otherwise) override {
        m_setting.bind(1, name);
        const auto row = m_setting.step();
        const auto value = row && *row ? m_setting.integer(0) : otherwise;
        m_setting.finish();
        return row ? Result<std::int64_t>(value) : failure(row.error());
    }

    Result<void> setSetting(std::string_view name, std::int64_t value) override {
        m_setSetting.bind(1, name);
        m_setSetting.bind(2, value);
        return m_setSetting.run();
    }

private:
    template <typename T, typename Work>
    Result<T> inTransaction(Work work) {
        auto transaction = Transaction::begin(m_database);
        if (!transaction) {
            return failure(std::move(transaction.error()));
        }
        const auto lastPlace = m_lastPlace;
        Result<T> done = work();
        if (done) {
            if (auto committed = transaction->commit(); !committed) {
                done = failure(std::move(committed.error()));
            }
        }
        if (!done) {
            m_lastPlace = lastPlace;
        }
        return done;
    }

    template <typename T, typename Read>
    static Result<std::vector<T>> readAll(Statement& statement, Read read) {
        std::vector<T> all;
        for (;;) {
            const auto more = statement.step();
            if (!more || !*more) {
                statement.finish();
                return more ? Result<std::vector<T>>(std::move(all)) : failure(more.error());
            }
            auto one = read(statement);
            if (!one) {
                statement.finish();
                return failure(std::move(one.error()));
            }
            all.push_back(std::move(*one));
        }
    }

    /// Runs `statement`, whose first parameter is an id, for each; gives those that it changed.
    template <typename Bind>
    Result<std::vector<RowId>> changeEach(const std::vector<RowId>& ids, Statement& statement, Bind bindRest) {
        return inTransaction<std::vector<RowId>>([this, &ids, &statement, &bindRest]() -> Result<std::vector<RowId>> {
            std::vector<RowId> changed;
            for (const auto id : ids) {
                statement.bind(1, id);
                bindRest();
                if (auto run = statement.run(); !run) {
                    return failure(std::move(run.error()));
                }
                if (m_database.changes() > 0) {
                    changed.push_back(id);
                }
            }
            return changed;
        });
    }

    Result<void> setPlace(RowId id, Place place) {
        m_setPlace.bind(1, place);
        m_setPlace.bind(2, id);
        return m_setPlace.run();
    }

    /// The first row behind (or before) a place.
    Result<std::optional<Listed>> neighbour(Place place, Step side) {
        if (side == Step::Down) {
            auto behind = list(place, 1);
            if (!behind) {
                return failure(std::move(behind.error()));
            }
            return behind->empty() ? std::nullopt : std::optional(behind->front());
        }
        m_before.bind(1, place);
        auto before = readAll<Listed>(m_before, [](const Statement& read) -> Result<Listed> {
            return Listed{read.integer(0), read.integer(1)};
        });
        if (!before) {
            return failure(std::move(before.error()));
        }
        return before->empty() ? std::nullopt : std::optional(before->front());
    }

    Result<std::vector<Move>> moveToEnd(const std::vector<Listed>& listed, Step step) {
        std::set<RowId> moving;
        Move moved;
        for (const auto& row : listed) {
            moving.insert(row.id);
            moved.ids.push_back(row.id);
        }
        Place place = m_lastPlace;
        if (step == Step::Top) {
            // The first of those that stay, and the place before all.
            Place at = firstPlace;
            for (bool found = false; !found;) {
                const auto behind = neighbour(at, Step::Down);
                if (!behind) {
                    return failure(behind.error());
                }
                if (!*behind) {
                    return std::vector<Move>();  // all of them move: nothing does
                }
                if (at == firstPlace) {
                    place = (*behind)->place - placeStep * (static_cast<Place>(listed.size()) + 1);
                }
                at = (*behind)->place;
                found = !moving.contains((*behind)->id);
                moved.before = found ? (*behind)->id : 0;
            }
        }
        for (const auto& row : listed) {
            place += placeStep;
            if (auto set = setPlace(row.id, place); !set) {
                return failure(std::move(set.error()));
            }
        }
        m_lastPlace = std::max(m_lastPlace, place);
        return std::vector<Move>{std::move(moved)};
    }

    /// Changes places with the neighbour, one after the other from the side that they go to.
    Result<std::vector<Move>> swapAlong(std::vector<Listed> listed, Step step) {
        std::vector<Move> moves;
        std::set<RowId> settled;
        if (step == Step::Down) {
            std::ranges::reverse(listed);
        }
        for (const auto& row : listed) {
            const auto other = neighbour(row.place, step);
            if (!other) {
                return failure(other.error());
            }
            settled.insert(row.id);
            if (!*other || settled.contains((*other)->id)) {
                continue;  // at the end already, or behind one that is
            }
            for (const auto& [id, place] : {Listed{row.id, (*other)->place}, Listed{(*other)->id, row.place}}) {
                if (auto set = setPlace(id, place); !set) {
                    return failure(std::move(set.error()));
                }
            }
            // Rows that stand together step over the same one: that is one move.
            if (step == Step::Up && !moves.empty() && moves.back().before == (*other)->id) {
                moves.back().ids.push_back(row.id);
            } else if (step == Step::Down && !moves.empty() && moves.back().ids.front() == (*other)->id) {
                moves.back().before = row.id;
            } else {
                moves.push_back(step == Step::Up ? Move{{row.id}, (*other)->id} : Move{{(*other)->id}, row.id});
            }
        }
        return moves;
    }

    // In this order: the statements go before the database, and the lock goes last.
    FileLock m_lock;
    Database m_database;
    Place m_lastPlace = 0;
    Statement m_insert;
    Statement m_update;
    Statement m_remove;
    Statement m_list;
    Statement m_page;
    Statement m_rowOf;
    Statement m_next;
    Statement m_soonest;
    Statement m_placeOf;
    Statement m_setPlace;
    Statement m_before;
    Statement m_setPriority;
    Statement m_endWaits;
    Statement m_totals;
    Statement m_setting;
    Statement m_setSetting;
    std::array<Statement, changeStatements.size()> m_changes;
};

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(const std::filesystem::path& file) {
    auto lockFile = file;
    lockFile += ".lock";
    auto lock = FileLock::take(lockFile);
    if (!lock) {
        return failure(std::move(lock.error()));
    }
    auto database = Database::open(file);
    if (!database) {
        return failure(std::move(database.error()));
    }
    if (auto prepared = prepareSchema(*database); !prepared) {
        return failure(std::move(prepared.error()));
    }
    auto journal = std::make_unique<SqliteJournal>(std::move(*lock), std::move(*database));
    if (auto prepared = journal->prepare(); !prepared) {
        return failure(std::move(prepared.error()));
    }
    return journal;
}

Result<std::vector<Row>> Journal::rows() {
    return page(firstPlace, std::numeric_limits<std::int32_t>::max());
}

}  // namespace tarn::journal
