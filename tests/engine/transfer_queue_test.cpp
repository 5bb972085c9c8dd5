#include "core/engine/transfer_queue.h"

#include <QObject>
#include <QTest>

#include <chrono>

using namespace tarn;
using namespace tarn::engine;
using api::TransferState;
using journal::Row;
using journal::RowId;

namespace {

constexpr TransferQueue::Limits limits{3, 2, 1000};
const SteadyTime start{std::chrono::seconds(100)};
const WallTime today{std::chrono::hours(24 * 365 * 50)};

Row rowOf(RowId id, std::uint64_t size, journal::State state = journal::State::Queued) {
    Row row;
    row.id = id;
    row.state = state;
    row.name = "file " + std::to_string(id);
    row.localPath = "/somewhere/" + row.name;
    row.size = size;
    return row;
}

upload::Progress progressOf(upload::Phase phase, std::uint64_t acknowledged) {
    upload::Progress progress;
    progress.phase = phase;
    progress.fileSize = ByteCount(3000);
    progress.toSend = ByteCount(10'000);
    progress.acknowledged = ByteCount(acknowledged);
    return progress;
}

upload::Outcome outcomeOf(const char* text) {
    upload::Outcome outcome{*caps::parse(text), {}, 0, 0, 0};
    return outcome;
}

}  // namespace

class TransferQueueTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void transfersStartInTheOrderOfferedUpToTheLimits() {
        TransferQueue queue;
        queue.offer(
            {rowOf(1, 5000), rowOf(2, 10), rowOf(3, 5000), rowOf(4, 5000), rowOf(5, 10), rowOf(6, 10), rowOf(7, 10)});
        QCOMPARE(queue.start(limits, start), (std::vector<RowId>{1, 2, 3, 5, 6}));
        QVERIFY(queue.start(limits, start).empty());
        QCOMPARE(queue.running(), (std::vector<RowId>{1, 2, 3, 5, 6}));
        QCOMPARE(queue.waiting(), std::size_t{2});
        QVERIFY(queue.smallFull(limits) && queue.largeFull(limits));
    }

    void smallOnesTogetherAreNotLarge() {
        constexpr TransferQueue::Limits few{10, 2, 1000, 2000, 905};
        TransferQueue queue;
        queue.offer({rowOf(1, 900), rowOf(2, 900), rowOf(3, 900), rowOf(4, 5000), rowOf(5, 10)});
        QCOMPARE(queue.start(few, start), (std::vector<RowId>{1, 2, 3, 4}));
        QVERIFY(queue.smallFull(few));
        (void)queue.settle(4, start);
        QVERIFY(queue.start(few, start).empty());
        (void)queue.settle(2, start);
        QCOMPARE(queue.start(few, start), std::vector<RowId>{5});

        queue.offer({rowOf(6, 5000), rowOf(7, 10)});
        (void)queue.settle(5, start);
        (void)queue.settle(1, start);
        QCOMPARE(queue.start(few, start), (std::vector<RowId>{6, 7}));
        queue.offer({rowOf(8, 900), rowOf(9, 10)});
        QCOMPARE(queue.start(few, start), std::vector<RowId>());  // with 3 and 7 enough runs beside 6
        (void)queue.settle(3, start);
        QCOMPARE(queue.start(few, start), std::vector<RowId>{8});
    }

    void aFinishedTransferMakesRoomForTheNextOfItsKind() {
        TransferQueue queue;
        queue.offer({rowOf(1, 5000), rowOf(2, 5000), rowOf(3, 5000), rowOf(4, 10)});
        QCOMPARE(queue.start(limits, start), (std::vector<RowId>{1, 2, 4}));
        QVERIFY(queue.settle(4, start)->small);
        QVERIFY(queue.start(limits, start).empty());
        const auto settled = queue.settle(1, start + std::chrono::seconds(3));
        QVERIFY(!settled->small);
        QVERIFY(settled->ran == std::chrono::seconds(3));
        QCOMPARE(queue.start(limits, start), std::vector<RowId>{3});
        QVERIFY(!queue.settle(1, start));
    }

