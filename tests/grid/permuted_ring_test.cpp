#include "core/foundation/bytes.h"
#include "core/grid/permuted_ring.h"
#include "core/storage/memory_server.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

#include <algorithm>

using namespace tarn;

namespace {

Bytes fromHex(const QJsonValue& value) {
    const QByteArray raw = QByteArray::fromHex(value.toString().toLatin1());
    return {raw.begin(), raw.end()};
}

std::shared_ptr<storage::StorageServer> serverWith(Bytes seed, std::string id) {
    return std::make_shared<storage::MemoryServer>(
        storage::ServerDescription{ServerId(std::move(id)), {}, std::move(seed), {}});
}

}  // namespace

class PermutedRingTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theOrderIsTheSameAsTahoes() {
        QFile file(QStringLiteral(TARN_TEST_DATA "/data/ring.json"));
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QJsonArray rings = QJsonDocument::fromJson(file.readAll()).array();
        QVERIFY(rings.size() >= 10);
        for (const QJsonValue entry : rings) {
            const auto index = StorageIndex::fromBytes(fromHex(entry.toObject().value(QStringLiteral("index"))));
            QVERIFY(index);
            storage::ServerList servers;
            for (const QJsonValue seed : entry.toObject().value(QStringLiteral("seeds")).toArray()) {
                servers.push_back(serverWith(fromHex(seed), "server"));
            }
            const QJsonArray order = entry.toObject().value(QStringLiteral("order")).toArray();
            const auto ring = grid::permuted(servers, *index);
            QCOMPARE(qsizetype(ring.size()), order.size());
            for (qsizetype i = 0; i < order.size(); ++i) {
                QVERIFY(ring[std::size_t(i)]->description().permutationSeed == fromHex(order[i]));
            }
        }
    }

    void serversWithOneSeedKeepOneOrderWhateverOrderTheyCameIn() {
        const storage::ServerList servers{serverWith({1, 2, 3}, "b"), serverWith({1, 2, 3}, "a")};
        const auto one = grid::permuted(servers, StorageIndex());
        const auto other = grid::permuted({servers.rbegin(), servers.rend()}, StorageIndex());
        QCOMPARE(one.size(), std::size_t(2));
        QVERIFY(one == other);
    }

    void noServersGiveNoRing() { QVERIFY(grid::permuted({}, StorageIndex()).empty()); }
};

QTEST_GUILESS_MAIN(PermutedRingTest)
#include "permuted_ring_test.moc"
