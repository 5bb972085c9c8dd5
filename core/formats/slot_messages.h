#pragma once

#include "core/foundation/bytes.h"
#include "core/foundation/result.h"
#include "core/foundation/units.h"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace tarn::formats::gbs {

// The one request that reads, tests and changes the shares of a mutable slot, and its reply: as values that the client,
// the server and the store share, and as CBOR. Lists of a slot's shares are share sets as in gbs_messages.h.
// Source: Tahoe-LAFS storage/http_server.py and http_client.py (their CDDL schemas).

inline constexpr std::size_t mostSlotTests = 30;  ///< of one share
inline constexpr std::size_t mostSlotReads = 30;
/// Of one request, all shares together. Tahoe-LAFS sets no number; its largest writes have one a segment.
inline constexpr std::size_t mostSlotWrites = 64UL * 1024;
/// An offset or size past this finds room nowhere. Sums of two cannot overflow under it.
inline constexpr std::uint64_t mostSlotOffset = 1ULL << 56U;

/// A range of a share to be read; what lies behind the share's end is left out of the answer.
struct SlotRead {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    bool operator==(const SlotRead&) const = default;
};

/// Holds if reading `range` gives exactly `specimen`. A share that is not there reads as empty.
struct SlotTest {
    SlotRead range;
    ByteView specimen;
};

/// Puts `data` at `offset`; a gap behind the share's end is filled with zeros.
struct SlotWrite {
    std::uint64_t offset = 0;
    ByteView data;
};

/// What is asked of one share. Writes are done in order, then the share is cut to `newLength` if it is longer; a
/// `newLength` of 0 removes it. A share that is not there is made, even where nothing is written.
struct SlotChange {
    std::vector<SlotTest> tests;
    std::vector<SlotWrite> writes;
    std::optional<std::uint64_t> newLength;
};

/// Reads from every share of the slot, then, if all tests of all shares hold, makes all changes.
struct SlotRequest {
    std::map<ShareNum, SlotChange> changes;
    std::vector<SlotRead> reads;
    /// Holds the bytes that specimens and data view, where it is not the body that the request was parsed from.
    std::vector<SharedBytes> kept;
};
[[nodiscard]] Bytes writeSlotRequest(const SlotRequest& request);
/// `body` must outlive the request. Fails: ProtocolViolation.
[[nodiscard]] Result<SlotRequest> parseSlotRequest(ByteView body);

struct SlotReply {
    bool success = false;                          ///< whether the tests held, and so the changes were made
    std::map<ShareNum, std::vector<Bytes>> reads;  ///< of every share that was there before, in the request's order
};
[[nodiscard]] Bytes writeSlotReply(const SlotReply& reply);
[[nodiscard]] Result<SlotReply> parseSlotReply(ByteView body);

}  // namespace tarn::formats::gbs
