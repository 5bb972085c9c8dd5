#include "core/download/download_plan.h"
#include "core/grid/happiness.h"

#include <QTest>

#include <algorithm>
#include <random>

using namespace tarn;
using namespace tarn::download;

namespace {

/// Where shares stand, in both forms.
struct Places {
    grid::ShareMap byServer;
    DownloadPlan::Known list;

    void put(ServerIndex server, unsigned share) {
        const ShareNum number(static_cast<std::uint16_t>(share));
        if (byServer[server].insert(number).second) {
            list.emplace_back(server, number);
        }
    }
};

/// The shares that a plan reads from first: told of the places, or told nothing and answered by the servers in `order`.
std::vector<Holding> firstRead(const Places& places, unsigned k, std::size_t servers, bool known,
                               const std::vector<ServerIndex>& order) {
    constexpr std::uint64_t size = 1024 * 1024;
    DownloadPlan plan(k, 10, {ByteOffset(0), ByteOffset(size)}, std::vector<std::string>(servers, "a server"),
                      known ? places.list : DownloadPlan::Known());
    std::vector<Holding> read;
    std::map<ServerIndex, Ticket> asked;
    const auto note = [&](const Actions& actions) {
        for (const auto& action : actions) {
            if (const auto* open = std::get_if<OpenHolding>(&action)) {
                read.push_back(plan.shares().holdings()[open->holding]);
            } else if (const auto* ask = std::get_if<AskForShares>(&action)) {
                asked.emplace(ask->server, ask->ticket);
            }
        }
    };
    note(plan.start());
    for (const ServerIndex server : order) {
        const auto ticket = asked.find(server);
        if (ticket != asked.end()) {
            const auto held = places.byServer.find(server);
            note(plan.on(
                SharesListed{ticket->second, held == places.byServer.end() ? std::set<ShareNum>() : held->second}));
        }
    }
    return read;
}

std::size_t serversOf(const std::vector<Holding>& read) {
    std::set<ServerIndex> servers;
    for (const auto& holding : read) {
        servers.insert(holding.server);
    }
    return servers.size();
}

}  // namespace

class SpreadTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void knownOrNot_data() {
        QTest::addColumn<bool>("known");
        QTest::newRow("known from the start") << true;
        QTest::newRow("asked for") << false;
    }

    /// Ten shares on five servers, two each, whichever way: the three that are read stand on three servers.
    void tenSharesOnFiveServers_data() { knownOrNot_data(); }
    void tenSharesOnFiveServers() {
        QFETCH(bool, known);
        std::vector<ServerIndex> servers = {0, 0, 1, 1, 2, 2, 3, 3, 4, 4};
        std::vector<ServerIndex> order = {0, 1, 2, 3, 4};
        std::mt19937 random(7);
        for (int round = 0; round < 1000; ++round) {
            std::ranges::shuffle(servers, random);
            std::ranges::shuffle(order, random);
            Places places;
            for (unsigned share = 0; share < 10; ++share) {
                places.put(servers[share], share);
            }
            const auto read = firstRead(places, 3, 5, known, order);
            QCOMPARE(read.size(), std::size_t(3));
            QCOMPARE(serversOf(read), std::size_t(3));
        }
    }

    /// As an upload leaves them: the first three shares are the file itself, and stand on three servers.
    void knownSharesThatNeedNoDecodingAreRead() {
        Places places;
        for (unsigned share = 0; share < 10; ++share) {
            places.put((share + 2) % 5, share);
        }
        unsigned expected = 0;
        for (const auto& holding : firstRead(places, 3, 5, true, {})) {
            QCOMPARE(unsigned(holding.share.value()), expected++);
        }
        QCOMPARE(expected, 3U);
    }

    /// The best share by itself would leave another server without any: B must give share 1, though it has share 0 too.
    void aServerLeavesToAnotherTheOnlyShareThatItHas() {
        Places places;
        places.put(0, 0);  // B
        places.put(0, 1);
        places.put(1, 0);  // A
        places.put(2, 1);  // C
        places.put(2, 2);
        QCOMPARE(serversOf(firstRead(places, 3, 3, true, {})), std::size_t(3));
    }

    void whereKServersHaveAShareEachKServersAreRead_data() { knownOrNot_data(); }
    void whereKServersHaveAShareEachKServersAreRead() {
        QFETCH(bool, known);
        unsigned spread = 0;
        for (unsigned seed = 0; seed < 3000; ++seed) {
            std::mt19937 random(seed);
            const auto k = static_cast<unsigned>(2 + random() % 3);
            const std::size_t serverCount = 3 + random() % 4;
            Places places;
            for (auto copies = 4 + random() % 8; copies > 0; --copies) {
                const ServerIndex server = random() % serverCount;
                places.put(server, static_cast<unsigned>(random() % 5));
            }
            if (grid::happinessOf(places.byServer) < k) {
                continue;
            }
            ++spread;
            std::vector<ServerIndex> order;
            for (ServerIndex server = 0; server < serverCount; ++server) {
                order.push_back(server);
            }
            std::ranges::shuffle(order, random);
            const auto read = firstRead(places, k, serverCount, known, order);
            QVERIFY2(read.size() == k && serversOf(read) == k, std::to_string(seed).c_str());
        }
        QVERIFY(spread > 1000);
    }
};

QTEST_GUILESS_MAIN(SpreadTest)
#include "spread_test.moc"
