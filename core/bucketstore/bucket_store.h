#pragma once

#include "core/bucketstore/expiry_policy.h"
#include "core/bucketstore/store_report.h"
#include "core/crypto/hash.h"
#include "core/formats/slot_messages.h"
#include "core/foundation/bytes.h"
#include "core/foundation/clock.h"
#include "core/foundation/ids.h"
#include "core/foundation/result.h"
#include "core/foundation/secret.h"
#include "core/foundation/units.h"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tarn::bucketstore {

struct Options {
    std::filesystem::path folder;
    std::optional<ByteCount> maximumSize;  ///< of all shares together; none: only the disk limits it
    ByteCount reservedSpace;               ///< left free on the disk for others
    bool readOnly = false;
    ExpiryPolicy expiry{};
};

struct Allocation {
    std::set<ShareNum> alreadyHave;
    std::set<ShareNum> allocated;
};

struct WriteProgress {
    bool complete = false;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> required;  ///< half-open ranges still missing
};

/// What the store holds now.
///
/// A store that was closed properly knows its counts at once. Else those of a store with many shares are taken by a
/// thread that starts with it; until that is done they are too low, and a store with a maximum size takes nothing new.
struct Usage {
    std::uint64_t shares = 0;
    ByteCount bytes;          ///< of complete shares' files: data, header and leases
    ByteCount incomingBytes;  ///< held for shares that are not complete
    ByteCount available;      ///< what a new share may take
};

/// A complete share, open for reading; stays readable even if the share is removed meanwhile. Thread: any.
class ShareReader {
public:
    virtual ~ShareReader() = default;
    [[nodiscard]] virtual ByteCount size() const noexcept = 0;
    /// Reads up to `out.size()` bytes from `offset`; short at the end. Fails: ServerFailed.
    [[nodiscard]] virtual Result<std::size_t> read(ByteOffset offset, MutableByteView out) const = 0;
    /// As `read`, without a wait for the disk: short, or nothing, where that cannot be.
    [[nodiscard]] virtual std::optional<std::size_t> readCached(ByteOffset /*offset*/, MutableByteView /*out*/) const {
        return std::nullopt;
    }
};

/// The most bytes that one request may read of a slot's shares, all together.
inline constexpr std::uint64_t mostSlotReply = 4UL * 1024 * 1024;

/// A storage server's shares on disk.
///
///     FOLDER/shares/ab/cd/<storage index>/<share number>    complete shares, Tahoe's immutable container v2
///     FOLDER/incoming/<storage index>.<share number>        begun shares; emptied at open
///     FOLDER/log/…                                          small shares that came a moment ago
///     FOLDER/corruption-advisories/…                        what clients complained of
///     FOLDER/index.sqlite                                   where shares are and their leases; can be lost
///     FOLDER/expiry-paused                                  is there while nothing that expired is to be removed
///     FOLDER/lock                                           held by the one program that owns the store
///
/// A share becomes visible by a rename after its bytes are synced, and is acknowledged after the folders are synced; a
/// small one when it is synced in the log, from which it gets its file before anybody sees it, or at the next start. So
/// what was acknowledged survives a power cut, what was not is never half visible. No folder grows with the store: two
/// levels by the storage index's first characters, then one folder a bucket. Thread: any, calls may run at the same
/// time. Calls block on the disk, but for `openCachedShare`: run them on a disk pool.
class BucketStore {
public:
    /// Makes the folders if need be and takes the lock. Fails: ProfileLocked, FileUnwritable.
    [[nodiscard]] static Result<std::unique_ptr<BucketStore>> open(Options options, std::shared_ptr<Clock> clock);
    virtual ~BucketStore() = default;

    /// Says whom mutable containers are to name as who took their write enablers and leases: the server's TubID. To be
    /// called before the first request; without it they name nobody.
    virtual void nameNode(const LeaseSeed& nodeId) = 0;

