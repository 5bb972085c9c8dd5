#include "core/journal/row_columns.h"

#include <chrono>

namespace tarn::journal {

namespace {

/// Binds what both statements set, from the first parameter on; the number of the next free parameter.
int bindContent(Statement& statement, const Row& row) {
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
    statement.bind(++parameter, static_cast<std::int64_t>(row.attempts));
    statement.bind(++parameter, microsecondsOf(row.added));
    statement.bind(++parameter, microsecondsOf(row.finished));
    statement.bind(++parameter, microsecondsOf(row.notBefore));
    return ++parameter;
}

}  // namespace

std::string insertStatement() {
    return "INSERT INTO transfer (direction, state, name, local_path, capability, size, error_name, error_detail,"
           " shares, attempts, added, finished, not_before, place, priority)"
           " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
}

std::string updateStatement() {
    return "UPDATE transfer SET direction = ?, state = ?, name = ?, local_path = ?, capability = ?, size = ?,"
           " error_name = ?, error_detail = ?, shares = ?, attempts = ?, added = ?, finished = ?,"
           " not_before = ? WHERE id = ?";
}

void bindNew(Statement& statement, const Row& row) {
    int parameter = bindContent(statement, row);
    statement.bind(parameter++, row.place);
    statement.bind(parameter, static_cast<std::int64_t>(row.priority));
}

void bindChanged(Statement& statement, const Row& row) {
    const int parameter = bindContent(statement, row);
    statement.bind(parameter, row.id);
}

Result<Row> readRow(const Statement& statement) {
    Row row;
    int column = 0;
    row.id = statement.integer(column++);
    row.place = statement.integer(column++);
    const auto priority = statement.integer(column++);
    const auto direction = statement.integer(column++);
    const auto state = statement.integer(column++);
    row.name = statement.text(column++);
    row.localPath = statement.text(column++);
    row.capability = statement.text(column++);
    const auto size = statement.integer(column++);
    row.errorName = statement.text(column++);
    row.errorDetail = statement.text(column++);
    row.shares = statement.text(column++);
    row.attempts = static_cast<std::uint32_t>(statement.integer(column++));
    row.added = timeOf(statement.integer(column++));
    row.finished = timeOf(statement.integer(column++));
    row.notBefore = timeOf(statement.integer(column++));
    // The table's own checks hold what we write; a file edited by others may say anything.
    if (direction < 0 || direction > static_cast<int>(Direction::Download) || state < 0 ||
        state > static_cast<int>(State::Paused) || size < 0 || priority < static_cast<int>(Priority::Low) ||
        priority > static_cast<int>(Priority::High)) {
        return failure(ErrorCode::ProfileDamaged, "the journal holds a transfer that makes no sense");
    }
    row.priority = static_cast<Priority>(priority);
    row.direction = static_cast<Direction>(direction);
    row.state = static_cast<State>(state);
    row.size = static_cast<std::uint64_t>(size);
    return row;
}

std::int64_t microsecondsOf(WallTime time) {
    return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

WallTime timeOf(std::int64_t microseconds) {
    return WallTime(std::chrono::duration_cast<WallTime::duration>(std::chrono::microseconds(microseconds)));
}

}  // namespace tarn::journal
