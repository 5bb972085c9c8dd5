#pragma once

#include "core/journal/database.h"
#include "core/journal/journal.h"

#include <string>
#include <string_view>

namespace tarn::journal {

/// The columns of a transfer in the order in which `readRow` reads them.
inline constexpr std::string_view rowColumns =
    "id, place, priority, direction, state, name, local_path, capability, size, error_name, error_detail, shares,"
    " attempts, added, finished, not_before";

/// The statements that `bindNew` and `bindChanged` bind.
[[nodiscard]] std::string insertStatement();
[[nodiscard]] std::string updateStatement();
/// All but the id.
void bindNew(Statement& statement, const Row& row);
/// All but place and priority, which others may have changed meanwhile.
void bindChanged(Statement& statement, const Row& row);

/// Fails: ProfileDamaged (values that no version of ours writes).
[[nodiscard]] Result<Row> readRow(const Statement& statement);

[[nodiscard]] std::int64_t microsecondsOf(WallTime time);
[[nodiscard]] WallTime timeOf(std::int64_t microseconds);

}  // namespace tarn::journal
