#include "core/formats/hash_tree.h"

#include <bit>
#include <deque>
#include <string>
#include <utility>

namespace tarn::formats {
namespace {

crypto::Hash emptyLeafHash(std::uint64_t leaf) {
    return crypto::taggedHash("Merkle tree empty leaf", viewOf(std::to_string(leaf)));
}

crypto::Hash pairHash(const crypto::Hash& left, const crypto::Hash& right) {
    return crypto::taggedPairHash("Merkle tree internal node", left.bytes(), right.bytes());
}

constexpr NodeIndex parentOf(NodeIndex node) {
    return (node - 1) / 2;
}

constexpr bool isLeft(NodeIndex node) {
    return node % 2 == 1;
}

constexpr NodeIndex siblingOf(NodeIndex node) {
    return isLeft(node) ? node + 1 : node - 1;
}

using Numbered = std::pair<NodeIndex, crypto::Hash>;

/// Nodes given by a source and nodes worked out on the way, in falling order of their numbers: a row is done before the
/// row above it. Parents are worked out in falling order as well, so a queue is enough to keep them.
class FallingNodes {
public:
    explicit FallingNodes(const std::map<NodeIndex, crypto::Hash>& given)
        : m_given(given.rbegin()), m_end(given.rend()) {}

    /// The highest node left. Nothing when none is, or when the given and the computed hash of one node differ.
    [[nodiscard]] std::optional<Numbered> take() {
        const bool haveGiven = m_given != m_end;
        if (m_computed.empty() || (haveGiven && m_given->first > m_computed.front().first)) {
            return haveGiven ? std::optional<Numbered>(*m_given++) : std::nullopt;
        }
        const Numbered node = m_computed.front();
        m_computed.pop_front();
        if (haveGiven && m_given->first == node.first) {
            if (m_given->second != node.second) {
                m_conflict = true;
                return std::nullopt;
            }
            ++m_given;
        }
        return node;
    }
    void compute(NodeIndex node, const crypto::Hash& hash) { m_computed.emplace_back(node, hash); }
    [[nodiscard]] bool conflict() const { return m_conflict; }

private:
    std::map<NodeIndex, crypto::Hash>::const_reverse_iterator m_given;
    std::map<NodeIndex, crypto::Hash>::const_reverse_iterator m_end;
    std::deque<Numbered> m_computed;
    bool m_conflict = false;
};

}  // namespace

std::uint64_t paddedLeafCount(std::uint64_t leafCount) noexcept {
    return std::bit_ceil(leafCount);
}

std::vector<NodeIndex> neededNodes(std::uint64_t leafCount, std::uint64_t leaf, bool withLeaf) {
    std::vector<NodeIndex> needed;
    NodeIndex here = leafNode(leafCount, leaf);
    if (withLeaf) {
        needed.push_back(here);
    }
    for (; here != 0; here = parentOf(here)) {
        needed.push_back(siblingOf(here));
    }
    return needed;
}

std::vector<crypto::Hash> buildTree(std::span<const crypto::Hash> leaves) {
    const std::uint64_t padded = paddedLeafCount(leaves.size());
    std::vector<crypto::Hash> tree(2 * padded - 1);
    for (std::uint64_t leaf = 0; leaf < padded; ++leaf) {
        tree[padded - 1 + leaf] = leaf < leaves.size() ? leaves[leaf] : emptyLeafHash(leaf);
    }
    for (NodeIndex node = padded - 1; node-- > 0;) {
        tree[node] = pairHash(tree[2 * node + 1], tree[2 * node + 2]);
    }
    return tree;
}

HashVerifier::HashVerifier(std::uint64_t leafCount, const crypto::Hash& root) : m_leafCount(leafCount) {
    m_proved.emplace(0, root);
}

std::vector<NodeIndex> HashVerifier::missingFor(std::uint64_t leaf) const {
    std::vector<NodeIndex> missing;
    for (const NodeIndex node : neededNodes(m_leafCount, leaf, false)) {
        if (!m_proved.contains(node)) {
            missing.push_back(node);
        }
    }
    return missing;
}

Result<void> HashVerifier::add(const std::map<NodeIndex, crypto::Hash>& nodes) {
    if (nodes.empty()) {
        return {};
    }
    if (nodes.rbegin()->first >= nodeCount(m_leafCount)) {
        return failure(ErrorCode::CorruptShare, "a hash stands at a place that its tree does not have");
    }

    const auto mismatch = [] {
        return failure(ErrorCode::CorruptShare, "a hash does not fit its tree");
    };
    FallingNodes left(nodes);
    std::vector<Numbered> proved;
    while (const auto node = left.take()) {
        const auto& [index, hash] = *node;
        if (const auto held = m_proved.find(index); held != m_proved.end()) {
            if (held->second != hash) {
                return mismatch();
            }
            continue;
        }
        // The root is always held, so this node has a sibling. Were the sibling held, this node would be held too: so
        // it has to be in this set, and being the left one of the two it comes next.
        const auto sibling = left.take();
        if (left.conflict()) {
            return mismatch();
        }
        if (isLeft(index) || !sibling || sibling->first != siblingOf(index)) {
            return failure(ErrorCode::CorruptShare, "hashes are missing to prove another hash of the tree");
        }
        left.compute(parentOf(index), pairHash(sibling->second, hash));
        proved.push_back(*node);
        proved.push_back(*sibling);
    }
    if (left.conflict()) {
        return mismatch();
    }
    m_proved.insert(proved.begin(), proved.end());
    return {};
}

Result<void> HashVerifier::addLeaf(std::uint64_t leaf, const crypto::Hash& hash) {
    if (leaf >= m_leafCount) {
        return failure(ErrorCode::CorruptShare, "a leaf's number is not in its tree");
    }
    return add({{leafNode(m_leafCount, leaf), hash}});
}

std::optional<crypto::Hash> HashVerifier::node(NodeIndex index) const {
    const auto found = m_proved.find(index);
    return found == m_proved.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace tarn::formats
