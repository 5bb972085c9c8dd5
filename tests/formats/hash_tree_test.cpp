#include "core/formats/hash_tree.h"
#include "vectors.h"

#include <map>

using namespace tarn;
using namespace tarn::formats;

class HashTreeTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void treesAreThoseOfTahoe_data() {
        QTest::addColumn<QJsonObject>("tree");
        const QJsonArray trees = vectors::readJson("hash_trees.json").array();
        QCOMPARE(trees.size(), 20);
        for (const QJsonValue& tree : trees) {
            const auto leaves = tree[u"leaves"].toArray().size();
            QTest::addRow("%lld leaves", static_cast<long long>(leaves)) << tree.toObject();
        }
    }
    void treesAreThoseOfTahoe() {
        QFETCH(QJsonObject, tree);
        const auto leaves = vectors::hashesOf(tree[u"leaves"].toArray());
        const auto nodes = vectors::hashesOf(tree[u"nodes"].toArray());
        QVERIFY(buildTree(leaves) == nodes);
        QCOMPARE(nodeCount(leaves.size()), nodes.size());
        for (std::uint64_t leaf = 0; leaf < leaves.size(); ++leaf) {
            QVERIFY(nodes[leafNode(leaves.size(), leaf)] == leaves[leaf]);
            const auto at = static_cast<qsizetype>(leaf);
            for (const bool withLeaf : {false, true}) {
                const auto needed = neededNodes(leaves.size(), leaf, withLeaf);
                const auto wanted = tree[withLeaf ? u"needed_with_leaf" : u"needed"][at].toArray();
                QCOMPARE(needed.size(), static_cast<std::size_t>(wanted.size()));
                QVERIFY(std::set<NodeIndex>(needed.begin(), needed.end()) == vectors::numbersOf(wanted));
            }
        }
    }

    void neededNodesComeDeepestFirst() {
        QCOMPARE(neededNodes(4, 1, true), (std::vector<NodeIndex>{4, 3, 2}));
        QCOMPARE(neededNodes(4, 1, false), (std::vector<NodeIndex>{3, 2}));
        QCOMPARE(neededNodes(1, 0, true), (std::vector<NodeIndex>{0}));
        QVERIFY(neededNodes(1, 0, false).empty());
    }

    void countsUpTo2To62DoNotOverflow() {
        const std::uint64_t most = std::uint64_t{1} << 62;
        QCOMPARE(paddedLeafCount(most), most);
        QCOMPARE(paddedLeafCount(most - 1), most);
        QCOMPARE(nodeCount(most), 2 * most - 1);
        QCOMPARE(leafNode(most, most - 1), 2 * most - 2);
        QCOMPARE(neededNodes(most, most - 1, false).size(), std::size_t(62));
    }

    void aVerifierOverManyLeavesTakesNoMemoryForThem() {
        HashVerifier verifier(std::uint64_t{1} << 62, crypto::Hash());
        QCOMPARE(verifier.missingFor(0).size(), std::size_t(62));
        QVERIFY(!verifier.add({{(std::uint64_t{1} << 62) + 5, crypto::Hash()}}));
    }
};

QTEST_GUILESS_MAIN(HashTreeTest)
#include "hash_tree_test.moc"
