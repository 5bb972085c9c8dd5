#include "tests/ui/fake_engine.h"
#include "ui/models/transfer_model.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>

#include <algorithm>

namespace tarn::ui_test {

using ui::TransferModel;

class TransferModelTest : public QObject {
    Q_OBJECT

private:
    static QList<api::TransferSnapshot> rows(int from, int to) {
        QList<api::TransferSnapshot> made;
        for (int i = from; i < to; ++i) {
            made.append(waiting(i, QStringLiteral("file %1").arg(i), 1000));
        }
        return made;
    }

    /// What the model shows must be what the queue holds, whatever happened before.
    static void compare(const TransferModel& model, const FakeTransfers& transfers) {
        QCOMPARE(model.rowCount(), static_cast<int>(transfers.rows.size()));
        for (int row = 0; row < model.rowCount(); ++row) {
            if (model.known(model.idAt(row)) == nullptr) {
                (void)model.at(row);
                QCoreApplication::processEvents();  // it is asked for, and comes
            }
            QCOMPARE(model.at(row), transfers.rows.at(row));
            QCOMPARE(model.rowOf(transfers.rows.at(row).id), row);
        }
        QCOMPARE(model.totals(), ui::TransferTotals(transfers.totals()));
    }

private Q_SLOTS:
    void itKeepsToTheRulesOfModelsThroughAHistory() {
        FakeTransfers transfers;
        TransferModel model(transfers);
        transfers.list(rows(0, 10));
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        compare(model, transfers);
        transfers.add(rows(10, 25));
        compare(model, transfers);
        transfers.change({sending(3, QStringLiteral("x"), 50, 5), stored(24, QStringLiteral("y"), 6)});
        compare(model, transfers);
        transfers.remove({0, 1, 2, 7});
        transfers.remove({11, 12, 24});
        QCoreApplication::processEvents();
        compare(model, transfers);
        transfers.add(rows(30, 31));
        compare(model, transfers);
    }

    void rolesGiveWhatTheirNamesSay() {
        FakeTransfers transfers;
        TransferModel model(transfers);
        transfers.add({sending(7, QStringLiteral("film.mkv"), 100, 40)});
        const QModelIndex index = model.index(0);
        QCOMPARE(index.data(TransferModel::IdRole).toLongLong(), 7);
        QCOMPARE(index.data(TransferModel::NameRole).toString(), QStringLiteral("film.mkv"));
        QCOMPARE(index.data(TransferModel::SizeRole).toULongLong(), 100);
        QCOMPARE(index.data(TransferModel::DoneRole).toULongLong(), 40);
        QCOMPARE(index.data(TransferModel::PhaseRole).toInt(), static_cast<int>(api::Phase::Shares));
        QCOMPARE(index.data(TransferModel::StateRole).toInt(), static_cast<int>(api::TransferState::Running));
        QCOMPARE(index.data(TransferModel::SpeedRole).toDouble(), 12'400'000.0);
        QVERIFY(index.data(TransferModel::SecondsLeftRole).isValid());
        QCOMPARE(index.data(TransferModel::CellsRole).value<QList<api::ShareCell>>().size(), 10);
        QVERIFY(index.data(Qt::AccessibleTextRole).toString().contains(QStringLiteral("film.mkv")));
    }

    void neighbouringChangesAreOneRangeAndSilenceIsSilent() {
        FakeTransfers transfers;
        TransferModel model(transfers);
        transfers.add(rows(0, 100));
        QSignalSpy changes(&model, &QAbstractItemModel::dataChanged);
        QList<api::TransferSnapshot> news;
        for (const int id : {12, 10, 11, 50, 98, 99}) {
            news.append(sending(id, QStringLiteral("s"), 100, 1));
        }
        transfers.change(news);
        QCOMPARE(changes.size(), 3);
        QCOMPARE(changes.at(0).at(0).toModelIndex().row(), 10);
        QCOMPARE(changes.at(0).at(1).toModelIndex().row(), 12);
        QCOMPARE(changes.at(1).at(0).toModelIndex().row(), 50);
        QCOMPARE(changes.at(2).at(1).toModelIndex().row(), 99);
        transfers.change(news);  // the same again is no news
        QCOMPARE(changes.size(), 3);
    }

    void aThousandRemovalsAreOnePass() {
        FakeTransfers transfers;
        TransferModel model(transfers);
        transfers.add(rows(0, 3000));
        QSignalSpy removals(&model, &QAbstractItemModel::rowsRemoved);
        for (int id = 500; id < 1500; ++id) {
            transfers.remove({id});
        }
        QCoreApplication::processEvents();
        QCOMPARE(removals.size(), 1);
        compare(model, transfers);
    }

    void newsOfUnknownOrGoneTransfersIsIgnored() {
        FakeTransfers transfers;
        TransferModel model(transfers);
        transfers.add(rows(0, 3));
        Q_EMIT transfers.changed({waiting(99, QStringLiteral("ghost"), 1)});
        Q_EMIT transfers.removed({98});
        QCoreApplication::processEvents();
        compare(model, transfers);
    }

    void oneAddedTwiceIsThereOnce() {
        FakeTransfers transfers;
        TransferModel model(transfers);
        transfers.add(rows(0, 3));
        api::TransferSnapshot news = transfers.rows.at(2);
        news.done = 7;
        transfers.rows[2] = news;
        Q_EMIT transfers.added({news});
        Q_EMIT transfers.totalsChanged(transfers.totals());
        compare(model, transfers);
    }

