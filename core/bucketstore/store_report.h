#pragma once

#include "core/bucketstore/expiry_policy.h"
#include "core/bucketstore/share_index.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace tarn::bucketstore {

/// What became of a share whose time seemed to be over.
struct ExpiryOutcome {
    bool removed = false;
    std::uint64_t bytes = 0;  ///< that its file had
};

enum class IndexState : std::uint8_t {
    Agrees,       ///< with the folders, as far as is known
    Mending,      ///< is being compared with the folders after it was missing, old or damaged
    Unavailable,  ///< cannot be made or written; the store serves without it
};

/// What expiry does, and what it would do.
struct ExpiryReport {
    ExpiryPolicy policy;
    bool paused = false;
    Expired due;                           ///< would go now; where expiry is off, if it were on by age
    std::uint64_t freedShares = 0;         ///< since the index was made
    ByteCount freedBytes;                  ///< likewise
    std::optional<std::uint32_t> nextEnd;  ///< when the next lease that holds a share ends, in seconds since 1970
};

/// What a store tells of itself to the person who keeps it.
struct StoreReport {
    IndexState index = IndexState::Unavailable;
    unsigned comparedPercent = 0;  ///< of the folders, in this round
    bool counted = false;          ///< the sums of shares and bytes are exact
    std::vector<ClientSum> clients;
    ExpiryReport expiry;
};

}  // namespace tarn::bucketstore
