#include "core/engine/change_pacer.h"
#include "core/engine/progress_meter.h"

#include <QObject>
#include <QTest>

#include <chrono>
#include <cmath>

using namespace tarn;
using namespace tarn::engine;
using namespace std::chrono_literals;

namespace {
const SteadyTime start{100s};
}

/// How often a person is told of progress, and how fast it is said to go.
class TransferPaceTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theSpeedIsUnknownAtFirst() {
        ProgressMeter meter;
        QCOMPARE(meter.bytesPerSecond(), 0.0);
        QVERIFY(!meter.secondsFor(1000));
        meter.update(start, 5000);
        QCOMPARE(meter.bytesPerSecond(), 0.0);
        meter.update(start + 10ms, 6000);
        QCOMPARE(meter.bytesPerSecond(), 0.0);
    }

    void aSteadyTransferShowsItsSpeedAndTheTimeLeft() {
        ProgressMeter meter;
        for (int i = 0; i <= 100; ++i) {
            meter.update(start + i * 100ms, static_cast<std::uint64_t>(i) * 1000);
        }
        QVERIFY(std::abs(meter.bytesPerSecond() - 10'000) < 1);
        QCOMPARE(*meter.secondsFor(50'000), 5U);
        QCOMPARE(*meter.secondsFor(0), 0U);
    }

    void whatWasThereBeforeTheStartDoesNotCount() {
        ProgressMeter meter;
        meter.update(start, 1'000'000'000);
        meter.update(start + 1s, 1'000'001'000);
        QCOMPARE(meter.bytesPerSecond(), 1000.0);
    }

    void aBurstIsSmoothedAway() {
        ProgressMeter meter;
        std::uint64_t done = 0;
        for (int i = 0; i <= 20; ++i) {
            meter.update(start + i * 500ms, done += 500);
        }
        meter.update(start + 10'500ms, done + 50'000);
        QVERIFY(meter.bytesPerSecond() > 1000);
        QVERIFY(meter.bytesPerSecond() < 20'000);
    }

    void aPauseFadesToNothing() {
        ProgressMeter meter;
        meter.update(start, 0);
        meter.update(start + 1s, 100'000);
        const auto before = meter.bytesPerSecond();
        meter.update(start + 5s, 100'000);
        QVERIFY(meter.bytesPerSecond() < before);
        for (int i = 6; i < 120; ++i) {
            meter.update(start + i * 1s, 100'000);
        }
        QCOMPARE(meter.bytesPerSecond(), 0.0);
        QVERIFY(!meter.secondsFor(1000));
    }

    void aNewBeginningForgetsTheOldSpeed() {
        ProgressMeter meter;
        meter.update(start, 0);
        meter.update(start + 1s, 100'000);
        meter.update(start + 2s, 0);
        QCOMPARE(meter.bytesPerSecond(), 0.0);
        meter.update(start + 3s, 700);
        QCOMPARE(meter.bytesPerSecond(), 700.0);
    }

    void aTimeBeyondAllPatienceIsNotShown() {
        ProgressMeter meter;
        meter.update(start, 0);
        meter.update(start + 1s, 2);
        QVERIFY(!meter.secondsFor(~std::uint64_t{0}));
    }

    void theFirstChangeIsToldAtOnce() {
        ChangePacer pacer;
        QCOMPARE(pacer.note(1, start), std::optional(0ms));
        QCOMPARE(pacer.take(start), std::vector<journal::RowId>{1});
    }

    void laterChangesAreGathered() {
        ChangePacer pacer;
        QVERIFY(pacer.note(1, start));
        (void)pacer.take(start);
        QCOMPARE(pacer.note(3, start + 30ms), std::optional(70ms));
        QVERIFY(!pacer.note(2, start + 40ms));
        QVERIFY(!pacer.note(3, start + 50ms));
        QCOMPARE(pacer.take(start + 100ms), (std::vector<journal::RowId>{2, 3}));
        QVERIFY(pacer.take(start + 100ms).empty());
    }

    void afterAQuietTimeNobodyWaits() {
        ChangePacer pacer;
        (void)pacer.note(1, start);
        (void)pacer.take(start);
        QCOMPARE(pacer.note(1, start + 5s), std::optional(0ms));
    }

    void aThousandTransfersMakeTenTellingsASecond() {
        ChangePacer pacer;
        int tellings = 0;
        SteadyTime due = start;
        bool armed = false;
        for (int millisecond = 0; millisecond < 10'000; ++millisecond) {
            const auto now = start + millisecond * 1ms;
            if (armed && now >= due) {
                QVERIFY(!pacer.take(now).empty());
                armed = false;
                ++tellings;
            }
            if (const auto wait = pacer.note(millisecond % 1000, now)) {
                due = now + *wait;
                armed = true;
            }
        }
        QVERIFY(tellings <= 101);
        QVERIFY(tellings >= 90);
    }
};

QTEST_GUILESS_MAIN(TransferPaceTest)
#include "transfer_pace_test.moc"
