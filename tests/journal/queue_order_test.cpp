#include "core/journal/journal.h"

#include <QObject>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>

using namespace tarn;
using namespace std::chrono_literals;
using journal::Change;
using journal::Journal;
using journal::Move;
using journal::Priority;
using journal::Row;
using journal::RowId;
using journal::State;
using journal::Step;

namespace {

const WallTime today{std::chrono::hours(24 * 365 * 50)};

Row rowOf(State state = State::Queued, std::uint64_t size = 1000) {
    Row row;
    row.name = "a";
    row.localPath = "/somewhere/a";
    row.size = size;
    row.state = state;
    return row;
}

std::vector<RowId> idsOf(const std::vector<Row>& rows) {
    std::vector<RowId> ids;
    for (const auto& row : rows) {
        ids.push_back(row.id);
    }
    return ids;
}

/// What a list becomes that is told of moves: the person's view of it.
void follow(std::vector<RowId>& list, const Move& move) {
    std::erase_if(list, [&](RowId id) { return std::ranges::find(move.ids, id) != move.ids.end(); });
    const auto before = move.before == 0 ? list.end() : std::ranges::find(list, move.before);
    list.insert(before, move.ids.begin(), move.ids.end());
}

}  // namespace

/// The list's order, which one comes next, and what is asked of many transfers at once.
class QueueOrderTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        m_folder = std::make_unique<QTemporaryDir>();
        m_journal = nullptr;
        open();
    }

    void stepsMoveRowsAndSayWhatTheyDid() {
        fill(6);
        move({3}, Step::Top, {3, 1, 2, 4, 5, 6});
        move({1}, Step::Bottom, {3, 2, 4, 5, 6, 1});
        move({4}, Step::Up, {3, 4, 2, 5, 6, 1});
        move({4}, Step::Down, {3, 2, 4, 5, 6, 1});
        move({3}, Step::Up, {3, 2, 4, 5, 6, 1});
        move({1}, Step::Down, {3, 2, 4, 5, 6, 1});
    }

    void manyMoveTogetherAndKeepTheirOrder() {
        fill(6);
        move({5, 2}, Step::Top, {2, 5, 1, 3, 4, 6});
        move({1, 5}, Step::Bottom, {2, 3, 4, 6, 5, 1});
        move({4, 3}, Step::Up, {3, 4, 2, 6, 5, 1});
        move({3, 4}, Step::Up, {3, 4, 2, 6, 5, 1});
        move({1, 5, 3}, Step::Down, {4, 3, 2, 6, 5, 1});
        move({1, 2, 3, 4, 5, 6}, Step::Top, {4, 3, 2, 6, 5, 1});
        move({77, 6, 6}, Step::Top, {6, 4, 3, 2, 5, 1});
        move({}, Step::Top, {6, 4, 3, 2, 5, 1});
    }

    void rowsThatStandTogetherStepInOneMove() {
        fill(9);
        const auto up = m_journal->move({3, 4, 5, 8}, Step::Up);
        QVERIFY(up);
        QCOMPARE(*up, (std::vector<Move>{{{3, 4, 5}, 2}, {{8}, 7}}));
        QCOMPARE(list(), (std::vector<RowId>{1, 3, 4, 5, 2, 6, 8, 7, 9}));
        const auto down = m_journal->move({3, 4, 5, 8}, Step::Down);
        QVERIFY(down);
        QCOMPARE(*down, (std::vector<Move>{{{7}, 8}, {{2}, 3}}));
        QCOMPARE(list(), (std::vector<RowId>{1, 2, 3, 4, 5, 6, 7, 8, 9}));
    }

    void aLongHistoryOfMovesIsFollowedAndKept() {
        fill(40);
        auto view = list();
        std::mt19937 random(1);
        for (int round = 0; round < 300; ++round) {
            std::vector<RowId> some;
            for (auto count = random() % 6; count > 0; --count) {
                some.push_back(static_cast<RowId>(1 + random() % 40));
            }
            const auto moves = m_journal->move(some, static_cast<Step>(random() % 4));
            QVERIFY(moves);
            for (const auto& moved : *moves) {
                follow(view, moved);
            }
            QCOMPARE(list(), view);
        }
        open();
        QCOMPARE(list(), view);
        QVERIFY(m_journal->add(rowOf()));
        QCOMPARE(list().back(), RowId{41});
    }

    void theNextOnesAreThoseOfHighPriorityThenThoseInFront() {
        fill(5);
        QVERIFY(m_journal->prioritise({4}, Priority::High));
        QVERIFY(m_journal->prioritise({1}, Priority::Low));
        QVERIFY(m_journal->move({5}, Step::Top));
        QCOMPARE(next(), (std::vector<RowId>{4, 5, 2, 3, 1}));
        QCOMPARE(list(), (std::vector<RowId>{5, 1, 2, 3, 4}));
        QCOMPARE(idsOf(*m_journal->next(2, today, 1h)), (std::vector<RowId>{4, 5}));
    }

    void whatWaitsForItsNextAttemptIsPassedOverUntilThen() {
        auto soon = rowOf();
        soon.notBefore = today + 10min;
        auto later = rowOf();
        later.notBefore = today + 50min;
        QVERIFY(m_journal->addAll({soon, rowOf(), later}));
        QCOMPARE(next(), std::vector<RowId>{2});
        QVERIFY(*m_journal->soonest(today) == soon.notBefore);
        QCOMPARE(idsOf(*m_journal->next(9, today + 10min, 1h)), (std::vector<RowId>{1, 2}));
        // A clock that was set back by a year makes nobody wait for a year.
        QCOMPARE(idsOf(*m_journal->next(9, today - std::chrono::hours(24 * 365), 1h)), (std::vector<RowId>{1, 2, 3}));
        QCOMPARE(*m_journal->endWaits(), 2U);
        QCOMPARE(next(), (std::vector<RowId>{1, 2, 3}));
        QVERIFY(*m_journal->soonest(today) == WallTime());
    }

    void eachChangeFitsItsStates_data() {
        QTest::addColumn<int>("change");
        QTest::addColumn<QList<int>>("after");  // by the state before: queued, running, done, failed, cancelled, paused
        QTest::newRow("pause") << static_cast<int>(Change::Pause) << QList<int>{5, 5, 2, 3, 4, 5};
        QTest::newRow("resume") << static_cast<int>(Change::Resume) << QList<int>{0, 0, 2, 3, 4, 0};
        QTest::newRow("cancel") << static_cast<int>(Change::Cancel) << QList<int>{4, 4, 2, 3, 4, 4};
        QTest::newRow("retry") << static_cast<int>(Change::Retry) << QList<int>{0, 0, 2, 0, 0, 5};
    }
    void eachChangeFitsItsStates() {
        QFETCH(const int, change);
        QFETCH(const QList<int>, after);
        std::vector<RowId> ids{99};
        for (int state = 0; state < static_cast<int>(journal::stateCount); ++state) {
            auto row = rowOf(static_cast<State>(state));
            row.errorName = "DiskFull";
            ids.push_back(*m_journal->add(row));
        }
        open();  // where what ran is queued
        const auto changed = m_journal->apply(ids, static_cast<Change>(change), today);
        QVERIFY(changed);
        const auto rows = *m_journal->rows();
        for (int state = 0; state < after.size(); ++state) {
            const auto& row = rows.at(static_cast<std::size_t>(state));
            QCOMPARE(static_cast<int>(row.state), after.at(state));
            const int before = state == 1 ? 0 : state;
            QCOMPARE(std::ranges::find(*changed, row.id) != changed->end(), before != after.at(state));
            if (before != after.at(state) && row.state == State::Cancelled) {
                QVERIFY(row.finished == today && row.errorName.empty());
            }
        }
    }

    void aRetryEndsTheWaitForTheNextAttempt() {
        auto waiting = rowOf();
        waiting.notBefore = today + 10min;
        waiting.attempts = 3;
        QVERIFY(m_journal->add(waiting));
        QCOMPARE(*m_journal->apply({1}, Change::Retry, today), std::vector<RowId>{1});
        QCOMPARE(next(), std::vector<RowId>{1});
        QCOMPARE(m_journal->rows()->front().attempts, 0U);
    }

    void anUpdateLeavesPlaceAndPriorityAlone() {
        fill(3);
        auto row = m_journal->rows()->front();
        QVERIFY(m_journal->move({1}, Step::Bottom));
        QVERIFY(m_journal->prioritise({1}, Priority::High));
        row.state = State::Done;
        QVERIFY(m_journal->update(row));
        QCOMPARE(list(), (std::vector<RowId>{2, 3, 1}));
        QVERIFY(m_journal->rows()->back().priority == Priority::High);
        QVERIFY(m_journal->rows()->back().state == State::Done);
    }

    void theTotalsCountStatesAndBytes() {
        QVERIFY(m_journal->addAll({rowOf(State::Queued, 5), rowOf(State::Queued, 7), rowOf(State::Done, 100)}));
        auto totals = *m_journal->totals();
        QCOMPARE(totals.of(State::Queued).count, 2U);
        QCOMPARE(totals.of(State::Queued).bytes, 12U);
        QCOMPARE(totals.of(State::Done).bytes, 100U);
        QCOMPARE(totals.of(State::Paused).count, 0U);
        QVERIFY(m_journal->remove({1}));
        totals = *m_journal->totals();
        QCOMPARE(totals.of(State::Queued).bytes, 7U);
    }

    void theListIsReadInPages() {
        fill(25);
        QVERIFY(m_journal->move({25}, Step::Top));
        std::vector<RowId> seen;
        journal::Place after = Journal::firstPlace;
        for (;;) {
            const auto page = m_journal->list(after, 7);
            QVERIFY(page);
            QVERIFY(page->size() <= 7);
            if (page->empty()) {
                break;
            }
            for (const auto& listed : *page) {
                seen.push_back(listed.id);
            }
            after = page->back().place;
        }
        QCOMPARE(seen, list());
        QCOMPARE(idsOf(*m_journal->rowsOf({3, 99, 25})), (std::vector<RowId>{3, 25}));
    }

    void settingsAreKept() {
        QCOMPARE(*m_journal->setting("limit", 17), std::int64_t{17});
        QVERIFY(m_journal->setSetting("limit", 5));
        QVERIFY(m_journal->setSetting("limit", 6));
        open();
        QCOMPARE(*m_journal->setting("limit", 17), std::int64_t{6});
    }

private:
    void open() {
        m_journal = nullptr;
        auto opened = Journal::open(std::filesystem::path(m_folder->path().toStdString()) / "journal.sqlite");
        if (!opened) {
            qFatal("the journal does not open: %s", opened.error().detail.c_str());
        }
        m_journal = std::move(*opened);
    }
    void fill(std::size_t count) { QVERIFY(m_journal->addAll(std::vector<Row>(count, rowOf()))); }
    [[nodiscard]] std::vector<RowId> list() const { return idsOf(*m_journal->rows()); }
    [[nodiscard]] std::vector<RowId> next() const { return idsOf(*m_journal->next(99, today, 1h)); }

    void move(const std::vector<RowId>& ids, Step step, const std::vector<RowId>& expected) {
        auto view = list();
        const auto moves = m_journal->move(ids, step);
        QVERIFY(moves);
        QCOMPARE(list(), expected);
        for (const auto& moved : *moves) {
            follow(view, moved);
        }
        QCOMPARE(view, expected);
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Journal> m_journal;
};

QTEST_GUILESS_MAIN(QueueOrderTest)
#include "queue_order_test.moc"
