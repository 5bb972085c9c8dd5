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

constexpr TransferQueue::Limits limits{2, 3, 1000};
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
    void transfersStartInQueueOrderUpToTheLimits() {
        TransferQueue queue(limits);
        queue.insert(
            {rowOf(1, 5000), rowOf(2, 10), rowOf(3, 5000), rowOf(4, 5000), rowOf(5, 10), rowOf(6, 10), rowOf(7, 10)});
        QCOMPARE(queue.start(), (std::vector<RowId>{1, 2, 3, 5, 6}));
        QVERIFY(queue.start().empty());
        QCOMPARE(queue.running(), (std::vector<RowId>{1, 2, 3, 5, 6}));
    }

    void aFinishedTransferMakesRoomForTheNextOfItsKind() {
        TransferQueue queue(limits);
        queue.insert({rowOf(1, 5000), rowOf(2, 5000), rowOf(3, 5000), rowOf(4, 10)});
        QCOMPARE(queue.start(), (std::vector<RowId>{1, 2, 4}));
        queue.settle(queue.uploaded(4, outcomeOf("URI:LIT:mfrgg"), today));
        QVERIFY(queue.start().empty());
        queue.settle(queue.uploaded(1, outcomeOf("URI:LIT:mfrgg"), today));
        QCOMPARE(queue.start(), std::vector<RowId>{3});
    }

    void whatRanWhenTheProgramEndedIsQueuedAgain() {
        TransferQueue queue(limits);
        queue.insert({rowOf(1, 10, journal::State::Running), rowOf(2, 10, journal::State::Done),
                      rowOf(3, 10, journal::State::Failed), rowOf(4, 10, journal::State::Cancelled)});
        QVERIFY(queue.snapshot(1)->state == TransferState::Queued);
        QCOMPARE(queue.start(), std::vector<RowId>{1});
    }

    void aQueuedTransferIsCancelledOnTheSpot() {
        TransferQueue queue(limits);
        queue.insert({rowOf(1, 10)});
        const auto cancelling = queue.cancel(1, today);
        QVERIFY(!cancelling.stop);
        QVERIFY(cancelling.row);
        QVERIFY(cancelling.row->state == journal::State::Cancelled);
        QVERIFY(queue.start().empty());
    }

    void aRunningTransferIsStoppedFirst() {
        TransferQueue queue(limits);
        queue.insert({rowOf(1, 10)});
        (void)queue.start();
        const auto cancelling = queue.cancel(1, today);
        QVERIFY(cancelling.stop);
        QVERIFY(!cancelling.row);
        QVERIFY(queue.snapshot(1)->state == TransferState::Running);
        queue.settle(queue.failed(1, {ErrorCode::Cancelled, {}, false}, today));
        QVERIFY(queue.snapshot(1)->state == TransferState::Cancelled);
        QVERIFY(queue.snapshot(1)->errorCode.isEmpty());
    }

    void cancellingWhatIsOverChangesNothing() {
        TransferQueue queue(limits);
        queue.insert({rowOf(1, 10, journal::State::Done)});
        const auto cancelling = queue.cancel(1, today);
        QVERIFY(!cancelling.stop && !cancelling.row);
        QVERIFY(queue.snapshot(1)->state == TransferState::Done);
        QVERIFY(!queue.cancel(77, today).row);
    }

    void aFailedTransferSaysWhyAndCanBeTriedAgain() {
        TransferQueue queue(limits);
        queue.insert({rowOf(1, 10)});
        (void)queue.start();
        QVERIFY(!queue.retry(1));
        queue.settle(queue.failed(1, {ErrorCode::NotEnoughServers, "2 of 7", true}, today));
        auto snapshot = *queue.snapshot(1);
        QVERIFY(snapshot.state == TransferState::Failed);
        QCOMPARE(snapshot.errorCode, QStringLiteral("NotEnoughServers"));
        QCOMPARE(snapshot.errorDetail, QStringLiteral("2 of 7"));

        const auto row = queue.retry(1);
        QVERIFY(row);
        QVERIFY(row->state == journal::State::Queued);
        QVERIFY(row->errorName.empty());
        snapshot = *queue.snapshot(1);
        QVERIFY(snapshot.state == TransferState::Queued);
        QVERIFY(snapshot.errorCode.isEmpty());
        QCOMPARE(queue.start(), std::vector<RowId>{1});
    }

    void onlyWhatFailedOrWasCancelledIsTriedAgain() {
        TransferQueue queue(limits);
        queue.insert({rowOf(1, 10), rowOf(2, 10, journal::State::Done), rowOf(3, 10, journal::State::Cancelled)});
        QVERIFY(!queue.retry(1));
        QVERIFY(!queue.retry(2));
        QVERIFY(queue.retry(3));
        QVERIFY(!queue.retry(77));
    }

    void aRunningTransferIsNotRemoved() {
        TransferQueue queue(limits);
        queue.insert({rowOf(1, 10), rowOf(2, 10, journal::State::Done)});
        (void)queue.start();
        QVERIFY(!queue.remove(1));
        QVERIFY(queue.remove(2));
        QVERIFY(!queue.remove(2));
        QCOMPARE(queue.snapshots().size(), 1);
    }

    void aQueuedTransferThatIsRemovedNeverStarts() {
        TransferQueue queue(limits);
        queue.insert({rowOf(1, 10), rowOf(2, 5000)});
        QVERIFY(queue.remove(1));
        QVERIFY(queue.remove(2));
        QVERIFY(queue.start().empty());
    }

    void progressIsCountedInBytesOfTheFile() {
        TransferQueue queue(limits);
        queue.insert({rowOf(1, 3000)});
        (void)queue.start();
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
    }

    void theShareCellsFollowTheUpload() {
        using Where = upload::ShareState::Where;
        TransferQueue queue(limits);
        queue.insert({rowOf(1, 3000)});
        (void)queue.start();
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
        TransferQueue queue(limits);
        queue.insert({rowOf(1, 3000)});
        (void)queue.start();
        auto outcome = outcomeOf("URI:LIT:mfrgg");
        outcome.shares = {{Where::Placed, "alpha"}, {Where::FoundThere, "two\nlines"}, {Where::Lost, ""}};
        const auto row = queue.uploaded(1, outcome, today);
        QVERIFY(queue.snapshot(1)->state == TransferState::Running);
        queue.settle(row);

        TransferQueue next(limits);
        next.insert({row});
        const auto snapshot = *next.snapshot(1);
        QCOMPARE(snapshot, *queue.snapshot(1));
        QVERIFY(snapshot.state == TransferState::Done);
        QVERIFY(snapshot.phase == api::Phase::Done);
        QVERIFY(snapshot.hasCapability);
        QCOMPARE(snapshot.done, 3000U);
        QCOMPARE(snapshot.shares, (QList<api::ShareCell>{{api::ShareCell::Where::Placed, QStringLiteral("alpha")},
                                                         {api::ShareCell::Where::Placed, QStringLiteral("two lines")},
                                                         {api::ShareCell::Where::Lost, {}}}));
    }

    void aSnapshotHoldsNoCapability() {
        TransferQueue queue(limits);
        auto row = rowOf(1, 3, journal::State::Done);
        row.capability = "URI:LIT:mfrgg";
        queue.insert({row});
        const auto snapshot = *queue.snapshot(1);
        for (const auto& text : {snapshot.name, snapshot.localPath, snapshot.errorDetail}) {
            QVERIFY(!text.contains(QStringLiteral("URI:")));
        }
        QCOMPARE(queue.row(1)->capability, std::string("URI:LIT:mfrgg"));
    }

    void aFileThatGrewBeforeItRanKeepsTheCountsRight() {
        TransferQueue queue(limits);
        queue.insert({rowOf(1, 10), rowOf(2, 5000), rowOf(3, 5000), rowOf(4, 5000)});
        QCOMPARE(queue.start(), (std::vector<RowId>{1, 2, 3}));
        queue.progressed(1, progressOf(upload::Phase::Shares, 0), 3, start);  // 3000 bytes: a large one by now
        QCOMPARE(queue.snapshot(1)->size, 3000U);
        queue.settle(queue.uploaded(1, outcomeOf("URI:LIT:mfrgg"), today));
        QVERIFY(queue.start().empty());
    }

    void progressOfWhatDoesNotRunIsPassedOver() {
        TransferQueue queue(limits);
        queue.insert({rowOf(1, 3000)});
        queue.progressed(1, progressOf(upload::Phase::Shares, 5000), 3, start);
        queue.progressed(77, progressOf(upload::Phase::Shares, 5000), 3, start);
        QCOMPARE(queue.snapshot(1)->done, 0U);
        QVERIFY(!queue.snapshot(77));
    }

    void tenThousandTransfersAreStartedOneByOne() {
        TransferQueue queue(TransferQueue::Limits{1, 1, 1000});
        std::vector<Row> rows;
        for (RowId id = 1; id <= 10'000; ++id) {
            rows.push_back(rowOf(id, id % 2 == 0 ? 10 : 5000));
        }
        queue.insert(std::move(rows));
        std::size_t finished = 0;
        for (auto started = queue.start(); !started.empty(); started = queue.start()) {
            for (const auto id : started) {
                queue.settle(queue.downloaded(id, today));
                ++finished;
            }
        }
        QCOMPARE(finished, std::size_t{10'000});
    }
};

QTEST_GUILESS_MAIN(TransferQueueTest)
#include "transfer_queue_test.moc"