    void whatRunsIsNotOfferedASecondTime() {
        TransferQueue queue;
        queue.offer({rowOf(1, 10), rowOf(2, 10)});
        QCOMPARE(queue.start(limits, start), (std::vector<RowId>{1, 2}));
        queue.offer({rowOf(1, 10), rowOf(2, 10), rowOf(3, 10)});
        QCOMPARE(queue.start(limits, start), std::vector<RowId>{3});
    }

    void aNewOfferTakesTheOldOnesPlace() {
        TransferQueue queue;
        queue.offer({rowOf(1, 5000), rowOf(2, 5000), rowOf(3, 5000)});
        queue.withdraw();
        QVERIFY(queue.start(limits, start).empty());
        queue.offer({rowOf(3, 5000), rowOf(2, 5000)});
        QCOMPARE(queue.start(limits, start), (std::vector<RowId>{3, 2}));
    }

    void aFailedTransferSaysWhy() {
        TransferQueue queue;
        queue.offer({rowOf(1, 10)});
        (void)queue.start(limits, start);
        const auto row = queue.failed(1, {ErrorCode::NotEnoughServers, "2 of 7", true}, today);
        const auto snapshot = queue.snapshots().make(row);
        QVERIFY(snapshot.state == TransferState::Failed);
        QCOMPARE(snapshot.errorCode, QStringLiteral("NotEnoughServers"));
        QCOMPARE(snapshot.errorDetail, QStringLiteral("2 of 7"));
        QVERIFY(queue.failed(1, {ErrorCode::Cancelled, {}, false}, today).state == journal::State::Cancelled);
    }

    void aPostponedTransferIsQueuedAndSaysWhen() {
        TransferQueue queue;
        auto row = rowOf(1, 10);
        row.attempts = 2;
        queue.offer({row});
        (void)queue.start(limits, start);
        const auto later = queue.postponed(1, {ErrorCode::Unreachable, "gone", true}, today + std::chrono::seconds(90));
        QVERIFY(later.state == journal::State::Queued);
        QCOMPARE(later.attempts, 3U);
        const auto snapshot = queue.snapshots().make(later);
        QVERIFY(snapshot.state == TransferState::Queued);
        QCOMPARE(snapshot.errorCode, QStringLiteral("Unreachable"));
        QCOMPARE(snapshot.retryAt, qint64{24 * 365 * 50} * 3600 + 90);
        // A next attempt that ends well leaves nothing of it.
        TransferQueue again;
        again.offer({later});
        (void)again.start(limits, start);
        const auto done = again.downloaded(1, today);
        QVERIFY(done.errorName.empty() && done.errorDetail.empty() && done.notBefore == WallTime());
    }

    void progressIsCountedInBytesOfTheFile() {
        TransferQueue queue;
        queue.offer({rowOf(1, 3000)});
        (void)queue.start(limits, start);
        auto progress = progressOf(upload::Phase::Hashing, 0);
        progress.hashed = ByteCount(1200);
        queue.progressed(1, progress, 3, start);
        QVERIFY(queue.snapshot(1)->phase == api::Phase::Hashing);
        QCOMPARE(queue.snapshot(1)->hashed, 1200U);
        QCOMPARE(queue.snapshot(1)->done, 0U);

        queue.progressed(1, progressOf(upload::Phase::Shares, 0), 3, start);
        queue.progressed(1, progressOf(upload::Phase::Shares, 5000), 3, start + std::chrono::seconds(1));
        const auto snapshot = *queue.snapshot(1);
        QVERIFY(snapshot.phase == api::Phase::Shares);
        QCOMPARE(snapshot.done, 1500U);
        QCOMPARE(snapshot.bytesPerSecond, 1500.0);
        QCOMPARE(*snapshot.secondsLeft, 1U);
        QCOMPARE(snapshot.sharesNeeded, 3);
        QCOMPARE(queue.doneBytes(), 1500U);
    }

