#include "core/journal/schema.h"

#include <utility>

namespace tarn::journal {

namespace {

/// "Tarn" in ASCII: tells a journal from any other program's database.
constexpr std::int64_t applicationId = 0x5461726e;
/// The layout below. A later one is not touched: what it means is not known here.
constexpr std::int64_t schemaVersion = 2;

// AUTOINCREMENT, so that a number is never used again, even after its row was removed. The indexes hold all that the
// list's order, the next ones to start, and the totals ask for.
constexpr const char* tables = R"(
    CREATE TABLE transfer (
        id           INTEGER PRIMARY KEY AUTOINCREMENT,
        place        INTEGER NOT NULL,
        priority     INTEGER NOT NULL CHECK (priority BETWEEN -1 AND 1),
        direction    INTEGER NOT NULL CHECK (direction IN (0, 1)),
        state        INTEGER NOT NULL CHECK (state BETWEEN 0 AND 5),
        name         TEXT NOT NULL,
        local_path   TEXT NOT NULL,
        capability   TEXT NOT NULL,
        size         INTEGER NOT NULL CHECK (size >= 0),
        error_name   TEXT NOT NULL,
        error_detail TEXT NOT NULL,
        shares       TEXT NOT NULL,
        attempts     INTEGER NOT NULL,
        added        INTEGER NOT NULL,  -- microseconds since 1970, as the two below
        finished     INTEGER NOT NULL,
        not_before   INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE setting (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
)";
constexpr const char* indexes = R"(
    CREATE INDEX transfer_by_place ON transfer (place);
    CREATE INDEX transfer_by_turn ON transfer (state, priority DESC, place, not_before, size);
    PRAGMA application_id = 1415672430;
    PRAGMA user_version = 2;
)";

// Version 1 had no places: the list's order was that of the ids.
constexpr const char* takeAside = "ALTER TABLE transfer RENAME TO transfer_1;";
constexpr const char* takeOver = R"(
    INSERT INTO transfer (id, place, priority, direction, state, name, local_path, capability, size, error_name,
                          error_detail, shares, attempts, added, finished, not_before)
        SELECT id, id << 20, 0, direction, CASE state WHEN 1 THEN 0 ELSE state END, name, local_path, capability, size,
               error_name, error_detail, shares, 0, added, finished, 0
        FROM transfer_1;
    DELETE FROM sqlite_sequence WHERE name = 'transfer';
    INSERT INTO sqlite_sequence (name, seq) SELECT 'transfer', seq FROM sqlite_sequence WHERE name = 'transfer_1';
    DROP TABLE transfer_1;
)";

Result<void> executeAll(Database& database, std::initializer_list<const char*> steps) {
    auto transaction = Transaction::begin(database);
    if (!transaction) {
        return failure(std::move(transaction.error()));
    }
    for (const auto* const step : steps) {
        if (auto done = database.execute(step); !done) {
            return done;
        }
    }
    return transaction->commit();
}

}  // namespace

Result<void> prepareSchema(Database& database) {
    const auto version = database.number("PRAGMA user_version");
    if (!version) {
        return failure(version.error());
    }
    const auto application = database.number("PRAGMA application_id");
    const auto count = database.number("SELECT count(*) FROM sqlite_schema");
    if (!application || !count) {
        return failure((application ? count : application).error());
    }
    if (*version > schemaVersion && *application == applicationId) {
        return failure(ErrorCode::ProfileDamaged, "the journal was written by a newer version of Tarn");
    }
    const bool fresh = *version == 0 && *application == 0 && *count == 0;
    if (!fresh && (*version < 1 || *version > schemaVersion || *application != applicationId)) {
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
    if (fresh) {
        return executeAll(database, {tables, indexes});
    }
    if (*version == 1) {
        return executeAll(database, {takeAside, tables, takeOver, indexes});
    }
    // Written by hand or by a version to come: what ran then waits now.
    return database.execute("UPDATE transfer SET state = 0 WHERE state = 1");
}

}  // namespace tarn::journal
