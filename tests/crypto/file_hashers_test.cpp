#include "core/crypto/file_hashers.h"

#include <QTest>

#include <random>

using namespace tarn;
using namespace tarn::crypto;

namespace {

Bytes noise(std::size_t size, unsigned seed) {
    std::mt19937 generator(seed);
    Bytes bytes(size);
    for (auto& byte : bytes) {
        byte = static_cast<Byte>(generator());
    }
    return bytes;
}

}  // namespace

/// Hashes that are made side by side are those that are made one by one, by Crypto++.
class FileHashersTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyWidthComesToTheSameState() {
        for (std::size_t count = 1; count <= 35; ++count) {
            std::vector<Bytes> data;
            for (unsigned i = 0; i < count; ++i) {
                data.push_back(noise(5 * sha256Block + 7, i));
            }
            std::vector<std::vector<Sha256State>> results;
            for (const auto width : {Sha256Width::One, Sha256Width::Two, Sha256Width::Sixteen}) {
                std::vector<Sha256State> states(count, sha256Start);
                std::vector<Sha256Lane> lanes;
                for (std::size_t i = 0; i < count; ++i) {
                    lanes.push_back({&states[i], data[i].data() + i % 7});
                }
                compressLanes(lanes, 5, width);
                results.push_back(std::move(states));
            }
            QVERIFY(results[0] == results[1]);
            QVERIFY(results[0] == results[2]);
        }
    }

    void blocksOfEverySizeAndNumber() {
        for (std::size_t size = 0; size < 200; ++size) {
            const std::size_t count = size % 23;
            std::vector<Bytes> data;
            std::vector<ByteView> views;
            for (unsigned i = 0; i < count; ++i) {
                data.push_back(noise(size, 1000 * i + unsigned(size)));
            }
            views.assign(data.begin(), data.end());
            const auto hashes = blockHashes(views);
            QCOMPARE(hashes.size(), count);
            for (std::size_t i = 0; i < count; ++i) {
                QVERIFY(hashes[i] == blockHash(views[i]));
            }
        }
    }

    void segmentsOfEverySize() {
        std::mt19937 generator(3);
        for (int round = 0; round < 200; ++round) {
            CrypttextHashes both;
            auto whole = crypttextHasher();
            for (int segment = 0; segment < round % 9; ++segment) {
                const Bytes data =
                    noise(generator() % (round % 2 == 0 ? 300 : 5000), static_cast<unsigned>(generator()));
                whole.update(data);
                QVERIFY(both.add(data) == crypttextSegmentHash(data));
            }
            QVERIFY(both.finish() == whole.finish());
        }
    }
};

QTEST_GUILESS_MAIN(FileHashersTest)
#include "file_hashers_test.moc"
