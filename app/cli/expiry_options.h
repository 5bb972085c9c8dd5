#pragma once

#include "app/cli/arguments.h"
#include "core/bucketstore/expiry_policy.h"

#include <QString>

#include <optional>

namespace tarn::cli {

/// The options of `tarn serve` that say when shares that nobody renews are removed. They stand for Tahoe-LAFS's
/// `expire.mode`, `expire.override_lease_duration`, `expire.cutoff_date`, `expire.immutable` and `expire.mutable`.
void addExpiryOptions(VerbParser& parser);

/// Puts them in place; says what is wrong with them where something is. `now`: a cut-off date must lie before it.
[[nodiscard]] std::optional<QString> readExpiryOptions(const VerbParser& parser, WallTime now,
                                                       bucketstore::ExpiryPolicy& policy);

}  // namespace tarn::cli
