#pragma once

#include "core/journal/database.h"

namespace tarn::journal {

/// Finds out whether a database is new (then it is given its tables), a journal of this version, an older one (then it
/// is brought up to date, wholly or not at all), or neither (then it is not touched).
/// Fails: as Database, ProfileDamaged (another program's, a newer version's, or broken).
[[nodiscard]] Result<void> prepareSchema(Database& database);

}  // namespace tarn::journal
