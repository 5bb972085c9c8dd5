#include "core/foundation/bytes.h"
#include "core/upload/recycled_buffers.h"

#include <QTest>

#include <set>

using namespace tarn;
using upload::RecycledBuffers;

class RecycledBuffersTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aBufferThatWasLetGoIsUsedAgain() {
        const auto buffers = RecycledBuffers::make();
        const Byte* place = nullptr;
        for (int i = 0; i < 10; ++i) {
            const auto buffer = buffers->take(1000);
            QVERIFY(buffer->empty());
            QVERIFY(buffer->capacity() >= 1000);
            buffer->resize(1000, 7);
            QVERIFY(place == nullptr || place == buffer->data());
            place = buffer->data();
        }
    }

    void buffersInUseAreNeverShared() {
        const auto buffers = RecycledBuffers::make();
        std::vector<std::shared_ptr<Bytes>> held;
        std::set<const Byte*> places;
        for (int i = 0; i < 10; ++i) {
            held.push_back(buffers->take(100));
            held.back()->resize(100);
            places.insert(held.back()->data());
        }
        QCOMPARE(places.size(), std::size_t(10));
    }

    void aSmallOneIsNotServedFromALargeOne() {
        const auto buffers = RecycledBuffers::make();
        buffers->take(10'000).reset();
        QVERIFY(buffers->take(100)->capacity() < 1000);
        QVERIFY(buffers->take(10'000)->capacity() >= 10'000);
    }

    void oneThatIsALittleTooSmallIsNotServed() {
        const auto buffers = RecycledBuffers::make();
        buffers->take(1000).reset();
        const auto larger = buffers->take(1100);
        QVERIFY(larger->capacity() >= 1100);
    }

    void aBufferMayOutliveThePool() {
        auto buffers = RecycledBuffers::make();
        const auto buffer = buffers->take(10);
        buffers.reset();
        buffer->resize(10);
        QCOMPARE(buffer->size(), std::size_t(10));
    }
};

QTEST_GUILESS_MAIN(RecycledBuffersTest)
#include "recycled_buffers_test.moc"
