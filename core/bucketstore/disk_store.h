#pragma once

#include "core/bucketstore/advisories.h"
#include "core/bucketstore/bucket_store.h"
#include "core/bucketstore/caretaker.h"
#include "core/bucketstore/container.h"
#include "core/bucketstore/file_system.h"
#include "core/bucketstore/lease_writer.h"
#include "core/bucketstore/open_shares.h"
#include "core/bucketstore/share_log.h"
#include "core/bucketstore/share_tree.h"
#include "core/bucketstore/slot_store.h"
#include "core/bucketstore/unplaced_shares.h"
#include "core/bucketstore/usage_counter.h"
#include "core/bucketstore/written_ranges.h"

#include <map>
#include <mutex>
#include <optional>
#include <vector>

namespace tarn::bucketstore {

/// The most begun shares at one time, and the most pieces with gaps between them in one, and in all of them together
/// beyond the first of each: what a client may make the store remember.
inline constexpr std::size_t mostBegunShares = 16384;
inline constexpr std::size_t mostPieces = 1024;
inline constexpr std::size_t mostPiecesTogether = 65536;

class DiskStore;

/// How a store is run by a test.
struct StoreSeams {
    std::filesystem::path indexFile;  ///< empty: in the store's folder
    bool ownThread = true;            ///< false: the caretaker works in `DiskStore::caretaker().turn()` alone
    std::size_t logSegment = shareLogSegment;
};

/// `BucketStore::open` on a given file system.
[[nodiscard]] Result<std::unique_ptr<DiskStore>> openDiskStore(Options options, std::shared_ptr<Clock> clock,
                                                               std::shared_ptr<FileSystem> files,
                                                               const StoreSeams& seams = {});

/// The store on the disk.
///
/// What is begun is known in memory alone: room is claimed by a number, the file is made by the first write, and a
/// restart forgets all of it. A begun share has a lock of its own, held over its writes and syncs; `m_mutex` guards the
/// table of begun shares and the claims, and is never held over a call that waits for the disk. Lock order: a begun
/// share's (several of one bucket by their numbers), then the usage counter's, then `m_mutex`. Who leaves a share to be
/// placed later takes its bucket's gate with the share's lock held; who has the gate may wait for shares that were left
/// before, and for no other's lock.
class DiskStore final : public BucketStore {
public:
    DiskStore(Options options, std::shared_ptr<Clock> clock, std::shared_ptr<FileSystem> files, std::string folder,
              std::unique_ptr<FolderLock> folderLock, const StoreSeams& seams);
    ~DiskStore() override;

    enum class Adopted : std::uint8_t { Linked, Copied, AlreadyThere, NoRoom };
    /// Takes a whole container of `size` bytes, leases and all, that stands at `from`: by a second name for it, else by
    /// a copy that is compared. It is there to stay after `settleAdopted`. Fails: Conflict (another share, or a begun
    /// one, stands here), NotFound, NoSpace, ServerFailed.
    [[nodiscard]] Result<Adopted> adopt(const ShareKey& share, const std::string& from, std::uint64_t size);
    [[nodiscard]] Result<void> settleAdopted() { return m_tree.settleAll(); }
    /// Returns when the sum of the shares is known.
    void waitUntilCounted() const;
    [[nodiscard]] FileSystem& files() noexcept { return *m_files; }

    [[nodiscard]] Caretaker& caretaker() noexcept { return *m_caretaker; }

    void nameNode(const LeaseSeed& nodeId) override { m_slots.nameNode(nodeId); }
    [[nodiscard]] Result<Allocation> allocate(StorageIndex index, const std::set<ShareNum>& wanted, ByteCount size,
                                              const UploadSecret& upload, const LeaseSecrets& secrets,
                                              std::string_view client = {}) override;
    [[nodiscard]] Result<WriteProgress> write(StorageIndex index, ShareNum share, const UploadSecret& upload,
                                              ByteOffset offset, ByteView data) override;
    [[nodiscard]] std::set<ShareNum> writeWhole(StorageIndex index, const std::map<ShareNum, ByteView>& shares,
                                                const UploadSecret& upload) override;
    [[nodiscard]] Result<void> abort(StorageIndex index, ShareNum share, const UploadSecret& upload) override;
    [[nodiscard]] Result<std::set<ShareNum>> list(StorageIndex index) const override;
    [[nodiscard]] Result<std::shared_ptr<const ShareReader>> openShare(StorageIndex index,
                                                                       ShareNum share) const override;
    [[nodiscard]] std::shared_ptr<const ShareReader> openCachedShare(StorageIndex index, ShareNum share) const override;
    [[nodiscard]] Result<formats::gbs::SlotReply> readTestWrite(StorageIndex index, const WriteEnabler& enabler,
                                                                const LeaseSecrets& lease,
                                                                const formats::gbs::SlotRequest& request,
                                                                std::string_view client = {}) override;
    [[nodiscard]] Result<std::set<ShareNum>> listSlot(StorageIndex index) const override;
    [[nodiscard]] Result<std::shared_ptr<const ShareReader>> openSlotShare(StorageIndex index,
                                                                           ShareNum share) const override;
    [[nodiscard]] Result<void> addLease(StorageIndex index, const LeaseSecrets& secrets,
                                        std::string_view client = {}) override;
    [[nodiscard]] Result<void> adviseCorrupt(StorageIndex index, ShareNum share, std::string_view reason) override;
    [[nodiscard]] Usage usage() const override;
    void dropStaleIncoming() override;
    [[nodiscard]] StoreReport report() override { return m_caretaker->report(); }
    [[nodiscard]] Result<void> pauseExpiry(bool paused) override;

private:
    using Key = ShareKey;

