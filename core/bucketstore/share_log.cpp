#include "core/bucketstore/share_log.h"

#include "core/bucketstore/container.h"
#include "core/bucketstore/share_log_format.h"
#include "core/bucketstore/slot_container.h"
#include "core/foundation/base32.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace tarn::bucketstore {

namespace {

constexpr std::size_t zerosAtOnce = 256UL * 1024;
constexpr std::chrono::milliseconds betweenLooks{5};

std::string segmentPath(const std::string& folder, std::size_t number) {
    return folder + '/' + std::to_string(number);
}

/// Whether the share stands in the tree with the data that it had in the log, whatever leases it has by now.
Result<bool> isInPlace(FileSystem& files, const std::string& path, ByteView container) {
    const auto file = files.open(path, FileSystem::Access::Read);
    if (!file) {
        return file.error().code == ErrorCode::NotFound ? Result<bool>(false) : failure(file.error());
    }
    const auto wanted = readContainer(container, container.size());
    if (!wanted) {
        return true;  // it was no container: nothing is worth putting there
    }
    Bytes there(static_cast<std::size_t>(wanted->leaseOffset()));
    const auto got = (*file)->read(0, there);
    const auto size = (*file)->size();
    if (!got || !size) {
        return failure(got ? size.error() : got.error());
    }
    if (kindOf(ByteView(there).first(*got)) == ContainerKind::Mutable) {
        return true;  // a slot came after it, and is not touched
    }
    const auto layout = readContainer(ByteView(there).first(*got), *size);
    return layout && *got == there.size() && layout->dataLength == wanted->dataLength &&
           std::ranges::equal(ByteView(there).subspan(containerHeaderSize),
                              container.subspan(containerHeaderSize, there.size() - containerHeaderSize));
}

Result<void> putBack(FileSystem& files, ShareTree& tree, const std::string& incoming, const LoggedShare& record) {
    const auto& [index, share] = record.key;
    const auto there = isInPlace(files, tree.sharePath(index, share), record.container);
    if (!there) {
        return failure(there.error());
    }
    if (*there) {
        return {};
    }
    const std::string path = incoming + '/' + toBase32(index.bytes()) + '.' + std::to_string(share.value()) + ".logged";
    if (auto removed = files.remove(path); !removed && removed.error().code != ErrorCode::NotFound) {
        return removed;
    }
    {
        const auto file = files.open(path, FileSystem::Access::CreateNew);
        if (!file) {
            return failure(file.error());
        }
        if (auto written = (*file)->write(0, std::array{ByteView(record.container)}); !written) {
            return written;
        }
        if (auto synced = (*file)->sync(); !synced) {
            return synced;
        }
    }
    return tree.replace(path, index, share);
}

}  // namespace

ShareLog::ShareLog(std::shared_ptr<FileSystem> files, std::string folder, std::size_t segmentSize)
    : m_files(std::move(files)), m_folder(std::move(folder)), m_segmentSize(segmentSize) {}

std::optional<ShareLog::Ticket> ShareLog::add(std::span<const Entry> entries) {
    std::size_t size = 0;
    std::vector<std::size_t> sizes;
    for (const Entry& entry : entries) {
        std::size_t length = 0;
        for (const ByteView piece : entry.container) {
            length += piece.size();
        }
        if (length > mostLoggedContainer) {
            return std::nullopt;
        }
        sizes.push_back(logRecordSize(length));
        size += sizes.back();
    }
    std::unique_lock lock(m_mutex);
    const std::size_t number = m_active;
    if (entries.empty() || m_segments[number].closed || !isReady(number) ||
        m_segments[number].end + size > m_segmentSize) {
        return std::nullopt;
    }
    Segment& segment = m_segments[number];
    const std::uint64_t offset = segment.end;
    ++segment.open;
    Ticket ticket(*this, number);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        ticket.m_offsets.push_back(segment.end);
        segment.records.emplace(entries[i].key, segment.end);
        segment.end += sizes[i];
    }
    const LogEpoch epoch = segment.epoch;
    lock.unlock();

    Bytes records;
    records.reserve(size);
    for (const Entry& entry : entries) {
        appendLogRecord(records, epoch, entry.key, entry.container);
    }
    const auto written = segment.file->write(offset, std::array{ByteView(records)});
    lock.lock();
    if (written && waitForSync(segment, lock)) {
        return ticket;
    }
    // Whatever of them is on the disk: nobody was promised anything.
    segment.failed = true;
    lock.unlock();
    return std::nullopt;
}

