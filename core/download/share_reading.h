#pragma once

#include "core/async/pools.h"
#include "core/download/share_verifier.h"
#include "core/storage/storage_server.h"

#include <functional>
#include <memory>
#include <stop_token>

namespace tarn::download {

/// One share on one server, for the calls below.
struct SharePlace {
    std::shared_ptr<storage::StorageServer> server;
    StorageIndex index;
    ShareNum share;
    std::shared_ptr<async::Pools> pools;
    std::function<void()> partCame;  ///< called whenever the server has answered a read
};

// Thread: engine; hashing is done on the CPU pool. Every call fails as StorageServer::read does, besides what is named.
// Cancel: ends with Cancelled, or with what it had.

/// Reads what `verifier` needs until it comes to a verdict other than NeedsBytes. Fails: as ShareVerifier::examine.
[[nodiscard]] async::Task<ShareVerifier::Verdict> examineShare(SharePlace place,
                                                               std::shared_ptr<ShareVerifier> verifier,
                                                               std::shared_ptr<const FileKnowledge> known,
                                                               std::stop_token stop);

/// A run's blocks, all of them and not checked. No request is made for blocks that `share` holds. Fails: CorruptShare
/// (the share ends within them).
[[nodiscard]] async::Task<Bytes> fetchBlocks(SharePlace place, std::shared_ptr<const OpenShare> share, SegmentRun run,
                                             std::stop_token stop);

/// The hash of each crypttext segment, proved. Fails: CorruptShare.
[[nodiscard]] async::Task<HashRow> readCrypttextHashes(SharePlace place, std::shared_ptr<const OpenShare> share,
                                                       std::stop_token stop);

}  // namespace tarn::download
