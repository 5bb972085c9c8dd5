#include "app/desktop/file_list_message.h"
#include "app/desktop/single_instance.h"

#include <QDir>
#include <QFileInfo>
#include <QLocalSocket>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>

#include <memory>

namespace tarn::desktop_test {

using namespace std::chrono_literals;
using desktop::encodeFileList;
using desktop::FileListReader;
using desktop::SingleInstance;

class SingleInstanceTest : public QObject {
    Q_OBJECT

private:
    static QString socketIn(const QString& folder) {
        return QDir(folder)
            .entryInfoList({QStringLiteral("*.sock")}, QDir::System | QDir::Files)
            .value(0)
            .absoluteFilePath();
    }

private Q_SLOTS:
    void theSecondHandsItsFilesToTheFirst() {
        const QTemporaryDir runtime;
        SingleInstance first(QStringLiteral("/profiles/a"), runtime.path());
        QVERIFY(first.claim());
        QSignalSpy summons(&first, &SingleInstance::summoned);
        const QStringList files{QStringLiteral("/tmp/Ünïcode — 文.txt"), QStringLiteral("/tmp/b")};
        bool handed = false;
        // The second is another program; here another thread, so that the first can answer.
        const std::unique_ptr<QThread> second(QThread::create([&] {
            SingleInstance late(QStringLiteral("/profiles/../profiles/a"), runtime.path());
            handed = !late.claim() && late.handOver(files, 30s);
        }));
        second->start();
        QTRY_VERIFY_WITH_TIMEOUT(second->isFinished(), 30'000);
        QVERIFY(handed);
        QCOMPARE(summons.size(), 1);
        QCOMPARE(summons.at(0).at(0).toStringList(), files);
    }

    void anotherProfileHasItsOwnPlace() {
        const QTemporaryDir runtime;
        SingleInstance one(QStringLiteral("/profiles/a"), runtime.path());
        SingleInstance other(QStringLiteral("/profiles/b"), runtime.path());
        QVERIFY(one.claim());
        QVERIFY(other.claim());
    }

    void thePlaceIsFreeAgainWhenTheFirstIsGone() {
        const QTemporaryDir runtime;
        {
            SingleInstance first(QStringLiteral("/p"), runtime.path());
            QVERIFY(first.claim());
        }
        SingleInstance next(QStringLiteral("/p"), runtime.path());
        QVERIFY(next.claim());
    }

    void onlyThePersonMayTalkToIt() {
        const QTemporaryDir runtime;
        SingleInstance first(QStringLiteral("/p"), runtime.path());
        QVERIFY(first.claim());
        const QFile::Permissions others = QFile::ReadGroup | QFile::WriteGroup | QFile::ReadOther | QFile::WriteOther;
        QVERIFY(!(QFileInfo(socketIn(runtime.path())).permissions() & others));
    }

    void aStrangerThatTalksNonsenseIsCutOff() {
        const QTemporaryDir runtime;
        SingleInstance first(QStringLiteral("/p"), runtime.path());
        QVERIFY(first.claim());
        QSignalSpy summons(&first, &SingleInstance::summoned);
        QLocalSocket stranger;
        stranger.connectToServer(socketIn(runtime.path()));
        QVERIFY(stranger.waitForConnected(10'000));
        stranger.write("GET / HTTP/1.1\r\n\r\n");
        QTRY_COMPARE_WITH_TIMEOUT(stranger.state(), QLocalSocket::UnconnectedState, 30'000);
        QCOMPARE(summons.size(), 0);
    }

    void nobodyThereMeansNoAnswer() {
        const QTemporaryDir runtime;
        const SingleInstance late(QStringLiteral("/p"), runtime.path());
        QVERIFY(!late.handOver({}, 200ms));
    }

    void messagesComeWholeInWhateverPiecesTheyTravel() {
        const QStringList files{QStringLiteral("/a"), QStringLiteral("/b c/ü")};
        const QByteArray bytes = encodeFileList(files).value(0) + encodeFileList({}).value(0);
        FileListReader reader;
        QList<QStringList> got;
        for (const char byte : bytes) {
            reader.feed(QByteArray(1, byte));
            while (const auto list = reader.next()) {
                got.append(*list);
            }
        }
        QVERIFY(!reader.broken());
        QCOMPARE(got, (QList<QStringList>{files, {}}));
    }

    void aLongListTravelsInSeveralMessages() {
        QStringList files;
        for (int i = 0; i < 3000; ++i) {
            files.append(QLatin1Char('/') + QString(1000, QLatin1Char('x')) + QString::number(i));
        }
        const QList<QByteArray> frames = encodeFileList(files);
        QVERIFY(frames.size() > 2);
        FileListReader reader;
        QStringList got;
        for (const QByteArray& frame : frames) {
            QVERIFY(frame.size() <= desktop::kLargestBody + 8);
            reader.feed(frame);
            while (const auto list = reader.next()) {
                got += *list;
            }
        }
        QCOMPARE(got, files);
    }

    void brokenMessagesAreRefused_data() {
        QTest::addColumn<QByteArray>("bytes");
        QTest::newRow("wrong magic") << QByteArray("XXXX\0\0\0\0", 8);
        QTest::newRow("too long") << QByteArray("TRN1\x7f\xff\xff\xff", 8);
        QTest::newRow("no end of path") << QByteArray("TRN1\0\0\0\2/a", 10);
        QTest::newRow("relative path") << QByteArray("TRN1\0\0\0\2a\0", 10);
        QTest::newRow("empty path") << QByteArray("TRN1\0\0\0\1\0", 9);
    }

    void brokenMessagesAreRefused() {
        QFETCH(QByteArray, bytes);
        FileListReader reader;
        reader.feed(bytes);
        QVERIFY(!reader.next());
        QVERIFY(reader.broken());
        reader.feed(encodeFileList({QStringLiteral("/a")}).value(0));
        QVERIFY(!reader.next());
    }

    void relativeAndOverlongPathsAreNotSent() {
        FileListReader reader;
        reader.feed(encodeFileList({QStringLiteral("relative"), QLatin1Char('/') + QString(20'000, QLatin1Char('x')),
                                    QStringLiteral("/good")})
                        .value(0));
        QCOMPARE(reader.next(), std::optional(QStringList{QStringLiteral("/good")}));
    }
};

}  // namespace tarn::desktop_test

QTEST_GUILESS_MAIN(tarn::desktop_test::SingleInstanceTest)
#include "single_instance_test.moc"
