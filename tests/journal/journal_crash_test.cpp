#include "core/journal/journal.h"

#include <QObject>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>
#include <map>

#include <sys/wait.h>
#include <unistd.h>

using namespace tarn;
using journal::Journal;
using journal::Row;

namespace {

/// What the child says once a call has returned: the row and the state that it then has.
struct Acknowledgement {
    journal::RowId id;
    int state;
};

void acknowledge(int pipe, journal::RowId id, journal::State state) {
    const Acknowledgement said{id, static_cast<int>(state)};
    if (::write(pipe, &said, sizeof said) != sizeof said) {
        ::_exit(3);
    }
}

/// Adds and finishes rows without end. Every third round adds a batch, so that transactions of several rows are cut
/// too.
[[noreturn]] void writeUntilKilled(const std::filesystem::path& file, int pipe) {
    auto journal = Journal::open(file);
    if (!journal) {
        ::_exit(2);
    }
    for (unsigned round = 0;; ++round) {
        std::vector<Row> rows(round % 3 == 0 ? 20 : 1);
        for (auto& row : rows) {
            row.name = "round " + std::to_string(round) + std::string(500, 'x');
        }
        const auto ids = (*journal)->addAll(rows);
        if (!ids) {
            ::_exit(2);
        }
        for (std::size_t i = 0; i < rows.size(); ++i) {
            rows[i].id = ids->at(i);
            acknowledge(pipe, rows[i].id, rows[i].state);
        }
        rows.front().state = journal::State::Done;
        if (!(*journal)->update(rows.front())) {
            ::_exit(2);
        }
        acknowledge(pipe, rows.front().id, rows.front().state);
    }
}

}  // namespace

class JournalCrashTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatWasAcknowledgedIsThereAfterAKill_data() {
        QTest::addColumn<int>("acknowledgements");
        for (const int count : {1, 2, 23, 24, 100, 333, 1000}) {
            QTest::addRow("killed after %d", count) << count;
        }
    }

    void whatWasAcknowledgedIsThereAfterAKill() {
        QFETCH(const int, acknowledgements);
        const QTemporaryDir folder;
        const auto file = std::filesystem::path(folder.path().toStdString()) / "journal.sqlite";

        // Three lives on one file: the second and third begin with what a kill left behind.
        std::map<journal::RowId, int> acknowledged;
        for (int life = 0; life < 3; ++life) {
            int pipe[2];
            QCOMPARE(::pipe(pipe), 0);
            const pid_t child = ::fork();
            QVERIFY(child >= 0);
            if (child == 0) {
                ::close(pipe[0]);
                writeUntilKilled(file, pipe[1]);
            }
            ::close(pipe[1]);
            Acknowledgement said{};
            int count = 0;
            while (::read(pipe[0], &said, sizeof said) == sizeof said) {
                acknowledged[said.id] = said.state;
                if (++count == acknowledgements) {
                    QCOMPARE(::kill(child, SIGKILL), 0);
                }
            }
            ::close(pipe[0]);
            int status = 0;
            QCOMPARE(::waitpid(child, &status, 0), child);
            QVERIFY(WIFSIGNALED(status));
            QVERIFY(count >= acknowledgements);

            auto journal = Journal::open(file);
            QVERIFY2(journal, journal ? "" : journal.error().detail.c_str());
            const auto rows = (*journal)->rows();
            QVERIFY(rows);
            std::map<journal::RowId, int> kept;
            for (const auto& row : *rows) {
                kept[row.id] = static_cast<int>(row.state);
            }
            for (const auto& [id, state] : acknowledged) {
                QVERIFY2(kept.contains(id), "an acknowledged row is gone");
                // A row that was finished just before the kill may be further than was said; never less far.
                QVERIFY(kept[id] >= state);
            }
        }
    }
};

QTEST_GUILESS_MAIN(JournalCrashTest)
#include "journal_crash_test.moc"
