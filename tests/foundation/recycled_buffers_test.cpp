#include "core/foundation/bytes.h"
#include "core/foundation/recycled_buffers.h"

#include <QTest>

#include <set>

using namespace tarn;
class RecycledBuffersTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aBufferThatWasLetGoIsUsedAgain() {
        const auto buffers = RecycledBuffers::make();
        const Byte* place = nullptr;
        for (std::size_t size = 1000; size > 990; --size) {
            const auto buffer = buffers->take(size, 100);
            QCOMPARE(buffer->size(), size);
            QVERIFY(buffer->capacity() >= size + 100);
            QVERIFY(place == nullptr || place == buffer->data());
            place = buffer->data();
        }
    }

    void buffersInUseAreNeverShared() {
        const auto buffers = RecycledBuffers::make();
        std::vector<std::shared_ptr<Bytes>> held;
        std::set<const Byte*> places;
        for (int i = 0; i < 10; ++i) {
            held.push_back(buffers->take(100, 0));
            places.insert(held.back()->data());
        }
        QCOMPARE(places.size(), std::size_t(10));
    }

    void aSmallOneIsNotServedFromALargeOne() {
        const auto buffers = RecycledBuffers::make();
        buffers->take(10'000, 0).reset();
        QVERIFY(buffers->take(100, 0)->capacity() < 1000);
        QVERIFY(buffers->take(10'000, 0)->capacity() >= 10'000);
    }

    void oneThatIsALittleTooSmallIsNotServed() {
        const auto buffers = RecycledBuffers::make();
        buffers->take(1000, 0).reset();
        const auto larger = buffers->take(1100, 0);
        QVERIFY(larger->capacity() >= 1100);
    }

    void othersMakeWayForOneThatIsNew() {
        const auto buffers = RecycledBuffers::make();
        const auto takeTwo = [&buffers](std::size_t size) {
            const auto first = buffers->take(size, 0);
            const auto second = buffers->take(size, 0);
        };
        takeTwo(1000);
        takeTwo(10'000);  // in place of those of 1000, not besides
        QCOMPARE(buffers->waiting(), std::size_t(20'000));
        takeTwo(100);
        QCOMPARE(buffers->waiting(), std::size_t(200));
        takeTwo(100);
        QCOMPARE(buffers->waiting(), std::size_t(200));
    }

    void oneWithRoomThatHeldMuchMoreIsNotServed() {
        // Large ones all have the same room. What counts is how much of it has been used.
        const auto buffers = RecycledBuffers::make();
        buffers->take(900'000, 0).reset();
        const auto small = buffers->take(300'000, 0);
        QCOMPARE(buffers->waiting(), std::size_t(0));
        const Byte* const there = buffers->take(350'000, 50'000)->data();
        QCOMPARE(buffers->waiting(), std::size_t(350'000));
        QVERIFY(buffers->take(300'000, 0)->data() == there);
        QVERIFY(buffers->take(900'000, 0)->data() == there);
        QCOMPARE(buffers->waiting(), std::size_t(900'000));
        buffers->take(300'000, 0).reset();
        QCOMPARE(buffers->waiting(), std::size_t(300'000));
    }

    void aBufferMayOutliveThePool() {
        auto buffers = RecycledBuffers::make();
        const auto buffer = buffers->take(10, 0);
        buffers.reset();
        QCOMPARE(buffer->size(), std::size_t(10));
    }
};

QTEST_GUILESS_MAIN(RecycledBuffersTest)
#include "recycled_buffers_test.moc"
