#include "core/download/share_verifier.h"

#include "core/formats/hash_tree.h"
#include "core/formats/ueb.h"

#include <algorithm>

namespace tarn::download {

namespace {

constexpr std::uint64_t kib = 1024;
/// Of version 1 and of version 2.
constexpr std::uint64_t shortestHeader = 0x24;
constexpr std::uint64_t longestHeader = 0x44;
/// A share up to this size is read whole at once.
constexpr std::uint64_t mostWhole = 128 * kib;
/// How much is read before anything is proved, of one share and of k shares together.
constexpr std::uint64_t mostGuessed = 2048 * kib;
constexpr std::uint64_t mostGuessedTogether = 16 * 1024 * kib;
/// Segment sizes in use: what older and newer Tahoe-LAFS nodes have as their default.
constexpr std::uint64_t smallSegment = 128 * kib;
constexpr std::uint64_t largeSegment = 1024 * kib;
/// More than any URI extension with its length field, and what this guess leaves out by rounding.
constexpr std::uint64_t usualExtension = 640;
/// A share hash chain of 256 shares has 9 hashes; nobody writes more than a few beyond what is needed.
constexpr std::uint64_t mostChain = 4 * kib;

using Verdict = ShareVerifier::Verdict;

tl::unexpected<Error> corrupt(std::string what) {
    return failure(ErrorCode::CorruptShare, std::move(what));
}

std::uint64_t treeSize(std::uint64_t leafCount) {
    return formats::nodeCount(leafCount) * crypto::Hash::size;
}

/// The size of each hash tree, were segments of that size.
std::uint64_t treeFor(const caps::ChkVerifier& capability, std::uint64_t segment) {
    const std::uint64_t wholeBlocks = (segment - 1) / capability.required + 1;
    return treeSize((capability.size.value() - 1) / (wholeBlocks * capability.required) + 1);
}

/// The share hash chain and the URI extension.
std::uint64_t endFor(const caps::ChkVerifier& capability) {
    return formats::shareHashChainLength(capability.total) * (2 + crypto::Hash::size) + usualExtension;
}

}  // namespace

ShareVerifier::ShareVerifier(caps::ChkVerifier capability, ShareNum share) : m_capability(capability), m_share(share) {}

std::optional<ByteCount> ShareVerifier::smallShare(const caps::ChkVerifier& capability) {
    const std::uint64_t whole = longestHeader + capability.size.value() / capability.required +
                                3 * treeFor(capability, smallSegment) + endFor(capability);
    return whole <= mostWhole ? std::optional(ByteCount(whole)) : std::nullopt;
}

void ShareVerifier::takeWhole(Bytes bytes) {
    const auto all = rangeFrom(0, bytes.size() + 1);  // one more than there are: here it ends
    m_held.add(all, std::move(bytes));
}

std::vector<storage::ByteRange> ShareVerifier::firstRanges() const {
    if (const auto whole = smallShare(m_capability)) {
        return {rangeFrom(0, whole->value())};
    }
    const std::uint64_t data = m_capability.size.value() / m_capability.required;
    const std::uint64_t widestTree = treeFor(m_capability, smallSegment);
    const std::uint64_t narrowestTree = treeFor(m_capability, largeSegment);
    // Behind the blocks stand the plaintext tree, which nobody reads, and all that must be read. Where exactly depends
    // on the segment size, so the range takes in both usual ones.
    const std::uint64_t guessed = 3 * widestTree - narrowestTree + endFor(m_capability);
    if (guessed <= mostGuess()) {
        return {rangeFrom(0, longestHeader), rangeFrom(shortestHeader + data + narrowestTree, guessed)};
    }
    return {rangeFrom(0, longestHeader)};
}

std::uint64_t ShareVerifier::mostGuess() const noexcept {
    return std::min(mostGuessed, mostGuessedTogether / m_capability.required);
}

Result<Verdict> ShareVerifier::examine(const FileKnowledge& known) {
    if (!m_facts) {
        m_facts = known.facts;
    }
    for (const auto step : {&ShareVerifier::readHeader, &ShareVerifier::readUriExtension, &ShareVerifier::readChain,
                            &ShareVerifier::readBlockHashes}) {
        auto stopped = (this->*step)();
        if (!stopped) {
            return failure(stopped.error());
        }
        if (*stopped) {
            (*stopped)->damage = m_damage;
            return std::move(**stopped);
        }
    }
    readCrypttextHashes(known);
    compareUnusedFields();

    auto share = std::make_shared<OpenShare>(OpenShare{*m_layout, m_facts, m_blockHashes, std::nullopt});
    const auto blocks = rangeFrom(m_layout->data, m_facts->geometry.shareDataSize);
    if (m_facts->geometry.shareDataSize <= mostWhole && m_held.state(blocks) == HeldBytes::State::Here) {
        share->blocks = m_held.copy(blocks);
    }
    return Verdict{Verdict::Kind::Proved, {}, std::move(share), m_crypttextHashes, m_crypttextDamaged, m_damage};
}

ShareVerifier::Step ShareVerifier::readHeader() {
    if (m_layout) {
        return std::nullopt;
    }
    const auto header = rangeFrom(0, longestHeader);
    if (auto lacking = require(header, {header}); !lacking || *lacking) {
        return lacking;
    }
    auto layout = formats::parseHeader(m_held.copy(header));
    if (!layout) {
        return failure(layout.error());
    }
    if (layout->uriExtension - layout->shareHashChain > mostChain) {
        return corrupt("its share hash chain is too long");
    }
    m_layout = *layout;
    return std::nullopt;
}

ShareVerifier::Step ShareVerifier::readUriExtension() {
    if (m_extensionRead) {
        return m_facts ? Step(std::nullopt) : Step(Verdict{Verdict::Kind::NeedsFacts, {}, {}, {}, false, {}});
    }
    const auto lengthField = rangeFrom(m_layout->uriExtension, m_layout->lengthFieldSize());
    // What stands before it is needed as well: the chain always, the trees where they are not too large to come whole.
    const bool treesAsWell = m_layout->uriExtension - m_layout->crypttextHashTree <= mostGuess();
    const storage::ByteRange end = {ByteOffset(treesAsWell ? m_layout->crypttextHashTree : m_layout->shareHashChain),
                                    lengthField.end + ByteCount(formats::mostUriExtension)};
    const auto damaged = [this](const char* what) {
        noteDamage(what);
        m_extensionRead = true;
        return readUriExtension();
    };
    switch (m_held.state(lengthField)) {
    case HeldBytes::State::Missing: return Verdict{Verdict::Kind::NeedsBytes, {end}, {}, {}, false, {}};
    case HeldBytes::State::Beyond: return damaged("it ends before its URI extension block");
    case HeldBytes::State::Here: break;
    }
    const auto length = formats::parseUriExtensionLength(*m_layout, m_held.copy(lengthField));
    if (!length) {
        return damaged("the length of its URI extension block is impossible");
    }
    const auto extension = rangeFrom(lengthField.end.value(), *length);
    switch (m_held.state(extension)) {
    case HeldBytes::State::Missing: return Verdict{Verdict::Kind::NeedsBytes, {extension}, {}, {}, false, {}};
    case HeldBytes::State::Beyond: return damaged("it ends within its URI extension block");
    case HeldBytes::State::Here: break;
    }
    const Bytes packed = m_held.copy(extension);
    if (crypto::uriExtensionHash(packed) != m_capability.uriExtensionHash) {
        return damaged("its URI extension block does not match the file");
    }
    m_extensionRead = true;
    if (m_facts) {
        return std::nullopt;
    }
    const auto parsed =
        formats::parseUriExtension(packed, m_capability.required, m_capability.total, m_capability.size);
    if (!parsed) {
        return failure(parsed.error());
    }
    const std::uint64_t rows = m_capability.required + 1;
    if (parsed->geometry.segmentCount > mostHashBytes / crypto::Hash::size / rows) {
        return failure(ErrorCode::UnsupportedCapability, "the file has " +
                                                             std::to_string(parsed->geometry.segmentCount) +
                                                             " segments, more than can be checked in bounded memory");
    }
    m_facts = std::make_shared<const FileFacts>(
        FileFacts{parsed->geometry, parsed->crypttextRootHash, parsed->shareRootHash});
    return std::nullopt;
}

ShareVerifier::Step ShareVerifier::readChain() {
    if (m_blockRoot) {
        return std::nullopt;
    }
    const storage::ByteRange range = {ByteOffset(m_layout->shareHashChain), ByteOffset(m_layout->uriExtension)};
    if (auto lacking = require(range, {range}); !lacking || *lacking) {
        return lacking;
    }
    const auto chain = formats::parseShareHashChain(m_held.copy(range));
    if (!chain) {
        return failure(chain.error());
    }
    formats::HashVerifier tree(m_capability.total, m_facts->shareRoot);
    if (auto proved = tree.add(*chain); !proved) {
        return corrupt("its share hash chain does not match the file");
    }
    m_blockRoot = tree.node(formats::leafNode(m_capability.total, m_share.value()));
    if (!m_blockRoot) {
        return corrupt("its share hash chain belongs to another share");
    }
    return std::nullopt;
}

ShareVerifier::Step ShareVerifier::readBlockHashes() {
    if (m_blockHashes) {
        return std::nullopt;
    }
    const auto& geometry = m_facts->geometry;
    if (m_layout->data + geometry.shareDataSize > m_layout->crypttextHashTree ||
        treeRange(m_layout->crypttextHashTree).end.value() > m_layout->blockHashTree ||
        treeRange(m_layout->blockHashTree).end.value() > m_layout->shareHashChain) {
        return corrupt("its header leaves no room for its parts");
    }
    const auto leaves = leafRange(m_layout->blockHashTree, geometry.segmentCount);
    if (auto lacking = require(leaves, inPieces(leaves)); !lacking || *lacking) {
        return lacking;
    }
    auto row = proveRow(m_held.copy(leaves), *m_blockRoot);
    if (!row) {
        return corrupt("its block hash tree does not match the file");
    }
    m_blockHashes = std::move(*row);
    if (differsFrom(m_layout->blockHashTree, m_blockHashes)) {
        noteDamage("its block hash tree contradicts itself");
    }
    return std::nullopt;
}

void ShareVerifier::readCrypttextHashes(const FileKnowledge& known) {
    const auto leaves = leafRange(m_layout->crypttextHashTree, m_facts->geometry.segmentCount);
    if (m_held.state(leaves) != HeldBytes::State::Here) {
        return;
    }
    const Bytes packed = m_held.copy(leaves);
    if (known.crypttextHashes) {
        m_crypttextHashes = known.crypttextHashes;
        m_crypttextDamaged = formats::packHashes(*known.crypttextHashes) != packed;
    } else if (auto row = proveRow(packed, m_facts->crypttextRoot)) {
        m_crypttextHashes = std::move(*row);
    } else {
        m_crypttextDamaged = true;
    }
    if (m_crypttextDamaged || differsFrom(m_layout->crypttextHashTree, m_crypttextHashes)) {
        noteDamage("its crypttext hash tree does not match the file");
    }
}

void ShareVerifier::compareUnusedFields() {
    // Readers go by the geometry and never look at these, yet every writer fills them in.
    const auto& geometry = m_facts->geometry;
    if (m_layout->blockSize != geometry.blockSize || m_layout->dataSize != geometry.shareDataSize ||
        m_layout->plaintextHashTree != m_layout->data + geometry.shareDataSize) {
        noteDamage("its header does not match the file");
    }
}

ShareVerifier::Step ShareVerifier::require(storage::ByteRange needed, std::vector<storage::ByteRange> wants) const {
    switch (m_held.state(needed)) {
    case HeldBytes::State::Here: return std::nullopt;
    case HeldBytes::State::Beyond: return corrupt("it ends too early");
    case HeldBytes::State::Missing: break;
    }
    return Verdict{Verdict::Kind::NeedsBytes, std::move(wants), {}, {}, false, {}};
}

storage::ByteRange ShareVerifier::treeRange(std::uint64_t tree) const {
    return rangeFrom(tree, treeSize(m_facts->geometry.segmentCount));
}

bool ShareVerifier::differsFrom(std::uint64_t tree, const HashRow& leaves) const {
    const auto range = treeRange(tree);
    return m_held.state(range) == HeldBytes::State::Here &&
           formats::packHashes(formats::buildTree(*leaves)) != m_held.copy(range);
}

void ShareVerifier::noteDamage(std::string what) {
    m_damage.push_back(std::move(what));
}

}  // namespace tarn::download
