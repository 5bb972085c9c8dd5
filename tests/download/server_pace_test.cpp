#include "core/download/server_pace.h"

#include <QTest>

using namespace tarn;
using namespace tarn::download;
using async::Milliseconds;

namespace {

const ServerId first("first");
const ServerId second("second");
const ServerId third("third");
const ByteCount none(0);
const ByteCount megabyte(1'000'000);

}  // namespace

class ServerPaceTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whileNothingIsKnownItIsPatient() {
        const ServerPace pace;
        QVERIFY(pace.patience(none) > Milliseconds(1000));
        QVERIFY(pace.patience(megabyte) > Milliseconds(5000));
        QVERIFY(pace.patience(ByteCount(100'000'000)) == ServerPace::mostPatience);
    }

    void whatIsUsualIsNotLate() {
        ServerPace pace;
        for (const auto& server : {first, second, third}) {
            pace.answered(server, none, Milliseconds(14));
            pace.answered(server, megabyte, Milliseconds(114));
        }
        QVERIFY(pace.patience(none) >= Milliseconds(28));
        QVERIFY(pace.patience(none) <= Milliseconds(100));
        QVERIFY(pace.patience(megabyte) >= Milliseconds(228));
        QVERIFY(pace.patience(megabyte) <= Milliseconds(400));
    }

    void oneSlowServerDoesNotMakeTheOthersLookQuick() {
        ServerPace pace;
        pace.answered(first, megabyte, Milliseconds(100));
        pace.answered(second, megabyte, Milliseconds(100));
        pace.answered(third, megabyte, Milliseconds(10'000));
        QVERIFY(pace.patience(megabyte) < Milliseconds(5000));
    }

    void aSlowLineIsNoReasonForHaste() {
        ServerPace pace;
        for (const auto& server : {first, second, third}) {
            pace.answered(server, megabyte, Milliseconds(9000));
        }
        QVERIFY(pace.patience(megabyte) == ServerPace::mostPatience);
    }

    void theRateOfEachServerIsLearned() {
        ServerPace pace;
        QCOMPARE(pace.rateOf(first), 0.0);
        pace.answered(first, none, Milliseconds(10));
        pace.answered(first, megabyte, Milliseconds(110));
        QCOMPARE(pace.rateOf(first), 10'000'000.0);
        for (int i = 0; i < 20; ++i) {
            pace.answered(first, megabyte, Milliseconds(1010));
        }
        QVERIFY(pace.rateOf(first) < 1'100'000.0);
    }
};

QTEST_GUILESS_MAIN(ServerPaceTest)
#include "server_pace_test.moc"
