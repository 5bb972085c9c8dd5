#include "core/server/operations.h"

#include "core/formats/slot_messages.h"

#include <algorithm>

namespace tarn::server {

namespace {

namespace gbs = formats::gbs;

/// Shares that are opened to answer one question for a list.
constexpr std::size_t mostOpenedAlong = 16;

HttpStatus statusOf(ErrorCode code) noexcept {
    switch (code) {
    case ErrorCode::NotFound: return HttpStatus::NotFound;
    case ErrorCode::Unauthorized: return HttpStatus::Unauthorized;
    case ErrorCode::Conflict: return HttpStatus::Conflict;
    case ErrorCode::InvalidArgument: return HttpStatus::BadRequest;
    case ErrorCode::NoSpace: return HttpStatus::NoSpace;
    default: return HttpStatus::ServerFailed;
    }
}

Outcome cbor(Bytes body, HttpStatus status = HttpStatus::Ok) {
    return {status, BodyType::Cbor, std::move(body)};
}

Outcome plain(const Result<void>& result, HttpStatus good) {
    return {result ? good : statusOf(result.error().code), BodyType::None, {}};
}

ReadOutcome endOfRead(HttpStatus status) {
    ReadOutcome outcome;
    outcome.status = status;
    return outcome;
}

/// What of a share of `size` bytes is wanted; nothing where it has none of that.
std::optional<gbs::Range> partOf(std::uint64_t size, const std::optional<gbs::Range>& wanted) {
    const gbs::Range part{wanted ? wanted->begin : 0, wanted ? std::min(wanted->end, size) : size};
    return wanted && part.begin >= part.end ? std::nullopt : std::optional(part);
}

ReadOutcome readFrom(std::shared_ptr<const bucketstore::ShareReader> reader, const gbs::Range& part, bool asRange,
                     QByteArray piece) {
    ReadOutcome outcome;
    if (asRange) {
        outcome.status = HttpStatus::PartialContent;
        outcome.contentRange = "bytes " + QByteArray::number(static_cast<qulonglong>(part.begin)) + '-' +
                               QByteArray::number(static_cast<qulonglong>(part.end - 1)) + '/' +
                               QByteArray::number(static_cast<qulonglong>(reader->size().value()));
    }
    outcome.length = part.end - part.begin;
    outcome.next = part.begin + static_cast<std::uint64_t>(piece.size());
    outcome.piece = std::move(piece);
    outcome.reader = std::move(reader);
    return outcome;
}

/// The first of a bucket's shares, as far as they are no more than `most` bytes together, and few. What cannot be read
/// is left out.
std::map<ShareNum, Bytes> wholeShares(const bucketstore::BucketStore& store, const StorageIndex& index,
                                      const std::set<ShareNum>& shares, std::size_t most) {
    std::map<ShareNum, Bytes> whole;
    std::size_t opened = 0;
    for (const ShareNum share : shares) {
        if (opened++ == mostOpenedAlong) {
            break;
        }
        const auto reader = store.openShare(index, share);
        if (!reader) {
            continue;
        }
        if ((*reader)->size().value() > most) {
            break;
        }
        Bytes bytes(static_cast<std::size_t>((*reader)->size().value()));
        const auto got = (*reader)->read(ByteOffset(0), bytes);
        if (got && *got == bytes.size()) {
            most -= bytes.size();
            whole.emplace(share, std::move(bytes));
        }
    }
    return whole;
}

}  // namespace

Outcome versionOutcome(const bucketstore::BucketStore& store) {
    const std::uint64_t available = store.usage().available.value();
    gbs::VersionReply reply;
    reply.maximumImmutableShareSize = available;
    reply.maximumMutableShareSize = available;
    reply.availableSpace = available;
    reply.application = applicationVersion;
    return cbor(gbs::writeVersionReply(reply));
}

Outcome allocate(bucketstore::BucketStore& store, const Call& call, ByteView body) {
    const auto request = gbs::parseAllocateRequest(body);
    if (!request) {
        return {HttpStatus::BadRequest, BodyType::None, {}};
    }
    auto allocation = store.allocate(call.index, request->shares, ByteCount(request->allocatedSize), call.upload,
                                     call.lease, call.client);
    if (!allocation) {
        return {statusOf(allocation.error().code), BodyType::None, {}};
    }
    gbs::AllocateReply reply{std::move(allocation->alreadyHave), std::move(allocation->allocated)};
    auto whole = request->whole;
    std::erase_if(whole, [&reply](const auto& share) { return !reply.allocated.contains(share.first); });
    if (!whole.empty()) {
        reply.stored = store.writeWhole(call.index, whole, call.upload);
    }
    if (reply.stored.size() < whole.size()) {
        // The disk failed, or another request with the same secret came in between: the store says what is left.
        const auto left = store.allocate(call.index, request->shares, ByteCount(request->allocatedSize), call.upload,
                                         call.lease, call.client);
        if (!left) {
            return {statusOf(left.error().code), BodyType::None, {}};
        }
        reply.alreadyHave = left->alreadyHave;
        reply.allocated = left->allocated;
        for (const ShareNum share : reply.stored) {
            reply.alreadyHave.erase(share);
            reply.allocated.insert(share);
        }
    }
    return cbor(gbs::writeAllocateReply(reply));
}

Outcome writePiece(bucketstore::BucketStore& store, const Call& call, std::uint64_t at, ByteView piece) {
    auto progress = store.write(call.index, call.share, call.upload, ByteOffset(call.range->begin + at), piece);
    if (!progress) {
        return {statusOf(progress.error().code), BodyType::None, {}};
    }
    return cbor(gbs::writeWriteReply({std::move(progress->required)}),
                progress->complete ? HttpStatus::Created : HttpStatus::Ok);
}

Outcome abortShare(bucketstore::BucketStore& store, const Call& call) {
    const auto aborted = store.abort(call.index, call.share, call.upload);
    if (!aborted && aborted.error().code == ErrorCode::Conflict) {
        // The share is complete: Tahoe-LAFS calls that a method that is not allowed here.
        return {HttpStatus::MethodNotAllowed, BodyType::None, {}};
    }
    return plain(aborted, HttpStatus::Ok);
}

Outcome listShares(const bucketstore::BucketStore& store, const Call& call) {
    auto shares = store.list(call.index);
    if (!shares) {
        return {statusOf(shares.error().code), BodyType::None, {}};
    }
    if (!call.along) {
        return cbor(gbs::writeShareSet(*shares));
    }
    gbs::FoundReply reply{std::move(*shares)};
    reply.whole = wholeShares(store, call.index, reply.shares, *call.along);
    return cbor(gbs::writeFoundReply(reply));
}

Outcome readTestWrite(bucketstore::BucketStore& store, const Call& call, ByteView body) {
    const auto request = gbs::parseSlotRequest(body);
    if (!request) {
        return {HttpStatus::BadRequest, BodyType::None, {}};
    }
    const auto reply = store.readTestWrite(call.index, call.enabler, call.lease, *request, call.client);
    if (!reply) {
        return {statusOf(reply.error().code), BodyType::None, {}};
    }
    return cbor(gbs::writeSlotReply(*reply));
}

Outcome listSlot(const bucketstore::BucketStore& store, const Call& call) {
    const auto shares = store.listSlot(call.index);
    if (!shares) {
        return {statusOf(shares.error().code), BodyType::None, {}};
    }
    return cbor(gbs::writeShareSet(*shares));
}

Outcome addLease(bucketstore::BucketStore& store, const Call& call) {
    return plain(store.addLease(call.index, call.lease, call.client), HttpStatus::NoContent);
}

Outcome adviseCorrupt(bucketstore::BucketStore& store, const Call& call, ByteView body) {
    const auto reason = gbs::parseCorruptionAdvice(body);
    if (!reason) {
        return {HttpStatus::BadRequest, BodyType::None, {}};
    }
    return plain(store.adviseCorrupt(call.index, call.share, *reason), HttpStatus::Ok);
}

ReadOutcome beginRead(const bucketstore::BucketStore& store, const Call& call, std::size_t most) {
    auto reader = call.endpoint == Endpoint::ReadSlotShare ? store.openSlotShare(call.index, call.share)
                                                           : store.openShare(call.index, call.share);
    if (!reader) {
        return endOfRead(statusOf(reader.error().code));
    }
    const auto part = partOf((*reader)->size().value(), call.range);
    if (!part) {
        return endOfRead(HttpStatus::NoContent);
    }
    const std::uint64_t first = std::min<std::uint64_t>(most, part->end - part->begin);
    auto piece = readPiece(**reader, part->begin, first);
    if (static_cast<std::uint64_t>(piece.size()) != first) {
        return endOfRead(HttpStatus::ServerFailed);
    }
    return readFrom(std::move(*reader), *part, call.range.has_value(), std::move(piece));
}

std::optional<ReadOutcome> beginCachedRead(const bucketstore::BucketStore& store, const Call& call, std::size_t most) {
    if (call.endpoint != Endpoint::ReadShare || !call.range ||
        call.range->end - call.range->begin > std::min<std::uint64_t>(most, mostCachedRead)) {
        return std::nullopt;
    }
    auto reader = store.openCachedShare(call.index, call.share);
    if (!reader) {
        return std::nullopt;
    }
    const auto part = partOf(reader->size().value(), call.range);
    if (!part) {
        return endOfRead(HttpStatus::NoContent);
    }
    const auto size = static_cast<std::size_t>(part->end - part->begin);
    QByteArray piece(static_cast<qsizetype>(size), Qt::Uninitialized);
    const MutableByteView out(reinterpret_cast<Byte*>(piece.data()), size);
    if (reader->readCached(ByteOffset(part->begin), out) != size) {
        return std::nullopt;
    }
    return readFrom(std::move(reader), *part, true, std::move(piece));
}

QByteArray readPiece(const bucketstore::ShareReader& reader, std::uint64_t from, std::uint64_t size) {
    QByteArray piece(static_cast<qsizetype>(size), Qt::Uninitialized);
    const MutableByteView out(reinterpret_cast<Byte*>(piece.data()), static_cast<std::size_t>(size));
    const auto got = reader.read(ByteOffset(from), out);
    if (!got || *got != size) {
        return {};
    }
    return piece;
}

}  // namespace tarn::server
