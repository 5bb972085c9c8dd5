#pragma once

#include "core/async/task.h"
#include "core/formats/gbs_messages.h"
#include "core/formats/slot_messages.h"
#include "core/foundation/bytes.h"
#include "core/foundation/clock.h"
#include "core/foundation/ids.h"
#include "core/foundation/secret.h"
#include "core/foundation/units.h"

#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace tarn::storage {

/// What a client knows of a server before it speaks to it.
struct ServerDescription {
    ServerId id;
    std::string nickname;   ///< for people; from outside, so cleaned before it is shown
    Bytes permutationSeed;  ///< orders servers for a storage index
    LeaseSeed leaseSeed;    ///< enters every lease secret and write enabler for this server
};

/// A server's answer to "who are you".
struct ServerVersion {
    ByteCount maximumImmutableShareSize;
    ByteCount maximumMutableShareSize;
    ByteCount availableSpace;
    std::string application;  ///< name and version as the server gives them; from outside
};

/// Which of the shares asked for the server had, and for which it now holds room.
struct Allocation {
    std::set<ShareNum> alreadyHave;  ///< every complete share in the bucket, asked for or not
    std::set<ShareNum> allocated;    ///< room is held; write them
    std::set<ShareNum> stored = {};  ///< of `allocated`: came along with the question and are complete
};

/// Whole shares of one file, all of one size.
using WholeShares = std::map<ShareNum, SharedBytes>;
/// The most bytes of them that go along in one request.
inline constexpr std::size_t mostWholeShares = formats::gbs::mostWholeShares;
/// The most bytes of them that come along with a list.
inline constexpr std::size_t mostAlong = formats::gbs::mostAlong;

/// The complete shares of a bucket, and the bytes of those that came along, whole.
struct FoundShares {
    std::set<ShareNum> shares;
    std::map<ShareNum, Bytes> whole = {};  ///< keys are of `shares`
};

/// A half-open range of bytes [begin, end) within a share.
struct ByteRange {
    ByteOffset begin;
    ByteOffset end;
    bool operator==(const ByteRange&) const = default;
};

/// What a server still misses of a share after a write.
struct WriteProgress {
    bool complete = false;            ///< the share is closed, durable and visible
    std::vector<ByteRange> required;  ///< empty when complete
};

/// One storage server as its client sees it: the Great Black Swamp protocol. A bucket holds shares of an immutable
/// file, or it is a slot and holds shares of a mutable one; never both.
///
/// Thread: engine. Every call may be made at any time, many at once. Every call fails with Cancelled soon after `stop`
/// is requested, and with Unreachable, TimedOut, WrongCertificate, Unauthorized, ServerFailed or ProtocolViolation as
/// the server gives cause; further errors are named at each call. An implementation gives no error of a server a second
/// try; where the connection broke before an answer came, it may have sent the request again.
/// Source: Tahoe-LAFS docs/specifications/http-storage-node-protocol.rst.
class StorageServer {
public:
    virtual ~StorageServer() = default;

    [[nodiscard]] virtual const ServerDescription& description() const noexcept = 0;

    /// Until when calls were last kept from the server by a limit of our own; now, while some are. Whoever gives up a
    /// server for its silence counts from then on.
    [[nodiscard]] virtual SteadyTime heldBackUntil() const noexcept { return SteadyTime::min(); }

    [[nodiscard]] virtual async::Task<ServerVersion> version(std::stop_token stop) = 0;

    /// Asks for room for shares of `size` bytes each. Repeating it with the same secret changes nothing, though a
    /// Tahoe-LAFS server then leaves the shares that are begun out of `allocated`; they can be written all the same.
    /// A server without room leaves shares out of `allocated`; that is no error.
    [[nodiscard]] virtual async::Task<Allocation> allocate(StorageIndex index, std::set<ShareNum> shares,
                                                           ByteCount size, UploadSecret upload, LeaseSecrets lease,
                                                           std::stop_token stop) = 0;

    /// Whether shares may come along with the question for their room, which saves a round trip. Learned from what the
    /// server has answered; false until then.
    [[nodiscard]] virtual bool takesWholeShares() const noexcept { return false; }

