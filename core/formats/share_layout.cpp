#include "core/formats/share_layout.h"

#include "core/formats/hash_tree.h"
#include "core/formats/ueb.h"

#include <algorithm>
#include <array>
#include <limits>

namespace tarn::formats {
namespace {

constexpr std::size_t chainEntrySize = 2 + crypto::Hash::size;
constexpr unsigned mostShares = 256;
/// Offsets beyond this are refused, so that what a reader adds to them cannot overflow.
constexpr std::uint64_t mostOffset = std::uint64_t{1} << 62;

void appendBigEndian(Bytes& out, std::uint64_t value, unsigned width) {
    for (unsigned shift = 8 * width; shift > 0; shift -= 8) {
        out.push_back(static_cast<Byte>(value >> (shift - 8)));
    }
}

std::uint64_t readBigEndian(ByteView bytes) {
    std::uint64_t value = 0;
    for (const Byte byte : bytes) {
        value = value << 8 | byte;
    }
    return value;
}

/// The header's fields after the version, in the order in which they stand.
constexpr std::array fieldOrder = {
    &ShareLayout::blockSize,         &ShareLayout::dataSize,          &ShareLayout::data,
    &ShareLayout::plaintextHashTree, &ShareLayout::crypttextHashTree, &ShareLayout::blockHashTree,
    &ShareLayout::shareHashChain,    &ShareLayout::uriExtension};

/// Where the offsets begin in it.
constexpr std::size_t firstOffset = 2;

ShareLayout layOut(unsigned version, const Geometry& geometry) {
    const std::uint64_t treeSize = nodeCount(geometry.segmentCount) * crypto::Hash::size;
    ShareLayout layout;
    layout.version = version;
    layout.blockSize = geometry.blockSize;
    layout.dataSize = geometry.shareDataSize;
    layout.data = layout.headerSize();
    layout.plaintextHashTree = layout.data + layout.dataSize;
    layout.crypttextHashTree = layout.plaintextHashTree + treeSize;
    layout.blockHashTree = layout.crypttextHashTree + treeSize;
    layout.shareHashChain = layout.blockHashTree + treeSize;
    layout.uriExtension = layout.shareHashChain + shareHashChainLength(geometry.total) * chainEntrySize;
    return layout;
}

bool fitsVersion1(const ShareLayout& layout) {
    constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
    return std::ranges::all_of(fieldOrder, [&](auto field) { return layout.*field <= most; });
}

}  // namespace

ShareLayout ShareLayout::forWriting(const Geometry& geometry, std::size_t /*uriExtensionSize*/, bool forceV2) {
    // The block's own length decides nothing: a version 1 share may end past 4 GiB as long as the block begins before.
    const ShareLayout first = layOut(1, geometry);
    return !forceV2 && fitsVersion1(first) ? first : layOut(2, geometry);
}

Bytes packHeader(const ShareLayout& layout) {
    const unsigned width = layout.version == 1 ? 4 : 8;
    Bytes header;
    header.reserve(layout.headerSize());
    appendBigEndian(header, layout.version, 4);
    for (const auto field : fieldOrder) {
        appendBigEndian(header, layout.*field, width);
    }
    return header;
}

Result<ShareLayout> parseHeader(ByteView header) {
    const auto damaged = [](const char* detail) {
        return failure(ErrorCode::CorruptShare, detail);
    };
    if (header.size() < 4) {
        return damaged("the share ends within its header");
    }
    ShareLayout layout;
    const std::uint64_t version = readBigEndian(header.first(4));
    if (version != 1 && version != 2) {
        return damaged("the share has an unknown version");
    }
    layout.version = static_cast<unsigned>(version);
    if (header.size() < layout.headerSize()) {
        return damaged("the share ends within its header");
    }
    const std::size_t width = layout.lengthFieldSize();
    for (std::size_t i = 0; i < fieldOrder.size(); ++i) {
        layout.*fieldOrder[i] = readBigEndian(header.subspan(4 + i * width, width));
    }

    std::uint64_t before = layout.headerSize();
    for (std::size_t i = firstOffset; i < fieldOrder.size(); ++i) {
        const std::uint64_t offset = layout.*fieldOrder[i];
        if (offset < before || offset > mostOffset) {
            return damaged("the parts of the share are out of order");
        }
        before = offset;
    }
    const std::uint64_t blockHashes = layout.shareHashChain - layout.blockHashTree;
    const std::uint64_t chain = layout.uriExtension - layout.shareHashChain;
    if (blockHashes == 0 || blockHashes % crypto::Hash::size != 0 || chain == 0 || chain % chainEntrySize != 0) {
        return damaged("a part of the share does not hold whole hashes");
    }
    return layout;
}

Bytes packHashes(std::span<const crypto::Hash> hashes) {
    Bytes packed;
    packed.reserve(hashes.size() * crypto::Hash::size);
    for (const crypto::Hash& hash : hashes) {
        packed.insert(packed.end(), hash.bytes().begin(), hash.bytes().end());
    }
    return packed;
}

Result<std::vector<crypto::Hash>> parseHashes(ByteView packed) {
    if (packed.size() % crypto::Hash::size != 0) {
        return failure(ErrorCode::CorruptShare, "a run of hashes ends within a hash");
    }
    std::vector<crypto::Hash> hashes;
    hashes.reserve(packed.size() / crypto::Hash::size);
    for (; !packed.empty(); packed = packed.subspan(crypto::Hash::size)) {
        hashes.push_back(*crypto::Hash::fromBytes(packed.first(crypto::Hash::size)));
    }
    return hashes;
}

Bytes packShareHashChain(const std::map<std::uint64_t, crypto::Hash>& chain) {
    Bytes packed;
    packed.reserve(chain.size() * chainEntrySize);
    for (const auto& [node, hash] : chain) {
        appendBigEndian(packed, node, 2);
        packed.insert(packed.end(), hash.bytes().begin(), hash.bytes().end());
    }
    return packed;
}

Result<std::map<std::uint64_t, crypto::Hash>> parseShareHashChain(ByteView packed) {
    if (packed.size() % chainEntrySize != 0) {
        return failure(ErrorCode::CorruptShare, "the share hash chain ends within a hash");
    }
    std::map<std::uint64_t, crypto::Hash> chain;
    for (; !packed.empty(); packed = packed.subspan(chainEntrySize)) {
        const std::uint64_t node = readBigEndian(packed.first(2));
        const auto hash = crypto::Hash::fromBytes(packed.subspan(2, crypto::Hash::size));
        if (node >= nodeCount(mostShares) || !chain.emplace(node, *hash).second) {
            return failure(ErrorCode::CorruptShare, "the share hash chain holds a hash twice or out of its tree");
        }
    }
    return chain;
}

std::size_t shareHashChainLength(unsigned total) {
    return neededNodes(total, 0, true).size();
}

Bytes packUriExtensionField(const ShareLayout& layout, ByteView extension) {
    Bytes field;
    field.reserve(layout.lengthFieldSize() + extension.size());
    appendBigEndian(field, extension.size(), static_cast<unsigned>(layout.lengthFieldSize()));
    field.insert(field.end(), extension.begin(), extension.end());
    return field;
}

Result<std::size_t> parseUriExtensionLength(const ShareLayout& layout, ByteView field) {
    if (field.size() < layout.lengthFieldSize()) {
        return failure(ErrorCode::CorruptShare, "the share ends before its URI extension block");
    }
    const std::uint64_t length = readBigEndian(field.first(layout.lengthFieldSize()));
    if (length == 0 || length > mostUriExtension) {
        return failure(ErrorCode::CorruptShare, "the URI extension block has an impossible length");
    }
    return static_cast<std::size_t>(length);
}

}  // namespace tarn::formats
