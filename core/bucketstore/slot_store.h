#pragma once

#include "core/bucketstore/bucket_store.h"
#include "core/bucketstore/lease_writer.h"
#include "core/bucketstore/share_tree.h"
#include "core/bucketstore/slot_commit.h"
#include "core/bucketstore/slot_container.h"
#include "core/bucketstore/slot_plan.h"
#include "core/bucketstore/unplaced_shares.h"
#include "core/bucketstore/usage_counter.h"

#include <atomic>
#include <functional>
#include <map>

namespace tarn::bucketstore {

/// The mutable half of a store on the disk: see BucketStore's calls of the same names.
///
/// No share is ever changed where it stands, leases aside: a new version of it is written in `incoming/`, synced, and
/// takes its place by a rename. Several shares change as one by a `SlotCommit`. Calls for one slot follow each other,
/// through the gate; so nobody sees what a power cut could still take back. Thread: any.
class SlotStore {
public:
    /// Holds room for `bytes` more while a request is carried out, or says that there is none. `atOnce` is what the
    /// disk has to take at the same time as what is there now.
    using Claim = std::function<Result<void>(std::uint64_t bytes, std::uint64_t atOnce)>;
    using Release = std::function<void(std::uint64_t bytes)>;
    struct Room {
        Claim claim;
        Release release;
    };

    SlotStore(std::shared_ptr<FileSystem> files, std::shared_ptr<Clock> clock, std::string incoming, bool readOnly,
              ShareTree& tree, UnplacedShares& unplaced, UsageCounter& usage, BucketGate& gate, Room room);

    /// To be called before any other call.
    void nameNode(const LeaseSeed& nodeId) { m_nodeId = nodeId; }
    [[nodiscard]] const LeaseSeed& nodeId() const noexcept { return m_nodeId; }

    [[nodiscard]] Result<formats::gbs::SlotReply> readTestWrite(StorageIndex index, const WriteEnabler& enabler,
                                                                const LeaseSecrets& lease,
                                                                const formats::gbs::SlotRequest& request);
    [[nodiscard]] Result<std::set<ShareNum>> list(StorageIndex index);
    [[nodiscard]] Result<std::shared_ptr<const ShareReader>> open(StorageIndex index, ShareNum share);

    /// Ends what the disk would not let an earlier request end, and places shares that have no file yet; to be called,
    /// with the slot's pass, before a share of it is changed by others.
    [[nodiscard]] Result<void> finishEarlier(StorageIndex index);

private:
    struct OpenShare {
        std::unique_ptr<File> file;
        SlotLayout layout;
        std::uint64_t fileSize = 0;
    };
    using Slot = std::map<ShareNum, OpenShare>;

    /// A share's next version, ready to be written.
    struct Version {
        SlotPlan plan;
        SlotParts parts;
        std::uint32_t form = ourContainerVersion;
    };

    /// What one request makes of the slot.
    struct Changes {
        SlotCommit commit;
        std::map<ShareNum, Version> versions;
        std::set<ShareNum> kept;    ///< named, with nothing to change but the lease
        std::int64_t shares = 0;    ///< how many more there will be
        std::int64_t bytes = 0;     ///< by which the slot's files will grow
        std::uint64_t written = 0;  ///< bytes of the new versions
    };

    /// Where a request was when the disk failed it.
    struct Unfinished {
        enum class Step : std::uint8_t {
            Undo,    ///< its record may count: it is to be cleared away before anything else happens
            Redo,    ///< its record counts: it is to be carried out
            Settle,  ///< it is carried out, and not known to be on the disk
            Clear,   ///< all is done but the removal of its record
        };
        Step step = Step::Undo;
        Changes changes;
    };

    // These need the slot's pass.
    [[nodiscard]] Result<OpenShare> openContainer(StorageIndex index, ShareNum share) const;
    [[nodiscard]] Result<Slot> openSlot(StorageIndex index, const WriteEnabler& enabler,
                                        const formats::gbs::SlotRequest& request) const;
    [[nodiscard]] Result<Changes> plan(StorageIndex index, const Slot& slot, const WriteEnabler& enabler,
                                       const Lease& lease, const formats::gbs::SlotRequest& request);
    [[nodiscard]] Result<void> renewKept(const Changes& changes, const Lease& lease);
    [[nodiscard]] Result<void> writeVersions(const Slot& slot, const Changes& changes);
    [[nodiscard]] Result<void> make(Changes changes);
    [[nodiscard]] Result<void> record(const SlotCommit& commit);
    /// Goes on from `step` as far as the disk lets it, and remembers how far that was.
    [[nodiscard]] Result<void> goOn(Unfinished& unfinished);
    /// The same, for the client that waits: good as soon as its change is there to stay.
    [[nodiscard]] Result<void> finish(Unfinished unfinished);
    [[nodiscard]] Result<void> carryOutCounted(const Changes& changes);
    [[nodiscard]] Result<void> clear(const SlotCommit& commit);
    void dropVersions(const SlotCommit& commit);

    const std::shared_ptr<FileSystem> m_files;
    const std::shared_ptr<Clock> m_clock;
    const std::string m_incoming;
    const bool m_readOnly;
    LeaseSeed m_nodeId;
    ShareTree& m_tree;
    UnplacedShares& m_unplaced;
    UsageCounter& m_usage;
    BucketGate& m_gate;
    const Room m_room;
    std::atomic<std::uint64_t> m_lastNumber = 0;

    std::mutex m_mutex;
    std::map<StorageIndex, Unfinished> m_unfinished;
};

}  // namespace tarn::bucketstore
