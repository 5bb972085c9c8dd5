#pragma once

#include "core/bucketstore/file_system.h"
#include "core/foundation/ids.h"
#include "core/foundation/units.h"

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace tarn::bucketstore {

using ShareKey = std::pair<StorageIndex, ShareNum>;

/// The folders of complete shares, `ab/cd/<storage index>/<share number>` below one root: where a share is, and how it
/// gets there for good.
///
/// A share is put in two steps, so that it can be kept out of sight between them: `place` gives it its name, `settle`
/// makes the name survive a power cut. Folders that are new are settled with it, whichever caller made them: who finds
/// a folder there may not rely on it being on the disk yet. Thread: any; nothing waits for another bucket's disk sync.
class ShareTree {
public:
    ShareTree(std::shared_ptr<FileSystem> files, std::string root);

    [[nodiscard]] std::string bucketPath(StorageIndex index) const;
    [[nodiscard]] std::string sharePath(StorageIndex index, ShareNum share) const;
    /// The share numbers in a bucket; none when there is no such bucket. Other files are passed over.
    [[nodiscard]] Result<std::set<ShareNum>> shares(StorageIndex index) const;

    /// Moves the file `from` to the share's name, making folders on the way. Fails: Conflict (there is such a share),
    /// NoSpace, ServerFailed.
    [[nodiscard]] Result<void> place(const std::string& from, StorageIndex index, ShareNum share);
    /// The same over the share that may be there.
    [[nodiscard]] Result<void> replace(const std::string& from, StorageIndex index, ShareNum share);
    /// Makes the bucket's folder and those above it, so that the next `replace` needs none.
    [[nodiscard]] Result<void> makeFolders(StorageIndex index);
    [[nodiscard]] Result<void> settle(StorageIndex index);
    /// The same for everything that was put in place before the call, with one sync of the file system.
    [[nodiscard]] Result<void> settleAll();
    /// Removes a share, and its bucket's folder if that was the last. Fails: NotFound, ServerFailed.
    [[nodiscard]] Result<void> remove(StorageIndex index, ShareNum share);

private:
    using Move = Result<void> (FileSystem::*)(const std::string&, const std::string&);
    [[nodiscard]] Result<void> putInPlace(Move move, const std::string& from, StorageIndex index, ShareNum share);
    /// Needs `m_mutex`.
    [[nodiscard]] Result<void> makeFoldersHere(StorageIndex index);

    std::shared_ptr<FileSystem> m_files;
    std::string m_root;
    std::mutex m_mutex;
    std::set<std::string> m_unsettled;  ///< folders whose name in the folder above may be lost in a power cut
};

/// First-level folders are numbered and named by the first ten bits of their storage indexes.
inline constexpr std::uint32_t firstFolders = 1024;
[[nodiscard]] std::uint32_t firstFolderOf(StorageIndex index) noexcept;
/// The two characters by which ten bits are written, in either level.
[[nodiscard]] std::string folderName(std::uint32_t tenBits);
/// Reads what `folderName` writes.
[[nodiscard]] std::optional<std::uint32_t> folderNumber(std::string_view name);
/// Reads the name of a bucket's folder.
[[nodiscard]] std::optional<StorageIndex> bucketOf(std::string_view name);

/// Reads a share's file name: a number below 256 without leading zeros.
[[nodiscard]] std::optional<ShareNum> shareNumOf(std::string_view name);

}  // namespace tarn::bucketstore
