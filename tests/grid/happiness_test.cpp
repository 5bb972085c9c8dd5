#include "core/foundation/bytes.h"
#include "core/grid/happiness.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

#include <algorithm>

using namespace tarn;
using grid::ServerIndex;
using grid::ShareMap;

namespace {

ShareNum share(int number) {
    return ShareNum(static_cast<std::uint16_t>(number));
}

ShareMap mapOf(const QJsonObject& object) {
    ShareMap map;
    for (auto it = object.begin(); it != object.end(); ++it) {
        for (const QJsonValue number : it.value().toArray()) {
            map[it.key().toULongLong()].insert(share(number.toInt()));
        }
    }
    return map;
}

/// What stands on the servers once `placed` has been sent to those that can be written.
ShareMap afterwards(const grid::PlacementInput& input, const std::map<ShareNum, ServerIndex>& placed) {
    ShareMap map = input.existing;
    for (const auto& [number, server] : placed) {
        map[server].insert(number);
    }
    return map;
}

grid::PlacementInput emptyGrid(unsigned total, std::size_t servers) {
    grid::PlacementInput input{total, {}, {}};
    for (std::size_t i = 0; i < servers; ++i) {
        input.writable.push_back(i);
    }
    return input;
}

}  // namespace

class HappinessTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        QFile file(QStringLiteral(TARN_TEST_DATA "/data/happiness.json"));
        QVERIFY(file.open(QIODevice::ReadOnly));
        m_vectors = QJsonDocument::fromJson(file.readAll()).object();
    }

    void happinessIsTheSameAsTahoes() {
        const QJsonArray maps = m_vectors.value(QStringLiteral("maps")).toArray();
        QVERIFY(maps.size() >= 200);
        for (const QJsonValue entry : maps) {
            const ShareMap map = mapOf(entry.toObject().value(QStringLiteral("existing")).toObject());
            QCOMPARE(int(grid::happinessOf(map)), entry.toObject().value(QStringLiteral("happiness")).toInt());
        }
    }

    void placementReachesTheHappinessThatTahoeReaches() {
        const QJsonArray cases = m_vectors.value(QStringLiteral("placements")).toArray();
        QVERIFY(cases.size() >= 200);
        for (const QJsonValue entry : cases) {
            const QJsonObject object = entry.toObject();
            grid::PlacementInput input;
            input.total = unsigned(object.value(QStringLiteral("total")).toInt());
            for (const QJsonValue server : object.value(QStringLiteral("writable")).toArray()) {
                input.writable.push_back(ServerIndex(server.toInt()));
            }
            input.existing = mapOf(object.value(QStringLiteral("existing")).toObject());
            const int tahoe = object.value(QStringLiteral("reached")).toInt();
            const int ours = int(grid::happinessOf(afterwards(input, grid::placeShares(input))));
            QCOMPARE(ours, tahoe);
        }
    }

    void anEmptyGridGetsItsSharesInTurnEarlierServersFirst() {
        const auto placed = grid::placeShares(emptyGrid(10, 4));
        QCOMPARE(placed.size(), std::size_t(10));
        for (int number = 0; number < 10; ++number) {
            QCOMPARE(placed.at(share(number)), ServerIndex(number % 4));
        }
    }

    void withMoreServersThanSharesTheFirstGetOneEach() {
        const auto placed = grid::placeShares(emptyGrid(3, 5));
        QCOMPARE(placed, (std::map<ShareNum, ServerIndex>{{share(0), 0}, {share(1), 1}, {share(2), 2}}));
    }

    void sharesStayWhereTheyStand() {
        auto input = emptyGrid(4, 4);
        input.existing = {{0, {share(3)}}, {1, {share(2)}}, {2, {share(1)}}, {3, {share(0)}}};
        QCOMPARE(grid::placeShares(input),
                 (std::map<ShareNum, ServerIndex>{{share(0), 3}, {share(1), 2}, {share(2), 1}, {share(3), 0}}));
    }

    void aShareOnAReadOnlyServerCountsAndIsNotSentAgain() {
        auto input = emptyGrid(3, 2);
        input.existing[7] = {share(0)};
        QCOMPARE(grid::placeShares(input),
                 (std::map<ShareNum, ServerIndex>{{share(0), 7}, {share(1), 0}, {share(2), 1}}));
    }

    void aServerThatHoldsAllIsRelievedForTheSakeOfHappiness() {
        auto input = emptyGrid(3, 3);
        input.existing[0] = {share(0), share(1), share(2)};
        QCOMPARE(grid::happinessOf(afterwards(input, grid::placeShares(input))), std::size_t(3));
    }

    void aServerThatHoldsMuchGetsLessOfWhatIsLeft() {
        auto input = emptyGrid(6, 2);
        input.existing[0] = {share(0), share(1), share(2)};
        const auto placed = grid::placeShares(input);
        QCOMPARE(afterwards(input, placed).at(1), (std::set<ShareNum>{share(3), share(4), share(5)}));
    }

    void sharesThatNoServerTakesAreLeftOut() {
        grid::PlacementInput input{4, {}, {{2, {share(1)}}}};
        QCOMPARE(grid::placeShares(input), (std::map<ShareNum, ServerIndex>{{share(1), 2}}));
    }

    void numbersBeyondTheFilesSharesAreNotHeeded() {
        auto input = emptyGrid(2, 2);
        input.existing[0] = {share(9)};
        QCOMPARE(grid::placeShares(input), (std::map<ShareNum, ServerIndex>{{share(0), 0}, {share(1), 1}}));
    }

private:
    QJsonObject m_vectors;
};

QTEST_GUILESS_MAIN(HappinessTest)
#include "happiness_test.moc"
