#include "tests/app/tarn_process.h"

#include <QDir>
#include <QJsonDocument>
#include <QJsonObject>
#include <QObject>
#include <QTest>

using namespace tarn::test;

/// `tarn queue`: the transfers that the desktop shows, without a desktop.
class CliQueueTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        m_tarn = std::make_unique<Tarn>();
        QCOMPARE((*m_tarn)(u"init --home"_words).exit, 0);
        QVERIFY(QDir().mkpath(m_tarn->path(QStringLiteral("files/inside"))));
        m_tarn->write(QStringLiteral("files/a"), contentOf(1000));
        m_tarn->write(QStringLiteral("files/inside/b"), contentOf(70'000));
        m_tarn->write(QStringLiteral("files/inside/c"), contentOf(10));
        QCOMPARE(queue(u"add files"_words).exit, 0);
    }

    void aFolderIsQueuedListedAndRun() {
        QCOMPARE(states(),
                 QList<QString>({QStringLiteral("queued"), QStringLiteral("queued"), QStringLiteral("queued")}));
        QCOMPARE(queue(u"run"_words).exit, 0);
        QCOMPARE(states(), QList<QString>({QStringLiteral("done"), QStringLiteral("done"), QStringLiteral("done")}));
        QVERIFY(!queue(u"list"_words).out.contains("URI:"));
        QVERIFY(queue(u"list --caps"_words).out.contains("URI:CHK:"));
        QCOMPARE(queue(u"run"_words).exit, 0);  // nothing is left to do
    }

    void rowsArePausedResumedCancelledAndTriedAgain() {
        QCOMPARE(queue(u"pause 1 2"_words).exit, 0);
        QCOMPARE(queue(u"cancel 3"_words).exit, 0);
        QCOMPARE(queue(u"run"_words).exit, 0);
        QCOMPARE(states(),
                 QList<QString>({QStringLiteral("paused"), QStringLiteral("paused"), QStringLiteral("cancelled")}));
        QCOMPARE(queue(u"resume all"_words).exit, 0);
        QCOMPARE(queue(u"retry 3"_words).exit, 0);
        QCOMPARE(queue(u"run"_words).exit, 0);
        QCOMPARE(states(), QList<QString>({QStringLiteral("done"), QStringLiteral("done"), QStringLiteral("done")}));
    }

    void rowsAreMovedAndPreferred() {
        QCOMPARE(queue(u"move top 3"_words).exit, 0);
        QCOMPARE(queue(u"move down 3"_words).exit, 0);
        QCOMPARE(queue(u"priority high 2"_words).exit, 0);
        QList<int> order;
        for (const auto& row : rows()) {
            order << row.value(QStringLiteral("number")).toInt();
            QCOMPARE(row.value(QStringLiteral("priority")).toInt(), order.last() == 2 ? 1 : 0);
        }
        QCOMPARE(order, (QList<int>{1, 3, 2}));
    }

    void theQueueIsHeldAndLimited() {
        QCOMPARE(queue(u"pause"_words).exit, 0);
        const auto held = queue(u"run"_words);
        QCOMPARE(held.exit, 1);
        QVERIFY(held.err.contains("held"));
        QCOMPARE(queue(u"resume"_words).exit, 0);
        QCOMPARE(queue(u"limit up=5M down=none metered=pause"_words).exit, 0);
        QVERIFY(queue(u"limit"_words).out.contains("up=5242880 down=none"));
        QCOMPARE(queue(u"run"_words).exit, 0);
    }

    void whatIsAskedWronglyIsSaid_data() {
        QTest::addColumn<QStringList>("words");
        for (const auto* words : {u"bogus", u"cancel", u"pause x", u"move sideways 1", u"move top", u"priority high",
                                  u"limit up=fast", u"list nowhere", u"remove all"}) {
            QTest::newRow(qPrintable(QString::fromUtf16(words))) << QString::fromUtf16(words).split(QLatin1Char(' '));
        }
    }
    void whatIsAskedWronglyIsSaid() {
        QFETCH(const QStringList, words);
        const auto run = queue(words);
        QCOMPARE(run.exit, 2);
        QVERIFY(!run.err.isEmpty());
    }

    void whoHasTheProfileIsSaid() {
        QCOMPARE(queue(u"limit up=1K"_words).exit, 0);
        QProcess running;
        Run locked;
        const auto ask = [&] {
            if (running.state() == QProcess::NotRunning) {  // also where a look at the list was in its way
                running.start(tarnProgram(), {QStringLiteral("--profile"), m_tarn->profile(), QStringLiteral("queue"),
                                              QStringLiteral("run")});
                running.waitForFinished(500);
            }
            return (locked = queue(u"--json list"_words)).exit;
        };
        QTRY_COMPARE_WITH_TIMEOUT(ask(), 1, patience);
        QVERIFY(locked.err.contains("ProfileLocked"));
        running.terminate();
        QVERIFY(running.waitForFinished(patience));
        QCOMPARE(queue(u"list"_words).exit, 0);
    }

private:
    [[nodiscard]] Run queue(const QStringList& words) const {
        return (*m_tarn)(QStringList{QStringLiteral("queue")} + words);
    }
    [[nodiscard]] QList<QJsonObject> rows() const {
        QList<QJsonObject> rows;
        for (const auto& line : queue(u"--json list"_words).out.trimmed().split('\n')) {
            rows << QJsonDocument::fromJson(line).object();
        }
        return rows;
    }
    [[nodiscard]] QList<QString> states() const {
        QList<QString> states;
        for (const auto& row : rows()) {
            states << row.value(QStringLiteral("state")).toString();
        }
        return states;
    }

    std::unique_ptr<Tarn> m_tarn;
};

QTEST_GUILESS_MAIN(CliQueueTest)
#include "cli_queue_test.moc"
