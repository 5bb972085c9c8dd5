#include "core/engine/backoff.h"
#include "core/engine/concurrency_planner.h"
#include "core/engine/earlier_attempts.h"
#include "core/engine/folder_walk.h"
#include "core/engine/queue_figures.h"
#include "core/engine/sleep_watch.h"

#include <QDir>
#include <QFile>
#include <QObject>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>

#include <sys/stat.h>
#include <unistd.h>

using namespace tarn;
using namespace tarn::engine;
using namespace std::chrono_literals;

namespace {

const SteadyTime start{100s};
const WallTime today{std::chrono::hours(24 * 365 * 50)};

/// A machine that gets so much done with so many at once.
template <typename Rate>
std::size_t settledLevel(Rate rateAt, double busy = 0.3) {
    ThroughputClimber climber(1, 8, 48);
    for (int second = 0; second < 400; ++second) {
        const auto now = start + second * 1s;
        climber.worked(static_cast<std::uint64_t>(rateAt(climber.level())));
        climber.look(now, 1s, true, busy);
    }
    return climber.level();
}

class FixedRandom final : public Random {
public:
    explicit FixedRandom(Byte byte) : m_byte(byte) {}
    void fill(MutableByteView out) override { std::ranges::fill(out, m_byte); }

private:
    Byte m_byte;
};

}  // namespace

