#include "core/bucketstore/share_log_format.h"

#include "core/bucketstore/container.h"
#include "core/crypto/hash.h"

#include <algorithm>
#include <string_view>

namespace tarn::bucketstore {

namespace {

//     segment    8 magic, 16 epoch, 32 BLAKE2b-256 of both
//     record     8 magic, 16 epoch, 16 storage index, 4 share number, 4 length, 32 BLAKE2b-256 of all this and the
//                container, then the container

constexpr std::string_view segmentMagic = "tarnlog1";
constexpr std::string_view recordMagic = "tarnrec1";
constexpr std::size_t magicSize = 8;
constexpr std::size_t epochSize = std::tuple_size_v<LogEpoch>;
constexpr std::size_t digestSize = 32;
constexpr std::size_t segmentHeadSize = magicSize + epochSize;
constexpr std::size_t indexOffset = magicSize + epochSize;
constexpr std::size_t shareOffset = indexOffset + StorageIndex::size;
constexpr std::size_t lengthOffset = shareOffset + 4;
constexpr std::size_t digestOffset = lengthOffset + 4;
static_assert(digestOffset + digestSize == logRecordHeadSize);

constexpr std::uint16_t mostShareNumber = 255;

void append(Bytes& to, ByteView bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
}

bool begins(ByteView bytes, std::string_view magic) {
    return bytes.size() >= magic.size() && std::ranges::equal(bytes.first(magic.size()), viewOf(magic));
}

/// The digest stands behind what it is of: the head first, then the container.
crypto::Hash digestOf(ByteView head, ByteView container) {
    Bytes all;
    all.reserve(head.size() + container.size());
    append(all, head);
    append(all, container);
    return crypto::blake2b(all);
}

}  // namespace

Bytes logSegmentHead(const LogEpoch& epoch) {
    Bytes block;
    block.reserve(logBlockSize);
    append(block, viewOf(segmentMagic));
    append(block, epoch);
    append(block, crypto::blake2b(block).bytes());
    block.resize(logBlockSize);
    return block;
}

Result<std::optional<LogEpoch>> readLogEpoch(const File& segment) {
    Bytes block(segmentHeadSize + digestSize);
    const auto got = segment.read(0, block);
    if (!got) {
        return failure(got.error());
    }
    const ByteView head = ByteView(block).first(segmentHeadSize);
    if (*got != block.size() || !begins(head, segmentMagic) ||
        !std::ranges::equal(ByteView(block).subspan(segmentHeadSize), crypto::blake2b(head).bytes())) {
        return std::optional<LogEpoch>();
    }
    LogEpoch epoch{};
    std::ranges::copy(head.subspan(magicSize), epoch.begin());
    return std::optional(epoch);
}

std::size_t logRecordSize(std::size_t container) noexcept {
    return (logRecordHeadSize + container + logBlockSize - 1) / logBlockSize * logBlockSize;
}

void appendLogRecord(Bytes& to, const LogEpoch& epoch, const ShareKey& key, std::span<const ByteView> container) {
    Bytes whole;
    for (const ByteView piece : container) {
        append(whole, piece);
    }
    const std::size_t begin = to.size();
    append(to, viewOf(recordMagic));
    append(to, epoch);
    append(to, key.first.bytes());
    append(to, bigEndian32(key.second.value()));
    append(to, bigEndian32(static_cast<std::uint32_t>(whole.size())));
    append(to, digestOf(ByteView(to).subspan(begin), whole).bytes());
    append(to, whole);
    to.resize(begin + logRecordSize(whole.size()));
}

Result<std::optional<LoggedShare>> readLogRecord(const File& segment, std::uint64_t offset, std::uint64_t segmentSize,
                                                 const LogEpoch& epoch) {
    Bytes head(logRecordHeadSize);
    const auto got = segment.read(offset, head);
    if (!got) {
        return failure(got.error());
    }
    const ByteView view(head);
    if (*got != head.size() || !begins(view, recordMagic) ||
        !std::ranges::equal(view.subspan(magicSize, epochSize), epoch)) {
        return std::optional<LoggedShare>();
    }
    const std::uint32_t share = readBigEndian32(view.subspan(shareOffset));
    const std::uint32_t length = readBigEndian32(view.subspan(lengthOffset));
    if (share > mostShareNumber || length > mostLoggedContainer || offset + logRecordHeadSize + length > segmentSize) {
        return std::optional<LoggedShare>();
    }
    LoggedShare record{{*StorageIndex::fromBytes(view.subspan(indexOffset, StorageIndex::size)),
                        ShareNum(static_cast<std::uint16_t>(share))},
                       Bytes(length)};
    const auto rest = segment.read(offset + logRecordHeadSize, record.container);
    if (!rest) {
        return failure(rest.error());
    }
    const auto digest = digestOf(view.first(digestOffset), record.container);
    if (*rest != length || !std::ranges::equal(view.subspan(digestOffset, digestSize), digest.bytes())) {
        return std::optional<LoggedShare>();
    }
    return std::optional(std::move(record));
}

}  // namespace tarn::bucketstore
