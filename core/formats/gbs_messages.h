#pragma once

#include "core/foundation/bytes.h"
#include "core/foundation/result.h"
#include "core/foundation/units.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tarn::formats::gbs {

// The CBOR bodies of the Great Black Swamp protocol, both directions: the client writes requests and reads replies, the
// server reads requests and writes replies. Every parser bounds length, depth and counts, refuses duplicate keys and
// trailing bytes, and fails with ProtocolViolation. CBOR by QCborStreamReader and QCborStreamWriter.
// Source: Tahoe-LAFS storage/http_server.py and http_client.py (their CDDL schemas).

inline constexpr std::size_t mostShares = 256;
inline constexpr std::size_t mostCorruptionReason = 32765;

struct VersionReply {
    std::uint64_t maximumImmutableShareSize = 0;
    std::uint64_t maximumMutableShareSize = 0;
    std::uint64_t availableSpace = 0;
    std::string application;
};
[[nodiscard]] Bytes writeVersionReply(const VersionReply& reply);
[[nodiscard]] Result<VersionReply> parseVersionReply(ByteView body);

/// `whole` is Tarn's own: shares that come along, to be stored where they find room. Their bytes view what is written
/// from, or the body that was read; `joined` holds those that a peer gave in pieces. Each has `allocatedSize` bytes and
/// is among `shares`. Tahoe-LAFS refuses a request that has it.
struct AllocateRequest {
    std::set<ShareNum> shares;
    std::uint64_t allocatedSize = 0;
    std::map<ShareNum, ByteView> whole = {};
    std::vector<SharedBytes> joined = {};
};
/// The most bytes of shares that come along in one request, and the longest request with all that is around them.
inline constexpr std::size_t mostWholeShares = 1024 * 1024;
inline constexpr std::size_t mostAllocateRequest = mostWholeShares + 8192;
[[nodiscard]] Bytes writeAllocateRequest(const AllocateRequest& request);
[[nodiscard]] Result<AllocateRequest> parseAllocateRequest(ByteView body);

/// `stored`, of `allocated`: those that came along and are complete. Written only where there are any.
struct AllocateReply {
    std::set<ShareNum> alreadyHave;
    std::set<ShareNum> allocated;
    std::set<ShareNum> stored = {};
};
[[nodiscard]] Bytes writeAllocateReply(const AllocateReply& reply);
[[nodiscard]] Result<AllocateReply> parseAllocateReply(ByteView body);

/// What is missing of a share: half-open ranges of bytes.
struct WriteReply {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> required;
};
[[nodiscard]] Bytes writeWriteReply(const WriteReply& reply);
[[nodiscard]] Result<WriteReply> parseWriteReply(ByteView body);

[[nodiscard]] Bytes writeShareSet(const std::set<ShareNum>& shares);
[[nodiscard]] Result<std::set<ShareNum>> parseShareSet(ByteView body);

/// The answer to a question for a bucket's shares that named how many bytes of them may come along, which is Tarn's
/// own: a map, where every other answer is a set. `whole`: shares with their bytes, of `shares`.
struct FoundReply {
    std::set<ShareNum> shares;
    std::map<ShareNum, Bytes> whole = {};
};
/// In a question for a bucket's shares: the most bytes that may come along. Tahoe-LAFS passes it over.
inline constexpr std::string_view alongField = "x-tarn-along";
/// The most bytes of shares that come along in one answer, whatever the question says.
inline constexpr std::size_t mostAlong = 128 * 1024;
[[nodiscard]] Bytes writeFoundReply(const FoundReply& reply);
/// Takes a set as well. Fails, besides what does not parse: `whole` has what `shares` has not.
[[nodiscard]] Result<FoundReply> parseFoundReply(ByteView body);

[[nodiscard]] Bytes writeCorruptionAdvice(std::string_view reason);
[[nodiscard]] Result<std::string> parseCorruptionAdvice(ByteView body);

/// The kinds of secret in `X-Tahoe-Authorization`, by their names in the header.
enum class SecretKind : std::uint8_t { LeaseRenew, LeaseCancel, Upload, WriteEnabler };
[[nodiscard]] std::string_view secretName(SecretKind kind) noexcept;
/// One header value: `<name> <base64>`.
[[nodiscard]] std::string writeSecretHeader(SecretKind kind, ByteView secret);
/// Reads one header line's value, which may hold several secrets parted by commas. Fails: ProtocolViolation.
[[nodiscard]] Result<std::vector<std::pair<SecretKind, Bytes>>> parseSecretHeader(std::string_view value);

/// `Authorization: Tahoe-LAFS <base64 of the swissnum>`.
[[nodiscard]] std::string writeAuthorization(std::string_view swissnum);

/// A half-open range of bytes. `Range: bytes=a-b` and `Content-Range: bytes a-b/*` are closed on the wire.
struct Range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};
[[nodiscard]] std::string writeRange(Range range);
[[nodiscard]] std::string writeContentRange(Range range);
/// Nothing for any form that the protocol does not take: several ranges, no end, reversed, other units.
[[nodiscard]] std::optional<Range> parseRange(std::string_view value);
[[nodiscard]] std::optional<Range> parseContentRange(std::string_view value);

}  // namespace tarn::formats::gbs
