#include "tests/ui/fake_engine.h"
#include "ui/models/transfer_totals.h"
#include "ui/widgets/language.h"

#include <QTest>

namespace tarn::ui_test {

using ui::TransferTotals;

class TransferTotalsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theCountsAreSaidInWords() {
        const ui::Language language{QLocale(QLocale::English, QLocale::UnitedStates)};
        api::QueueTotals figures;
        QCOMPARE(TransferTotals(figures).countWords(), QStringLiteral("No transfers"));
        figures.running = 2;
        figures.paused = 1;
        figures.done = 100'000;
        figures.failed = 3;
        QCOMPARE(TransferTotals(figures).countWords(), QStringLiteral("2 running, 1 paused, 100000 done, 3 failed"));
    }

    void thePaceIsSaidWhileSomethingIsUnderWay() {
        api::QueueTotals figures;
        figures.done = 3;
        figures.activeBytes = 1000;
        QVERIFY(TransferTotals(figures).paceWords(QLocale::c()).isEmpty());
        figures.waiting = 1;
        QVERIFY(!TransferTotals(figures).paceWords(QLocale::c()).isEmpty());
    }

    void timeLeftIsKnownOnlyWithASpeed() {
        api::QueueTotals figures;
        figures.activeBytes = 2000;
        figures.activeDone = 500;
        QVERIFY(!TransferTotals(figures).secondsLeft());
        figures.bytesPerSecond = 100;
        QCOMPARE(TransferTotals(figures).secondsLeft(), std::optional<quint64>(15));
    }

    void moreDoneThanThereIsDoesNotWrap() {
        api::QueueTotals figures;
        figures.activeBytes = 1000;
        figures.activeDone = 5000;
        figures.bytesPerSecond = 1;
        QCOMPARE(TransferTotals(figures).secondsLeft(), std::optional<quint64>(0));
    }
};

}  // namespace tarn::ui_test

QTEST_GUILESS_MAIN(tarn::ui_test::TransferTotalsTest)
#include "transfer_totals_test.moc"
