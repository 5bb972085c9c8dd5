#include "core/journal/journal.h"

#include <sqlite3.h>

#include <QObject>
#include <QTemporaryDir>
#include <QTest>

using namespace tarn;
using journal::Journal;
using journal::State;

/// Journals as earlier versions wrote them.
class MigrationTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aJournalOfVersionOneGoesOn() {
        const QTemporaryDir folder;
        const auto file = std::filesystem::path(folder.path().toStdString()) / "journal.sqlite";
        sqlite3* database = nullptr;
        QCOMPARE(sqlite3_open(file.c_str(), &database), SQLITE_OK);
        QCOMPARE(sqlite3_exec(database, R"(
            CREATE TABLE transfer (
                id           INTEGER PRIMARY KEY AUTOINCREMENT,
                direction    INTEGER NOT NULL CHECK (direction IN (0, 1)),
                state        INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),
                name         TEXT NOT NULL,
                local_path   TEXT NOT NULL,
                capability   TEXT NOT NULL,
                size         INTEGER NOT NULL CHECK (size >= 0),
                error_name   TEXT NOT NULL,
                error_detail TEXT NOT NULL,
                shares       TEXT NOT NULL,
                added        INTEGER NOT NULL,
                finished     INTEGER NOT NULL
            ) STRICT;
            PRAGMA application_id = 1415672430;
            PRAGMA user_version = 1;
            INSERT INTO transfer VALUES (3, 0, 2, 'done', '/a/done', 'URI:LIT:krug', 9, '', '', 'alpha', 17, 18);
            INSERT INTO transfer VALUES (4, 0, 1, 'ran', '/a/ran', '', 10, '', '', '', 19, 0);
            INSERT INTO transfer VALUES (7, 1, 3, 'failed', '/a/f', 'URI:LIT:', 11, 'DiskFull', 'why', '', 20, 21);
            INSERT INTO transfer VALUES (9, 0, 0, 'gone', '/a/gone', '', 1, '', '', '', 22, 0);
            DELETE FROM transfer WHERE id = 9;
        )",
                              nullptr, nullptr, nullptr),
                 SQLITE_OK);
        sqlite3_close(database);

        for (int life = 0; life < 2; ++life) {
            const auto opened = Journal::open(file);
            QVERIFY2(opened, opened ? "" : opened.error().detail.c_str());
            const auto rows = (*opened)->rows();
            QVERIFY(rows);
            QCOMPARE(rows->size(), std::size_t(3 + life));
            QCOMPARE(rows->at(0).id, 3);
            QCOMPARE(rows->at(0).capability, std::string("URI:LIT:krug"));
            QCOMPARE(rows->at(0).shares, std::string("alpha"));
            QVERIFY(rows->at(0).state == State::Done);
            QVERIFY(rows->at(0).finished == WallTime(std::chrono::microseconds(18)));
            QVERIFY(rows->at(1).state == State::Queued);
            QCOMPARE(rows->at(2).errorDetail, std::string("why"));
            QVERIFY(rows->at(2).direction == journal::Direction::Download);
            if (life == 0) {
                const auto moved = (*opened)->move({7}, journal::Step::Up);
                QVERIFY(moved && moved->size() == 1);
                QVERIFY((*opened)->move({7}, journal::Step::Down));
                journal::Row fresh;
                fresh.name = "fresh";
                QCOMPARE(*(*opened)->add(fresh), 10);  // no number is used twice
            }
        }
    }
};

QTEST_GUILESS_MAIN(MigrationTest)
#include "migration_test.moc"
