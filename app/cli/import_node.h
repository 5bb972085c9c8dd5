#pragma once

#include "app/cli/verbs.h"
#include "core/bucketstore/bucket_store.h"

#include <filesystem>

namespace tarn::cli {

/// What becomes of the identities of a node and of the server that takes its shares over.
enum class ImportIdentity {
    Taken,     ///< the node's becomes the server's, if that has none of its own yet
    LeftOut,   ///< the server keeps its own, or makes one
    Replaces,  ///< the node's takes the place of the server's own
};

/// Takes over a stopped Tahoe-LAFS node's identity and shares into the store that `options` name, saying how far it is
/// and then what was done and left out. False when it was stopped by a signal; the next call goes on there. Fails: as
/// bucketstore::findTahoeStorage, importTahoeShares and openDiskStore, server::readTahoeIdentity and
/// adoptIdentity; then no share has been taken over.
[[nodiscard]] Result<bool> importNode(const Globals& globals, const std::filesystem::path& node,
                                      const bucketstore::Options& options, ImportIdentity identity);

}  // namespace tarn::cli
