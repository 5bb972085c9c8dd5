#pragma once

#include "core/crypto/hash.h"
#include "core/foundation/result.h"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace tarn::formats {

/// Nodes are numbered from the root (0) row by row; the leaves are the last row, padded to a power of two.
///
///                  0
///          ┌───────┴───────┐
///          1               2
///      ┌───┴───┐       ┌───┴───┐
///      3       4       5       6
///
/// Source: Tahoe-LAFS hashtree.py.
using NodeIndex = std::uint64_t;

/// Leaves of the tree over `leafCount` hashes (at most 2^62), padding included.
[[nodiscard]] std::uint64_t paddedLeafCount(std::uint64_t leafCount) noexcept;
/// All nodes of the tree over `leafCount` hashes.
[[nodiscard]] inline std::uint64_t nodeCount(std::uint64_t leafCount) noexcept {
    return 2 * paddedLeafCount(leafCount) - 1;
}
[[nodiscard]] inline NodeIndex leafNode(std::uint64_t leafCount, std::uint64_t leaf) noexcept {
    return paddedLeafCount(leafCount) - 1 + leaf;
}
/// The siblings on the way from a leaf to the root, deepest first; the leaf itself stands before them if asked. The
/// root is never among them, except as the only leaf of its tree.
[[nodiscard]] std::vector<NodeIndex> neededNodes(std::uint64_t leafCount, std::uint64_t leaf, bool withLeaf);

/// The whole tree over `leaves` (at least one), root first.
[[nodiscard]] std::vector<crypto::Hash> buildTree(std::span<const crypto::Hash> leaves);

/// More leaves than this nobody should hold: whoever builds a whole tree, or fetches one, refuses a larger count first.
inline constexpr std::uint64_t mostLeavesHeld = std::uint64_t{1} << 26;

/// Checks hashes from a source that is not trusted against a root that is. Grows from the root; holds only what has
/// been proved, so a source can neither plant a node nor make it larger than what it sent.
///
/// A node is never held without its sibling and its parent. So siblings alone prove nothing: give `add` a leaf together
/// with `missingFor` that leaf. A dump of the whole tree, root and padding included, is as welcome as one path.
/// Memory: about 80 bytes a proved node, none for the others. Thread: one at a time.
class HashVerifier {
public:
    /// `leafCount` is 1 to 2^62.
    HashVerifier(std::uint64_t leafCount, const crypto::Hash& root);

    [[nodiscard]] std::uint64_t leafCount() const noexcept { return m_leafCount; }
    /// Which nodes are still missing to prove `leaf` (without the leaf itself).
    [[nodiscard]] std::vector<NodeIndex> missingFor(std::uint64_t leaf) const;
    /// Takes `nodes` and proves every one of them up to what is proved already. On failure nothing is taken.
    /// Fails: CorruptShare when a number is not in the tree, a hash does not fit, or the set is not enough to prove all
    /// of itself.
    [[nodiscard]] Result<void> add(const std::map<NodeIndex, crypto::Hash>& nodes);
    /// Proves that `hash` is leaf `leaf`, with the nodes held. Fails: CorruptShare.
    [[nodiscard]] Result<void> addLeaf(std::uint64_t leaf, const crypto::Hash& hash);
    [[nodiscard]] std::optional<crypto::Hash> node(NodeIndex index) const;

private:
    std::uint64_t m_leafCount;
    std::unordered_map<NodeIndex, crypto::Hash> m_proved;
};

}  // namespace tarn::formats
