#pragma once

#include "core/caps/capability.h"
#include "core/crypto/derive.h"
#include "core/erasure/codec.h"
#include "core/formats/hash_tree.h"
#include "core/formats/share_layout.h"
#include "core/formats/ueb.h"

#include <map>
#include <random>
#include <vector>

namespace tarn::download::testing {

/// A file, its capability and all its shares, made straight from the formats.
struct MadeFile {
    Bytes plaintext;
    caps::Chk capability;
    formats::Geometry geometry;
    formats::ShareLayout layout;
    std::map<ShareNum, Bytes> shares;
};

struct FileShape {
    unsigned required = 3;
    unsigned total = 10;
    std::uint64_t size = 1000;
    std::uint64_t segmentSize = 128;
    bool version2 = false;
    unsigned seed = 1;
};

inline Bytes noise(std::size_t size, unsigned seed) {
    std::mt19937 generator(seed);
    Bytes bytes(size);
    for (auto& byte : bytes) {
        byte = static_cast<Byte>(generator());
    }
    return bytes;
}

inline void append(Bytes& to, const Bytes& what) {
    to.insert(to.end(), what.begin(), what.end());
}

inline MadeFile makeFile(const FileShape& shape) {
    MadeFile file;
    const formats::EncodingParameters parameters{shape.required, 1, shape.total, ByteCount(shape.segmentSize)};
    file.geometry = formats::Geometry::make(parameters, ByteCount(shape.size)).value();
    file.plaintext = noise(shape.size, shape.seed);
    const auto key = *crypto::FileKey::fromBytes(noise(16, shape.seed + 1000));
    const auto codec = erasure::Codec::make(shape.required, shape.total).value();
    const auto& geometry = file.geometry;

    Bytes crypttext(shape.size);
    crypto::AesCtr(key).process(file.plaintext, crypttext);
    auto whole = crypto::crypttextHasher();
    whole.update(crypttext);

    std::vector<crypto::Hash> segmentHashes;
    std::vector<Bytes> data(shape.total);
    std::vector<std::vector<crypto::Hash>> blockHashes(shape.total);
    for (std::uint64_t segment = 0; segment < geometry.segmentCount; ++segment) {
        const auto view = ByteView(crypttext).subspan(segment * geometry.segmentSize, geometry.sizeOfSegment(segment));
        segmentHashes.push_back(crypto::crypttextSegmentHash(view));
        const std::size_t blockSize = geometry.sizeOfBlock(segment);
        std::vector<Bytes> blocks(shape.total, Bytes(blockSize));
        for (std::size_t i = 0; i < view.size(); ++i) {
            blocks[i / blockSize][i % blockSize] = view[i];
        }
        const std::vector<ByteView> input(blocks.begin(), blocks.begin() + shape.required);
        const std::vector<MutableByteView> parity(blocks.begin() + shape.required, blocks.end());
        codec.encode(input, parity);
        for (unsigned share = 0; share < shape.total; ++share) {
            blockHashes[share].push_back(crypto::blockHash(blocks[share]));
            append(data[share], blocks[share]);
        }
    }

    const auto crypttextTree = formats::buildTree(segmentHashes);
    std::vector<crypto::Hash> shareRoots;
    for (const auto& hashes : blockHashes) {
        shareRoots.push_back(formats::buildTree(hashes).front());
    }
    const auto shareTree = formats::buildTree(shareRoots);
    const Bytes extension =
        formats::packUriExtension({geometry, whole.finish(), crypttextTree.front(), shareTree.front()});
    file.layout = formats::ShareLayout::forWriting(geometry, extension.size(), shape.version2);
    for (unsigned share = 0; share < shape.total; ++share) {
        std::map<std::uint64_t, crypto::Hash> chain;
        for (const auto node : formats::neededNodes(shape.total, share, true)) {
            chain.emplace(node, shareTree[node]);
        }
        Bytes& bytes = file.shares[ShareNum(static_cast<std::uint16_t>(share))];
        bytes = formats::packHeader(file.layout);
        append(bytes, data[share]);
        append(bytes, Bytes(crypttextTree.size() * crypto::Hash::size));
        append(bytes, formats::packHashes(crypttextTree));
        append(bytes, formats::packHashes(formats::buildTree(blockHashes[share])));
        append(bytes, formats::packShareHashChain(chain));
        append(bytes, formats::packUriExtensionField(file.layout, extension));
    }
    file.capability = {key, crypto::uriExtensionHash(extension), shape.required, shape.total, ByteCount(shape.size)};
    return file;
}

}  // namespace tarn::download::testing