    /// As `allocate`, with the bytes of some of the shares (at most `mostWholeShares`): those that find room are
    /// written at once, and are `stored` in the answer when they are complete. A server that does not take them so
    /// stores none.
    [[nodiscard]] virtual async::Task<Allocation> allocateAndWrite(StorageIndex index, std::set<ShareNum> shares,
                                                                   ByteCount size, WholeShares whole,
                                                                   UploadSecret upload, LeaseSecrets lease,
                                                                   std::stop_token stop) {
        (void)whole;
        return allocate(index, std::move(shares), size, upload, lease, std::move(stop));
    }

    /// Writes `data` at `offset` of an allocated share. The server closes the share when its last byte has come.
    /// Fails: InvalidArgument (`data` is empty), NotFound (not allocated, or complete already), Conflict (other bytes
    /// stand there), NoSpace.
    [[nodiscard]] virtual async::Task<WriteProgress> write(StorageIndex index, ShareNum share, UploadSecret upload,
                                                           ByteOffset offset, SharedBytes data,
                                                           std::stop_token stop) = 0;

    /// Gives up an allocated share and its room. Fails: NotFound, Conflict (complete already).
    [[nodiscard]] virtual async::Task<void> abort(StorageIndex index, ShareNum share, UploadSecret upload,
                                                  std::stop_token stop) = 0;

    /// The complete shares of a bucket; none when there is no such bucket.
    [[nodiscard]] virtual async::Task<std::set<ShareNum>> listShares(StorageIndex index, std::stop_token stop) = 0;

    /// As `listShares`; and a server of ours sends along what it can of them, whole, the lowest numbers first, as long
    /// as it is no more than `along` bytes together, nor `mostAlong`. Every other server sends none.
    [[nodiscard]] virtual async::Task<FoundShares> findShares(StorageIndex index, ByteCount along,
                                                              std::stop_token stop);

    /// Reads up to `length` bytes from `offset`; short or empty at the share's end. Never longer. Fails: NotFound.
    [[nodiscard]] virtual async::Task<Bytes> read(StorageIndex index, ShareNum share, ByteOffset offset,
                                                  ByteCount length, std::stop_token stop) = 0;

    /// Reads from all shares of a slot, then, if all tests hold, changes those that the request names: all or none of
    /// them. The lease goes on every share that the request names and leaves there. The first write of a slot decides
    /// its write enabler. Fails: Unauthorized (another write enabler), Conflict (a bucket of immutable shares),
    /// NoSpace.
    [[nodiscard]] virtual async::Task<formats::gbs::SlotReply> readTestWrite(StorageIndex index, WriteEnabler enabler,
                                                                             LeaseSecrets lease,
                                                                             formats::gbs::SlotRequest request,
                                                                             std::stop_token stop) = 0;

    /// The shares of a slot; none when there is no such slot.
    [[nodiscard]] virtual async::Task<std::set<ShareNum>> listMutableShares(StorageIndex index,
                                                                            std::stop_token stop) = 0;

    /// As `read`, from a share of a slot as it stands when the server comes to it.
    [[nodiscard]] virtual async::Task<Bytes> readMutable(StorageIndex index, ShareNum share, ByteOffset offset,
                                                         ByteCount length, std::stop_token stop) = 0;

    /// As `adviseCorrupt`, of a share of a slot.
    [[nodiscard]] virtual async::Task<void> adviseMutableCorrupt(StorageIndex index, ShareNum share, std::string reason,
                                                                 std::stop_token stop) = 0;

    /// Adds a lease to every share of the bucket or slot, or renews it. Fails: NotFound.
    [[nodiscard]] virtual async::Task<void> addLease(StorageIndex index, LeaseSecrets lease, std::stop_token stop) = 0;

    /// Tells the server that a share of its is damaged. `reason`: 1 to 32765 bytes of text, no secrets.
    [[nodiscard]] virtual async::Task<void> adviseCorrupt(StorageIndex index, ShareNum share, std::string reason,
                                                          std::stop_token stop) = 0;
};

using ServerList = std::vector<std::shared_ptr<StorageServer>>;

}  // namespace tarn::storage
