#include "core/journal/journal.h"

#include "core/journal/database.h"
#include "core/journal/file_lock.h"

#include <chrono>
#include <limits>
#include <utility>

namespace tarn::journal {

namespace {

/// "Tarn" in ASCII: tells a journal from any other program's database.
constexpr std::int64_t applicationId = 0x5461726e;
/// The layout below. A later one is not touched: what it means is not known here.
constexpr std::int64_t schemaVersion = 1;

// AUTOINCREMENT, so that a number is never used again, even after its row was removed.
constexpr const char* schema = R"(
    CREATE TABLE transfer (
        id           INTEGER PRIMARY KEY AUTOINCREMENT,
        direction    INTEGER NOT NULL CHECK (direction IN (0, 1)),
        state        INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),
        name         TEXT NOT NULL,
        local_path   TEXT NOT NULL,
        capability   TEXT NOT NULL,
        size         INTEGER NOT NULL CHECK (size >= 0),
        error_name   TEXT NOT NULL,
        error_detail TEXT NOT NULL,
        shares       TEXT NOT NULL,
        added        INTEGER NOT NULL,  -- microseconds since 1970
        finished     INTEGER NOT NULL
    ) STRICT;
    PRAGMA application_id = 1415672430;
    PRAGMA user_version = 1;
)";

std::int64_t microsecondsOf(WallTime time) {
    return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

WallTime timeOf(std::int64_t microseconds) {
    return WallTime(std::chrono::duration_cast<WallTime::duration>(std::chrono::microseconds(microseconds)));
}

/// Whether the file is new (then it is given its tables), a journal of this version, or neither.
Result<void> prepareSchema(Database& database) {
    const auto version = database.number("PRAGMA user_version");
    if (!version) {
        return failure(version.error());
    }
    const auto application = database.number("PRAGMA application_id");
    const auto tables = database.number("SELECT count(*) FROM sqlite_schema");
    if (!application || !tables) {
        return failure((application ? tables : application).error());
    }
    if (*version > schemaVersion && *application == applicationId) {
        return failure(ErrorCode::ProfileDamaged, "the journal was written by a newer version of Tarn");
    }
    const bool fresh = *version == 0 && *application == 0 && *tables == 0;
    if (!fresh && (*version != schemaVersion || *application != applicationId)) {
        return failure(ErrorCode::ProfileDamaged, "the journal is some other program's database");
    }
    auto check = database.prepare("PRAGMA quick_check(1)");
    if (!check) {
        return failure(std::move(check.error()));
    }
    const auto row = check->step();
    if (!row || !*row || check->text(0) != "ok") {
        return row ? failure(ErrorCode::ProfileDamaged, "the journal fails its own check") : failure(row.error());
    }
    check->finish();

    // From here on the file may be written. Exclusive: no shared-memory file is needed, and nobody else gets in.
    if (auto set = database.execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
                                    "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;");
        !set) {
        return set;
    }
    if (!fresh) {
        return {};
    }
    auto transaction = Transaction::begin(database);
    if (!transaction) {
        return failure(std::move(transaction.error()));
    }
    if (auto made = database.execute(schema); !made) {
        return made;
    }
    return transaction->commit();
}

/// Binds all columns but the id, from the first parameter on; the number of the next free parameter.
int bindRow(Statement& statement, const Row& row) {
    int parameter = 0;
    statement.bind(++parameter, static_cast<std::int64_t>(row.direction));
    statement.bind(++parameter, static_cast<std::int64_t>(row.state));
    statement.bind(++parameter, row.name);
    statement.bind(++parameter, row.localPath);
    statement.bind(++parameter, row.capability);
    statement.bind(++parameter, static_cast<std::int64_t>(row.size));
    statement.bind(++parameter, row.errorName);
    statement.bind(++parameter, row.errorDetail);
    statement.bind(++parameter, row.shares);
    statement.bind(++parameter, microsecondsOf(row.added));
    statement.bind(++parameter, microsecondsOf(row.finished));
    return ++parameter;
}