    /// A share that is allocated and not complete.
    struct Begun {
        Key key;
        std::uint64_t size = 0;
        UploadSecret upload;
        LeaseRecord lease{};  ///< guarded by the store's mutex
        std::string client;
        SteadyTime lastUse;     ///< guarded by the store's mutex
        bool settling = false;  ///< has its place; guarded by the store's mutex
        std::mutex mutex;       ///< guards what follows, and the file
        WrittenRanges written;
        bool hasFile = false;
        bool placedLate = false;  ///< could not be placed at first
        bool logged = false;      ///< complete, and has no file yet; set with the store's mutex held as well
        bool gone = false;        ///< complete or given up
    };

    [[nodiscard]] std::string incomingPath(const Key& key) const;
    /// Whether a share has its place and is not settled in it: there, and not to be seen yet.
    [[nodiscard]] bool isSettling(const Key& key) const;
    /// The begun share, touched. Fails: NotFound, Unauthorized.
    [[nodiscard]] Result<std::shared_ptr<Begun>> find(const Key& key, const UploadSecret& upload);
    /// Whether a share may go from so many pieces to so many more.
    [[nodiscard]] bool mayHavePieces(std::size_t before, std::size_t after) const;
    /// Needs `m_mutex`.
    void countPieces(std::size_t before, std::size_t after);
    /// The shares that others may see: what is being settled is not there yet.
    [[nodiscard]] Result<std::set<ShareNum>> visible(StorageIndex index) const;
    /// Needs the bucket's gate.
    [[nodiscard]] Result<void> grantLease(StorageIndex index, ShareNum share, const Lease& lease,
                                          std::string_view client);
    [[nodiscard]] Result<ExpiryOutcome> removeIfExpired(const Key& key);
    /// What may still be claimed. Needs `m_mutex`.
    [[nodiscard]] std::uint64_t roomLeft(std::uint64_t freeOnDisk, std::uint64_t used) const;
    /// Room for a slot to grow. See SlotStore::Claim.
    [[nodiscard]] Result<void> claimGrowth(std::uint64_t bytes, std::uint64_t atOnce);
    void releaseGrowth(std::uint64_t bytes);
    /// Gives back the shares that have come since `looked`, an earlier `m_ended`: they are to be looked for again.
    [[nodiscard]] std::set<ShareNum> claim(std::set<ShareNum> shares, StorageIndex index, std::uint64_t size,
                                           const UploadSecret& upload, const LeaseRecord& lease,
                                           std::string_view client, std::uint64_t freeOnDisk, std::uint64_t looked,
                                           Allocation& result);

    /// A begun share with all of its bytes.
    struct Whole {
        std::shared_ptr<Begun> begun;
        std::unique_lock<std::mutex> lock;
        ByteView bytes;
    };
    struct Stored {
        std::set<ShareNum> shares;
        std::optional<Error> trouble;  ///< of the others; they are given up
    };
    /// Writes shares of one bucket, in the order of their numbers, and returns once they would survive a power cut.
    [[nodiscard]] Stored storeWhole(StorageIndex index, std::vector<Whole> shares);
    /// Leaves the making of files for later, if that may be.
    [[nodiscard]] bool leaveUnplaced(StorageIndex index, const std::vector<Whole>& shares, ShareLog::Ticket& ticket);
    [[nodiscard]] Result<void> placeLogged(UnplacedShares::Batch& batch);
    [[nodiscard]] Result<void> placeLogged(Begun& begun, const ShareLog::Ticket& ticket, std::size_t entry);
    [[nodiscard]] LeaseRecord leaseOf(const Begun& begun) const;

    // These need the begun share's lock.
    [[nodiscard]] Result<std::unique_ptr<File>> openIncoming(Begun& begun);
    [[nodiscard]] Result<void> checkOverlap(const File& file, const Begun& begun, Range range, ByteView data) const;
    [[nodiscard]] Result<void> putBytes(File& file, const Begun& begun, bool first, std::uint64_t offset, ByteView data,
                                        bool completes);
    [[nodiscard]] Result<void> place(Begun& begun);
    void takeBack(const Begun& begun);
    [[nodiscard]] Result<void> publish(Begun& begun);
    void giveUp(Begun& begun);
    void forget(Begun& begun);

    const Options m_options;
    const std::shared_ptr<Clock> m_clock;
    const std::shared_ptr<FileSystem> m_files;
    const std::string m_folder;
    const std::unique_ptr<FolderLock> m_folderLock;
    ShareTree m_tree;
    ShareLog m_log;
    mutable UnplacedShares m_unplaced;
    std::atomic<bool> m_placingFails = false;
    mutable OpenShares m_open;
    Advisories m_advisories;
    BucketGate m_gate;
    std::unique_ptr<Caretaker> m_caretaker;  ///< gone before all others
    UsageCounter m_usage;
    mutable SlotStore m_slots;

    std::mutex m_pausing;  ///< held over a call of `pauseExpiry`

    mutable std::mutex m_mutex;
    std::map<Key, std::shared_ptr<Begun>> m_begun;
    std::uint64_t m_ended = 0;    ///< begun shares that are complete or given up
    std::uint64_t m_claimed = 0;  ///< by begun shares, containers and all
    ShareSum m_unplacedSum;       ///< of these, complete ones without a file
    std::uint64_t m_written = 0;  ///< of that, on the disk already
    std::size_t m_pieces = 0;     ///< of begun shares, beyond the first of each
};

}  // namespace tarn::bucketstore
