#include "core/engine/share_places.h"

#include <QtTest>

namespace tarn::engine {

class SharePlacesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatIsWrittenIsFoundAgain() {
        using Where = upload::ShareState::Where;
        const std::vector<upload::ShareState> shares{{Where::Placed, "attic", ServerId("v0-a")},
                                                     {Where::Lost, "", {}},
                                                     {Where::FoundThere, "a name\twith\nbreaks", ServerId("v0-b")}};
        const auto lines = writePlaces(shares);
        const auto places = readPlaces(lines);
        QCOMPARE(places.size(), 3U);
        QCOMPARE(places[0].server, std::string("attic"));
        QCOMPARE(places[0].id.text(), std::string("v0-a"));
        QVERIFY(places[1].server.empty() && places[1].id.text().empty());
        QCOMPARE(places[2].server, std::string("a name with breaks"));

        const auto known = knownShares(lines);
        QCOMPARE(known.size(), 2U);
        QVERIFY(known[0].server == ServerId("v0-a") && known[0].share == ShareNum(0));
        QVERIFY(known[1].server == ServerId("v0-b") && known[1].share == ShareNum(2));
    }

    /// Older versions kept the names alone.
    void namesWithoutIdsAreNamesOnly() {
        const auto places = readPlaces("attic\n\ncellar\n");
        QCOMPARE(places.size(), 3U);
        QCOMPARE(places[2].server, std::string("cellar"));
        QVERIFY(places[2].id.text().empty());
        QVERIFY(knownShares("attic\n\ncellar\n").empty());
    }

    void aJournalThatWasTouchedHarmsNobody() {
        QVERIFY(readPlaces("").empty());
        QVERIFY(knownShares("\t\n\t\t\n\n").size() <= 2);
        std::string many;
        for (int i = 0; i < 1000; ++i) {
            many += "a\tb\n";
        }
        QCOMPARE(knownShares(many).size(), 256U);
    }
};

}  // namespace tarn::engine

QTEST_GUILESS_MAIN(tarn::engine::SharePlacesTest)
#include "share_places_test.moc"