    void movesAreFollowedRowByRow() {
        FakeTransfers transfers;
        TransferModel model(transfers);
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        transfers.add(rows(0, 8));
        const auto move = [&](const QList<api::TransferId>& ids, api::TransferId before) {
            QList<api::TransferSnapshot> moving;
            for (const api::TransferId id : ids) {
                const auto at = std::find_if(transfers.rows.begin(), transfers.rows.end(),
                                             [id](const api::TransferSnapshot& row) { return row.id == id; });
                moving.append(*at);
                transfers.rows.erase(at);
            }
            auto at = std::find_if(transfers.rows.begin(), transfers.rows.end(),
                                   [before](const api::TransferSnapshot& row) { return row.id == before; });
            for (const api::TransferSnapshot& row : moving) {
                at = transfers.rows.insert(at, row) + 1;
            }
            Q_EMIT transfers.moved(ids, before == -1 ? 0 : before);
            compare(model, transfers);
        };
        transfers.rows.removeFirst();  // the number 0 means the end
        Q_EMIT transfers.removed({0});
        Q_EMIT transfers.totalsChanged(transfers.totals());
        QCoreApplication::processEvents();
        move({7}, 1);
        move({3, 1}, -1);
        move({2, 6}, 5);
        move({5}, 4);
        Q_EMIT transfers.moved({99}, 1);
        Q_EMIT transfers.moved({1}, 99);
        compare(model, transfers);
    }

    void halfOfALongListMovesInOneChange() {
        FakeTransfers transfers;
        TransferModel model(transfers);
        constexpr int count = 20'000;
        transfers.list(rows(1, count + 1));
        const QPersistentModelIndex moved(model.index(count - 1));
        const QPersistentModelIndex stayed(model.index(0));
        QSignalSpy changes(&model, &QAbstractItemModel::layoutChanged);
        QList<api::TransferId> lower;
        for (int row = count / 2; row < count; ++row) {
            lower.append(model.idAt(row));
        }
        Q_EMIT transfers.moved(lower, 1);
        QCOMPARE(changes.size(), 1);
        QCOMPARE(moved.row(), count / 2 - 1);
        QCOMPARE(stayed.row(), count / 2);
        for (int row = 0; row < count; ++row) {
            QCOMPARE(model.idAt(row), (row + count / 2) % count + 1);
            QCOMPARE(model.rowOf(model.idAt(row)), row);
        }
        Q_EMIT transfers.moved(lower, 1);  // there they stand already
        QCOMPARE(changes.size(), 1);
    }

    void manyThatAreRemovedGoAFewThousandAtATime() {
        FakeTransfers transfers;
        TransferModel model(transfers);
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        transfers.list(rows(1, 3 * TransferModel::mostTakenOut));
        int most = 0;
        connect(&model, &QAbstractItemModel::rowsRemoved, this,
                [&most](const QModelIndex&, int first, int last) { most = std::max(most, last - first + 1); });
        QList<api::TransferId> gone;
        for (int row = 1; row < model.rowCount() - 1; ++row) {
            gone.append(model.idAt(row));
        }
        transfers.remove(gone);
        QTRY_COMPARE(model.rowCount(), 2);
        QCOMPARE(most, TransferModel::mostTakenOut);
        compare(model, transfers);
        transfers.remove({transfers.rows.at(0).id, transfers.rows.at(1).id});
        QTRY_COMPARE(model.rowCount(), 0);
        transfers.add(rows(90'000, 90'003));
        compare(model, transfers);
    }

    void aLongListIsLoadedOnlyWhereItIsLookedAt() {
        FakeTransfers transfers;
        TransferModel model(transfers);
        transfers.list(rows(1, 50'001));
        QCOMPARE(model.rowCount(), 50'000);
        QCoreApplication::processEvents();
        QCOMPARE(transfers.loads, 0);
        QSignalSpy changes(&model, &QAbstractItemModel::dataChanged);
        for (int row = 40'000; row < 40'020; ++row) {
            QCOMPARE(model.at(row).id, row + 1);
            QVERIFY(model.at(row).name.isEmpty());
        }
        QCoreApplication::processEvents();
        QCOMPARE(transfers.loads, 1);
        QCOMPARE(transfers.loaded, 20);
        QCOMPARE(changes.size(), 1);
        QCOMPARE(model.at(40'007).name, QStringLiteral("file 40008"));
        for (int page = 0; page < 100; ++page) {
            for (int row = page * 100; row < page * 100 + 20; ++row) {
                (void)model.at(row);
            }
            QCoreApplication::processEvents();
        }
        int known = 0;
        for (int row = 0; row < model.rowCount(); ++row) {
            known += model.known(model.idAt(row)) != nullptr ? 1 : 0;
        }
        QVERIFY(known <= TransferModel::mostKept);
    }

    void whatIsOutOfDateIsShownUntilThereIsBetter() {
        FakeTransfers transfers;
        TransferModel model(transfers);
        transfers.add(rows(1, 4));
        transfers.rows[1].state = api::TransferState::Paused;
        Q_EMIT transfers.stale();
        QCOMPARE(model.at(1).name, QStringLiteral("file 2"));
        QVERIFY(model.at(1).state == api::TransferState::Queued);
        QCoreApplication::processEvents();
        QVERIFY(model.at(1).state == api::TransferState::Paused);
        QCOMPARE(transfers.loaded, 1);
    }
};

}  // namespace tarn::ui_test

QTEST_GUILESS_MAIN(tarn::ui_test::TransferModelTest)
#include "transfer_model_test.moc"
