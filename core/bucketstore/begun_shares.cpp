#include "core/bucketstore/disk_failure.h"
#include "core/bucketstore/disk_store.h"
#include "core/foundation/base32.h"

#include <algorithm>
#include <vector>

// What a DiskStore does with shares that are allocated and not complete.

namespace tarn::bucketstore {

namespace {

constexpr std::chrono::minutes staleAfter{30};

std::size_t beyondFirst(std::size_t pieces) {
    return pieces > 1 ? pieces - 1 : 0;
}

}  // namespace

std::string DiskStore::incomingPath(const Key& key) const {
    std::string path = m_folder;
    path.append("/incoming/").append(toBase32(key.first.bytes())).append(1, '.');
    path.append(std::to_string(key.second.value()));
    return path;
}

Result<std::shared_ptr<DiskStore::Begun>> DiskStore::find(const Key& key, const UploadSecret& upload) {
    const SteadyTime now = m_clock->steadyNow();
    const std::lock_guard lock(m_mutex);
    const auto known = m_begun.find(key);
    if (known == m_begun.end()) {
        return failure(ErrorCode::NotFound, "share is not allocated");
    }
    if (!(known->second->upload == upload)) {
        return failure(ErrorCode::Unauthorized, "wrong upload secret");
    }
    known->second->lastUse = now;
    return known->second;
}

bool DiskStore::mayHavePieces(std::size_t before, std::size_t after) const {
    if (beyondFirst(after) <= beyondFirst(before)) {
        return true;
    }
    // What others add between this and `countPieces` is at most a piece for each thread that calls.
    const std::lock_guard lock(m_mutex);
    return m_pieces < mostPiecesTogether;
}

void DiskStore::countPieces(std::size_t before, std::size_t after) {
    m_pieces = m_pieces - beyondFirst(before) + beyondFirst(after);
}

Result<WriteProgress> DiskStore::write(StorageIndex index, ShareNum share, const UploadSecret& upload,
                                       ByteOffset offset, ByteView data) {
    (void)m_unplaced.place(index);
    const auto found = find({index, share}, upload);
    if (!found) {
        return failure(found.error());
    }
    Begun& begun = **found;
    std::unique_lock lock(begun.mutex);
    if (begun.gone || begun.logged) {
        return failure(ErrorCode::NotFound, "share is not allocated");
    }
    if (offset.value() > begun.size || data.size() > begun.size - offset.value()) {
        return failure(ErrorCode::InvalidArgument, "write past the allocated size");
    }
    const Range range{offset.value(), offset.value() + data.size()};
    const std::size_t pieces = begun.written.countAfter(range);
    if (pieces > mostPieces || !mayHavePieces(begun.written.count(), pieces)) {
        return failure(ErrorCode::InvalidArgument, "too many gaps between the pieces of a share");
    }
    if (data.empty()) {
        return WriteProgress{false, begun.written.missing(begun.size)};
    }

    const bool first = !begun.hasFile;
    if (first && range.first == 0 && data.size() == begun.size) {
        std::vector<Whole> whole;
        whole.push_back({*found, std::move(lock), data});
        const Stored stored = storeWhole(index, std::move(whole));
        return stored.trouble ? Result<WriteProgress>(diskFailure(*stored.trouble)) : WriteProgress{true, {}};
    }
    auto file = openIncoming(begun);
    if (!file) {
        giveUp(begun);
        return diskFailure(file.error());
    }
    if (auto same = checkOverlap(**file, begun, range, data); !same) {
        return failure(same.error());
    }
    WrittenRanges after = begun.written;
    after.add(range);
    const bool completes = after.total() == begun.size;
    auto done = putBytes(**file, begun, first, range.first, data, completes);
    if (done && completes) {
        done = (*file)->sync();
    }
    file->reset();
    if (done && completes) {
        done = publish(begun);
    }
    if (!done) {
        giveUp(begun);
        return diskFailure(done.error());
    }
    if (completes) {
        forget(begun);
        m_caretaker->note(begun.key, 0, begun.client);
        return WriteProgress{true, {}};
    }
    {
        const std::lock_guard account(m_mutex);
        m_written += after.total() - begun.written.total();
        countPieces(begun.written.count(), after.count());
    }
    begun.written = std::move(after);
    return WriteProgress{false, begun.written.missing(begun.size)};
}

std::set<ShareNum> DiskStore::writeWhole(StorageIndex index, const std::map<ShareNum, ByteView>& shares,
                                         const UploadSecret& upload) {
    std::vector<Whole> whole;  // in the order of their numbers, so that no two callers wait for each other's
    for (const auto& [share, bytes] : shares) {
        const auto found = find({index, share}, upload);
        if (!found) {
            continue;
        }
        Begun& begun = **found;
        std::unique_lock lock(begun.mutex);
        const bool fresh = !begun.gone && !begun.logged && !begun.hasFile;
        if (fresh && !bytes.empty() && bytes.size() == begun.size) {
            whole.push_back({*found, std::move(lock), bytes});
        }
    }
    return storeWhole(index, std::move(whole)).shares;
}

DiskStore::Stored DiskStore::storeWhole(StorageIndex index, std::vector<Whole> shares) {
    std::vector<ContainerHeader> headers;
    std::vector<LeaseRecord> leases;
    std::vector<ShareLog::Entry> containers;
    for (const Whole& share : shares) {
        headers.push_back(makeContainerHeader(share.begun->size, 1));
        leases.push_back(leaseOf(*share.begun));
    }
    for (std::size_t i = 0; i < shares.size(); ++i) {
        containers.push_back({shares[i].begun->key, {ByteView(headers[i]), shares[i].bytes, ByteView(leases[i])}});
    }
    // Small ones are safe in the log, and their files need no sync of their own.
    auto logged = m_log.add(containers);

    Stored stored;
    if (logged && leaveUnplaced(index, shares, *logged)) {
        for (const Whole& share : shares) {
            stored.shares.insert(share.begun->key.second);
        }
        return stored;
    }
    std::vector<std::unique_ptr<File>> files;
    for (std::size_t i = 0; i < shares.size(); ++i) {
        auto file = openIncoming(*shares[i].begun);
        auto done = file ? (*file)->write(0, containers[i].container) : Result<void>(failure(file.error()));
        files.push_back(done ? std::move(*file) : nullptr);
        if (!done) {
            stored.trouble = done.error();
        }
    }
    std::vector<std::shared_ptr<Begun>> placed;
    for (std::size_t i = 0; i < shares.size(); ++i) {
        Begun& begun = *shares[i].begun;
        auto done = files[i] && !logged ? files[i]->sync() : Result<void>();
        if (files[i] && done) {
            done = place(begun);
        }
        if (files[i] && done) {
            placed.push_back(shares[i].begun);
            continue;
        }
        if (!done) {
            stored.trouble = done.error();
        }
        if (logged) {
            m_log.cancel(*logged, i, begun.key);
        }
        giveUp(begun);
    }
    const auto settled = placed.empty() || logged ? Result<void>() : m_tree.settle(index);
    for (const auto& begun : placed) {
        if (!settled) {
            stored.trouble = settled.error();
            takeBack(*begun);
            giveUp(*begun);
            continue;
        }
        forget(*begun);
        m_caretaker->note(begun->key, 0, begun->client);
        stored.shares.insert(begun->key.second);
    }
    return stored;
}

LeaseRecord DiskStore::leaseOf(const Begun& begun) const {
    const std::lock_guard lock(m_mutex);
    return begun.lease;
}

Result<std::unique_ptr<File>> DiskStore::openIncoming(Begun& begun) {
    const std::string path = incomingPath(begun.key);
    if (begun.hasFile) {
        return m_files->open(path, FileSystem::Access::Change);
    }
    auto file = m_files->open(path, FileSystem::Access::CreateNew);
    if (!file && file.error().code == ErrorCode::Conflict) {
        // What an earlier share of this name could not remove as the disk failed it.
        if (auto removed = m_files->remove(path); !removed) {
            return failure(removed.error());
        }
        file = m_files->open(path, FileSystem::Access::CreateNew);
    }
    begun.hasFile = file.has_value();
    return file;
}

Result<void> DiskStore::checkOverlap(const File& file, const Begun& begun, Range range, ByteView data) const {
    constexpr std::size_t atOnce = 64UL * 1024;
    Bytes there;
    for (const auto& [begin, end] : begun.written.within(range)) {
        for (std::uint64_t at = begin; at < end; at += atOnce) {
            there.resize(static_cast<std::size_t>(std::min<std::uint64_t>(atOnce, end - at)));
            const auto got = file.read(containerHeaderSize + at, there);
            if (!got) {
                return diskFailure(got.error());
            }
            const ByteView here = data.subspan(static_cast<std::size_t>(at - range.first), there.size());
            if (*got != there.size() || !std::ranges::equal(there, here)) {
                return failure(ErrorCode::Conflict, "other bytes stand here already");
            }
        }
    }
    return {};
}

Result<void> DiskStore::putBytes(File& file, const Begun& begun, bool first, std::uint64_t offset, ByteView data,
                                 bool completes) {
    Result<void> done;
    if (first) {
        done = file.write(0, std::array{ByteView(makeContainerHeader(begun.size, 1))});
    }
    if (done) {
        done = file.write(containerHeaderSize + offset, std::array{data});
    }
    if (done && completes) {
        done = file.write(containerHeaderSize + begun.size, std::array{ByteView(leaseOf(begun))});
    }
    return done;
}

/// Gives a share its place, and keeps it out of sight until `settle`.
Result<void> DiskStore::place(Begun& begun) {
    const auto& [index, share] = begun.key;
    const auto setSettling = [this, &begun](bool settling) {
        const std::lock_guard lock(m_mutex);
        begun.settling = settling;
    };
    const auto held = m_usage.hold();
    setSettling(true);
    if (auto placed = m_tree.place(incomingPath(begun.key), index, share); !placed) {
        setSettling(false);
        return placed;
    }
    m_usage.add(held, index, 1, static_cast<std::int64_t>(begun.size + containerOverhead));
    m_open.drop(begun.key);
    return {};
}

/// Takes the place back where the disk failed to keep it. Nobody has seen the share. It would do no harm, but the
/// client is told that it is not there.
void DiskStore::takeBack(const Begun& begun) {
    const auto& [index, share] = begun.key;
    const auto held = m_usage.hold();
    if (m_tree.remove(index, share)) {
        m_usage.add(held, index, -1, -static_cast<std::int64_t>(begun.size + containerOverhead));
    }
    m_caretaker->note(begun.key, noLeasePlace, {});
}

Result<void> DiskStore::publish(Begun& begun) {
    if (auto placed = place(begun); !placed) {
        return placed;
    }
    auto settled = m_tree.settle(begun.key.first);
    if (!settled) {
        takeBack(begun);
    }
    return settled;
}

void DiskStore::giveUp(Begun& begun) {
    if (begun.hasFile) {
        // Where even this fails, the next start or the next share of this name clears it away.
        (void)m_files->remove(incomingPath(begun.key));
    }
    forget(begun);
}

void DiskStore::forget(Begun& begun) {
    begun.gone = true;
    const std::lock_guard lock(m_mutex);
    m_claimed -= begun.size + containerOverhead;
    if (begun.logged) {
        // In one step with the claim, of which it is a part.
        --m_unplacedSum.shares;
        m_unplacedSum.bytes -= begun.size + containerOverhead;
    }
    m_written -= begun.written.total();
    countPieces(begun.written.count(), 0);
    ++m_ended;
    // The caller holds the object by a pointer of its own.
    m_begun.erase(begun.key);
}

Result<void> DiskStore::abort(StorageIndex index, ShareNum share, const UploadSecret& upload) {
    (void)m_unplaced.place(index);
    const auto found = find({index, share}, upload);
    if (found) {
        Begun& begun = **found;
        const std::lock_guard lock(begun.mutex);
        if (begun.logged) {
            return failure(ErrorCode::Conflict, "share is complete");
        }
        if (!begun.gone) {
            giveUp(begun);
            return {};
        }
    } else if (found.error().code != ErrorCode::NotFound) {
        return failure(found.error());
    }
    if (m_files->fileSize(m_tree.sharePath(index, share))) {
        return failure(ErrorCode::Conflict, "share is complete");
    }
    return failure(ErrorCode::NotFound, "share is not allocated");
}

void DiskStore::dropStaleIncoming() {
    const SteadyTime now = m_clock->steadyNow();
    std::vector<std::shared_ptr<Begun>> stale;
    {
        const std::lock_guard lock(m_mutex);
        for (const auto& [key, begun] : m_begun) {
            if (now - begun->lastUse >= staleAfter) {
                stale.push_back(begun);
            }
        }
    }
    for (const auto& begun : stale) {
        // A share that is being written to at this moment is not stale.
        const std::unique_lock lock(begun->mutex, std::try_to_lock);
        if (lock.owns_lock() && !begun->gone && !begun->logged) {
            giveUp(*begun);
        }
    }
}

}  // namespace tarn::bucketstore
