#include "core/journal/database.h"

#include <sqlite3.h>

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tarn::journal {

namespace {

/// No text of ours comes near this; a damaged file must not make SQLite ask for a gigabyte.
constexpr int mostTextLength = 16 * 1024 * 1024;
constexpr off_t smallestPage = 512;

Error errorOf(sqlite3* database, int code) {
    // The text of the code, not of the database: only the latter may repeat values.
    std::string detail = std::string("journal: ") + sqlite3_errstr(code);
    switch (code & 0xff) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG: return {ErrorCode::ProfileDamaged, std::move(detail), false};
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return {ErrorCode::ProfileLocked, std::move(detail), true};
    case SQLITE_FULL: return {ErrorCode::DiskFull, std::move(detail), true};
    case SQLITE_IOERR: {
        const int cause = database != nullptr ? sqlite3_system_errno(database) : 0;
        const bool full = cause == ENOSPC || cause == EDQUOT;
        return {full ? ErrorCode::DiskFull : ErrorCode::FileUnwritable, std::move(detail), true};
    }
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM: return {ErrorCode::FileUnwritable, std::move(detail), false};
    default: return {ErrorCode::Internal, std::move(detail), false};
    }
}

/// SQLite would make the file with the process's mask; a journal holds capabilities, so it is made 0600 first. SQLite
/// gives its own side files the mode of this one.
Result<void> makePrivate(const std::filesystem::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) {
        return failure(errno == ENOSPC || errno == EDQUOT ? ErrorCode::DiskFull : ErrorCode::FileUnwritable,
                       file.string());
    }
    struct stat status {};
    const bool changed = ::fchmod(descriptor, 0600) == 0 && ::fstat(descriptor, &status) == 0;
    ::close(descriptor);
    if (!changed) {
        return failure(ErrorCode::FileUnwritable, file.string());
    }
    if (status.st_size > 0 && status.st_size < smallestPage) {
        // SQLite would take such a scrap for an empty database and write over it.
        return failure(ErrorCode::ProfileDamaged, "journal: too short to be a database");
    }
    return {};
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const noexcept {
    sqlite3_finalize(statement);
}

void Statement::bind(int parameter, std::int64_t value) {
    sqlite3_bind_int64(m_statement.get(), parameter, value);
}

void Statement::bind(int parameter, std::string_view text) {
    sqlite3_bind_text64(m_statement.get(), parameter, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

void Statement::bindBytes(int parameter, ByteView bytes) {
    // No bytes are not null, whatever address they have.
    const void* const data = bytes.empty() ? static_cast<const void*>("") : bytes.data();
    sqlite3_bind_blob64(m_statement.get(), parameter, data, bytes.size(), SQLITE_TRANSIENT);
}

void Statement::bindNull(int parameter) {
    sqlite3_bind_null(m_statement.get(), parameter);
}

Result<bool> Statement::step() {
    const int code = sqlite3_step(m_statement.get());
    if (code == SQLITE_ROW) {
        return true;
    }
    if (code == SQLITE_DONE) {
        return false;
    }
    return failure(errorOf(sqlite3_db_handle(m_statement.get()), code));
}

Result<void> Statement::run() {
    Result<bool> more = true;
    do {
        more = step();
    } while (more && *more);
    finish();
    if (!more) {
        return failure(std::move(more.error()));
    }
    return {};
}

void Statement::finish() {
    sqlite3_reset(m_statement.get());
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(m_statement.get(), column);
}

std::string Statement::text(int column) const {
    const auto* const text = sqlite3_column_text(m_statement.get(), column);
    const auto length = static_cast<std::size_t>(sqlite3_column_bytes(m_statement.get(), column));
    return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text), length);
}

ByteView Statement::bytes(int column) const {
    const auto* const bytes = static_cast<const Byte*>(sqlite3_column_blob(m_statement.get(), column));
    const auto length = static_cast<std::size_t>(sqlite3_column_bytes(m_statement.get(), column));
    return bytes == nullptr ? ByteView() : ByteView(bytes, length);
}

bool Statement::isNull(int column) const {
    return sqlite3_column_type(m_statement.get(), column) == SQLITE_NULL;
}

void Database::Close::operator()(sqlite3* database) const noexcept {
    sqlite3_close_v2(database);
}

Result<Database> Database::open(const std::filesystem::path& file) {
    if (auto made = makePrivate(file); !made) {
        return failure(std::move(made.error()));
    }
    sqlite3* handle = nullptr;
    // One call at a time is the contract, so SQLite's own mutexes would only cost.
    const int code = sqlite3_open_v2(file.c_str(), &handle,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    Database database;
    database.m_database.reset(handle);
    if (code != SQLITE_OK) {
        return failure(errorOf(handle, code));
    }
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, mostTextLength);
    // A file from outside may carry triggers and views that call functions; none of them is trusted.
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    return database;
}

Result<void> Database::execute(const char* sql) {
    const int code = sqlite3_exec(m_database.get(), sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) {
        return failure(errorOf(m_database.get(), code));
    }
    return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
    sqlite3_stmt* handle = nullptr;
    const int code = sqlite3_prepare_v3(m_database.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
    Statement statement;
    statement.m_statement.reset(handle);
    if (code != SQLITE_OK) {
        return failure(errorOf(m_database.get(), code));
    }
    return statement;
}

Result<std::int64_t> Database::number(std::string_view sql) {
    auto statement = prepare(sql);
    if (!statement) {
        return failure(std::move(statement.error()));
    }
    const auto row = statement->step();
    if (!row) {
        return failure(row.error());
    }
    return *row ? statement->integer(0) : 0;
}

std::int64_t Database::lastRowId() const {
    return sqlite3_last_insert_rowid(m_database.get());
}

std::int64_t Database::changes() const {
    return sqlite3_changes64(m_database.get());
}

Result<Transaction> Transaction::begin(Database& database) {
    if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun) {
        return failure(std::move(begun.error()));
    }
    return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept : m_database(std::exchange(other.m_database, nullptr)) {}

Transaction::~Transaction() {
    if (m_database != nullptr) {
        // It fails where SQLite has rolled back already (a full disk does that): the end is the same.
        (void)m_database->execute("ROLLBACK");
    }
}

Result<void> Transaction::commit() {
    if (auto done = m_database->execute("COMMIT"); !done) {
        return failure(std::move(done.error()));
    }
    m_database = nullptr;
    return {};
}

}  // namespace tarn::journal
