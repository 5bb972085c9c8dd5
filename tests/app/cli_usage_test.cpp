#include "tests/app/tarn_process.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QObject>
#include <QTest>

using namespace tarn::test;

/// What the program says, and how it ends, when it is asked for the wrong thing.
class CliUsageTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void helpAndVersionAreResults() {
        const Tarn tarn;
        const auto help = tarn.bare(u"--help"_words);
        QCOMPARE(help.exit, 0);
        for (const auto* const verb : {"init", "put", "get", "cap", "serve", "servers"}) {
            QVERIFY(help.out.contains(verb));
            const auto own = tarn.bare({QString::fromLatin1(verb), QStringLiteral("--help")});
            QCOMPARE(own.exit, 0);
            QVERIFY2(own.out.startsWith("Usage:"), own.out.constData());
            QVERIFY(own.err.isEmpty());
        }
        const auto version = tarn.bare(u"--version"_words);
        QCOMPARE(version.exit, 0);
        QVERIFY(version.out.startsWith("tarn "));
    }

    void wrongUsageEndsWithTwoAndSaysWhy_data() {
        QTest::addColumn<QString>("arguments");
        QTest::addColumn<QByteArray>("says");
        const auto row = [](const char* arguments, const char* says) {
            QTest::newRow(arguments) << QString::fromUtf8(arguments) << QByteArray(says);
        };
        row("", "what shall be done");
        row("fly", "no verb \"fly\"");
        row("--fast put a", "no option \"--fast\"");
        row("--profile", "--profile wants a folder");
        row("--profile= put a", "--profile wants a folder");
        row("put", "at least one FILE");
        row("put --fast a", "fast");
        row("put --json=yes a", "json");
        row("put - -", "only once");
        row("put --format sdmf a", "this version does not write files that can change");
        row("put --format mdmf a", "this version does not write files that can change");
        row("put --format zip a", "--format is chk");
        row("put --to home:a a", "does not link them into directories yet");
        row("put --convergence mfrgg a", "goes with --dry-run");
        row("put --dry-run --convergence UPPER a", "in base32");
        row("put --dry-run --convergence mfrgg --required 0 a", "from 1 to 256");
        row("put --dry-run --convergence mfrgg --required x a", "from 1 to 256");
        row("put --dry-run --convergence mfrgg --required -1 a", "from 1 to 256");
        row("put --dry-run --convergence mfrgg --required 1e1 a", "from 1 to 256");
        row("put --dry-run --convergence mfrgg --total 257 a", "from 1 to 256");
        row("put --dry-run --convergence mfrgg --required 11 a", "tarn:");
        row("put --dry-run --convergence mfrgg --segment-size 0 a", "--segment-size");
        row("put --dry-run --convergence mfrgg --segment-size 99999999999999999999 a", "--segment-size");
        row("get", "one CAP");
        row("get a b", "one CAP");
        row("get -o", "tarn:");
        row("get URI:LIT: --range 5", "--range is FROM-TO");
        row("get URI:LIT: --range 5-3", "--range is FROM-TO");
        row("get URI:LIT: --range a-b", "--range is FROM-TO");
        row("get URI:LIT: --range -", "--range is FROM-TO");
        row("cap", "one CAP");
        row("cap a b", "one CAP");
        row("init", "either --home or --grid");
        row("init --home --grid a", "either --home or --grid");
        row("init --home --required 2", "nothing to spread");
        row("init --grid a --dir b", "--dir DIR goes with --home");
        row("init --grid - --grid -", "only once");
        row("init --home extra", "init takes no");
        row("serve --listen 127.0.0.1", "--listen is ADDR:PORT");
        row("serve --listen ::1:80", "--listen is ADDR:PORT");
        row("serve --listen 127.0.0.1:65536", "--listen is ADDR:PORT");
        row("serve --listen 127.0.0.1:+80", "--listen is ADDR:PORT");
        row("serve --advertise example", "--advertise is HOST:PORT");
        row("serve --max-size lots", "--max-size is a number");
        row("serve --reserve 1X", "--reserve is a number");
        row("serve --reserve 99999999999G", "--reserve is a number");
        row("serve --expire never", "--expire is age or cutoff-date");
        row("serve --expire age --lease-duration soon", "--lease-duration goes with");
        row("serve --lease-duration 60days", "--lease-duration goes with");
        row("serve --expire cutoff-date", "go together");
        row("serve --expire age --cutoff-date 2024-01-01", "go together");
        row("serve --expire cutoff-date --cutoff-date 2024-13-01", "--cutoff-date is a day");
        row("serve --expire cutoff-date --cutoff-date 2999-01-01", "must not lie in the future");
        row("serve --expire-kind mutable", "--expire-kind goes with --expire");
        row("serve extra", "serve takes no");
        row("servers extra", "servers takes no");
    }
    void wrongUsageEndsWithTwoAndSaysWhy() {
        QFETCH(const QString, arguments);
        QFETCH(const QByteArray, says);
        const Tarn tarn;
        const auto run = tarn.bare(arguments.isEmpty() ? QStringList() : arguments.split(QLatin1Char(' ')));
        QCOMPARE(run.exit, 2);
        QVERIFY2(run.err.contains(says), run.err.constData());
        QVERIFY(run.out.isEmpty());
    }

    void aFailureEndsWithOneAndSaysWhatIsKeptAndWhatToDo_data() {
        QTest::addColumn<QString>("arguments");
        QTest::addColumn<QByteArray>("says");
        const auto row = [](const char* arguments, const char* says) {
            QTest::newRow(arguments) << QString::fromUtf8(arguments) << QByteArray(says);
        };
        row("put somefile", "no Tarn profile");
        row("put --dry-run somefile", "no Tarn profile");
        row("servers", "no Tarn profile");
        row("get URI:CHK:nonsense", "not a whole link");
        row("get hello", "not a whole link");
        row("cap URI:LIT:!", "not a whole link");
        row("cap @missing", "not there");
        row("cap @.", "cannot be read");
        row("init --grid missing.yaml", "not there");
        row("init --grid pb://abc@tcp:example.org:1/secretpart", "list of storage servers");
        row("put --dry-run --convergence mfrgg missing", "not there");
        row("put --dry-run --convergence mfrgg .", "cannot be read");
    }
    void aFailureEndsWithOneAndSaysWhatIsKeptAndWhatToDo() {
        QFETCH(const QString, arguments);
        QFETCH(const QByteArray, says);
        const Tarn tarn;
        const auto run = tarn(arguments.split(QLatin1Char(' ')));
        QCOMPARE(run.exit, 1);
        QVERIFY2(run.err.contains(says), run.err.constData());
        QVERIFY(run.err.count('\n') >= 2);
        QVERIFY(run.out.isEmpty());
        QVERIFY(!run.err.contains("secretpart"));
    }

    void aFailureCanBeReadByAMachine() {
        const Tarn tarn;
        const auto run = tarn(u"--json put somefile"_words);
        QCOMPARE(run.exit, 1);
        const auto error = QJsonDocument::fromJson(run.err).object();
        QCOMPARE(error.value(QStringLiteral("error")).toString(), QStringLiteral("ProfileMissing"));
        QVERIFY(error.value(QStringLiteral("advice")).toString().contains(QStringLiteral("tarn init")));
    }

    void aFileThatChangesIsOfNoUseAsACapability() {
        const Tarn tarn;
        const auto cap = QStringLiteral("URI:SSK:aaaaaaaaaaaaaaaaaaaaaaaaaa:%1").arg(QString(52, QLatin1Char('a')));
        const auto run = tarn({QStringLiteral("get"), cap});
        QCOMPARE(run.exit, 1);
        QVERIFY2(run.err.contains("of a kind that cannot do what was asked"), run.err.constData());
        QVERIFY(run.err.contains("SSK"));
        QVERIFY(!run.err.contains(cap.toUtf8()));
    }

    void theEncodingMustFitTogether() {
        const Tarn tarn;
        const auto file = tarn.write(QStringLiteral("a"), contentOf(100));
        const auto run = tarn({QStringLiteral("put"), QStringLiteral("--dry-run"), QStringLiteral("--convergence"),
                               QStringLiteral("mfrgg"), QStringLiteral("--required"), QStringLiteral("5"),
                               QStringLiteral("--total"), QStringLiteral("4"), file});
        QCOMPARE(run.exit, 2);
        QVERIFY(!run.err.isEmpty());
    }

    void resultsThatNobodyTakesAreAFailure() {
        const Tarn tarn;
        QProcess process;
        process.setStandardOutputFile(QStringLiteral("/dev/full"));
        process.start(tarnProgram(), u"cap URI:LIT:mfrgg"_words);
        QVERIFY(process.waitForFinished(patience));
        QCOMPARE(process.exitCode(), 1);
        QVERIFY(process.readAllStandardError().contains("standard output"));
    }
};

QTEST_GUILESS_MAIN(CliUsageTest)
#include "cli_usage_test.moc"
