#pragma once

#include "core/foundation/bytes.h"
#include "core/foundation/result.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tarn::bucketstore {

/// An open file; closed when it goes. Thread: any.
class File {
public:
    virtual ~File() = default;
    /// Reads up to `out.size()` bytes from `offset`; short only at the file's end.
    [[nodiscard]] virtual Result<std::size_t> read(std::uint64_t offset, MutableByteView out) const = 0;
    /// As `read`, from what the system holds in memory alone; never waits for the disk. Short also where the rest is
    /// not in memory; nothing where reading fails: `read` will tell.
    [[nodiscard]] virtual std::optional<std::size_t> readCached(std::uint64_t offset, MutableByteView out) const;
    /// Writes all `pieces` one behind the other from `offset`. After a failure any part of them may have been written.
    [[nodiscard]] virtual Result<void> write(std::uint64_t offset, std::span<const ByteView> pieces) = 0;
    /// Puts `length` bytes of `source` from `from` to `to` of this file, where nothing was written yet: without a way
    /// through this program's memory where the system can, and zeros that were never written stay unwritten. Whoever
    /// copies up to a file's end must write behind it. Fails also when `source` is shorter. After a failure as after a
    /// failed `write`.
    [[nodiscard]] virtual Result<void> copyFrom(const File& source, std::uint64_t from, std::uint64_t to,
                                                std::uint64_t length);
    /// Returns once the bytes, and the length, survive a power cut. After a failure the file's bytes are not to be
    /// trusted: the system may have dropped what it could not write, and a second try would lie.
    [[nodiscard]] virtual Result<void> sync() = 0;
    [[nodiscard]] virtual Result<std::uint64_t> size() const = 0;
    [[nodiscard]] virtual Result<void> truncate(std::uint64_t size) = 0;
};

/// What a name in a folder stands for.
struct EntryStatus {
    std::uint64_t size = 0;     ///< of a file, in bytes
    std::int64_t modified = 0;  ///< moves on with every change of a file's bytes and of a folder's names
    bool isFile = false;        ///< a regular file; else a folder
};

/// What keeps other programs out, until it goes.
class FolderLock {
public:
    virtual ~FolderLock() = default;
};

/// The calls by which the store reaches the disk, so that tests can fill the disk or cut the power at each of them.
///
/// Thread: any. Fails: NotFound (the file, or a folder on the way to it), NoSpace (disk or quota full), FileUnwritable
/// (no permission, a read-only disk), ServerFailed (all else). Details name the call and the system's reason, no path.
class FileSystem {
public:
    enum class Access : std::uint8_t {
        Read,
        Change,     ///< an existing file, for reading and writing
        CreateNew,  ///< a file that must not exist yet (else Conflict); for its owner alone
    };

    virtual ~FileSystem() = default;
    [[nodiscard]] virtual Result<std::unique_ptr<File>> open(const std::string& path, Access access) = 0;
    /// Opens a file for reading without a wait for the disk. Null where that cannot be, and where there is none.
    [[nodiscard]] virtual std::unique_ptr<File> openCached(const std::string& path);
    [[nodiscard]] virtual Result<std::uint64_t> fileSize(const std::string& path) = 0;
    /// Follows no link. Fails also with: NotFound (neither a regular file nor a folder).
    [[nodiscard]] virtual Result<EntryStatus> status(const std::string& path) = 0;
    /// False when the folder was there. The new folder is for its owner alone.
    [[nodiscard]] virtual Result<bool> makeFolder(const std::string& path) = 0;
    /// The names in a folder, in no order, without "." and "..".
    [[nodiscard]] virtual Result<std::vector<std::string>> names(const std::string& folder) = 0;
    /// Moves a file to a name that must not be taken. Fails also with: Conflict (taken).
    [[nodiscard]] virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
    /// Moves a file to a name, in place of the file that may have it: whoever looks finds the one or the other.
    [[nodiscard]] virtual Result<void> replace(const std::string& from, const std::string& to) = 0;
    /// Gives a file a second name, which must not be taken. Fails also with: Conflict (taken), InvalidArgument (not on
    /// one file system, or not on this one).
    [[nodiscard]] virtual Result<void> link(const std::string& file, const std::string& name) = 0;
    [[nodiscard]] virtual Result<void> remove(const std::string& file) = 0;
    /// Removes a folder that has no names in it. Fails also with: Conflict (it has).
    [[nodiscard]] virtual Result<void> removeFolder(const std::string& folder) = 0;
    /// Returns once the names in the folder survive a power cut.
    [[nodiscard]] virtual Result<void> syncFolder(const std::string& folder) = 0;
    /// Returns once everything that was done below `folder` before the call survives a power cut.
    [[nodiscard]] virtual Result<void> syncAll(const std::string& folder) = 0;
    /// What a program without privileges may still write.
    [[nodiscard]] virtual Result<std::uint64_t> freeSpace(const std::string& folder) = 0;
    /// Makes the file if need be. Fails also with: ProfileLocked (another program holds it).
    [[nodiscard]] virtual Result<std::unique_ptr<FolderLock>> lock(const std::string& path) = 0;
};

/// The machine's own disk.
[[nodiscard]] std::shared_ptr<FileSystem> makePosixFileSystem();

}  // namespace tarn::bucketstore
