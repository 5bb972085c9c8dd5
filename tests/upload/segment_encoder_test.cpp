#include "core/foundation/bytes.h"
#include "core/upload/segment_encoder.h"

#include <QTest>

#include <algorithm>

using namespace tarn;
using upload::RunPlan;
using upload::SegmentEncoder;
using upload::Wanted;

namespace {

formats::Geometry geometryOf(unsigned required, unsigned total, std::uint64_t segmentSize, std::uint64_t fileSize) {
    return *formats::Geometry::make({required, 1, total, ByteCount(segmentSize)}, ByteCount(fileSize));
}

Bytes fileOf(std::size_t size) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<Byte>(i * 31 + i / 251);
    }
    return bytes;
}

std::shared_ptr<Bytes> plaintextOf(const SegmentEncoder& encoder, const upload::Run& run, const Bytes& file) {
    auto buffer = encoder.bufferFor(run);
    const std::size_t offset = run.firstSegment * encoder.geometry().segmentSize;
    std::copy_n(file.begin() + static_cast<std::ptrdiff_t>(offset), buffer->size(), buffer->begin());
    return buffer;
}

}  // namespace

class SegmentEncoderTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void runsCoverTheFileWithoutGapOrOverlap() {
        for (const auto& geometry : {geometryOf(3, 10, 1 << 20, 1), geometryOf(3, 10, 1 << 20, 10'000'000),
                                     geometryOf(1, 1, 4096, 3'000'001), geometryOf(100, 256, 1 << 20, 9'999'999)}) {
            const RunPlan runs(geometry);
            std::uint64_t segments = 0;
            std::uint64_t plaintext = 0;
            std::uint64_t blocks = 0;
            for (std::uint64_t number = 0; number < runs.count(); ++number) {
                QCOMPARE(runs.run(number).firstSegment, segments);
                QCOMPARE(runs.offset(number), plaintext);
                segments += runs.run(number).segmentCount;
                plaintext += runs.plaintextSize(number);
                blocks += runs.blocksSize(number);
            }
            QCOMPARE(segments, geometry.segmentCount);
            QCOMPARE(plaintext, geometry.fileSize);
            QCOMPARE(blocks, geometry.shareDataSize);
        }
    }

    void aRunStaysSmallHoweverManySharesThereAre() {
        for (const unsigned total : {1U, 10U, 100U, 256U}) {
            const auto geometry = geometryOf(std::min(total, 50U), total, 128 * 1024, 1'000'000'000);
            const std::uint64_t shares = RunPlan(geometry).blocksSize(0) * total;
            QVERIFY(shares <= 8U * 1024 * 1024 || RunPlan(geometry).run(0).segmentCount == 1);
        }
    }

    void runsGiveTheSameBytesInAnyOrder() {
        const auto geometry = geometryOf(2, 4, 1000, 10'500);
        const auto encoder = SegmentEncoder::make(geometry, crypto::FileKey());
        QVERIFY(encoder);
        const Bytes file = fileOf(geometry.fileSize);
        const Wanted all(geometry.total, true);
        const upload::Run whole{0, geometry.segmentCount};
        const auto expected = encoder->encode(whole, plaintextOf(*encoder, whole, file), all);
        for (std::uint64_t segment = geometry.segmentCount; segment-- > 0;) {
            const upload::Run run{segment, 1};
            const auto encoded = encoder->encode(run, plaintextOf(*encoder, run, file), all);
            for (unsigned share = 0; share < geometry.total; ++share) {
                QVERIFY(encoded.blockHashes[share][0] == expected.blockHashes[share][segment]);
                const auto at =
                    expected.shareBytes[share]->begin() + static_cast<std::ptrdiff_t>(segment * geometry.blockSize);
                QVERIFY(std::equal(encoded.shareBytes[share]->begin(), encoded.shareBytes[share]->end(), at));
            }
        }
    }

    void anyRequiredSharesRebuildTheFile() {
        const auto geometry = geometryOf(3, 6, 300, 1000);
        const auto encoder = SegmentEncoder::make(geometry, crypto::FileKey());
        QVERIFY(encoder);
        const Bytes file = fileOf(geometry.fileSize);
        const upload::Run whole{0, geometry.segmentCount};
        const auto encoded = encoder->encode(whole, plaintextOf(*encoder, whole, file), Wanted(geometry.total, true));
        const auto codec = erasure::Codec::make(geometry.required, geometry.total);
        QVERIFY(codec);
        for (unsigned a = 0; a < geometry.total; ++a) {
            for (unsigned b = a + 1; b < geometry.total; ++b) {
                for (unsigned c = b + 1; c < geometry.total; ++c) {
                    QVERIFY(rebuilt(geometry, *codec, encoded, {a, b, c}) == file);
                }
            }
        }
    }

    void sharesThatNobodyWantsAreHashedAllTheSame() {
        const auto geometry = geometryOf(2, 5, 1000, 5'001);
        const auto encoder = SegmentEncoder::make(geometry, crypto::FileKey());
        QVERIFY(encoder);
        const Bytes file = fileOf(geometry.fileSize);
        const upload::Run whole{0, geometry.segmentCount};
        const auto all = encoder->encode(whole, plaintextOf(*encoder, whole, file), Wanted(5, true));
        const auto some = encoder->encode(whole, plaintextOf(*encoder, whole, file), {false, true, false, false, true});
        QVERIFY(some.blockHashes == all.blockHashes);
        QVERIFY(*some.ciphertext == *all.ciphertext);
        QVERIFY(*some.shareBytes[1] == *all.shareBytes[1]);
        QVERIFY(*some.shareBytes[4] == *all.shareBytes[4]);
        QVERIFY(!some.shareBytes[0] && !some.shareBytes[2] && !some.shareBytes[3]);
    }

    void theLeadStandsBeforeTheBlocksAndTheTailHasRoom() {
        const auto geometry = geometryOf(2, 3, 1000, 999);
        const auto encoder = SegmentEncoder::make(geometry, crypto::FileKey());
        QVERIFY(encoder);
        const upload::Run whole{0, 1};
        const Bytes lead{1, 2, 3};
        const auto encoded =
            encoder->encode(whole, plaintextOf(*encoder, whole, fileOf(999)), Wanted(3, true), lead, 77);
        for (const auto& bytes : encoded.shareBytes) {
            QCOMPARE(bytes->size(), 3 + geometry.tailBlockSize);
            QVERIFY(std::equal(lead.begin(), lead.end(), bytes->begin()));
            QVERIFY(bytes->capacity() >= bytes->size() + 77);
        }
    }

private:
    static Bytes rebuilt(const formats::Geometry& geometry, const erasure::Codec& codec,
                         const upload::EncodedRun& encoded, const std::vector<unsigned>& shares) {
        Bytes ciphertext;
        for (std::uint64_t segment = 0; segment < geometry.segmentCount; ++segment) {
            const std::size_t size = geometry.sizeOfBlock(segment);
            std::vector<erasure::Codec::Numbered> blocks;
            for (const unsigned share : shares) {
                blocks.push_back(
                    {share, ByteView(*encoded.shareBytes[share]).subspan(segment * geometry.blockSize, size)});
            }
            Bytes padded(size * geometry.required);
            std::vector<MutableByteView> output;
            for (unsigned block = 0; block < geometry.required; ++block) {
                output.push_back(MutableByteView(padded).subspan(block * size, size));
            }
            if (!codec.decode(blocks, output)) {
                return {};
            }
            ciphertext.insert(ciphertext.end(), padded.begin(),
                              padded.begin() + static_cast<std::ptrdiff_t>(geometry.sizeOfSegment(segment)));
        }
        crypto::AesCtr(crypto::FileKey()).process(ciphertext, ciphertext);
        return ciphertext;
    }
};

QTEST_GUILESS_MAIN(SegmentEncoderTest)
#include "segment_encoder_test.moc"
