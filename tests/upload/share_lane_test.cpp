#include "core/foundation/bytes.h"
#include "core/upload/share_lane.h"

#include <QTest>

using namespace tarn;
using upload::ShareLane;

namespace {

SharedBytes bytesOf(std::size_t size, Byte value = 1) {
    return std::make_shared<const Bytes>(size, value);
}

}  // namespace

class ShareLaneTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void writesGoOutInOrderOneAtATime() {
        ShareLane lane;
        lane.push(bytesOf(10), false);
        lane.push(bytesOf(5), true);
        const auto first = lane.next();
        QVERIFY(first);
        QCOMPARE(first->offset.value(), 0U);
        QVERIFY(!lane.next());
        QVERIFY(!lane.allHandedOut());
        QCOMPARE(lane.writeEnded().value(), 10U);
        const auto second = lane.next();
        QVERIFY(second);
        QCOMPARE(second->offset.value(), 10U);
        QVERIFY(lane.allHandedOut());
        QCOMPARE(lane.writeEnded().value(), 5U);
        QVERIFY(!lane.next());
    }

    void aLaneThatIsOnlyEmptyIsNotAtItsEnd() {
        ShareLane lane;
        lane.push(bytesOf(10), false);
        QVERIFY(lane.next());
        lane.writeEnded();
        QVERIFY(!lane.next());
        QVERIFY(!lane.allHandedOut());
    }

    void whatIsTooLargeForOneWriteIsCut() {
        ShareLane lane;
        const std::size_t size = 2 * upload::mostWriteSize + 7;
        lane.push(bytesOf(size, 9), true);
        std::size_t sent = 0;
        int writes = 0;
        while (const auto write = lane.next()) {
            QCOMPARE(write->offset.value(), sent);
            QVERIFY(write->data->size() <= upload::mostWriteSize);
            QCOMPARE(write->data->back(), Byte(9));
            sent += write->data->size();
            QCOMPARE(lane.allHandedOut(), sent == size);
            lane.writeEnded();
            ++writes;
        }
        QCOMPARE(sent, size);
        QCOMPARE(writes, 3);
    }

    void whatTheServerHasIsNotHandedOut() {
        ShareLane lane;
        lane.startAt(ByteOffset(15'000));
        lane.push(bytesOf(10'000), false);
        QCOMPARE(lane.passOver().value(), 10'000U);
        QVERIFY(!lane.next());
        lane.push(bytesOf(10'000), true);
        QCOMPARE(lane.passOver().value(), 5'000U);
        const auto rest = lane.next();
        QVERIFY(rest);
        QCOMPARE(rest->offset.value(), 15'000U);
        QCOMPARE(rest->data->size(), 5'000U);
        QCOMPARE(lane.confirmed().value(), 15'000U);
    }

    void aFewBytesThatTheServerHasAreHandedOutRatherThanTheOthersCopied() {
        ShareLane lane;
        lane.startAt(ByteOffset(1));
        const auto bytes = bytesOf(10'000);
        lane.push(bytes, true);
        QCOMPARE(lane.passOver().value(), 0U);
        const auto all = lane.next();
        QVERIFY(all);
        QCOMPARE(all->offset.value(), 0U);
        QCOMPARE(all->data, bytes);
    }

    void closingLetsGoOfWhatWaitsAndStopsTheWrite() {
        ShareLane lane;
        lane.push(bytesOf(upload::mostWriteSize + 4), false);
        lane.push(bytesOf(6), true);
        QVERIFY(lane.next());
        const auto stop = lane.stopToken();
        QCOMPARE(lane.close().value(), 10U);
        QVERIFY(stop.stop_requested());
        QVERIFY(lane.closed());
        QCOMPARE(lane.writeEnded().value(), upload::mostWriteSize);
        QVERIFY(!lane.next());
        QCOMPARE(lane.close().value(), 0U);
    }
};

QTEST_GUILESS_MAIN(ShareLaneTest)
#include "share_lane_test.moc"