/// The small deciders around the queue: how many at once, how long to wait, what is in a folder, how much is left.
class QueuePartsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theFirstThatStartAgainMayHaveBeenCutOff() {
        using Begun = EarlierAttempts::Begun;
        const auto row = [](journal::RowId id, std::uint64_t size, unsigned attempts = 0) {
            journal::Row made;
            made.id = id;
            made.size = size;
            made.attempts = attempts;
            return made;
        };
        const std::uint64_t small = ConcurrencyPlanner::smallUpTo;
        EarlierAttempts earlier;
        earlier.cutOff(true);
        earlier.found(500);
        earlier.found(300);
        // New ones neither were begun nor count among those that were.
        QVERIFY((earlier.starts(row(501, small)) == Begun{false, false}));
        for (journal::RowId id = 1; id <= static_cast<journal::RowId>(ConcurrencyPlanner::mostSmall); ++id) {
            QVERIFY(!earlier.allStarted());
            QVERIFY((earlier.starts(row(id, small)) == Begun{true, true}));
            QVERIFY((earlier.starts(row(id + 200, small + 1)) == Begun{true, true}));
        }
        QVERIFY(earlier.allStarted());
        QVERIFY((earlier.starts(row(100, small)) == Begun{true, false}));
        QVERIFY((earlier.starts(row(500, small + 1)) == Begun{true, true}));
        // Those that this run has begun.
        QVERIFY((earlier.starts(row(502, small, 1)) == Begun{true, true}));
        earlier.stopped(503);
        QVERIFY((earlier.starts(row(503, small)) == Begun{true, true}));
        QVERIFY((earlier.starts(row(504, small)) == Begun{false, false}));
    }
    void afterARunThatEndedInOrderNoneWasCutOff() {
        EarlierAttempts earlier;
        QVERIFY(earlier.allStarted());
        earlier.found(5);
        journal::Row row;
        row.id = 5;
        QVERIFY((earlier.starts(row) == EarlierAttempts::Begun{true, false}));
    }

    void moreAtOnceWhereMoreGetsMoreDone() {
        // A long line: each more is a gain, up to 30.
        const auto level =
            settledLevel([](std::size_t n) { return 1000.0 * static_cast<double>(std::min<std::size_t>(n, 30)); });
        QVERIFY2(level >= 20 && level <= 40, std::to_string(level).c_str());
    }

    void fewerAtOnceWhereMoreGetsNothing() {
        const auto level = settledLevel([](std::size_t) { return 5000.0; });
        QVERIFY2(level <= 3, std::to_string(level).c_str());
    }

    void fewerAtOnceWhereMoreDoesHarm() {
        const auto level = settledLevel([](std::size_t n) { return 10'000.0 / static_cast<double>(n); });
        QVERIFY2(level <= 3, std::to_string(level).c_str());
    }

    void noMoreAtOnceWhenTheProcessorsAreBusy() {
        const auto level = settledLevel([](std::size_t n) { return 1000.0 * static_cast<double>(n); }, 0.98);
        QVERIFY2(level <= 8, std::to_string(level).c_str());
    }

    void placesThatWereNotTakenSayNothing() {
        ThroughputClimber climber(1, 8, 48);
        for (int second = 0; second < 100; ++second) {
            climber.worked(100);
            climber.look(start + second * 1s, 1s, false, 0.1);
        }
        QCOMPARE(climber.level(), std::size_t{8});
    }

    void aLongRoundTripBeginsWithMany() {
        ConcurrencyPlanner near(2);
        near.smallDone(5ms);
        ConcurrencyPlanner far(2);
        far.smallDone(80ms);
        QVERIFY(near.small() < far.small());
        QVERIFY(far.small() <= ConcurrencyPlanner::mostSmall);
        QVERIFY(far.large() <= ConcurrencyPlanner::mostLarge);
        far.smallDone(60ms);
        QVERIFY(*far.roundTrip() == 60ms);
    }

    void theWaitDoublesUpToItsLongestAndIsSpread() {
        FixedRandom low(0);
        FixedRandom high(0xff);
        QVERIFY(backoffAfter(1, low) == 1s);
        QVERIFY(backoffAfter(2, low) == 2s);
        QVERIFY(backoffAfter(5, low) == 16s);
        for (const std::uint32_t attempts : {0U, 1U, 3U, 7U, 20U, 4'000'000'000U}) {
            const auto least = backoffAfter(attempts, low);
            QVERIFY(least >= 1s);
            QVERIFY(backoffAfter(attempts, high) >= least);
            QVERIFY(backoffAfter(attempts, high) <= std::min(2 * least, longestBackoff));
        }
        QVERIFY(backoffAfter(4'000'000'000U, low) == longestBackoff / 2);
    }

    void sleepAndAClockThatWasSetAreSeen() {
        using Seen = SleepWatch::Seen;
        SleepWatch watch;
        QVERIFY(watch.look(start, today) == Seen::Nothing);
        QVERIFY(watch.look(start + 100s, today + 101s) == Seen::Nothing);
        QVERIFY(watch.look(start + 200s, today + 8h) == Seen::Slept);
        QVERIFY(watch.look(start + 300s, today + 8h + 100s) == Seen::Nothing);
        QVERIFY(watch.look(start + 400s, today) == Seen::SetBack);
        QVERIFY(watch.look(start + 500s, today + 100s) == Seen::Nothing);
    }

    void theFiguresFollowWithoutCounting() {
        QueueFigures figures;
        journal::Totals kept;
        kept.states[static_cast<std::size_t>(journal::State::Queued)] = {10, 10'000};
        kept.states[static_cast<std::size_t>(journal::State::Done)] = {4, 400};
        figures.counted(kept);
        auto totals = figures.totals(2, 500, start);
        QCOMPARE(totals.running, 2);
        QCOMPARE(totals.waiting, 8);
        QCOMPARE(totals.activeBytes, 10'000U);
        QCOMPARE(totals.activeDone, 500U);
        figures.turned(journal::State::Queued, 1000, journal::State::Done, 1000);
        figures.ended(1000);
        figures.came(journal::State::Queued, 3000);
        totals = figures.totals(1, 0, start + 1s);
        QCOMPARE(totals.done, 5);
        QCOMPARE(totals.waiting, 9);
        QCOMPARE(totals.activeBytes, 12'000U);
        QCOMPARE(totals.bytesPerSecond, 500U);  // 1000 in all, of which 500 were there at the first look
    }

    void manySmallFilesHaveOneSteadySpeed() {
        // Each is gone before it has a speed of its own; all together they have one.
        QueueFigures figures;
        double lowest = 1e18;
        double highest = 0;
        for (int i = 0; i < 600; ++i) {
            figures.ended(1000);
            const auto totals = figures.totals(8, (i % 7) * 100, start + i * 100ms);
            if (i > 200) {
                lowest = std::min(lowest, static_cast<double>(totals.bytesPerSecond));
                highest = std::max(highest, static_cast<double>(totals.bytesPerSecond));
            }
        }
        QVERIFY(lowest > 9000 && highest < 11'000);
    }

    void aFolderIsWalkedToItsBottomAPieceAtATime() {
        const QTemporaryDir folder;
        std::set<std::string> expected;
        for (int i = 0; i < 30; ++i) {
            const auto inside = QStringLiteral("Fotos/%1/%2").arg(i % 4).arg(i % 3);
            QVERIFY(QDir(folder.path()).mkpath(inside));
            const auto name = inside + QStringLiteral("/Bild %1 🐧").arg(i);
            write(folder.filePath(name));
            expected.insert(name.toStdString());
        }
        FolderWalk walk({folder.filePath(QStringLiteral("Fotos/")).toStdString()});
        std::set<std::string> seen;
        for (bool over = false; !over;) {
            const auto found = walk.next(4, today);
            QVERIFY(found.rows.size() <= 4);
            QVERIFY(found.leftOut.empty());
            for (const auto& row : found.rows) {
                QVERIFY(seen.insert(row.name).second);
                QCOMPARE(row.localPath, folder.path().toStdString() + '/' + row.name);
                QCOMPARE(row.size, 3U);
            }
            over = found.over;
        }
        QCOMPARE(seen, expected);
    }

    void linksAndDevicesAreNamedAndLeftOut() {
        const QTemporaryDir folder;
        QVERIFY(QDir(folder.path()).mkpath(QStringLiteral("d/loop")));
        write(folder.filePath(QStringLiteral("d/file")));
        QVERIFY(QFile::link(folder.filePath(QStringLiteral("d")), folder.filePath(QStringLiteral("d/loop/up"))));
        QVERIFY(QFile::link(folder.filePath(QStringLiteral("d/file")), folder.filePath(QStringLiteral("d/link"))));
        QCOMPARE(::mkfifo(folder.filePath(QStringLiteral("d/pipe")).toLocal8Bit().constData(), 0600), 0);
        FolderWalk walk({folder.filePath(QStringLiteral("d")).toStdString(), "/dev/null", "/not/there",
                         folder.filePath(QStringLiteral("d/link")).toStdString()});
        const auto found = walk.next(100, today);
        QVERIFY(found.over);
        std::set<std::string> names;
        for (const auto& row : found.rows) {
            names.insert(row.name);
        }
        // A link that a person names is the file that it leads to.
        QCOMPARE(names, (std::set<std::string>{"d/file", "link"}));
        std::multiset<std::string> leftOut;
        for (const auto& one : found.leftOut) {
            leftOut.insert(std::filesystem::path(one.path).filename().string());
        }
        QCOMPARE(leftOut, (std::multiset<std::string>{"link", "null", "pipe", "there", "up"}));
    }

    void aFolderThatMayNotBeReadIsNamed() {
        if (::geteuid() == 0) {
            return;  // who may everything sees no such folder
        }
        const QTemporaryDir folder;
        QVERIFY(QDir(folder.path()).mkpath(QStringLiteral("d/shut")));
        const auto shut = folder.filePath(QStringLiteral("d/shut"));
        QVERIFY(QFile::setPermissions(shut, {}));
        FolderWalk walk({folder.filePath(QStringLiteral("d")).toStdString()});
        const auto found = walk.next(100, today);
        QVERIFY(QFile::setPermissions(shut, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner));
        QCOMPARE(found.leftOut.size(), std::size_t{1});
        QVERIFY(found.leftOut.front().error.code == ErrorCode::FileUnreadable);
    }

private:
    static void write(const QString& path) {
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
        QCOMPARE(file.write("abc"), 3);
    }
};

QTEST_GUILESS_MAIN(QueuePartsTest)
#include "queue_parts_test.moc"