/// One caller syncs for all whose writes have returned by then.
bool ShareLog::waitForSync(Segment& segment, std::unique_lock<std::mutex>& lock) {
    const std::uint64_t mine = ++segment.written;
    while (segment.synced < mine) {
        if (segment.failed) {
            return false;
        }
        if (segment.syncing) {
            m_changed.wait(lock);
            continue;
        }
        segment.syncing = true;
        const std::uint64_t covered = segment.written;
        lock.unlock();
        const bool done = segment.file->sync().has_value();
        lock.lock();
        segment.syncing = false;
        segment.failed = segment.failed || !done;
        segment.synced = done ? covered : segment.synced;
        m_changed.notify_all();
    }
    return true;
}

bool ShareLog::isReady(std::size_t number) {
    Segment& segment = m_segments[number];
    if (!segment.file && !segment.failed) {
        segment.failed = !begin(segment).has_value();
    }
    return !segment.failed;
}

/// Has the system give the segment all its room, so that the syncs of what is written to it later write only that.
Result<void> ShareLog::begin(Segment& segment) {
    const std::string path = segmentPath(m_folder, static_cast<std::size_t>(&segment - m_segments.data()));
    m_random.fill(segment.epoch);
    const Bytes block = logSegmentHead(segment.epoch);
    auto file = m_files->open(path, FileSystem::Access::Change);
    if (file && (*file)->size() == m_segmentSize) {
        auto done = (*file)->write(0, std::array{ByteView(block)});
        if (done) {
            done = (*file)->sync();
        }
        if (!done) {
            return done;
        }
    } else {
        file = makeSegment(path, block);
        if (!file) {
            return failure(file.error());
        }
    }
    segment.file = std::move(*file);
    segment.end = logBlockSize;
    return {};
}

Result<std::unique_ptr<File>> ShareLog::makeSegment(const std::string& path, ByteView head) {
    if (auto made = m_files->makeFolder(m_folder); !made) {
        return failure(made.error());
    }
    if (auto removed = m_files->remove(path); !removed && removed.error().code != ErrorCode::NotFound) {
        return failure(removed.error());
    }
    auto file = m_files->open(path, FileSystem::Access::CreateNew);
    if (!file) {
        return file;
    }
    auto done = (*file)->write(0, std::array{head});
    const Bytes zeros(std::min(zerosAtOnce, m_segmentSize));
    for (std::size_t at = head.size(); done && at < m_segmentSize; at += zeros.size()) {
        done = (*file)->write(at, std::array{ByteView(zeros).first(std::min(zeros.size(), m_segmentSize - at))});
    }
    if (done) {
        done = (*file)->sync();
    }
    if (done) {
        done = m_files->syncFolder(m_folder);
    }
    if (done) {
        done = m_files->syncFolder(m_folder.substr(0, m_folder.find_last_of('/')));
    }
    if (!done) {
        (void)m_files->remove(path);
        return failure(done.error());
    }
    return file;
}

void ShareLog::close(std::size_t segment) {
    {
        const std::lock_guard lock(m_mutex);
        --m_segments[segment].open;
    }
    m_changed.notify_all();
}

void ShareLog::cancel(const Ticket& ticket, std::size_t entry, const ShareKey& key) {
    Segment& segment = m_segments.at(ticket.m_segment);
    const std::uint64_t offset = ticket.m_offsets.at(entry);
    const Bytes nothing(logRecordHeadSize);
    const bool done = segment.file->write(offset, std::array{ByteView(nothing)}) && segment.file->sync();
    const std::lock_guard lock(m_mutex);
    segment.records.erase({key, offset});
    segment.failed = segment.failed || !done;
}

