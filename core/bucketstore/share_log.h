#pragma once

#include "core/bucketstore/file_system.h"
#include "core/bucketstore/share_log_format.h"
#include "core/bucketstore/share_tree.h"
#include "core/foundation/random.h"

#include <array>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tarn::bucketstore {

/// A segment's size; there are two.
inline constexpr std::size_t shareLogSegment = 16UL * 1024 * 1024;

/// Keeps small new shares safe over a power cut before their own files are: one write to one place and one sync, for
/// all callers that come at the same time, where a share's own file, its name and the folders above it take six.
///
///     add             the containers are on the disk, in the log                 the client may be told
///     (the caller)    puts the files into the tree, without any sync             soon
///     settle          one sync for all that was put; the segment is used anew    now and then, nobody waits
///     replayShareLog  puts what is missing or damaged in the tree                at the next start
///
/// Two segments of a fixed size, written before their first use so that a sync writes nothing but the shares; one takes
/// shares while the other is settled. Where neither has room, or the disk fails the log, `add` declines and the caller
/// syncs the files themselves. Memory: a key for each share that is not settled. Thread: any.
class ShareLog {
public:
    struct Entry {
        ShareKey key;
        std::array<ByteView, 3> container;  ///< one behind the other
    };

    /// Held from `add` until the files are in the tree: so long the segment is not settled.
    class Ticket {
    public:
        Ticket(Ticket&& other) noexcept
            : m_log(std::exchange(other.m_log, nullptr)), m_segment(other.m_segment),
              m_offsets(std::move(other.m_offsets)) {}
        Ticket& operator=(Ticket&&) = delete;
        ~Ticket() {
            if (m_log != nullptr) {
                m_log->close(m_segment);
            }
        }

    private:
        friend class ShareLog;
        Ticket(ShareLog& log, std::size_t segment) noexcept : m_log(&log), m_segment(segment) {}

        ShareLog* m_log;
        std::size_t m_segment;
        std::vector<std::uint64_t> m_offsets;  ///< of the records, by entry
    };

    /// Nothing is made before the first `add`. `folder` is the log's own.
    ShareLog(std::shared_ptr<FileSystem> files, std::string folder, std::size_t segmentSize);

    /// Returns once all of them survive a power cut; nothing: none was taken.
    [[nodiscard]] std::optional<Ticket> add(std::span<const Entry> entries);
    /// An entry as it was added. Fails: as the disk does, or CorruptShare where it is damaged.
    [[nodiscard]] Result<Bytes> read(const Ticket& ticket, std::size_t entry) const;
    /// The file of an entry could not be put into the tree: what was added for it is not to come back.
    void cancel(const Ticket& ticket, std::size_t entry, const ShareKey& key);
    /// Whether the share may yet come back out of the log: whoever changes or removes it must make sure of its file.
    [[nodiscard]] bool holds(const ShareKey& key) const;
    /// `placeAll` puts into the tree what tickets are held for that no other thread will give back; `syncTree` makes
    /// all that is there survive a power cut. Nothing is forgotten where one of them fails. Where it is the first, the
    /// segment is settled another time; where it is the second, it stays as it is until the next start.
    void settle(const std::function<bool()>& placeAll, const std::function<Result<void>()>& syncTree);

private:
    struct Segment {
        std::unique_ptr<File> file;
        LogEpoch epoch{};
        std::uint64_t end = 0;
        std::set<std::pair<ShareKey, std::uint64_t>> records;  ///< and where they begin
        unsigned open = 0;                                     ///< tickets
        std::uint64_t written = 0;                             ///< writes that have returned, and of them
        std::uint64_t synced = 0;                              ///< those that are on the disk
        bool syncing = false;
        bool closed = false;  ///< is being settled
        bool failed = false;  ///< takes no more, and is not forgotten
    };

    [[nodiscard]] bool isReady(std::size_t number);
    [[nodiscard]] Result<void> begin(Segment& segment);
    [[nodiscard]] Result<std::unique_ptr<File>> makeSegment(const std::string& path, ByteView head);
    [[nodiscard]] bool waitForSync(Segment& segment, std::unique_lock<std::mutex>& lock);
    void close(std::size_t segment);

    const std::shared_ptr<FileSystem> m_files;
    const std::string m_folder;
    const std::size_t m_segmentSize;
    SystemRandom m_random;

    mutable std::mutex m_mutex;  ///< guards all that follows; not held over a write or a sync, but for the first of all
    std::condition_variable m_changed;
    std::array<Segment, 2> m_segments;
    std::size_t m_active = 0;
};

/// Puts the shares of a log that a stopped program left into the tree, where they are missing or not what they were.
/// `incoming` is the folder for files that are not in place yet. Once all is on the disk, `forgetShareLog` is to
/// follow. Fails as the disk does.
[[nodiscard]] Result<void> replayShareLog(FileSystem& files, const std::string& folder, ShareTree& tree,
                                          const std::string& incoming);
[[nodiscard]] Result<void> forgetShareLog(FileSystem& files, const std::string& folder);

}  // namespace tarn::bucketstore
