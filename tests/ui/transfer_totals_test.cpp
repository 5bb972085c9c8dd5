#include "tests/ui/fake_engine.h"
#include "ui/models/transfer_totals.h"

#include <QRandomGenerator>
#include <QTest>

namespace tarn::ui_test {

using ui::TransferTotals;

class TransferTotalsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void onlyWhatRunsOrWaitsCountsTowardsTheBytes() {
        TransferTotals totals;
        totals.add(sending(1, QStringLiteral("a"), 1000, 400));
        totals.add(waiting(2, QStringLiteral("b"), 3000));
        totals.add(stored(3, QStringLiteral("c"), 50'000));
        totals.add(broken(4, QStringLiteral("d"), 50'000, QStringLiteral("DiskFull")));
        QCOMPARE(totals.running(), 1);
        QCOMPARE(totals.waiting(), 1);
        QCOMPARE(totals.done(), 1);
        QCOMPARE(totals.failed(), 1);
        QCOMPARE(totals.activeBytes(), quint64{4000});
        QCOMPARE(totals.activeDone(), quint64{400});
        QCOMPARE(totals.bytesPerSecond(), quint64{12'400'000});
    }

    void addingAndTakingInAnyOrderLeavesNothing() {
        QRandomGenerator random(7);
        QList<api::TransferSnapshot> transfers;
        for (int i = 0; i < 300; ++i) {
            api::TransferSnapshot transfer = sending(i, QStringLiteral("f"), random.bounded(1U, 1U << 30), 0);
            transfer.done = random.bounded(static_cast<quint32>(transfer.size));
            transfer.bytesPerSecond = random.generateDouble() * 1e8;
            transfer.state = static_cast<api::TransferState>(random.bounded(5));
            transfers.append(transfer);
        }
        TransferTotals totals;
        for (const auto& transfer : transfers) {
            totals.add(transfer);
        }
        QVERIFY(totals != TransferTotals());
        std::shuffle(transfers.begin(), transfers.end(), random);
        for (const auto& transfer : transfers) {
            totals.take(transfer);
        }
        QCOMPARE(totals, TransferTotals());
    }

    void timeLeftIsKnownOnlyWithASpeed() {
        TransferTotals totals;
        totals.add(waiting(1, QStringLiteral("a"), 1000));
        QVERIFY(!totals.secondsLeft());
        api::TransferSnapshot running = sending(2, QStringLiteral("b"), 1000, 500);
        running.bytesPerSecond = 100;
        totals.add(running);
        QCOMPARE(totals.secondsLeft(), std::optional<quint64>(15));
    }

    void moreDoneThanThereIsDoesNotWrap() {
        api::TransferSnapshot odd = sending(1, QStringLiteral("a"), 1000, 1000);
        odd.done = 5000;
        TransferTotals totals;
        totals.add(odd);
        QCOMPARE(totals.activeDone(), quint64{1000});
        QCOMPARE(totals.secondsLeft(), std::optional<quint64>(0));
    }
};

}  // namespace tarn::ui_test

QTEST_GUILESS_MAIN(tarn::ui_test::TransferTotalsTest)
#include "transfer_totals_test.moc"