Result<Row> readRow(const Statement& statement) {
    Row row;
    int column = 0;
    row.id = statement.integer(column++);
    const auto direction = statement.integer(column++);
    const auto state = statement.integer(column++);
    row.name = statement.text(column++);
    row.localPath = statement.text(column++);
    row.capability = statement.text(column++);
    const auto size = statement.integer(column++);
    row.errorName = statement.text(column++);
    row.errorDetail = statement.text(column++);
    row.shares = statement.text(column++);
    row.added = timeOf(statement.integer(column++));
    row.finished = timeOf(statement.integer(column++));
    // The table's own checks hold what we write; a file edited by others may say anything.
    if (direction < 0 || direction > static_cast<int>(Direction::Download) || state < 0 ||
        state > static_cast<int>(State::Cancelled) || size < 0) {
        return failure(ErrorCode::ProfileDamaged, "the journal holds a transfer that makes no sense");
    }
    row.direction = static_cast<Direction>(direction);
    row.state = static_cast<State>(state);
    row.size = static_cast<std::uint64_t>(size);
    return row;
}

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
        auto insert = m_database.prepare(
            "INSERT INTO transfer (direction, state, name, local_path, capability, size, error_name, error_detail,"
            " shares, added, finished) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
        auto update = m_database.prepare(
            "UPDATE transfer SET direction = ?, state = ?, name = ?, local_path = ?, capability = ?, size = ?,"
            " error_name = ?, error_detail = ?, shares = ?, added = ?, finished = ? WHERE id = ?");
        auto remove = m_database.prepare("DELETE FROM transfer WHERE id = ?");
        auto select = m_database.prepare("SELECT id, direction, state, name, local_path, capability, size, error_name,"
                                         " error_detail, shares, added, finished FROM transfer ORDER BY id");
        for (auto* const statement : {&insert, &update, &remove, &select}) {
            if (!*statement) {
                return failure(statement->error());
            }
        }
        m_insert = std::move(*insert);
        m_update = std::move(*update);
        m_remove = std::move(*remove);
        m_select = std::move(*select);
        return {};
    }

    Result<RowId> add(const Row& row) override {
        if (auto checked = checkSize(row); !checked) {
            return failure(std::move(checked.error()));
        }
        bindRow(m_insert, row);
        if (auto run = m_insert.run(); !run) {
            return failure(std::move(run.error()));
        }
        return m_database.lastRowId();
    }

    Result<std::vector<RowId>> addAll(const std::vector<Row>& rows) override {
        auto transaction = Transaction::begin(m_database);
        if (!transaction) {
            return failure(std::move(transaction.error()));
        }
        std::vector<RowId> ids;
        ids.reserve(rows.size());
        for (const auto& row : rows) {
            const auto id = add(row);
            if (!id) {
                return failure(id.error());
            }
            ids.push_back(*id);
        }
        if (auto done = transaction->commit(); !done) {
            return failure(std::move(done.error()));
        }
        return ids;
    }

    Result<void> update(const Row& row) override {
        if (auto checked = checkSize(row); !checked) {
            return checked;
        }
        m_update.bind(bindRow(m_update, row), row.id);
        if (auto run = m_update.run(); !run) {
            return run;
        }
        if (m_database.changes() == 0) {
            return failure(ErrorCode::NotFound, "no such transfer");
        }
        return {};
    }

    Result<void> updateAll(const std::vector<Row>& rows) override {
        auto transaction = Transaction::begin(m_database);
        if (!transaction) {
            return failure(std::move(transaction.error()));
        }
        for (const auto& row : rows) {
            if (auto updated = update(row); !updated) {
                return updated;
            }
        }
        return transaction->commit();
    }

    Result<void> remove(RowId id) override {
        m_remove.bind(1, id);
        return m_remove.run();
    }

    Result<std::vector<Row>> rows() override {
        std::vector<Row> rows;
        for (;;) {
            const auto more = m_select.step();
            if (!more || !*more) {
                m_select.finish();
                return more ? Result<std::vector<Row>>(std::move(rows)) : failure(more.error());
            }
            auto row = readRow(m_select);
            if (!row) {
                m_select.finish();
                return failure(std::move(row.error()));
            }
            rows.push_back(std::move(*row));
        }
    }

private:
    // In this order: the statements go before the database, and the lock goes last.
    FileLock m_lock;
    Database m_database;
    Statement m_insert;
    Statement m_update;
    Statement m_remove;
    Statement m_select;
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

}  // namespace tarn::journal
