// What a HashVerifier takes and what it refuses, over trees of many sizes.

#include "core/formats/hash_tree.h"

#include <QTest>

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <random>

using namespace tarn;
using namespace tarn::formats;

namespace {

using Nodes = std::map<NodeIndex, crypto::Hash>;

std::vector<crypto::Hash> leavesOf(std::uint64_t count) {
    std::vector<crypto::Hash> leaves;
    for (std::uint64_t i = 0; i < count; ++i) {
        leaves.push_back(crypto::sha256(viewOf(std::to_string(count) + "/" + std::to_string(i))));
    }
    return leaves;
}

crypto::Hash flipped(const crypto::Hash& hash, std::size_t bit) {
    std::array<Byte, crypto::Hash::size> bytes;
    std::ranges::copy(hash.bytes(), bytes.begin());
    bytes[bit / 8] = static_cast<Byte>(bytes[bit / 8] ^ (1U << bit % 8));
    return crypto::Hash(bytes);
}

Nodes pathOf(const std::vector<crypto::Hash>& tree, std::uint64_t leafCount, std::uint64_t leaf) {
    Nodes nodes;
    for (const NodeIndex node : neededNodes(leafCount, leaf, true)) {
        nodes.emplace(node, tree[node]);
    }
    return nodes;
}

Nodes wholeTree(const std::vector<crypto::Hash>& tree) {
    Nodes nodes;
    for (NodeIndex node = 0; node < tree.size(); ++node) {
        nodes.emplace(node, tree[node]);
    }
    return nodes;
}

std::size_t heldIn(const HashVerifier& verifier, std::size_t nodes) {
    std::size_t held = 0;
    for (NodeIndex node = 0; node < nodes; ++node) {
        held += verifier.node(node) ? 1 : 0;
    }
    return held;
}

bool isCorrupt(const Result<void>& result) {
    return !result && result.error().code == ErrorCode::CorruptShare;
}

constexpr std::array<std::uint64_t, 9> sizes = {1, 2, 3, 4, 5, 8, 13, 16, 33};

}  // namespace

class HashVerifierTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyLeafIsProvedByItsPath() {
        for (const std::uint64_t count : sizes) {
            const auto tree = buildTree(leavesOf(count));
            for (std::uint64_t leaf = 0; leaf < count; ++leaf) {
                HashVerifier verifier(count, tree[0]);
                QCOMPARE(verifier.missingFor(leaf), neededNodes(count, leaf, false));
                QVERIFY(verifier.add(pathOf(tree, count, leaf)));
                QVERIFY(verifier.missingFor(leaf).empty());
                const crypto::Hash own = tree[leafNode(count, leaf)];
                QVERIFY(verifier.addLeaf(leaf, own));
                QVERIFY(isCorrupt(verifier.addLeaf(leaf, flipped(own, 77))));
            }
        }
    }

    void aWholeTreeIsTakenRootAndPaddingIncluded() {
        for (const std::uint64_t count : sizes) {
            const auto tree = buildTree(leavesOf(count));
            HashVerifier verifier(count, tree[0]);
            QVERIFY(verifier.add(wholeTree(tree)));
            QCOMPARE(heldIn(verifier, tree.size()), tree.size());
            QVERIFY(verifier.add(wholeTree(tree)));
        }
    }

    void anyBitFlippedInAWholeTreeIsRefusedAndNothingTaken() {
        for (const std::uint64_t count : sizes) {
            const auto tree = buildTree(leavesOf(count));
            for (NodeIndex node = 0; node < tree.size(); ++node) {
                for (const std::size_t bit : {0U, 7U, 100U, 255U}) {
                    HashVerifier verifier(count, tree[0]);
                    Nodes nodes = wholeTree(tree);
                    nodes[node] = flipped(tree[node], bit);
                    QVERIFY(isCorrupt(verifier.add(nodes)));
                    QCOMPARE(heldIn(verifier, tree.size()), std::size_t(1));
                }
            }
        }
    }

    void anyBitOfAPathFlippedIsRefusedAndNothingTaken() {
        for (const std::uint64_t count : {2U, 7U, 16U}) {
            const auto tree = buildTree(leavesOf(count));
            for (std::uint64_t leaf = 0; leaf < count; ++leaf) {
                const Nodes path = pathOf(tree, count, leaf);
                for (const auto& [node, hash] : path) {
                    for (std::size_t bit = 0; bit < 256; ++bit) {
                        HashVerifier verifier(count, tree[0]);
                        Nodes nodes = path;
                        nodes[node] = flipped(hash, bit);
                        QVERIFY(isCorrupt(verifier.add(nodes)));
                        QCOMPARE(heldIn(verifier, tree.size()), std::size_t(1));
                    }
                }
            }
        }
    }

    void aPathLackingANodeIsRefused() {
        for (const std::uint64_t count : sizes) {
            const auto tree = buildTree(leavesOf(count));
            for (std::uint64_t leaf = 0; leaf < count; ++leaf) {
                const Nodes path = pathOf(tree, count, leaf);
                for (const auto& lacking : path) {
                    Nodes nodes = path;
                    nodes.erase(lacking.first);
                    HashVerifier verifier(count, tree[0]);
                    if (nodes.empty()) {
                        QVERIFY(verifier.add(nodes));
                        continue;
                    }
                    QVERIFY(isCorrupt(verifier.add(nodes)));
                    QCOMPARE(heldIn(verifier, tree.size()), std::size_t(1));
                }
            }
        }
    }

    void aNodeOutsideTheTreeIsRefused() {
        for (const std::uint64_t count : sizes) {
            const auto tree = buildTree(leavesOf(count));
            for (const NodeIndex outside : {NodeIndex(tree.size()), NodeIndex(tree.size() + 1), ~NodeIndex{0}}) {
                HashVerifier verifier(count, tree[0]);
                Nodes nodes = wholeTree(tree);
                nodes.emplace(outside, tree[0]);
                QVERIFY(isCorrupt(verifier.add(nodes)));
                QCOMPARE(heldIn(verifier, tree.size()), std::size_t(1));
                QVERIFY(!verifier.node(outside));
            }
            HashVerifier verifier(count, tree[0]);
            QVERIFY(isCorrupt(verifier.addLeaf(count, crypto::Hash())));
            QVERIFY(isCorrupt(verifier.addLeaf(~std::uint64_t{0}, crypto::Hash())));
        }
    }

    void aForgedPairUnderAProvedParentIsRefused() {
        const auto tree = buildTree(leavesOf(4));
        HashVerifier verifier(4, tree[0]);
        QVERIFY(verifier.add({{1, tree[1]}, {2, tree[2]}}));
        QVERIFY(isCorrupt(verifier.add({{3, tree[4]}, {4, tree[3]}})));
        QVERIFY(!verifier.node(3));
        QVERIFY(verifier.add({{3, tree[3]}, {4, tree[4]}}));
    }

    void aLeafOfAnotherFileIsRefused() {
        const auto tree = buildTree(leavesOf(5));
        const auto other = buildTree(leavesOf(6));
        HashVerifier verifier(5, tree[0]);
        QVERIFY(isCorrupt(verifier.add(wholeTree(other))));
        QVERIFY(isCorrupt(verifier.addLeaf(0, tree[leafNode(5, 0)])));
    }

    void pathsInAnyOrderFillTheTreeAndAskForLess() {
        std::mt19937 random(20);
        for (const std::uint64_t count : {2U, 9U, 16U, 31U, 100U}) {
            const auto tree = buildTree(leavesOf(count));
            for (int round = 0; round < 20; ++round) {
                HashVerifier verifier(count, tree[0]);
                std::vector<std::uint64_t> order(count);
                std::iota(order.begin(), order.end(), 0);
                std::ranges::shuffle(order, random);
                for (const std::uint64_t leaf : order) {
                    // Only what is missing, and the leaf itself: as a reader asks for it.
                    Nodes nodes{{leafNode(count, leaf), tree[leafNode(count, leaf)]}};
                    for (const NodeIndex node : verifier.missingFor(leaf)) {
                        QVERIFY(!verifier.node(node));
                        nodes.emplace(node, tree[node]);
                    }
                    QVERIFY(verifier.add(nodes));
                    QVERIFY(verifier.missingFor(leaf).empty());
                    QVERIFY(verifier.node(leafNode(count, leaf)) == tree[leafNode(count, leaf)]);
                }
            }
        }
    }

    void aRandomSubsetIsTakenOnlyIfItProvesItselfAndNeverChangesANode() {
        std::mt19937 random(21);
        int taken = 0;
        int refused = 0;
        for (int round = 0; round < 3000; ++round) {
            const std::uint64_t count = 1 + random() % 9;
            const auto tree = buildTree(leavesOf(count));
            HashVerifier verifier(count, tree[0]);
            for (int step = 0; step < 4; ++step) {
                Nodes nodes;
                for (NodeIndex node = 0; node < tree.size(); ++node) {
                    if (random() % 3 != 0) {
                        nodes.emplace(node, tree[node]);
                    }
                }
                // By the rule itself: what will be known, worked out upwards, must hold every node's sibling.
                std::map<NodeIndex, bool> known;
                for (NodeIndex node = 0; node < tree.size(); ++node) {
                    known[node] = nodes.contains(node) || verifier.node(node).has_value();
                }
                bool provable = true;
                for (NodeIndex node = tree.size() - 1; node > 0; --node) {
                    if (known[node]) {
                        provable = provable && known[node % 2 == 1 ? node + 1 : node - 1];
                        known[(node - 1) / 2] = true;
                    }
                }
                const std::size_t before = heldIn(verifier, tree.size());
                const auto result = verifier.add(nodes);
                QCOMPARE(result.has_value(), provable);
                (provable ? taken : refused)++;
                if (!provable) {
                    QCOMPARE(heldIn(verifier, tree.size()), before);
                }
                for (NodeIndex node = 0; node < tree.size(); ++node) {
                    QVERIFY(!verifier.node(node) || *verifier.node(node) == tree[node]);
                    QVERIFY(!result || !nodes.contains(node) || verifier.node(node));
                }
            }
        }
        QVERIFY(taken > 500);
        QVERIFY(refused > 500);
    }
};

QTEST_GUILESS_MAIN(HashVerifierTest)
#include "hash_verifier_test.moc"
