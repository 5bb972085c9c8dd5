#pragma once

#include "core/bucketstore/container.h"
#include "core/bucketstore/file_system.h"
#include "core/bucketstore/slot_container.h"
#include "core/foundation/ids.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace tarn::bucketstore {

/// What granting a lease did to a container.
struct GrantedLease {
    std::uint64_t grown = 0;  ///< by so many bytes
    std::uint32_t place = 0;  ///< of the lease among the container's
    bool changed = true;      ///< false: the lease ran for as long already
};

/// Puts a lease on a share's container, immutable or mutable, or moves its expiry on if the client has one there.
///
/// A new lease is written and synced before the count in the header is raised: a power cut in between leaves bytes
/// behind the last lease, which readers pass over, and which the next call here cuts off. The other order would take
/// the data's last 72 bytes from every reader that goes by the file's length. Mutable containers, in which a lease has
/// a mark of its own or is counted likewise, get mark and count last, too. `nodeId`: whom mutable containers name as
/// who took the lease. Fails: NotFound, NoSpace, ServerFailed (damaged container). Thread: one at a time a container.
[[nodiscard]] Result<GrantedLease> addOrRenewLease(FileSystem& files, const std::string& path, const Lease& lease,
                                                   const LeaseSeed& nodeId);

/// Lets one caller at a time into each bucket, so that a lock may be held over disk syncs and no other bucket waits.
class BucketGate {
public:
    class Pass {
    public:
        Pass(BucketGate& gate, StorageIndex index);
        Pass(const Pass&) = delete;
        Pass& operator=(const Pass&) = delete;
        ~Pass();

    private:
        BucketGate& m_gate;
        StorageIndex m_index;
    };

private:
    std::mutex m_mutex;
    std::condition_variable m_left;
    std::set<StorageIndex> m_inside;
};

}  // namespace tarn::bucketstore
