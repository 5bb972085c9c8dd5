#include "core/bucketstore/disk_store.h"

#include "core/bucketstore/container_reader.h"
#include "core/bucketstore/disk_failure.h"

#include <algorithm>
#include <iterator>
#include <vector>

namespace tarn::bucketstore {

namespace {

/// Larger allocations find no room anywhere; the sums below cannot overflow under it.
constexpr std::uint64_t mostShareSize = 1ULL << 56U;
constexpr std::uint64_t countedAtOnce = 8192;
constexpr std::uint16_t mostShareNumber = 255;
/// Not in the index, which can be lost: who paused expiry wants every share kept until he says otherwise.
constexpr const char* pausedFile = "/expiry-paused";

/// What a client of a slot is told: what it did wrong in its own words, and the rest as of any failing disk.
tl::unexpected<Error> slotFailure(const Error& error) {
    switch (error.code) {
    case ErrorCode::NotFound:
    case ErrorCode::Unauthorized:
    case ErrorCode::InvalidArgument: return failure(error);
    default: return diskFailure(error);
    }
}

Result<void> makeFolderPath(FileSystem& files, const std::string& path) {
    const auto made = files.makeFolder(path);
    if (made) {
        return {};
    }
    const std::size_t slash = path.find_last_of('/');
    if (made.error().code != ErrorCode::NotFound || slash == std::string::npos || slash == 0) {
        return failure(made.error());
    }
    if (auto parent = makeFolderPath(files, path.substr(0, slash)); !parent) {
        return parent;
    }
    const auto again = files.makeFolder(path);
    return again ? Result<void>() : failure(again.error());
}

/// Also where nobody can tell.
bool isPaused(FileSystem& files, const std::string& folder) {
    const auto found = files.status(folder + pausedFile);
    return found || found.error().code != ErrorCode::NotFound;
}

}  // namespace

Result<std::unique_ptr<BucketStore>> BucketStore::open(Options options, std::shared_ptr<Clock> clock) {
    return openDiskStore(std::move(options), std::move(clock), makePosixFileSystem());
}

Result<std::unique_ptr<DiskStore>> openDiskStore(Options options, std::shared_ptr<Clock> clock,
                                                 std::shared_ptr<FileSystem> files, const StoreSeams& seams) {
    std::error_code ignored;
    std::string folder = std::filesystem::absolute(options.folder, ignored).lexically_normal().string();
    while (folder.size() > 1 && folder.back() == '/') {
        folder.pop_back();
    }
    const auto unusable = [](Error error) {
        if (error.code != ErrorCode::ProfileLocked && error.code != ErrorCode::NoSpace) {
            error.code = ErrorCode::FileUnwritable;
        } else if (error.code == ErrorCode::NoSpace) {
            error.code = ErrorCode::DiskFull;
        }
        return failure(std::move(error));
    };
    if (auto made = makeFolderPath(*files, folder); !made) {
        return unusable(made.error());
    }
    auto lock = files->lock(folder + "/lock");
    if (!lock) {
        return unusable(lock.error());
    }
    for (const char* const name : {"/shares", "/incoming", "/corruption-advisories"}) {
        if (const auto made = files->makeFolder(folder + name); !made) {
            return unusable(made.error());
        }
    }
    // A change of several shares that was decided on is made; the disk has all of it before its record goes.
    ShareTree tree(files, folder + "/shares");
    if (auto redone = redoSlotCommits(*files, tree, folder + "/incoming"); !redone) {
        return unusable(redone.error());
    }
    // The same for shares that were acknowledged and are safe in the log alone.
    if (auto replayed = replayShareLog(*files, folder + "/log", tree, folder + "/incoming"); !replayed) {
        return unusable(replayed.error());
    }
    if (auto synced = files->syncAll(folder); !synced) {
        return unusable(synced.error());
    }
    if (auto forgotten = forgetShareLog(*files, folder + "/log"); !forgotten) {
        return unusable(forgotten.error());
    }
    // Whoever wrote to an unfinished share is told that it is not there, and begins it anew.
    const std::string incoming = folder + "/incoming/";
    const auto leftovers = files->names(folder + "/incoming");
    if (!leftovers) {
        return unusable(leftovers.error());
    }
    for (const std::string& name : *leftovers) {
        if (auto removed = files->remove(incoming + name); !removed) {
            return unusable(removed.error());
        }
    }
    // What a program made before it was killed may be there and not be on the disk; from here on it may be relied on.
    if (auto synced = files->syncAll(folder); !synced) {
        return unusable(synced.error());
    }
    return std::make_unique<DiskStore>(std::move(options), std::move(clock), std::move(files), std::move(folder),
                                       std::move(*lock), seams);
}

DiskStore::DiskStore(Options options, std::shared_ptr<Clock> clock, std::shared_ptr<FileSystem> files,
                     std::string folder, std::unique_ptr<FolderLock> folderLock, const StoreSeams& seams)
    : m_options(std::move(options)), m_clock(std::move(clock)), m_files(std::move(files)), m_folder(std::move(folder)),
      m_folderLock(std::move(folderLock)), m_tree(m_files, m_folder + "/shares"),
      m_log(m_files, m_folder + "/log", seams.logSegment),
      m_unplaced([this](UnplacedShares::Batch& batch) { return placeLogged(batch); }), m_open(m_clock),
      m_advisories(m_files, m_folder + "/corruption-advisories"),
      m_caretaker(std::make_unique<Caretaker>(CaretakerParts{
          m_files, m_clock, &m_tree, m_folder + "/shares",
          seams.indexFile.empty() ? std::filesystem::path(m_folder) / "index.sqlite" : seams.indexFile,
          m_options.expiry, isPaused(*m_files, m_folder), [this](const Key& key) { return removeIfExpired(key); },
          [this] {
              // The log waits for none that cannot be placed, and is closed to others while the last are.
              if (m_unplaced.placeAll()) {
                  m_log.settle([this] { return m_unplaced.placeAll().has_value(); },
                               [this] { return m_tree.settleAll(); });
              }
          }})),
      m_usage(m_files, m_folder + "/shares", m_caretaker->knownSums(), countedAtOnce),
      m_slots(m_files, m_clock, m_folder + "/incoming", m_options.readOnly, m_tree, m_unplaced, m_usage, m_gate,
              {[this](std::uint64_t bytes, std::uint64_t atOnce) { return claimGrowth(bytes, atOnce); },
               [this](std::uint64_t bytes) {
                   releaseGrowth(bytes);
               }}) {
    m_caretaker->start(m_usage, seams.ownThread);
}

DiskStore::~DiskStore() {
    (void)m_unplaced.placeAll();  // what cannot be is in the log
    m_caretaker.reset();
}

bool DiskStore::isSettling(const Key& key) const {
    const std::lock_guard lock(m_mutex);
    const auto begun = m_begun.find(key);
    return begun != m_begun.end() && begun->second->settling;
}

Result<std::set<ShareNum>> DiskStore::visible(StorageIndex index) const {
    if (auto placed = m_unplaced.place(index); !placed) {
        // Somebody counts on a share that is not in the folder.
        return diskFailure(placed.error());
    }
    auto shares = m_tree.shares(index);
    if (!shares) {
        return diskFailure(shares.error());
    }
    // Asked after the folder was read: a share that is in both is placed and not settled.
    std::erase_if(*shares, [&](ShareNum share) { return isSettling({index, share}); });
    return shares;
}

Result<void> DiskStore::grantLease(StorageIndex index, ShareNum share, const Lease& lease, std::string_view client) {
    const auto granted = addOrRenewLease(*m_files, m_tree.sharePath(index, share), lease, m_slots.nodeId());
    if (!granted) {
        return failure(granted.error());
    }
    if (m_log.holds({index, share})) {
        // The log would bring the share back without this lease.
        if (auto settled = m_tree.settle(index); !settled) {
            return settled;
        }
    }
    if (granted->grown > 0) {
        const auto held = m_usage.hold();
        m_usage.add(held, index, 0, static_cast<std::int64_t>(granted->grown));
    }
    if (granted->changed) {
        m_caretaker->note({index, share}, granted->place, client);
    }
    return {};
}

Result<ExpiryOutcome> DiskStore::removeIfExpired(const Key& key) {
    // Whoever renews a lease holds the gate until it is on the disk: what is read here is the last word, and the time
    // is asked for after it.
    const BucketGate::Pass pass(m_gate, key.first);
    if (auto finished = m_slots.finishEarlier(key.first); !finished) {
        return failure(finished.error());
    }
    const auto file = m_files->open(m_tree.sharePath(key.first, key.second), FileSystem::Access::Read);
    if (!file) {
        return failure(file.error());
    }
    const auto record = readShareRecord(**file);
    if (!record) {
        return failure(record.error());
    }
    const ExpiryPolicy& policy = m_options.expiry;
    const bool ofItsKind = record->kind == ContainerKind::Mutable ? policy.mutableShares : policy.immutableShares;
    const bool over = record->latest && *record->latest <= policy.lastExpired(m_clock->wallNow());
    if (policy.mode == ExpiryPolicy::Mode::Off || !ofItsKind || !over || isSettling(key) || m_log.holds(key)) {
        return ExpiryOutcome{};
    }
    const auto size = (*file)->size();
    if (!size) {
        return failure(size.error());
    }
    const auto held = m_usage.hold();
    if (auto removed = m_tree.remove(key.first, key.second); !removed) {
        return failure(removed.error());
    }
    m_open.drop(key);
    m_usage.add(held, key.first, -1, -static_cast<std::int64_t>(*size));
    return ExpiryOutcome{true, *size};
}

Result<void> DiskStore::pauseExpiry(bool paused) {
    const std::lock_guard lock(m_pausing);
    if (paused) {
        m_caretaker->pauseExpiry(true);
        const auto made = m_files->open(m_folder + pausedFile, FileSystem::Access::CreateNew);
        if (!made && made.error().code != ErrorCode::Conflict) {
            return diskFailure(made.error());
        }
    } else if (const auto removed = m_files->remove(m_folder + pausedFile);
               !removed && removed.error().code != ErrorCode::NotFound) {
        return diskFailure(removed.error());
    }
    if (const auto synced = m_files->syncFolder(m_folder); !synced) {
        return diskFailure(synced.error());
    }
    if (!paused) {
        m_caretaker->pauseExpiry(false);
    }
    return {};
}

std::uint64_t DiskStore::roomLeft(std::uint64_t freeOnDisk, std::uint64_t used) const {
    if (m_options.readOnly) {
        return 0;
    }
    const auto less = [](std::uint64_t a, std::uint64_t b) {
        return a > b ? a - b : 0;
    };
    // What begun shares have written is missing from the disk's free space already.
    std::uint64_t room = less(less(freeOnDisk, m_options.reservedSpace.value()), m_claimed - m_written);
    if (m_options.maximumSize) {
        // As long as nobody knows how much there is, there may be as much as there may ever be.
        if (!m_usage.certain()) {
            return 0;
        }
        room = std::min(room, less(less(m_options.maximumSize->value(), used), m_claimed));
    }
    return room;
}

Result<Allocation> DiskStore::allocate(StorageIndex index, const std::set<ShareNum>& wanted, ByteCount size,
                                       const UploadSecret& upload, const LeaseSecrets& secrets,
                                       std::string_view client) {
    if (!wanted.empty() && wanted.rbegin()->value() > mostShareNumber) {
        return failure(ErrorCode::InvalidArgument, "share number over 255");
    }
    if (auto placed = m_unplaced.place(index); !placed) {
        return diskFailure(placed.error());
    }
    const std::uint64_t looked = [this] {
        const std::lock_guard lock(m_mutex);
        return m_ended;
    }();
    auto onDisk = m_tree.shares(index);
    if (!onDisk) {
        return diskFailure(onDisk.error());
    }
    const auto kind = bucketKind(*m_files, m_tree, index, *onDisk);
    if (!kind) {
        return diskFailure(kind.error());
    }
    if (*kind == ContainerKind::Mutable) {
        return failure(ErrorCode::Conflict, "a mutable slot stands here");
    }
    const Lease lease(secrets, m_clock->wallNow());
    Allocation result;
    if (!onDisk->empty()) {
        const BucketGate::Pass pass(m_gate, index);
        for (auto share = onDisk->begin(); share != onDisk->end();) {
            bool gone = false;
            if (!isSettling({index, *share})) {
                // A share without room for one more lease is a good share all the same; a damaged one is not; and one
                // that expired a moment ago is as if it had never been.
                const auto granted = grantLease(index, *share, lease, client);
                if (granted || granted.error().code == ErrorCode::NoSpace) {
                    result.alreadyHave.insert(*share);
                }
                gone = !granted && granted.error().code == ErrorCode::NotFound;
            }
            share = gone ? onDisk->erase(share) : std::next(share);
        }
    }
    std::set<ShareNum> missing;
    std::ranges::set_difference(wanted, *onDisk, std::inserter(missing, missing.end()));
    if (missing.empty() || m_options.readOnly || size.value() > mostShareSize) {
        return result;
    }
    const auto freeOnDisk = m_files->freeSpace(m_folder);
    if (!freeOnDisk) {
        return diskFailure(freeOnDisk.error());
    }
    const auto come = claim(std::move(missing), index, size.value(), upload, lease.record(ourContainerVersion), client,
                            *freeOnDisk, looked, result);
    if (!come.empty()) {
        auto rest = allocate(index, come, size, upload, secrets, client);
        if (!rest) {
            return rest;
        }
        result.alreadyHave.merge(rest->alreadyHave);
        result.allocated.merge(rest->allocated);
    }
    return result;
}

std::set<ShareNum> DiskStore::claim(std::set<ShareNum> shares, StorageIndex index, std::uint64_t size,
                                    const UploadSecret& upload, const LeaseRecord& lease, std::string_view client,
                                    std::uint64_t freeOnDisk, std::uint64_t looked, Allocation& result) {
    std::set<ShareNum> come;
    const std::uint64_t used = m_usage.now().bytes;
    const SteadyTime now = m_clock->steadyNow();
    const std::lock_guard lock(m_mutex);
    for (const ShareNum share : shares) {
        const auto known = m_begun.find({index, share});
        if (known != m_begun.end() && known->second->logged) {
            come.insert(share);
            continue;
        }
        if (known != m_begun.end()) {
            // Another upload's share is neither here nor free.
            if (known->second->upload == upload && known->second->size == size) {
                known->second->lastUse = now;
                // Who asks again keeps the share from that moment on, whichever of two that ask at once comes last.
                const auto expiry = [](const LeaseRecord& record) {
                    return readBigEndian32(ByteView(record).subspan(leaseExpiryOffset));
                };
                if (expiry(known->second->lease) < expiry(lease)) {
                    known->second->lease = lease;
                }
                result.allocated.insert(share);
            }
            continue;
        }
        // What another has stored since the folder was read must not be begun: it would be hidden while it gives way.
        if (looked != m_ended && m_files->fileSize(m_tree.sharePath(index, share))) {
            come.insert(share);
            continue;
        }
        if (size + containerOverhead > roomLeft(freeOnDisk, used) || m_begun.size() >= mostBegunShares) {
            continue;
        }
        auto begun = std::make_shared<Begun>();
        begun->key = {index, share};
        begun->size = size;
        begun->upload = upload;
        begun->lease = lease;
        begun->client = client;
        begun->lastUse = now;
        m_begun.emplace(Key(index, share), std::move(begun));
        m_claimed += size + containerOverhead;
        result.allocated.insert(share);
    }
    return come;
}

Result<void> DiskStore::claimGrowth(std::uint64_t bytes, std::uint64_t atOnce) {
    const auto freeOnDisk = m_files->freeSpace(m_folder);
    if (!freeOnDisk) {
        return diskFailure(freeOnDisk.error());
    }
    const std::uint64_t used = m_usage.now().bytes;
    const std::lock_guard lock(m_mutex);
    if (bytes > roomLeft(*freeOnDisk, used) || atOnce > *freeOnDisk) {
        return failure(ErrorCode::NoSpace, "no room for the slot to grow");
    }
    m_claimed += bytes;
    return {};
}

void DiskStore::releaseGrowth(std::uint64_t bytes) {
    const std::lock_guard lock(m_mutex);
    m_claimed -= bytes;
}

Result<formats::gbs::SlotReply> DiskStore::readTestWrite(StorageIndex index, const WriteEnabler& enabler,
                                                         const LeaseSecrets& lease,
                                                         const formats::gbs::SlotRequest& request,
                                                         std::string_view client) {
    auto reply = m_slots.readTestWrite(index, enabler, lease, request);
    for (const auto& [share, change] : request.changes) {
        m_caretaker->note({index, share}, whicheverLease, client);
    }
    return reply ? std::move(reply) : slotFailure(reply.error());
}

Result<std::set<ShareNum>> DiskStore::listSlot(StorageIndex index) const {
    auto shares = m_slots.list(index);
    return shares ? std::move(shares) : slotFailure(shares.error());
}

Result<std::shared_ptr<const ShareReader>> DiskStore::openSlotShare(StorageIndex index, ShareNum share) const {
    auto reader = m_slots.open(index, share);
    return reader ? std::move(reader) : slotFailure(reader.error());
}

Result<std::set<ShareNum>> DiskStore::list(StorageIndex index) const {
    auto shares = visible(index);
    if (!shares || shares->empty()) {
        return shares;
    }
    const auto kind = bucketKind(*m_files, m_tree, index, *shares);
    if (!kind) {
        return diskFailure(kind.error());
    }
    return *kind == ContainerKind::Mutable ? std::set<ShareNum>() : std::move(*shares);
}

Result<std::shared_ptr<const ShareReader>> DiskStore::openShare(StorageIndex index, ShareNum share) const {
    const auto placed = m_unplaced.place(index);
    auto file = m_files->open(m_tree.sharePath(index, share), FileSystem::Access::Read);
    if (!file) {
        if (file.error().code == ErrorCode::NotFound) {
            if (!placed) {
                return diskFailure(placed.error());  // it may be one that has no file yet
            }
            return failure(ErrorCode::NotFound, "no such share");
        }
        return diskFailure(file.error());
    }
    if (isSettling({index, share})) {
        return failure(ErrorCode::NotFound, "no such share");
    }
    auto reader = openContainer(std::move(*file));
    if (reader) {
        m_open.keep({index, share}, *reader);
    }
    return reader;
}

std::shared_ptr<const ShareReader> DiskStore::openCachedShare(StorageIndex index, ShareNum share) const {
    if (auto open = m_open.find({index, share})) {
        return open;
    }
    if (m_unplaced.holds(index)) {
        return nullptr;
    }
    auto file = m_files->openCached(m_tree.sharePath(index, share));
    if (!file || isSettling({index, share})) {
        return nullptr;
    }
    auto reader = openCachedContainer(std::move(file));
    if (reader) {
        m_open.keep({index, share}, reader);
    }
    return reader;
}

Result<void> DiskStore::addLease(StorageIndex index, const LeaseSecrets& secrets, std::string_view client) {
    const auto shares = visible(index);
    if (!shares) {
        return failure(shares.error());
    }
    if (shares->empty()) {
        return failure(ErrorCode::NotFound, "no share here");
    }
    const Lease lease(secrets, m_clock->wallNow());
    const BucketGate::Pass pass(m_gate, index);
    if (auto finished = m_slots.finishEarlier(index); !finished) {
        return diskFailure(finished.error());
    }
    Result<void> outcome;
    std::size_t gone = 0;
    for (const ShareNum share : *shares) {
        const auto granted = grantLease(index, share, lease, client);
        if (!granted && granted.error().code == ErrorCode::NotFound) {
            ++gone;  // it expired a moment ago
        } else if (!granted) {
            outcome = diskFailure(granted.error());
        }
    }
    return gone == shares->size() ? failure(ErrorCode::NotFound, "no share here") : outcome;
}

Result<void> DiskStore::adviseCorrupt(StorageIndex index, ShareNum share, std::string_view reason) {
    const auto shares = visible(index);
    if (!shares) {
        return failure(shares.error());
    }
    if (!shares->contains(share)) {
        return failure(ErrorCode::NotFound, "no such share");
    }
    const auto kind = bucketKind(*m_files, m_tree, index, {share});
    if (!kind) {
        return diskFailure(kind.error());
    }
    auto kept = m_advisories.keep(kind->value_or(ContainerKind::Immutable), index, share, reason, m_clock->wallNow());
    if (!kept) {
        return diskFailure(kept.error());
    }
    return kept;
}

Usage DiskStore::usage() const {
    const ShareSum count = m_usage.now();
    const std::uint64_t freeOnDisk = m_files->freeSpace(m_folder).value_or(0);
    const std::lock_guard lock(m_mutex);
    const std::uint64_t room = roomLeft(freeOnDisk, count.bytes);
    return {count.shares + m_unplacedSum.shares, ByteCount(count.bytes + m_unplacedSum.bytes),
            ByteCount(m_claimed - m_unplacedSum.bytes),
            ByteCount(room > containerOverhead ? room - containerOverhead : 0)};
}

}  // namespace tarn::bucketstore
