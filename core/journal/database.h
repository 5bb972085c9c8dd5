#pragma once

#include "core/foundation/bytes.h"
#include "core/foundation/result.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace tarn::journal {

/// One prepared statement of SQLite. Values are bound from 1 on, columns are read from 0 on, as SQLite counts.
/// Thread: that of its database.
class Statement {
public:
    void bind(int parameter, std::int64_t value);
    void bind(int parameter, std::string_view text);
    void bindBytes(int parameter, ByteView bytes);
    void bindNull(int parameter);

    /// True while there is a row to read. Fails: as Database.
    [[nodiscard]] Result<bool> step();
    /// Runs it to its end and makes it ready to be bound again. Fails: as Database.
    [[nodiscard]] Result<void> run();

    /// Gives up the rows not read yet and makes it ready to be bound again.
    void finish();

    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] std::string text(int column) const;
    /// Valid until the next step.
    [[nodiscard]] ByteView bytes(int column) const;
    [[nodiscard]] bool isNull(int column) const;

private:
    friend class Database;
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const noexcept;
    };

    std::unique_ptr<sqlite3_stmt, Finalize> m_statement;
};

/// One SQLite database file, open for this program alone.
///
/// Thread: any, one call at a time. Fails, every call: ProfileDamaged (not a database, or a broken one), ProfileLocked,
/// DiskFull, FileUnwritable. Error details name no value that was bound.
class Database {
public:
    /// Makes the file (0600) if need be. Nothing is written to a file that is there already.
    [[nodiscard]] static Result<Database> open(const std::filesystem::path& file);

    [[nodiscard]] Result<void> execute(const char* sql);
    [[nodiscard]] Result<Statement> prepare(std::string_view sql);
    /// The one number that `sql` asks for.
    [[nodiscard]] Result<std::int64_t> number(std::string_view sql);
    [[nodiscard]] std::int64_t lastRowId() const;
    /// Rows that the last statement changed.
    [[nodiscard]] std::int64_t changes() const;

private:
    struct Close {
        void operator()(sqlite3* database) const noexcept;
    };

    std::unique_ptr<sqlite3, Close> m_database;
};

/// Undoes all that was executed since it was made, unless `commit` succeeded.
class Transaction {
public:
    [[nodiscard]] static Result<Transaction> begin(Database& database);
    Transaction(Transaction&& other) noexcept;
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();

    /// The changes have reached the disk when it returns. Fails: as Database; then nothing of them stays.
    [[nodiscard]] Result<void> commit();

private:
    explicit Transaction(Database& database) noexcept : m_database(&database) {}

    Database* m_database;
};

}  // namespace tarn::journal
