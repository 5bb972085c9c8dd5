#include "tests/server/server_process.h"

#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>

namespace tarn::server::test {

namespace {

constexpr int idle = 1000;
constexpr int slow = 100;
constexpr qint64 mostForEach = 96 * 1024;
constexpr qint64 mostForUpload = 16 * 1024 * 1024;
constexpr int longPatience = 120'000;  // milliseconds; only a broken server needs them

}  // namespace

/// A thousand who say nothing and a hundred who send a byte a second keep nobody from storing: how fast that is,
/// `tests/bench/run.sh hold` measures.
class HeldTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void anUploadGoesThroughWhileOthersHoldConnections() {
        const QTemporaryDir folder;
        const ServerProcess server(folder.path());
        QVERIFY(server.nurl().port != 0);
        RawClient uploader(server.nurl());
        QCOMPARE(uploader.ask("GET", "/storage/v1/version").status, 200);
        const qint64 before = server.resident();

        QProcess others;
        others.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        others.start(QStringLiteral(TARN_BINARY_DIR "/bench/bench_server"),
                     {QString::fromStdString(server.nurl().reveal()), QStringLiteral("hold"), QString::number(idle),
                      QString::number(slow)});
        QVERIFY(others.waitForReadyRead(longPatience));
        QCOMPARE(others.readLine().trimmed(), QByteArray("{\"held\": 1100}"));

        const QByteArray mine = RawClient::upload('u');
        const QByteArray data = pattern(20'000'000, 1);
        const auto size = static_cast<std::uint64_t>(data.size());
        constexpr std::uint64_t half = 10'000'000;
        QCOMPARE(uploader.ask("POST", bucket('b'), RawClient::lease('l') + mine, allocateBody({0}, size)).status, 200);
        QCOMPARE(uploader.ask("PATCH", bucket('b') + "/0", mine + contentRange(0, half), data.left(half)).status, 200);
        QCOMPARE(uploader.ask("PATCH", bucket('b') + "/0", mine + contentRange(half, size), data.mid(half)).status,
                 201);
        const qint64 held = server.resident() - before;
        QVERIFY2(held < ((idle + slow) * mostForEach + mostForUpload) * ServerProcess::slack,
                 (QByteArray::number(held) + " bytes").constData());
        RawClient reader(server.nurl());
        QVERIFY(reader.ask("GET", bucket('b') + "/0").body == data);

        // All of the others are still there: the idle ones ask, and the slow ones send the rest, and each is answered.
        QCOMPARE(others.state(), QProcess::Running);
        others.closeWriteChannel();
        QVERIFY(others.waitForFinished(longPatience));
        QCOMPARE(others.readAllStandardOutput().trimmed(), QByteArray("{\"answered\": 1100}"));
        QCOMPARE(others.exitCode(), 0);
    }
};

}  // namespace tarn::server::test

int main(int argc, char** argv) {
    return tarn::server::test::ServerProcess::runTest<tarn::server::test::HeldTest>(argc, argv);
}
#include "held_test.moc"
