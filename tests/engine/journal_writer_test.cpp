#include "core/engine/journal_writer.h"

#include <QObject>
#include <QTest>

#include <atomic>

using namespace tarn;
using namespace tarn::engine;
using journal::Row;
using journal::RowId;

namespace {

/// A journal in memory that counts, and can be told to fail. Complains of two calls at the same time.
class MemoryJournal final : public journal::Journal {
public:
    Result<RowId> add(const Row& row) override {
        auto ids = addAll({row});
        return ids ? Result<RowId>(ids->front()) : failure(ids.error());
    }
    Result<std::vector<RowId>> addAll(const std::vector<Row>& rows) override {
        const Call call(*this);
        if (failing) {
            return failure(ErrorCode::DiskFull);
        }
        std::vector<RowId> ids;
        for (const auto& row : rows) {
            kept.push_back(row);
            kept.back().id = static_cast<RowId>(kept.size());
            ids.push_back(kept.back().id);
        }
        return ids;
    }
    Result<void> update(const Row& row) override {
        const Call call(*this);
        if (row.id == badRow) {
            return failure(ErrorCode::NotFound);
        }
        kept.at(static_cast<std::size_t>(row.id - 1)) = row;
        return {};
    }
    Result<void> updateAll(const std::vector<Row>& rows) override {
        const Call call(*this);
        ++batches;
        for (const auto& row : rows) {
            if (row.id == badRow) {
                return failure(ErrorCode::NotFound);
            }
        }
        for (const auto& row : rows) {
            kept.at(static_cast<std::size_t>(row.id - 1)) = row;
        }
        return {};
    }
    Result<std::vector<RowId>> remove(const std::vector<RowId>& ids) override {
        const Call call(*this);
        removed.insert(removed.end(), ids.begin(), ids.end());
        return ids;
    }
    // What the writer's tests do not ask for.
    Result<std::vector<RowId>> apply(const std::vector<RowId>&, journal::Change, WallTime) override { return unused(); }
    Result<std::vector<journal::Move>> move(const std::vector<RowId>&, journal::Step) override { return unused(); }
    Result<void> prioritise(const std::vector<RowId>&, journal::Priority) override { return unused(); }
    Result<std::uint64_t> endWaits() override { return unused(); }
    Result<std::vector<journal::Listed>> list(journal::Place, std::size_t) override { return unused(); }
    Result<std::vector<Row>> page(journal::Place, std::size_t) override { return unused(); }
    Result<std::vector<Row>> rowsOf(const std::vector<RowId>&) override { return unused(); }
    Result<std::vector<Row>> next(std::size_t, WallTime, WallTime::duration) override { return unused(); }
    Result<WallTime> soonest(WallTime) override { return unused(); }
    Result<journal::Totals> totals() override { return unused(); }
    Result<std::int64_t> setting(std::string_view, std::int64_t) override { return unused(); }
    Result<void> setSetting(std::string_view, std::int64_t) override { return unused(); }

    std::vector<Row> kept;
    std::vector<RowId> removed;
    int batches = 0;
    bool failing = false;
    RowId badRow = 0;
    std::atomic<int> overlaps = 0;

private:
    static tl::unexpected<Error> unused() { return failure(ErrorCode::Internal); }
    struct Call {
        explicit Call(MemoryJournal& owner) : journal(owner) {
            if (journal.m_inside.fetch_add(1) != 0) {
                ++journal.overlaps;
            }
        }
        ~Call() { --journal.m_inside; }
        MemoryJournal& journal;
    };
    std::atomic<int> m_inside = 0;
};

Row named(RowId id, const std::string& name) {
    Row row;
    row.id = id;
    row.name = name;
    return row;
}

}  // namespace

class JournalWriterTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        m_journal = std::make_shared<MemoryJournal>();
        m_pools = std::make_shared<async::Pools>();
        m_scope = std::make_unique<async::TaskScope>();
        m_writer = std::make_unique<JournalWriter>(m_journal, m_pools, *m_scope);
    }
    void cleanup() {
        QTRY_COMPARE(m_scope->running(), std::size_t{0});
        QCOMPARE(m_journal->overlaps.load(), 0);
    }

    void addedRowsGetTheirNumbers() {
        std::vector<RowId> ids;
        add({named(0, "a"), named(0, "b")}, [&](Result<std::vector<RowId>> result) { ids = *result; });
        QVERIFY(ids.empty());
        QTRY_COMPARE(ids, (std::vector<RowId>{1, 2}));
    }

    void changesAreMadeInTheOrderAsked() {
        QStringList order;
        add({named(0, "a")}, [&](const auto&) { order << QStringLiteral("add"); });
        m_writer->update(named(1, "b"), [&](const auto&) { order << QStringLiteral("update"); });
        m_writer->perform([](journal::Journal& journal) { return journal.remove({1}); },
                          [&](const auto&) { order << QStringLiteral("remove"); });
        add({named(0, "c")}, [&](const auto&) { order << QStringLiteral("add again"); });
        QTRY_COMPARE(order.size(), 4);
        QCOMPARE(order.join(QLatin1Char(' ')), QStringLiteral("add update remove add again"));
        QCOMPARE(m_journal->kept.front().name, std::string("b"));
    }

    void updatesThatWaitTogetherAreWrittenTogether() {
        int told = 0;
        add(std::vector<Row>(100, named(0, "a")), [](const auto&) {});
        for (RowId id = 1; id <= 100; ++id) {
            m_writer->update(named(id, "b"), [&](const Result<void>& result) { told += result ? 1 : 0; });
        }
        QTRY_COMPARE(told, 100);
        QCOMPARE(m_journal->batches, 1);
    }

    void oneBadUpdateSpoilsNoOther() {
        int good = 0;
        int bad = 0;
        m_journal->badRow = 2;
        add(std::vector<Row>(3, named(0, "a")), [](const auto&) {});
        for (RowId id = 1; id <= 3; ++id) {
            m_writer->update(named(id, "b"), [&](const Result<void>& result) { ++(result ? good : bad); });
        }
        QTRY_COMPARE(good + bad, 3);
        QCOMPARE(bad, 1);
        QCOMPARE(m_journal->kept.at(2).name, std::string("b"));
    }

    void aFailureReachesTheOneWhoAsked() {
        m_journal->failing = true;
        std::optional<ErrorCode> code;
        add({named(0, "a")}, [&](const Result<std::vector<RowId>>& ids) { code = ids.error().code; });
        QTRY_VERIFY(code.has_value());
        QVERIFY(*code == ErrorCode::DiskFull);
    }

private:
    template <typename Done>
    void add(std::vector<Row> rows, Done done) {
        m_writer->perform([added = std::move(rows)](journal::Journal& journal) { return journal.addAll(added); },
                          std::move(done));
    }

    std::shared_ptr<MemoryJournal> m_journal;
    std::shared_ptr<async::Pools> m_pools;
    std::unique_ptr<async::TaskScope> m_scope;
    std::unique_ptr<JournalWriter> m_writer;
};

QTEST_GUILESS_MAIN(JournalWriterTest)
#include "journal_writer_test.moc"
