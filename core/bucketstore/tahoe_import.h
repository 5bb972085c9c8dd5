#pragma once

#include "core/bucketstore/disk_store.h"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace tarn::bucketstore {

/// How far an import is.
struct ImportProgress {
    std::uint64_t buckets = 0;
    std::uint64_t shares = 0;
    ByteCount bytes;
};

/// What an import did.
struct ImportSummary {
    struct LeftOut {
        std::string name;    ///< as it stands below the storage folder
        std::string reason;  ///< in words
    };

    std::uint64_t linked = 0;        ///< shares that are one file in both folders now
    std::uint64_t copied = 0;        ///< shares that could not be linked
    std::uint64_t alreadyThere = 0;  ///< with the same data
    std::uint64_t leases = 0;        ///< of the shares that were taken over
    ByteCount bytes;                 ///< that those shares' files have
    std::uint64_t leftOutCount = 0;
    std::vector<LeftOut> leftOut;  ///< the first 1000
    bool cancelled = false;
};

/// Takes over the shares and leases of a Tahoe-LAFS storage server: of `shares/ab/<storage index>/<number>` in its
/// storage folder, both kinds and versions of containers.
///
/// A share is linked where the two folders are on one file system, else copied, synced and compared. The source is
/// never written to; a linked share is one file under two names, to which later leases are added for both. A share
/// that is there already is left as it is. Nothing else is taken: shares that were not complete, what is no container,
/// what finds no room. Called again it goes on where it was stopped; a share that is there is whole. All is on the disk
/// when it returns.
///
/// `goOn`: called after each bucket; false ends it there. Fails: FileNotFound (no such storage folder), FileUnreadable,
/// NoSpace, ServerFailed. Thread: any; waits for the disk.
[[nodiscard]] Result<ImportSummary> importTahoeShares(DiskStore& store, const std::filesystem::path& storageFolder,
                                                      const std::function<bool(const ImportProgress&)>& goOn);

/// Where a Tahoe-LAFS node keeps its shares: the folder itself if it is a storage folder, else what the `storage_dir`
/// of its tahoe.cfg says. Fails: FileNotFound (neither), ProfileLocked (the node is running).
[[nodiscard]] Result<std::filesystem::path> findTahoeStorage(const std::filesystem::path& node);

}  // namespace tarn::bucketstore