    /// See storage::StorageServer::allocate. Adds or renews a lease on the shares that are there. Shares for which no
    /// room is left are not allocated. `client`: the address that the lease is noted for; empty: nobody's.
    [[nodiscard]] virtual Result<Allocation> allocate(StorageIndex index, const std::set<ShareNum>& shares,
                                                      ByteCount size, const UploadSecret& upload,
                                                      const LeaseSecrets& lease, std::string_view client = {}) = 0;
    /// Returns when the bytes are with the system; when they complete the share, once it would survive a power cut.
    /// Fails: NotFound, Unauthorized, Conflict, InvalidArgument (past the allocated size, or too many gaps), NoSpace,
    /// ServerFailed. Where the disk fails (the last two) the begun share is given up and its room is free again.
    [[nodiscard]] virtual Result<WriteProgress> write(StorageIndex index, ShareNum share, const UploadSecret& upload,
                                                      ByteOffset offset, ByteView data) = 0;
    /// Writes whole shares of one bucket that are allocated and untouched, with one wait for the disk where several
    /// writes would take several. Gives those that are complete; of one that is not, the allocation may be given up.
    [[nodiscard]] virtual std::set<ShareNum> writeWhole(StorageIndex index, const std::map<ShareNum, ByteView>& shares,
                                                        const UploadSecret& upload) = 0;
    /// Fails: NotFound, Unauthorized, Conflict (complete).
    [[nodiscard]] virtual Result<void> abort(StorageIndex index, ShareNum share, const UploadSecret& upload) = 0;
    [[nodiscard]] virtual Result<std::set<ShareNum>> list(StorageIndex index) const = 0;
    /// Fails: NotFound, ServerFailed (damaged container).
    [[nodiscard]] virtual Result<std::shared_ptr<const ShareReader>> openShare(StorageIndex index,
                                                                               ShareNum share) const = 0;
    /// As `openShare`, with what the system holds in memory alone, so that whoever may not wait for the disk may call
    /// it. Null where that is not enough, and where it fails: `openShare` will tell.
    [[nodiscard]] virtual std::shared_ptr<const ShareReader> openCachedShare(StorageIndex /*index*/,
                                                                             ShareNum /*share*/) const {
        return nullptr;
    }
    /// Reads from all shares of a mutable slot, and changes those that the request names if all its tests hold, all of
    /// them or none: also where the power goes meanwhile. Shares that are changed, or made, get the lease. Returns once
    /// the changes would survive a power cut. Whoever has a share open goes on reading what it held then.
    /// Fails: Unauthorized (a share of the slot has another write enabler), Conflict (a bucket of immutable shares),
    /// InvalidArgument (past the largest offset or share number, or more to read than `mostSlotReply`), NoSpace,
    /// ServerFailed. Nothing is changed then, but for ServerFailed where the disk failed in the last step.
    [[nodiscard]] virtual Result<formats::gbs::SlotReply> readTestWrite(StorageIndex index, const WriteEnabler& enabler,
                                                                        const LeaseSecrets& lease,
                                                                        const formats::gbs::SlotRequest& request,
                                                                        std::string_view client = {}) = 0;
    /// The shares of a mutable slot; none when there is no such slot, or the bucket is of immutable shares.
    [[nodiscard]] virtual Result<std::set<ShareNum>> listSlot(StorageIndex index) const = 0;
    /// Fails: NotFound, ServerFailed (damaged container).
    [[nodiscard]] virtual Result<std::shared_ptr<const ShareReader>> openSlotShare(StorageIndex index,
                                                                                   ShareNum share) const = 0;
    /// Of immutable and mutable shares alike. Fails: NotFound, NoSpace, ServerFailed.
    [[nodiscard]] virtual Result<void> addLease(StorageIndex index, const LeaseSecrets& lease,
                                                std::string_view client = {}) = 0;
    /// Keeps a client's complaint. Bounded in number and size. Fails: NotFound.
    [[nodiscard]] virtual Result<void> adviseCorrupt(StorageIndex index, ShareNum share, std::string_view reason) = 0;
    [[nodiscard]] virtual Usage usage() const = 0;
    /// Gives back begun shares that nobody wrote to for 30 minutes; call it now and then.
    virtual void dropStaleIncoming() = 0;
    /// Waits for the disk, and for the work in hand.
    [[nodiscard]] virtual StoreReport report() = 0;
    /// Holds back the removal of expired shares, or lets it go on. When it returns, no removal is under way, and the
    /// next start will do the same, after a power cut too. Waits for the disk and for the work in hand. Fails: NoSpace,
    /// ServerFailed: a pause then holds until the end of the program, and what was paused stays so.
    [[nodiscard]] virtual Result<void> pauseExpiry(bool paused) = 0;
};

}  // namespace tarn::bucketstore
