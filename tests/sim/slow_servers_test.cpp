#include "tests/download/download_run.h"
#include "tests/sim/virtual_server.h"
#include "tests/upload/simulated_grid.h"

#include <QTest>

using namespace tarn;
using download::testing::DownloadRun;
using download::testing::MadeFile;
using test::Line;
using test::VirtualServer;
using Where = upload::ShareState::Where;

namespace {

constexpr std::size_t serverCount = 10;
constexpr double usualRate = 10'000;  // bytes a millisecond

/// Enough runs that the first of them do not count for much.
const MadeFile& file() {
    static const MadeFile made = download::testing::makeFile({3, 10, 48 * 1024 * 1024, 1024 * 1024, false, 5});
    return made;
}

struct Trouble {
    const char* name;
    /// Strikes one server's line.
    void (*slow)(Line&);
    void (*silent)(Line&);
};

void none(Line&) {}
void aHundredth(Line& line) {
    line.bytesPerMillisecond = usualRate / 100;
}
void atOnce(Line& line) {
    line.silentFrom = 0;
}
void afterItSaidWhatItHas(Line& line) {
    line.silentFrom = 1;
}
void inTheMiddle(Line& line) {
    line.silentFrom = 6;
}

const Trouble troubles[] = {
    {"one slow server", aHundredth, none},
    {"one that hangs at once", none, atOnce},
    {"one that hangs when it is read from", none, afterItSaidWhatItHas},
    {"one that hangs in the middle", none, inTheMiddle},
    {"a slow one, and one that hangs when it is read from", aHundredth, afterItSaidWhatItHas},
};

/// How long a download takes with these lines, in the simulation's time.
async::Milliseconds spanOf(const Trouble& trouble, std::size_t slow, std::size_t silent) {
    DownloadRun run(serverCount);
    run.spread(file());
    run.wrap = [&](std::size_t index, std::shared_ptr<storage::StorageServer> inner) {
        auto line = std::make_shared<Line>();
        line->time = run.timers;
        line->bytesPerMillisecond = usualRate;
        // So that the same servers are read from however the others are.
        line->oneWay = async::Milliseconds(5 + static_cast<int>(index));
        if (index == slow) {
            trouble.slow(*line);
        }
        if (index == silent) {
            trouble.silent(*line);
        }
        return std::make_shared<VirtualServer>(std::move(inner), std::move(line));
    };
    const auto result = run.run(file().capability);
    if (!result || run.sink->bytes != file().plaintext) {
        throw std::runtime_error(download::testing::said(result));
    }
    return std::chrono::duration_cast<async::Milliseconds>(run.timers->steadyNow().time_since_epoch());
}

}  // namespace

/// One server of ten that is slow and one that says nothing more, on the simulation's time.
class SlowServersTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aDownloadTakesHardlyLonger_data() {
        QTest::addColumn<int>("trouble");
        for (int i = 0; i < int(std::size(troubles)); ++i) {
            QTest::newRow(troubles[i].name) << i;
        }
    }

    void aDownloadTakesHardlyLonger() {
        QFETCH(int, trouble);
        static const auto without = spanOf({"", none, none}, 0, 1);
        // The nearest ones, which are read from first, and others.
        for (const auto& [slow, silent] : {std::pair(0, 1), std::pair(1, 0), std::pair(2, 1), std::pair(4, 7)}) {
            const auto with =
                spanOf(troubles[trouble], static_cast<std::size_t>(slow), static_cast<std::size_t>(silent));
            qInfo("%d and %d: %lld ms, %lld without", slow, silent, static_cast<long long>(with.count()),
                  static_cast<long long>(without.count()));
            QVERIFY(with.count() <= without.count() * 13 / 10);
        }
    }

    void anUploadPlacesElsewhereWhatTheOneThatHangsTookOrSaysWhoItIs_data() {
        QTest::addColumn<std::size_t>("silentFrom");
        QTest::addColumn<std::size_t>("size");
        QTest::addColumn<unsigned>("happy");
        for (const std::size_t from : {0, 1, 2}) {
            for (const std::size_t size : {std::size_t(1000), std::size_t(3'000'000)}) {
                for (const unsigned happy : {7U, 10U}) {
                    QTest::addRow("silent from call %d on, %d bytes, happy %u", int(from), int(size), happy)
                        << from << size << happy;
                }
            }
        }
    }

    void anUploadPlacesElsewhereWhatTheOneThatHangsTookOrSaysWhoItIs() {
        QFETCH(std::size_t, silentFrom);
        QFETCH(std::size_t, size);
        QFETCH(unsigned, happy);
        for (const bool along : {false, true}) {
            test::SimulatedGrid grid(serverCount);
            if (along) {
                grid.takeWholeShares();
            }
            storage::ServerList servers;
            for (std::size_t i = 0; i < serverCount; ++i) {
                auto line = std::make_shared<Line>();
                line->time = grid.timers;
                line->silentFrom = i == 4 ? silentFrom : line->silentFrom;
                servers.push_back(std::make_shared<VirtualServer>(grid.memory[i], std::move(line)));
            }
            const auto outcome =
                grid.put(upload::sourceOf(test::someBytes(size)), test::encoding(3, happy, 10), servers);
            for (std::size_t i = 0; i < serverCount; ++i) {
                QVERIFY(i == 4 || grid.memory[i]->incomingCount() == 0);
            }
            if (!outcome) {
                QCOMPARE(happy, 10U);
                QVERIFY2(outcome.error().detail.find("server-4: ") != std::string::npos,
                         outcome.error().detail.c_str());
                continue;
            }
            // Each share stands, and once: what the one that hangs did not complete, another has taken.
            QVERIFY(outcome->happiness >= happy);
            QCOMPARE(grid.completeShares(), std::size_t(10));
            for (const auto& share : outcome->shares) {
                QVERIFY(share.where == Where::Placed);
                QVERIFY(share.server != "server-4" || !grid.memory[4]->shares.empty());
            }
        }
    }
};

QTEST_GUILESS_MAIN(SlowServersTest)
#include "slow_servers_test.moc"