Result<Bytes> ShareLog::read(const Ticket& ticket, std::size_t entry) const {
    // The ticket keeps the segment from being used anew.
    const Segment& segment = m_segments.at(ticket.m_segment);
    auto record = readLogRecord(*segment.file, ticket.m_offsets.at(entry), m_segmentSize, segment.epoch);
    if (!record) {
        return failure(record.error());
    }
    return *record ? Result<Bytes>(std::move((*record)->container))
                   : failure(ErrorCode::CorruptShare, "a record of the log is damaged");
}

bool ShareLog::holds(const ShareKey& key) const {
    const std::lock_guard lock(m_mutex);
    return std::ranges::any_of(m_segments, [&key](const Segment& one) {
        const auto place = one.records.lower_bound({key, 0});
        return place != one.records.end() && place->first == key;
    });
}

void ShareLog::settle(const std::function<bool()>& placeAll, const std::function<Result<void>()>& syncTree) {
    std::unique_lock lock(m_mutex);
    Segment& idle = m_segments[1 - m_active];
    // The one that takes nothing any more comes first, if it could not be settled before.
    const bool again = !idle.records.empty() && !idle.failed;
    Segment& segment = again ? idle : m_segments[m_active];
    Segment& other = again ? m_segments[m_active] : idle;
    if (segment.records.empty() || segment.closed || segment.failed || other.closed) {
        return;
    }
    if (!other.file && !other.failed) {
        // Nobody but this looks at it now, and nobody is to wait for it when it is needed.
        lock.unlock();
        const bool begun = begin(other).has_value();
        lock.lock();
        other.failed = !begun;
    }
    segment.closed = true;
    if (!again && !other.failed) {
        m_active = 1 - m_active;
    }
    while (segment.open > 0) {
        lock.unlock();
        const bool placed = placeAll();
        lock.lock();
        if (!placed) {
            segment.closed = false;
            return;
        }
        // Who added something just before the segment was closed may leave it to be placed only now.
        m_changed.wait_for(lock, betweenLooks, [&segment] { return segment.open == 0; });
    }
    lock.unlock();

    LogEpoch epoch{};
    m_random.fill(epoch);
    auto done = syncTree();
    if (done) {
        done = segment.file->write(0, std::array{ByteView(logSegmentHead(epoch))});
    }
    if (done) {
        done = segment.file->sync();
    }
    lock.lock();
    segment.closed = false;
    if (!done) {
        segment.failed = true;
        return;
    }
    segment.epoch = epoch;
    segment.end = logBlockSize;
    segment.records.clear();
}

Result<void> replayShareLog(FileSystem& files, const std::string& folder, ShareTree& tree,
                            const std::string& incoming) {
    for (const std::size_t number : {0U, 1U}) {
        const auto file = files.open(segmentPath(folder, number), FileSystem::Access::Read);
        if (!file) {
            if (file.error().code == ErrorCode::NotFound) {
                continue;
            }
            return failure(file.error());
        }
        const auto epoch = readLogEpoch(**file);
        const auto size = (*file)->size();
        if (!epoch || !size) {
            return failure(epoch ? size.error() : epoch.error());
        }
        for (std::uint64_t offset = logBlockSize; *epoch && offset < *size;) {
            const auto record = readLogRecord(**file, offset, *size, **epoch);
            if (!record) {
                return failure(record.error());
            }
            if (!*record) {
                offset += logBlockSize;
                continue;
            }
            if (auto put = putBack(files, tree, incoming, **record); !put) {
                return put;
            }
            offset += logRecordSize((*record)->container.size());
        }
    }
    return {};
}

Result<void> forgetShareLog(FileSystem& files, const std::string& folder) {
    for (const std::size_t number : {0U, 1U}) {
        const auto file = files.open(segmentPath(folder, number), FileSystem::Access::Change);
        if (!file) {
            if (file.error().code == ErrorCode::NotFound) {
                continue;
            }
            return failure(file.error());
        }
        const Bytes nothing(logBlockSize);
        auto done = (*file)->write(0, std::array{ByteView(nothing)});
        if (done) {
            done = (*file)->sync();
        }
        if (!done) {
            return done;
        }
    }
    return {};
}

}  // namespace tarn::bucketstore
