#include "tests/app/tarn_process.h"

#include <QDir>
#include <QJsonDocument>
#include <QJsonObject>
#include <QObject>
#include <QTest>

#include <memory>
#include <vector>

using namespace tarn::test;

namespace {

QJsonObject objectOf(const QByteArray& json) {
    return QJsonDocument::fromJson(json).object();
}

}  // namespace

/// Files through the real program: what their capabilities are, and that a home profile gives them back.
class CliFilesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aDryRunGivesTheCapabilityThatTahoeGives_data() {
        QTest::addColumn<QByteArray>("seed");
        QTest::addColumn<int>("size");
        QTest::addColumn<int>("required");
        QTest::addColumn<int>("total");
        QTest::addColumn<QByteArray>("capability");
        QTest::newRow("56 bytes, 1 of 1")
            << QByteArray("a") << 56 << 1 << 1
            << QByteArray(
                   "URI:CHK:yzxcoagbetwet65ltjpbqyli3m:6b7inuiha2xdtgqzd55i6aeggutnxzr6qfwpv2ep5xlln6pgef7a:1:1:56");
        QTest::newRow("1024 bytes, 3 of 10")
            << QByteArray("a") << 1024 << 3 << 10
            << QByteArray(
                   "URI:CHK:dx7tvyr2fc4u7lxjc6kehq2svq:tiy4qh2g6lqejxcaym3rr7ymkdkinn4qised6kgxloj7sptsqu4a:3:10:1024");
        QTest::newRow("1024 bytes, 71 of 255")
            << QByteArray("a") << 1024 << 71 << 255
            << QByteArray("URI:CHK:2wvrzaobtfkoiqeqwryjzvxatq:7zzaycbdhepzaqtdrku2sbb572h64ggwstu47osa2gn4ol3eglmq:71:"
                          "255:1024");
    }
    void aDryRunGivesTheCapabilityThatTahoeGives() {
        QFETCH(const QByteArray, seed);
        QFETCH(const int, size);
        QFETCH(const int, required);
        QFETCH(const int, total);
        QFETCH(const QByteArray, capability);
        const Tarn tarn;
        const auto file = tarn.write(QStringLiteral("a"), seed.repeated(size));
        const auto run = tarn({QStringLiteral("put"), QStringLiteral("--dry-run"), QStringLiteral("--convergence"),
                               QStringLiteral("mfqwcylbmfqwcylbmfqwcylbme"), QStringLiteral("--required"),
                               QString::number(required), QStringLiteral("--total"), QString::number(total),
                               QStringLiteral("--segment-size"), QStringLiteral("128K"), file});
        QCOMPARE(run.exit, 0);
        QCOMPARE(run.line(), capability);
        QVERIFY(!QDir(tarn.profile()).exists());
    }

    void upToFiftyFiveBytesTheFileIsTheCapability() {
        const Tarn tarn;
        const auto dry = [&](const QByteArray& content) {
            return tarn(u"put --dry-run --convergence mfrgg -"_words, content).line();
        };
        QCOMPARE(dry({}), QByteArray("URI:LIT:"));
        QVERIFY(dry(contentOf(55)).startsWith("URI:LIT:"));
        QVERIFY(dry(contentOf(56)).startsWith("URI:CHK:"));
    }

    void theConvergenceSecretCanComeFromAFile() {
        const Tarn tarn;
        tarn.write(QStringLiteral("secret"), "mfqwcylbmfqwcylbmfqwcylbme\n");
        const auto run =
            tarn(u"put --dry-run --convergence @secret --required 1 --total 1 --segment-size 131072 -"_words,
                 QByteArray(56, 'a'));
        QVERIFY2(run.line().startsWith("URI:CHK:yzxcoagbetwet65ltjpbqyli3m:"), run.err.constData());
    }

    void aCapabilityIsExplained() {
        const Tarn tarn;
        const QByteArray cap =
            "URI:CHK:yzxcoagbetwet65ltjpbqyli3m:6b7inuiha2xdtgqzd55i6aeggutnxzr6qfwpv2ep5xlln6pgef7a:1:1:56";
        tarn.write(QStringLiteral("cap"), "  " + cap + "\n");
        for (const auto& run : {tarn({QStringLiteral("--json"), QStringLiteral("cap"), QString::fromLatin1(cap)}),
                                tarn(u"cap --json -"_words, cap), tarn(u"cap --json @cap"_words)}) {
            QCOMPARE(run.exit, 0);
            const auto object = objectOf(run.out);
            QCOMPARE(object.value(QStringLiteral("kind")).toString(), QStringLiteral("CHK"));
            QCOMPARE(object.value(QStringLiteral("required")).toInt(), 1);
            QCOMPARE(object.value(QStringLiteral("total")).toInt(), 1);
            QCOMPARE(object.value(QStringLiteral("size")).toInt(), 56);
            QVERIFY(
                object.value(QStringLiteral("verifier")).toString().startsWith(QStringLiteral("URI:CHK-Verifier:")));
            QCOMPARE(object.value(QStringLiteral("storageIndex")).toString().size(), 26);
            QVERIFY(!object.contains(QStringLiteral("readOnly")));
        }
        const auto text = tarn(u"cap -"_words, cap);
        QVERIFY(text.out.startsWith("kind:          CHK\n"));
        QVERIFY(!text.out.contains(cap));
    }

    void aWriteCapabilityShowsItsWeakerForms() {
        const Tarn tarn;
        const auto cap = "URI:DIR2:aaaaaaaaaaaaaaaaaaaaaaaaaa:" + QByteArray(52, 'a');
        const auto object = objectOf(tarn(u"cap --json -"_words, cap).out);
        QCOMPARE(object.value(QStringLiteral("kind")).toString(), QStringLiteral("DIR2"));
        QVERIFY(object.value(QStringLiteral("readOnly")).toString().startsWith(QStringLiteral("URI:DIR2-RO:")));
        QVERIFY(object.value(QStringLiteral("verifier")).toString().startsWith(QStringLiteral("URI:DIR2-Verifier:")));
        QVERIFY(!object.contains(QStringLiteral("size")));
    }

    void aHomeProfileKeepsFilesAndGivesThemBack_data() {
        QTest::addColumn<int>("size");
        for (const int size : {0, 1, 55, 56, 1000, 1024 * 1024, 3 * 1024 * 1024 + 17}) {
            QTest::addRow("%d bytes", size) << size;
        }
    }
    void aHomeProfileKeepsFilesAndGivesThemBack() {
        QFETCH(const int, size);
        const Tarn tarn;
        QCOMPARE(tarn(u"init --home"_words).exit, 0);
        const auto content = contentOf(size);
        const auto file = tarn.write(QStringLiteral("Übung 🐧 \n zwei"), content);
        const auto put = tarn({QStringLiteral("put"), file});
        QVERIFY2(put.exit == 0, put.err.constData());
        QVERIFY(put.line().startsWith(size > 55 ? "URI:CHK:" : "URI:LIT:"));
        QCOMPARE(put.line(), tarn({QStringLiteral("put"), QStringLiteral("--dry-run"), file}).line());

        QCOMPARE(tarn(u"get -"_words, put.out).out, content);
        const auto get = tarn(
            {QStringLiteral("get"), QStringLiteral("-"), QStringLiteral("-o"), QStringLiteral("zurück ☕")}, put.out);
        QVERIFY2(get.exit == 0, get.err.constData());
        QVERIFY(get.out.isEmpty());
        QCOMPARE(tarn.read(QStringLiteral("zurück ☕")), content);
    }

    void whatComesByStdinIsStoredToo() {
        const Tarn tarn;
        QCOMPARE(tarn(u"init --home"_words).exit, 0);
        const auto content = contentOf(2'000'000);
        const auto put = tarn(u"put -"_words, content);
        QVERIFY2(put.exit == 0, put.err.constData());
        QVERIFY(tarn(u"get -"_words, put.out).out == content);
    }

    void aRangeIsFromFirstToLastByteAsInHttp() {
        const Tarn tarn;
        QCOMPARE(tarn(u"init --home"_words).exit, 0);
        const auto content = contentOf(300'000);
        const auto cap = tarn(u"put --segment-size 64K -"_words, content).out;
        QCOMPARE(tarn(u"get - --range 65530-65550"_words, cap).out, content.mid(65530, 21));
        QCOMPARE(tarn(u"get - --range 0-1"_words, cap).out, content.left(2));
        QCOMPARE(tarn(u"get - --range 299990-"_words, cap).out, content.mid(299990));
        QCOMPARE(tarn(u"get - --range 299990-400000"_words, cap).out, content.mid(299990));
        const auto past = tarn(u"get - --range 300001-"_words, cap);
        QCOMPARE(past.exit, 1);
        QVERIFY(past.out.isEmpty());
        QCOMPARE(tarn(u"get URI:LIT:mfrgg --range 1-1"_words).out, QByteArray("b"));
    }

    void oneBadFileDoesNotKeepTheOthersOut() {
        const Tarn tarn;
        QCOMPARE(tarn(u"init --home"_words).exit, 0);
        tarn.write(QStringLiteral("first"), contentOf(100));
        tarn.write(QStringLiteral("last"), contentOf(2'000'000));
        const auto run = tarn(u"put first missing last"_words);
        QCOMPARE(run.exit, 1);
        const auto lines = run.line().split('\n');
        QCOMPARE(lines.size(), 2);
        QVERIFY(lines[0].endsWith(":100"));
        QVERIFY(lines[1].endsWith(":2000000"));
        QVERIFY2(run.err.contains("missing: The file is not there."), run.err.constData());
    }

    void manyFilesAreStoredInTheOrderGiven() {
        const Tarn tarn;
        QCOMPARE(tarn(u"init --home"_words).exit, 0);
        QStringList files;
        for (int i = 0; i < 60; ++i) {
            // Every seventh is large enough to be uploaded by itself.
            files << tarn.write(QString::number(i), contentOf(i % 7 == 3 ? 1'500'000 + i : 100 + i));
        }
        const auto run = tarn(QStringList{QStringLiteral("--json"), QStringLiteral("put")} + files);
        QVERIFY2(run.exit == 0, run.err.constData());
        const auto lines = run.line().split('\n');
        QCOMPARE(lines.size(), files.size());
        for (qsizetype i = 0; i < lines.size(); ++i) {
            const auto object = objectOf(lines[i]);
            QCOMPARE(object.value(QStringLiteral("file")).toString(), files[i]);
            const auto size = QString::number(QFile(files[i]).size());
            QVERIFY(object.value(QStringLiteral("cap")).toString().endsWith(QLatin1Char(':') + size));
            QCOMPARE(object.value(QStringLiteral("sharesSent")).toInt(), 1);
        }
    }

    void severalProgramsShareAHomeProfile() {
        const Tarn tarn;
        QCOMPARE(tarn(u"init --home"_words).exit, 0);
        // One of them runs the server for all; whichever ends first must not take it from the others.
        std::vector<std::unique_ptr<QProcess>> programs;
        for (int i = 0; i < 6; ++i) {
            const auto file = tarn.write(QString::number(i), contentOf(i == 0 ? 1000 : i * 4'000'000));
            programs.push_back(std::make_unique<QProcess>());
            programs.back()->start(tarnProgram(),
                                   {QStringLiteral("--profile"), tarn.profile(), QStringLiteral("put"), file});
        }
        for (const auto& program : programs) {
            QVERIFY(program->waitForFinished(patience));
            QVERIFY2(program->exitCode() == 0, program->readAllStandardError().constData());
        }
        for (int i = 0; i < 6; ++i) {
            const auto cap = programs[static_cast<std::size_t>(i)]->readAllStandardOutput();
            QVERIFY(tarn(u"get -"_words, cap).out == tarn.read(QString::number(i)));
        }
    }

    void aFailedDownloadLeavesWhatStoodThere() {
        const Tarn tarn;
        QCOMPARE(tarn(u"init --home"_words).exit, 0);
        const auto dry = tarn(u"put --dry-run -"_words, contentOf(1000));
        tarn.write(QStringLiteral("precious"), "older");
        const auto run = tarn(u"get - -o precious"_words, dry.out);
        QCOMPARE(run.exit, 1);
        QVERIFY2(run.err.contains("Too few pieces"), run.err.constData());
        QCOMPARE(tarn.read(QStringLiteral("precious")), QByteArray("older"));
        const QStringList expected{QStringLiteral("precious"), QStringLiteral("profile")};
        QCOMPARE(QDir(tarn.path({})).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot), expected);
    }

    void aDownloadIntoNowhereFails() {
        const Tarn tarn;
        const auto run = tarn(u"get URI:LIT:mfrgg -o no/such/folder/file"_words);
        QCOMPARE(run.exit, 1);
        QVERIFY2(run.err.contains("could not be written"), run.err.constData());
    }

    void aLiteralNeedsNoProfile() {
        const Tarn tarn;
        const auto run = tarn(u"--json get URI:LIT:mfrgg -o abc"_words);
        QCOMPARE(run.exit, 0);
        QCOMPARE(objectOf(run.out).value(QStringLiteral("bytes")).toInt(), 3);
        QCOMPARE(tarn.read(QStringLiteral("abc")), QByteArray("abc"));
    }

    void aHomeProfileSaysThatThereIsOneCopy() {
        const Tarn tarn;
        const auto run = tarn({QStringLiteral("--json"), QStringLiteral("init"), QStringLiteral("--home"),
                               QStringLiteral("--dir"), tarn.path(QStringLiteral("elsewhere"))});
        QCOMPARE(run.exit, 0);
        QCOMPARE(objectOf(run.out).value(QStringLiteral("total")).toInt(), 1);
        QCOMPARE(tarn(u"put -"_words, contentOf(1000)).exit, 0);
        QVERIFY(QDir(tarn.path(QStringLiteral("elsewhere/shares"))).exists());
        const auto again = tarn(u"init --home"_words);
        QCOMPARE(again.exit, 1);
        QVERIFY(again.err.contains("already"));
    }

    void aDamagedProfileNamesThePart() {
        const Tarn tarn;
        QCOMPARE(tarn(u"init --home"_words).exit, 0);
        tarn.write(QStringLiteral("profile/secrets/convergence"), "???");
        const auto run = tarn(u"put -"_words, contentOf(1000));
        QCOMPARE(run.exit, 1);
        QVERIFY2(run.err.contains("secrets/convergence"), run.err.constData());
    }
};

QTEST_GUILESS_MAIN(CliFilesTest)
#include "cli_files_test.moc"