    void theShareCellsFollowTheUpload() {
        using Where = upload::ShareState::Where;
        TransferQueue queue;
        queue.offer({rowOf(1, 3000)});
        (void)queue.start(limits, start);
        auto progress = progressOf(upload::Phase::Shares, 100);
        progress.shares = {{Where::Waiting, ""}, {Where::Sending, "alpha"}, {Where::Placed, "beta"}};
        queue.progressed(1, progress, 2, start);
        QCOMPARE(queue.snapshot(1)->shares,
                 (QList<api::ShareCell>{{api::ShareCell::Where::Waiting, {}},
                                        {api::ShareCell::Where::Sending, QStringLiteral("alpha")},
                                        {api::ShareCell::Where::Placed, QStringLiteral("beta")}}));
    }

    void aFinishedUploadKnowsWhereItsSharesAre() {
        using Where = upload::ShareState::Where;
        TransferQueue queue;
        queue.offer({rowOf(1, 3000)});
        (void)queue.start(limits, start);
        auto outcome = outcomeOf("URI:LIT:mfrgg");
        outcome.shares = {{Where::Placed, "alpha"}, {Where::FoundThere, "two\nlines"}, {Where::Lost, ""}};
        const auto row = queue.uploaded(1, outcome, today);
        QVERIFY(queue.snapshot(1)->state == TransferState::Running);
        QVERIFY(queue.settle(1, start));
        QVERIFY(!queue.snapshot(1));

        const auto snapshot = queue.snapshots().make(row);
        QVERIFY(snapshot.state == TransferState::Done);
        QVERIFY(snapshot.phase == api::Phase::Done);
        QVERIFY(snapshot.hasCapability);
        QCOMPARE(snapshot.done, 3000U);
        QCOMPARE(snapshot.shares, (QList<api::ShareCell>{{api::ShareCell::Where::Placed, QStringLiteral("alpha")},
                                                         {api::ShareCell::Where::Placed, QStringLiteral("two lines")},
                                                         {api::ShareCell::Where::Lost, {}}}));
    }

    void aSnapshotHoldsNoCapability() {
        auto row = rowOf(1, 3, journal::State::Done);
        row.capability = "URI:LIT:mfrgg";
        const auto snapshot = SnapshotMaker().make(row);
        for (const auto& text : {snapshot.name, snapshot.localPath, snapshot.errorDetail}) {
            QVERIFY(!text.contains(QStringLiteral("URI:")));
        }
        QVERIFY(snapshot.hasCapability);
    }

    void aFileThatGrewBeforeItRanKeepsTheCountsRight() {
        TransferQueue queue;
        queue.offer({rowOf(1, 10), rowOf(2, 5000), rowOf(3, 5000), rowOf(4, 5000)});
        QCOMPARE(queue.start(limits, start), (std::vector<RowId>{1, 2, 3}));
        queue.progressed(1, progressOf(upload::Phase::Shares, 0), 3, start);  // 3000 bytes: a large one by now
        QCOMPARE(queue.snapshot(1)->size, 3000U);
        QVERIFY(queue.settle(1, start)->small);
        QVERIFY(queue.start(limits, start).empty());
    }

    void progressOfWhatDoesNotRunIsPassedOver() {
        TransferQueue queue;
        queue.offer({rowOf(1, 3000)});
        queue.progressed(1, progressOf(upload::Phase::Shares, 5000), 3, start);
        queue.progressed(77, progressOf(upload::Phase::Shares, 5000), 3, start);
        QCOMPARE(queue.doneBytes(), 0U);
        QVERIFY(!queue.snapshot(77));
    }
};

QTEST_GUILESS_MAIN(TransferQueueTest)
#include "transfer_queue_test.moc"
