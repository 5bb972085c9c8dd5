#include "core/upload/file_hashes.h"

#include "core/formats/hash_tree.h"
#include "core/formats/ueb.h"

#include <map>
#include <utility>

namespace tarn::upload {

namespace {

formats::ShareLayout layoutOf(const formats::Geometry& geometry) {
    return formats::ShareLayout::forWriting(geometry, formats::packedUriExtensionSize(geometry));
}

void append(Bytes& to, ByteView bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
}

}  // namespace

SealedFile::SealedFile(const formats::Geometry& geometry, std::vector<crypto::Hash> segmentHashes,
                       const crypto::Hash& crypttext, std::vector<std::vector<crypto::Hash>> blockHashes)
    : m_layout(layoutOf(geometry)), m_blockHashes(std::move(blockHashes)) {
    const std::vector<crypto::Hash> crypttextTree = formats::buildTree(segmentHashes);
    m_crypttextTree = formats::packHashes(crypttextTree);

    std::vector<crypto::Hash> shareRoots;
    shareRoots.reserve(m_blockHashes.size());
    for (const auto& hashes : m_blockHashes) {
        shareRoots.push_back(formats::buildTree(hashes).front());
    }
    m_shareTree = formats::buildTree(shareRoots);

    m_uriExtension = formats::packUriExtension({geometry, crypttext, crypttextTree.front(), m_shareTree.front()});
    m_uriExtensionHash = crypto::uriExtensionHash(m_uriExtension);
}

void SealedFile::appendTail(unsigned share, Bytes& to) const {
    // Nobody has written a plaintext tree since 2007, for it says too much of the plaintext; its room is still there.
    to.resize(to.size() + m_crypttextTree.size());
    append(to, m_crypttextTree);
    // Built a second time rather than kept: the trees of all shares are the largest thing a long upload would hold.
    append(to, formats::packHashes(formats::buildTree(m_blockHashes[share])));
    std::map<std::uint64_t, crypto::Hash> chain;
    for (const formats::NodeIndex node : formats::neededNodes(m_blockHashes.size(), share, true)) {
        chain.emplace(node, m_shareTree[node]);
    }
    append(to, formats::packShareHashChain(chain));
    append(to, formats::packUriExtensionField(m_layout, m_uriExtension));
}

FileHashes::FileHashes(const formats::Geometry& geometry) : m_geometry(geometry), m_blockHashes(geometry.total) {
    m_segmentHashes.reserve(geometry.segmentCount);
    for (auto& hashes : m_blockHashes) {
        hashes.reserve(geometry.segmentCount);
    }
}

void FileHashes::add(const EncodedRun& run) {
    ByteView ciphertext(*run.ciphertext);
    for (std::uint64_t i = 0; i < run.run.segmentCount; ++i) {
        const std::size_t size = m_geometry.sizeOfSegment(run.run.firstSegment + i);
        m_segmentHashes.push_back(m_crypttext.add(ciphertext.first(size)));
        ciphertext = ciphertext.subspan(size);
    }
    for (std::size_t share = 0; share < m_blockHashes.size(); ++share) {
        const auto& hashes = run.blockHashes[share];
        m_blockHashes[share].insert(m_blockHashes[share].end(), hashes.begin(), hashes.end());
    }
}

SealedFile FileHashes::seal() {
    return {m_geometry, std::move(m_segmentHashes), m_crypttext.finish(), std::move(m_blockHashes)};
}

std::shared_ptr<const SealedFile> hashRun(FileHashes& hashes, EncodedRun& run, bool last) {
    hashes.add(run);
    if (!last) {
        return nullptr;
    }
    auto sealed = std::make_shared<const SealedFile>(hashes.seal());
    for (std::size_t share = 0; share < run.shareBytes.size(); ++share) {
        if (run.shareBytes[share]) {
            sealed->appendTail(static_cast<unsigned>(share), *run.shareBytes[share]);
        }
    }
    return sealed;
}

std::uint64_t shareSizeOf(const formats::Geometry& geometry) {
    return layoutOf(geometry).shareSize(formats::packedUriExtensionSize(geometry));
}

std::uint64_t tailSizeOf(const formats::Geometry& geometry) {
    return shareSizeOf(geometry) - layoutOf(geometry).plaintextHashTree;
}

Bytes shareHeaderOf(const formats::Geometry& geometry) {
    return formats::packHeader(layoutOf(geometry));
}

bool areSmall(const formats::Geometry& geometry) {
    return RunPlan(geometry).count() == 1 && shareSizeOf(geometry) <= mostSmallShare;
}

}  // namespace tarn::upload
