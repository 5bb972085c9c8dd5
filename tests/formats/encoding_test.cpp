#include "core/formats/encoding.h"

#include <QTest>

#include <array>

using namespace tarn;
using namespace tarn::formats;

namespace {

EncodingParameters parameters(unsigned required, unsigned total, std::uint64_t segmentSize) {
    return {required, 1, total, ByteCount(segmentSize)};
}

}  // namespace

class EncodingTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void parametersOutsideTheirRangesAreRefused_data() {
        QTest::addColumn<unsigned>("required");
        QTest::addColumn<unsigned>("happy");
        QTest::addColumn<unsigned>("total");
        QTest::addColumn<quint64>("segmentSize");
        QTest::addColumn<bool>("valid");
        const quint64 mib = 1024 * 1024;
        QTest::newRow("3 of 10") << 3U << 7U << 10U << mib << true;
        QTest::newRow("1 of 1") << 1U << 1U << 1U << quint64(1) << true;
        QTest::newRow("256 of 256") << 256U << 256U << 256U << 64 * mib << true;
        QTest::newRow("0 of 10") << 0U << 1U << 10U << mib << false;
        QTest::newRow("11 of 10") << 11U << 1U << 10U << mib << false;
        QTest::newRow("3 of 257") << 3U << 1U << 257U << mib << false;
        QTest::newRow("happy 0") << 3U << 0U << 10U << mib << false;
        QTest::newRow("happy 11 of 10") << 3U << 11U << 10U << mib << false;
        QTest::newRow("no segment") << 3U << 7U << 10U << quint64(0) << false;
        QTest::newRow("segment over 64 MiB") << 3U << 7U << 10U << 64 * mib + 1 << false;
    }
    void parametersOutsideTheirRangesAreRefused() {
        QFETCH(unsigned, required);
        QFETCH(unsigned, happy);
        QFETCH(unsigned, total);
        QFETCH(quint64, segmentSize);
        QFETCH(bool, valid);
        const EncodingParameters given{required, happy, total, ByteCount(segmentSize)};
        const auto checked = given.check();
        QCOMPARE(checked.has_value(), valid);
        if (!valid) {
            QCOMPARE(checked.error().code, ErrorCode::InvalidArgument);
        }
        QCOMPARE(Geometry::make(given, ByteCount(1000)).has_value(), valid);
    }

    void aSmallFileHasOneSegmentOfItsOwnSize() {
        const auto geometry = Geometry::make(parameters(3, 10, 1024 * 1024), ByteCount(56));
        QVERIFY(geometry);
        QCOMPARE(geometry->segmentSize, 57U);
        QCOMPARE(geometry->segmentCount, 1U);
        QCOMPARE(geometry->tailSize, 56U);
        QCOMPARE(geometry->paddedTailSize, 57U);
        QCOMPARE(geometry->blockSize, 19U);
        QCOMPARE(geometry->tailBlockSize, 19U);
        QCOMPARE(geometry->shareDataSize, 19U);
    }

    void theSegmentSizeIsRoundedUpToAMultipleOfK() {
        const auto geometry = Geometry::make(parameters(3, 10, 1024 * 1024), ByteCount(8 * 1024 * 1024 + 1));
        QVERIFY(geometry);
        QCOMPARE(geometry->segmentSize, 1048578U);
        QCOMPARE(geometry->segmentCount, 8U);
        QCOMPARE(geometry->tailSize, 8U * 1024 * 1024 + 1 - 7 * 1048578U);
        QCOMPARE(geometry->sizeOfSegment(0), 1048578U);
        QCOMPARE(geometry->sizeOfSegment(7), geometry->tailSize);
        QCOMPARE(geometry->sizeOfBlock(0), 349526U);
        QCOMPARE(geometry->sizeOfBlock(7), geometry->tailBlockSize);
    }

    void aFileOfWholeSegmentsHasAFullTail() {
        const auto geometry = Geometry::make(parameters(2, 3, 100), ByteCount(300));
        QVERIFY(geometry);
        QCOMPARE(geometry->segmentCount, 3U);
        QCOMPARE(geometry->tailSize, 100U);
        QCOMPARE(geometry->tailBlockSize, 50U);
        QCOMPARE(geometry->shareDataSize, 150U);
    }

    void everySegmentAndBlockAddsUp() {
        for (const auto& [k, n] : {std::pair{1U, 1U}, {3U, 10U}, {7U, 11U}, {255U, 256U}}) {
            for (const std::uint64_t segment : {1U, 2U, 99U, 1024U}) {
                for (std::uint64_t size = 1; size < 3000; size += 7) {
                    const auto geometry = Geometry::make(parameters(k, n, segment), ByteCount(size));
                    QVERIFY(geometry);
                    std::uint64_t bytes = 0;
                    std::uint64_t blocks = 0;
                    for (std::uint64_t i = 0; i < geometry->segmentCount; ++i) {
                        QVERIFY(geometry->sizeOfSegment(i) >= 1);
                        QVERIFY(geometry->sizeOfBlock(i) * k >= geometry->sizeOfSegment(i));
                        bytes += geometry->sizeOfSegment(i);
                        blocks += geometry->sizeOfBlock(i);
                    }
                    QCOMPARE(bytes, size);
                    QCOMPARE(blocks, geometry->shareDataSize);
                    QCOMPARE(geometry->shareDataSize, (size + k - 1) / k);
                }
            }
        }
    }

    void theLargestFileDoesNotOverflow() {
        const auto geometry = Geometry::make(parameters(3, 10, 1024 * 1024), ByteCount(mostFileSize));
        QVERIFY(geometry);
        QCOMPARE(geometry->segmentCount, (mostFileSize + 1048577) / 1048578);
        QCOMPARE(geometry->shareDataSize, (mostFileSize + 2) / 3);
    }

    void sizesThatCannotBeAreRefused() {
        const auto refused = [](const Result<Geometry>& geometry) {
            return !geometry && geometry.error().code == ErrorCode::InvalidArgument;
        };
        QVERIFY(refused(Geometry::make(parameters(3, 10, 1024), ByteCount(0))));
        QVERIFY(refused(Geometry::make(parameters(3, 10, 1024 * 1024), ByteCount(mostFileSize + 1))));
        QVERIFY(refused(Geometry::make(parameters(3, 10, 1024 * 1024), ByteCount(~std::uint64_t{0}))));
        QVERIFY(refused(Geometry::make(parameters(1, 1, 1), ByteCount(mostFileSize))));
        QVERIFY(refused(Geometry::fromSegmentSize(3, 10, ByteCount(100), 0)));
        QVERIFY(refused(Geometry::fromSegmentSize(3, 10, ByteCount(100), 10)));
        QVERIFY(refused(Geometry::fromSegmentSize(3, 10, ByteCount(100), ~std::uint64_t{0} / 3 * 3)));
        QVERIFY(refused(Geometry::fromSegmentSize(0, 10, ByteCount(100), 10)));
        QVERIFY(refused(Geometry::fromSegmentSize(11, 10, ByteCount(100), 11)));
    }

    void aSegmentLongerThanItsFileIsAllTail() {
        const auto geometry = Geometry::fromSegmentSize(3, 10, ByteCount(10), 300);
        QVERIFY(geometry);
        QCOMPARE(geometry->segmentCount, 1U);
        QCOMPARE(geometry->sizeOfSegment(0), 10U);
        QCOMPARE(geometry->sizeOfBlock(0), 4U);
        QCOMPARE(geometry->shareDataSize, 4U);
    }
};

QTEST_GUILESS_MAIN(EncodingTest)
#include "encoding_test.moc"
