#pragma once

#include "core/foundation/bytes.h"
#include "core/foundation/ids.h"

#include <memory>
#include <string_view>

namespace tarn::crypto {

/// A 32-byte SHA-256d digest: the node of every hash tree, the fingerprint in every capability. Public.
using Hash = FixedId<struct HashTag, 32>;

/// Tahoe's tagged SHA-256d: SHA-256(SHA-256(netstring(tag) + data)), fed piece by piece.
///
/// Thread: one at a time. Source: Tahoe-LAFS util/hashutil.py, `tagged_hasher`.
class TaggedHasher {
public:
    explicit TaggedHasher(ByteView tag);
    explicit TaggedHasher(std::string_view tag) : TaggedHasher(viewOf(tag)) {}
    TaggedHasher(TaggedHasher&&) noexcept;
    TaggedHasher& operator=(TaggedHasher&&) noexcept;
    ~TaggedHasher();

    void update(ByteView data);
    /// The digest of all that came; the hasher is spent afterwards.
    [[nodiscard]] Hash finish();
    /// The same, cut to the first `out.size()` bytes (at most 32): for keys, which must leave no copy behind.
    void finishInto(MutableByteView out);

private:
    struct State;
    std::unique_ptr<State> m_state;
};

[[nodiscard]] Hash taggedHash(std::string_view tag, ByteView data);
/// SHA-256d(netstring(tag) + netstring(a) + netstring(b)).
[[nodiscard]] Hash taggedPairHash(std::string_view tag, ByteView a, ByteView b);

/// The hashes of an immutable file, each under its own tag.
[[nodiscard]] Hash blockHash(ByteView block);
[[nodiscard]] Hash crypttextSegmentHash(ByteView segment);
[[nodiscard]] Hash uriExtensionHash(ByteView block);
[[nodiscard]] TaggedHasher crypttextSegmentHasher();
[[nodiscard]] TaggedHasher crypttextHasher();

/// Plain SHA-256 of `data` (certificate pins).
[[nodiscard]] Hash sha256(ByteView data);
/// Plain SHA-1 of `data`: the permuted ring and TubIDs, where the protocol demands it.
[[nodiscard]] FixedId<struct Sha1Tag, 20> sha1(ByteView data);
/// BLAKE2b with a 32-byte digest: how lease secrets are kept on a server's disk.
[[nodiscard]] Hash blake2b(ByteView data);

}  // namespace tarn::crypto
