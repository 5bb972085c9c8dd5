#include "core/journal/journal.h"

#include <sqlite3.h>

#include <QFile>
#include <QObject>
#include <QTemporaryDir>
#include <QTest>

#include <chrono>

#include <sys/stat.h>

using namespace tarn;
using journal::Journal;
using journal::Row;

namespace {

Row rowNamed(const std::string& name) {
    Row row;
    row.name = name;
    row.localPath = "/somewhere/" + name;
    row.size = 1000;
    return row;
}

std::unique_ptr<Journal> mustOpen(const std::filesystem::path& file) {
    auto opened = Journal::open(file);
    if (!opened) {
        qFatal("the journal does not open: %s", opened.error().detail.c_str());
    }
    return std::move(*opened);
}

QByteArray bytesOf(const std::filesystem::path& path) {
    QFile file(QString::fromStdString(path.string()));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

void writeBytes(const std::filesystem::path& path, const QByteArray& bytes) {
    QFile file(QString::fromStdString(path.string()));
    QVERIFY(file.open(QIODevice::WriteOnly));
    QCOMPARE(file.write(bytes), bytes.size());
}

void runSql(const std::filesystem::path& path, const char* sql) {
    sqlite3* database = nullptr;
    QCOMPARE(sqlite3_open(path.c_str(), &database), SQLITE_OK);
    QCOMPARE(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
}

mode_t modeOf(const std::filesystem::path& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

}  // namespace

class JournalTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void aNewJournalIsEmpty() {
        const auto rows = mustOpen(file())->rows();
        QVERIFY(rows);
        QVERIFY(rows->empty());
    }

    void everyFieldOfARowComesBackAfterReopening() {
        Row row;
        row.direction = journal::Direction::Download;
        row.state = journal::State::Failed;
        row.name = "Grüße 📦 \n \x01 мир";
        row.localPath = std::string("/a/b\0c", 6);
        row.capability = "URI:LIT:krugkidfnzsc4";
        row.size = std::uint64_t{1} << 62U;
        row.errorName = "DiskFull";
        row.errorDetail = "why";
        row.shares = "alpha\n\nbeta\n";
        row.priority = journal::Priority::High;
        row.attempts = 7;
        row.notBefore = WallTime(std::chrono::microseconds(1'700'000'001'000'001));
        row.added = WallTime(std::chrono::microseconds(1'700'000'000'123'456));
        row.finished = WallTime(std::chrono::microseconds(1'700'000'000'999'999));
        const auto id = mustOpen(file())->add(row);
        QVERIFY(id);

        const auto rows = mustOpen(file())->rows();
        QVERIFY(rows);
        QCOMPARE(rows->size(), std::size_t{1});
        const Row& kept = rows->front();
        QCOMPARE(kept.id, *id);
        QVERIFY(kept.direction == row.direction);
        QVERIFY(kept.state == row.state);
        QCOMPARE(kept.name, row.name);
        QCOMPARE(kept.localPath, row.localPath);
        QCOMPARE(kept.capability, row.capability);
        QCOMPARE(kept.size, row.size);
        QCOMPARE(kept.errorName, row.errorName);
        QCOMPARE(kept.errorDetail, row.errorDetail);
        QCOMPARE(kept.shares, row.shares);
        QVERIFY(kept.added == row.added);
        QVERIFY(kept.finished == row.finished);
        QVERIFY(kept.priority == row.priority);
        QCOMPARE(kept.attempts, row.attempts);
        QVERIFY(kept.notBefore == row.notBefore);
    }

    void rowsKeepTheOrderInWhichTheyWereAdded() {
        auto journal = mustOpen(file());
        QVERIFY(journal->add(rowNamed("first")));
        QVERIFY(journal->addAll({rowNamed("second"), rowNamed("third")}));
        const auto rows = journal->rows();
        QVERIFY(rows);
        QCOMPARE(rows->size(), std::size_t{3});
        QCOMPARE(rows->at(0).name, std::string("first"));
        QCOMPARE(rows->at(1).name, std::string("second"));
        QCOMPARE(rows->at(2).name, std::string("third"));
    }

    void theNumberOfARemovedRowIsNeverUsedAgain() {
        auto journal = mustOpen(file());
        const auto first = journal->add(rowNamed("first"));
        QVERIFY(first);
        QVERIFY(journal->remove({*first}));
        journal = nullptr;
        journal = mustOpen(file());
        const auto second = journal->add(rowNamed("second"));
        QVERIFY(second);
        QVERIFY(*second > *first);
    }

    void removingWhatIsNotThereDoesNothing() {
        auto journal = mustOpen(file());
        QVERIFY(journal->add(rowNamed("stays")));
        const auto removed = journal->remove({77});
        QVERIFY(removed && removed->empty());
        QCOMPARE(journal->rows()->size(), std::size_t{1});
    }

    void anUpdateChangesItsRowAlone() {
        auto journal = mustOpen(file());
        const auto ids = journal->addAll({rowNamed("a"), rowNamed("b")});
        QVERIFY(ids);
        Row changed = rowNamed("b");
        changed.id = ids->at(1);
        changed.state = journal::State::Done;
        changed.capability = "URI:LIT:";
        QVERIFY(journal->update(changed));
        const auto rows = journal->rows();
        QVERIFY(rows->at(0).state == journal::State::Queued);
        QVERIFY(rows->at(0).capability.empty());
        QVERIFY(rows->at(1).state == journal::State::Done);
        QCOMPARE(rows->at(1).capability, std::string("URI:LIT:"));
    }

    void anUpdateOfNoRowFailsAndChangesNothing() {
        auto journal = mustOpen(file());
        const auto id = journal->add(rowNamed("a"));
        QVERIFY(id);
        Row known = rowNamed("changed");
        known.id = *id;
        Row unknown = rowNamed("changed");
        unknown.id = *id + 1;
        const auto updated = journal->updateAll({known, unknown});
        QVERIFY(!updated);
        QVERIFY(updated.error().code == ErrorCode::NotFound);
        QCOMPARE(journal->rows()->at(0).name, std::string("a"));
        QVERIFY(journal->updateAll({known}));
        QCOMPARE(journal->rows()->at(0).name, std::string("changed"));
    }

    void oneImpossibleRowKeepsAllOfTheOthersOut() {
        auto journal = mustOpen(file());
        Row impossible = rowNamed("impossible");
        impossible.size = ~std::uint64_t{0};
        const auto added = journal->addAll({rowNamed("fine"), impossible});
        QVERIFY(!added);
        QVERIFY(added.error().code == ErrorCode::InvalidArgument);
        QVERIFY(journal->rows()->empty());
        QVERIFY(journal->add(rowNamed("later")));
    }

    void aJournalBelongsToOneAtATime() {
        auto first = mustOpen(file());
        const auto second = Journal::open(file());
        QVERIFY(!second);
        QVERIFY(second.error().code == ErrorCode::ProfileLocked);
        first = nullptr;
        QVERIFY(Journal::open(file()));
    }

    void onlyItsOwnerMayReadTheJournal() {
        const auto before = ::umask(0);
        auto journal = mustOpen(file());
        QVERIFY(journal->add(rowNamed("a")));
        ::umask(before);
        QCOMPARE(modeOf(file()), mode_t{0600});
        QCOMPARE(modeOf(file().string() + "-wal"), mode_t{0600});
        QCOMPARE(modeOf(file().string() + ".lock"), mode_t{0600});
    }

    void aJournalThatOthersMayReadIsClosedToThem() {
        mustOpen(file()).reset();
        QCOMPARE(::chmod(file().c_str(), 0644), 0);
        mustOpen(file()).reset();
        QCOMPARE(modeOf(file()), mode_t{0600});
    }

    void whatIsNoDatabaseIsReportedAndLeftAsItIs_data() {
        QTest::addColumn<QByteArray>("content");
        QTest::newRow("text") << QByteArray("These are my notes, not a database.\n").repeated(100);
        QTest::newRow("one byte") << QByteArray("x");
        QTest::newRow("zeros") << QByteArray(8192, '\0');
    }
    void whatIsNoDatabaseIsReportedAndLeftAsItIs() {
        QFETCH(const QByteArray, content);
        writeBytes(file(), content);
        const auto opened = Journal::open(file());
        QVERIFY(!opened);
        QVERIFY(opened.error().code == ErrorCode::ProfileDamaged);
        QCOMPARE(bytesOf(file()), content);
    }

    void anotherProgramsDatabaseIsReportedAndLeftAsItIs() {
        runSql(file(), "CREATE TABLE recipes (name TEXT); INSERT INTO recipes VALUES ('soup');");
        const auto content = bytesOf(file());
        const auto opened = Journal::open(file());
        QVERIFY(!opened);
        QVERIFY(opened.error().code == ErrorCode::ProfileDamaged);
        QCOMPARE(bytesOf(file()), content);
    }

    void aJournalOfANewerVersionIsReportedAndLeftAsItIs() {
        QVERIFY(mustOpen(file())->add(rowNamed("a")));
        runSql(file(), "PRAGMA user_version = 3;");
        const auto content = bytesOf(file());
        const auto opened = Journal::open(file());
        QVERIFY(!opened);
        QVERIFY(opened.error().code == ErrorCode::ProfileDamaged);
        QVERIFY(opened.error().detail.find("newer") != std::string::npos);
        QCOMPARE(bytesOf(file()), content);
    }

    void aJournalCutShortIsReportedAndLeftAsItIs() {
        {
            std::vector<Row> rows(2000, rowNamed(std::string(100, 'n')));
            QVERIFY(mustOpen(file())->addAll(rows));
        }
        auto content = bytesOf(file());
        QVERIFY(content.size() > 100'000);
        content.truncate(content.size() / 2);
        writeBytes(file(), content);
        const auto opened = Journal::open(file());
        QVERIFY(!opened);
        QVERIFY(opened.error().code == ErrorCode::ProfileDamaged);
        QCOMPARE(bytesOf(file()), content);
    }

    void aRowThatMakesNoSenseIsReported() {
        QVERIFY(mustOpen(file())->add(rowNamed("a")));
        runSql(file(), "PRAGMA ignore_check_constraints = ON; UPDATE transfer SET state = 99;");
        const auto opened = Journal::open(file());
        const auto code = opened ? (*opened)->rows().error().code : opened.error().code;
        QVERIFY(code == ErrorCode::ProfileDamaged);
    }

    void aFolderThatIsNotThereIsReported() {
        const auto opened = Journal::open(file() / "not" / "there");
        QVERIFY(!opened);
        QVERIFY(opened.error().code == ErrorCode::FileUnwritable);
    }

    void aRemovedCapabilityLeavesNoTraceInTheFile() {
        const std::string secret = "URI:CHK:aaaabbbbccccddddeeeeffffgg:once-a-secret";
        auto journal = mustOpen(file());
        Row row = rowNamed("a");
        row.capability = secret;
        const auto id = journal->add(row);
        QVERIFY(id);
        journal = nullptr;
        QVERIFY(bytesOf(file()).contains(QByteArray::fromStdString(secret)));
        journal = mustOpen(file());
        QVERIFY(journal->remove({*id}));
        journal = nullptr;
        QVERIFY(!bytesOf(file()).contains(QByteArray::fromStdString(secret)));
        QVERIFY(!std::filesystem::exists(file().string() + "-wal"));
    }

    void aHundredThousandRowsAreAddedAndReadBack() {
        auto journal = mustOpen(file());
        std::vector<Row> rows;
        for (int i = 0; i < 100'000; ++i) {
            rows.push_back(rowNamed("file " + std::to_string(i)));
        }
        const auto ids = journal->addAll(rows);
        QVERIFY(ids);
        QCOMPARE(ids->size(), rows.size());
        const auto back = journal->rows();
        QVERIFY(back);
        QCOMPARE(back->size(), rows.size());
        QCOMPARE(back->back().name, std::string("file 99999"));
        QCOMPARE(back->back().id, ids->back());
    }

private:
    [[nodiscard]] std::filesystem::path file() const {
        return std::filesystem::path(m_folder->path().toStdString()) / "journal.sqlite";
    }

    std::unique_ptr<QTemporaryDir> m_folder;
};

QTEST_GUILESS_MAIN(JournalTest)
#include "journal_test.moc"
