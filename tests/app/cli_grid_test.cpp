#include "tests/app/tarn_process.h"

#include <QDir>
#include <QJsonDocument>
#include <QJsonObject>
#include <QObject>
#include <QTcpServer>
#include <QTest>

#include <memory>
#include <vector>

using namespace tarn::test;

/// Several `tarn serve` on loopback, joined to one grid.
class CliGridTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        m_tarn = std::make_unique<Tarn>();
        m_servers.clear();
    }

    void aServerPrintsItsNurlAndWritesItsAnnouncement() {
        Serving server(m_tarn->path(QStringLiteral("store")));
        QVERIFY2(server.line().startsWith("pb://"), server.line().constData());
        QVERIFY(server.line().contains("@127.0.0.1:"));
        QVERIFY(server.line().endsWith("#v=1"));
        const auto yaml = m_tarn->read(QStringLiteral("store/announcement.yaml"));
        QVERIFY(yaml.startsWith("storage:"));
        QVERIFY(yaml.contains(server.line()));
        QCOMPARE(server.terminate(), 0);
    }

    void aServerKeepsItsNurlFromStartToStart() {
        const auto folder = m_tarn->path(QStringLiteral("store"));
        Serving first(folder);
        const auto nurl = first.line();
        QVERIFY(nurl.startsWith("pb://"));
        QCOMPARE(first.terminate(), 0);
        const Serving second(folder);
        QCOMPARE(second.line(), nurl);
    }

    void aServerOnIpv6IsReached() {
        start(1, {QStringLiteral("--listen"), QStringLiteral("[::1]:0"), QStringLiteral("--json")});
        const auto object = QJsonDocument::fromJson(m_servers[0]->line()).object();
        QVERIFY(object.value(QStringLiteral("nurl")).toString().contains(QStringLiteral("@[::1]:")));
        QVERIFY(object.value(QStringLiteral("port")).toInt() > 0);
        join(1, 1, 1);
        roundTrip(contentOf(1000));
    }

    void oneFolderIsServedOnce() {
        const auto folder = m_tarn->path(QStringLiteral("store"));
        const Serving first(folder);
        const auto second = (*m_tarn)({QStringLiteral("serve"), QStringLiteral("--dir"), folder});
        QCOMPARE(second.exit, 1);
        QVERIFY2(second.err.contains("Another program is using"), second.err.constData());
    }

    void anAddressThatIsNotOursIsReported() {
        const auto run = (*m_tarn)({QStringLiteral("serve"), QStringLiteral("--dir"), m_tarn->path(QStringLiteral("s")),
                                    QStringLiteral("--listen"), QStringLiteral("192.0.2.1:1")});
        QCOMPARE(run.exit, 1);
        QVERIFY(!run.err.isEmpty());
        QVERIFY(run.out.isEmpty());
    }

    void threeOfTenOverFiveServersComesBack() {
        start(5);
        join(3, 5, 10);
        roundTrip(contentOf(56));
        roundTrip(contentOf(1000));
        roundTrip(contentOf(3 * 1024 * 1024 + 1));
    }

    void whatIsLeftOfTheServersIsEnough() {
        start(5);
        join(3, 5, 10);
        const auto content = contentOf(200'000);
        const auto cap = (*m_tarn)(u"put -"_words, content).out;
        QVERIFY(cap.startsWith("URI:CHK:"));
        for (int i = 0; i < 3; ++i) {
            m_servers[static_cast<std::size_t>(i)]->kill();
        }
        // Two servers hold four of the ten pieces.
        QVERIFY((*m_tarn)(u"get -"_words, cap).out == content);
        const auto put = (*m_tarn)(u"put -"_words, contentOf(1000));
        QCOMPARE(put.exit, 1);
        QVERIFY2(put.err.contains("Too few storage servers"), put.err.constData());
        m_servers[3]->kill();
        const auto get = (*m_tarn)(u"get - -o copy"_words, cap);
        QCOMPARE(get.exit, 1);
        QVERIFY2(get.err.contains("Too few pieces"), get.err.constData());
        QVERIFY(!QFile::exists(m_tarn->path(QStringLiteral("copy"))));
    }

    void theSecondUploadFindsTheSharesThere() {
        start(5);
        join(3, 5, 10);
        const auto sent = [&] {
            const auto run = (*m_tarn)(u"--json put -"_words, contentOf(1000));
            return QJsonDocument::fromJson(run.out).object();
        };
        QCOMPARE(sent().value(QStringLiteral("sharesSent")).toInt(), 10);
        const auto again = sent();
        QCOMPARE(again.value(QStringLiteral("sharesSent")).toInt(), 0);
        QCOMPARE(again.value(QStringLiteral("sharesFound")).toInt(), 10);
    }

    void theServersAreListed() {
        start(3);
        join(1, 2, 3);
        m_servers[1]->kill();
        const auto run = (*m_tarn)(u"--json servers"_words);
        QVERIFY2(run.exit == 0, run.err.constData());
        const auto lines = run.line().split('\n');
        QCOMPARE(lines.size(), 3);
        int reachable = 0;
        for (const auto& line : lines) {
            const auto object = QJsonDocument::fromJson(line).object();
            QVERIFY(object.value(QStringLiteral("address")).toString().startsWith(QStringLiteral("127.0.0.1:")));
            if (object.value(QStringLiteral("reachable")).toBool()) {
                ++reachable;
                QVERIFY(object.value(QStringLiteral("roundTripMs")).toDouble() > 0);
                QVERIFY(object.value(QStringLiteral("availableSpace")).toDouble() > 0);
                QVERIFY(object.value(QStringLiteral("version")).toString().startsWith(QStringLiteral("tarn")));
            } else {
                QCOMPARE(object.value(QStringLiteral("error")).toString(), QStringLiteral("Unreachable"));
            }
        }
        QCOMPARE(reachable, 2);
        const auto table = (*m_tarn)(u"servers"_words);
        QCOMPARE(table.line().split('\n').size(), 4);
        QCOMPARE(table.out.count("  reachable "), 2);
    }

    void aGridTooSmallForItsEncodingIsSaidAtOnce() {
        start(2);
        const auto run = initialise({});
        QCOMPARE(run.exit, 0);
        QVERIFY2(run.err.contains("the grid has 2 server(s), but 7 must take a part"), run.err.constData());
    }

    void aGridCanComeByStdin() {
        start(1);
        const auto yaml = m_tarn->read(QStringLiteral("server 0/announcement.yaml"));
        const auto run = (*m_tarn)(u"init --grid - --required 1 --happy 1 --total 1"_words, yaml);
        QVERIFY2(run.exit == 0, run.err.constData());
        QVERIFY(run.err.contains("all pieces of a file may end up on one server"));
        roundTrip(contentOf(1000));
    }

    void aNodeFolderBringsItsConvergenceSecretAlong() {
        start(1);
        QVERIFY(QDir().mkpath(m_tarn->path(QStringLiteral("node/private"))));
        m_tarn->write(QStringLiteral("node/private/servers.yaml"),
                      m_tarn->read(QStringLiteral("server 0/announcement.yaml")));
        m_tarn->write(QStringLiteral("node/private/convergence"), "mfqwcylbmfqwcylbmfqwcylbme\n");
        m_tarn->write(QStringLiteral("node/tahoe.cfg"),
                      "[client]\nshares.needed = 1\nshares.happy = 1\nshares.total = 1\n");
        const auto run = (*m_tarn)(u"--json init --grid node --segment-size 128K"_words);
        QVERIFY2(run.exit == 0, run.err.constData());
        QVERIFY(run.err.contains("convergence secret was taken over"));
        QCOMPARE(QJsonDocument::fromJson(run.out).object().value(QStringLiteral("total")).toInt(), 1);
        QVERIFY(
            (*m_tarn)(u"put -"_words, QByteArray(56, 'a')).line().startsWith("URI:CHK:yzxcoagbetwet65ltjpbqyli3m:"));
    }

    void aFullServerIsReportedAndHoldsNoHalfShare() {
        start(1, {QStringLiteral("--max-size"), QStringLiteral("100K")});
        join(1, 1, 1);
        const auto run = (*m_tarn)(u"put -"_words, contentOf(500'000));
        QCOMPARE(run.exit, 1);
        QVERIFY2(run.err.contains("Too few storage servers"), run.err.constData());
        roundTrip(contentOf(10'000));
    }

    void aSignalStopsAnUploadToAServerThatNeverAnswers() {
        start(1, {QStringLiteral("--json")});
        join(1, 1, 1);
        const auto port = QJsonDocument::fromJson(m_servers[0]->line()).object().value(QStringLiteral("port")).toInt();
        m_servers[0]->kill();
        QTcpServer silent;
        QVERIFY(silent.listen(QHostAddress::LocalHost, static_cast<quint16>(port)));
        QProcess put;
        put.start(tarnProgram(), {QStringLiteral("--profile"), m_tarn->profile(), QStringLiteral("put"),
                                  m_tarn->write(QStringLiteral("a"), contentOf(1000))});
        QVERIFY(silent.waitForNewConnection(patience));
        put.terminate();
        QVERIFY(put.waitForFinished(patience));
        QCOMPARE(put.exitStatus(), QProcess::NormalExit);
        QCOMPARE(put.exitCode(), 1);
        const auto said = put.readAllStandardError();
        QVERIFY2(said.contains("It was stopped before it was finished"), said.constData());
        QVERIFY(put.readAllStandardOutput().isEmpty());
    }

    void aReadOnlyServerTakesNothing() {
        start(1, {QStringLiteral("--read-only")});
        join(1, 1, 1);
        const auto run = (*m_tarn)(u"put -"_words, contentOf(1000));
        QCOMPARE(run.exit, 1);
        QVERIFY2(run.err.contains("Too few storage servers"), run.err.constData());
    }

private:
    void start(int count, const QStringList& more = {}) {
        for (int i = 0; i < count; ++i) {
            m_servers.push_back(std::make_unique<Serving>(m_tarn->path(QStringLiteral("server %1").arg(i)), more));
            QVERIFY(!m_servers.back()->line().isEmpty());
        }
    }

    [[nodiscard]] Run initialise(const QStringList& more) {
        QStringList arguments{QStringLiteral("init")};
        for (const auto& server : m_servers) {
            arguments << QStringLiteral("--grid") << server->announcement();
        }
        return (*m_tarn)(arguments + more);
    }

    void join(int required, int happy, int total) {
        const auto run = initialise({QStringLiteral("--required"), QString::number(required), QStringLiteral("--happy"),
                                     QString::number(happy), QStringLiteral("--total"), QString::number(total)});
        QVERIFY2(run.exit == 0, run.err.constData());
    }

    void roundTrip(const QByteArray& content) {
        const auto put = (*m_tarn)(u"put -"_words, content);
        QVERIFY2(put.exit == 0, put.err.constData());
        const auto get = (*m_tarn)(u"get -"_words, put.out);
        QVERIFY2(get.exit == 0, get.err.constData());
        QVERIFY(get.out == content);
    }

    std::unique_ptr<Tarn> m_tarn;
    std::vector<std::unique_ptr<Serving>> m_servers;
};

QTEST_GUILESS_MAIN(CliGridTest)
#include "cli_grid_test.moc"
