#pragma once

#include "app/cli/verbs.h"
#include "core/bucketstore/bucket_store.h"

#include <filesystem>

namespace tarn::cli {

/// Takes over a stopped Tahoe-LAFS node's shares into the store that `options` name, saying how far it is and then what
/// was done and left out. False when it was stopped by a signal; the next call goes on there. Fails: as
/// bucketstore::findTahoeStorage, importTahoeShares and openDiskStore.
[[nodiscard]] Result<bool> importNode(const Globals& globals, const std::filesystem::path& node,
                                      const bucketstore::Options& options);

}  // namespace tarn::cli
