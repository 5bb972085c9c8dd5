#pragma once

#include "core/bucketstore/bucket_store.h"
#include "core/foundation/bytes.h"
#include "core/server/call.h"
#include "core/server/reply.h"

#include <QByteArray>

#include <memory>
#include <optional>

namespace tarn::server {

// What the store does for each call, and HTTP's name for how it went. All but `beginCachedRead` wait for the disk:
// thread: a disk pool's.

struct Outcome {
    HttpStatus status = HttpStatus::Ok;
    BodyType type = BodyType::None;
    Bytes body;
};

/// What is left to send of a share, and its first piece.
struct ReadOutcome {
    HttpStatus status = HttpStatus::Ok;
    QByteArray contentRange;
    std::uint64_t length = 0;  ///< of the whole body
    QByteArray piece;
    std::shared_ptr<const bucketstore::ShareReader> reader;
    std::uint64_t next = 0;  ///< where the next piece begins in the share
};

[[nodiscard]] Outcome versionOutcome(const bucketstore::BucketStore& store);
[[nodiscard]] Outcome allocate(bucketstore::BucketStore& store, const Call& call, ByteView body);
/// Writes the piece of the call's body that begins `at` bytes into it.
[[nodiscard]] Outcome writePiece(bucketstore::BucketStore& store, const Call& call, std::uint64_t at, ByteView piece);
[[nodiscard]] Outcome abortShare(bucketstore::BucketStore& store, const Call& call);
[[nodiscard]] Outcome listShares(const bucketstore::BucketStore& store, const Call& call);
[[nodiscard]] Outcome readTestWrite(bucketstore::BucketStore& store, const Call& call, ByteView body);
[[nodiscard]] Outcome listSlot(const bucketstore::BucketStore& store, const Call& call);
[[nodiscard]] Outcome addLease(bucketstore::BucketStore& store, const Call& call);
[[nodiscard]] Outcome adviseCorrupt(bucketstore::BucketStore& store, const Call& call, ByteView body);

/// Opens the share, immutable or of a slot as the call says, and reads the first piece of what was asked for, of at
/// most `most` bytes.
[[nodiscard]] ReadOutcome beginRead(const bucketstore::BucketStore& store, const Call& call, std::size_t most);
/// The same with what the system holds in memory alone, so that it may be called where nothing may wait; nothing where
/// that is not enough, or more is asked for than `most` and `mostCachedRead`.
[[nodiscard]] std::optional<ReadOutcome> beginCachedRead(const bucketstore::BucketStore& store, const Call& call,
                                                         std::size_t most);
inline constexpr std::uint64_t mostCachedRead = 16UL * 1024;
/// The bytes [from, from + size) of a share. Empty when the disk fails or the share ends early.
[[nodiscard]] QByteArray readPiece(const bucketstore::ShareReader& reader, std::uint64_t from, std::uint64_t size);

}  // namespace tarn::server
