#include "core/bucketstore/container.h"
#include "core/bucketstore/written_ranges.h"
#include "tests/bucketstore/store_fixture.h"

#include <QtTest>

#include <random>

namespace tarn::bucketstore::test {

namespace {

Bytes fromHex(const char* hex) {
    const QByteArray bytes = QByteArray::fromHex(hex);
    return {bytes.begin(), bytes.end()};
}

LeaseSecrets secrets(Byte renew, Byte cancel) {
    return {secretOf<LeaseRenewSecret>(renew), secretOf<LeaseCancelSecret>(cancel)};
}

// Ten bytes of data and two leases, written by Tahoe-LAFS 1.20 (ShareFile with the schemas of version 2 and 1).
constexpr const char* tahoeVersion2 =
    "000000020000000a000000023031323334353637383900000000f40ceaf86e5776923332b8d8fd3bef849cadb19c6996bc272af1f648d9566a"
    "4c"
    "d9818087de7244abc1b5fcf28e55e42c7ff9c678c0605181f37ac5d7414a7b956553f10000000001fc14ac676780c40e5cfeb5b8701b14761a"
    "89"
    "b5519eaf663b29e7f8abbdc7219593975daacc7360e49e74d3e23b95cc2bb5a09a9587d33b8668be8f39eabcf3f26b49d200";
constexpr const char* tahoeVersion1 =
    "000000010000000a00000002303132333435363738390000000001010101010101010101010101010101010101010101010101010101010101"
    "01"
    "02020202020202020202020202020202020202020202020202020202020202026553f100000000010303030303030303030303030303030303"
    "03"
    "030303030303030303030303030304040404040404040404040404040404040404040404040404040404040404046b49d200";

}  // namespace

class ContainerTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aContainerIsWhatTahoeWrites() {
        const Bytes tahoe = fromHex(tahoeVersion2);
        // Tahoe's first lease expires at 1700000000: it was granted 31 days before.
        const Lease lease(secrets(1, 2), WallTime(std::chrono::seconds(1'700'000'000) - leaseDuration));
        Bytes ours = copyOf(makeContainerHeader(10, 2));
        const Bytes data = copyOf(viewOf("0123456789"));
        ours.insert(ours.end(), data.begin(), data.end());
        const LeaseRecord record = lease.record(ourContainerVersion);
        ours.insert(ours.end(), record.begin(), record.end());
        QCOMPARE(ours, Bytes(tahoe.begin(), tahoe.begin() + 12 + 10 + 72));
    }

    void leasesOfBothVersionsAreKnownAgain() {
        for (const auto& [hex, version] : {std::pair(tahoeVersion1, 1U), std::pair(tahoeVersion2, 2U)}) {
            const Bytes file = fromHex(hex);
            const auto layout = readContainer(file, file.size());
            QVERIFY(layout.has_value());
            QCOMPARE(layout->version, version);
            QCOMPARE(layout->leases, 2U);
            QCOMPARE(layout->dataLength, 10U);
            QCOMPARE(layout->end(), file.size());
            const Lease second(secrets(3, 4), WallTime(std::chrono::seconds(1'800'000'000) - leaseDuration));
            const ByteView stored = ByteView(file).subspan(static_cast<std::size_t>(layout->leaseOffset()) + 72, 72);
            QVERIFY(second.matches(stored, version));
            QVERIFY(!Lease(secrets(1, 2), {}).matches(stored, version));
            // The owner (Tahoe counts from 0, or 1 for leases added later) is not ours to choose; the rest is.
            const LeaseRecord record = second.record(version);
            QCOMPARE(copyOf(ByteView(record).subspan(4)), copyOf(stored.subspan(4)));
        }
    }

    void aLeaseThatWasCutShortDoesNotLengthenTheData() {
        const Bytes file = fromHex(tahoeVersion2);
        for (std::uint64_t more = 0; more <= 72; ++more) {
            const auto layout = readContainer(file, file.size() + more);
            QVERIFY(layout.has_value());
            QCOMPARE(layout->dataLength, 10U);
            QCOMPARE(layout->end(), file.size());
        }
    }

    void theLengthFieldCountsModulo2To32() {
        constexpr std::uint64_t size = (5ULL << 32U) + 7;
        const ContainerHeader header = makeContainerHeader(size, 3);
        const std::uint64_t fileSize = 12 + size + 3 * 72;
        for (const std::uint64_t more : {0ULL, 1ULL, 71ULL, 72ULL}) {
            const auto layout = readContainer(header, fileSize + more);
            QVERIFY(layout.has_value());
            QCOMPARE(layout->dataLength, size);
        }
    }

    void tahoesFullFieldForLongDataIsTaken() {
        ContainerHeader header = makeContainerHeader(0xffffffff, 1);
        constexpr std::uint64_t size = (1ULL << 33U) + 5;
        const auto layout = readContainer(header, 12 + size + 72);
        QVERIFY(layout.has_value());
        QCOMPARE(layout->dataLength, size);
    }

    void damagedHeadersAreRefused() {
        const Bytes good = fromHex(tahoeVersion2);
        Bytes manyLeases = good;
        manyLeases[8] = 0xff;
        Bytes strange = good;
        strange[3] = 3;
        QCOMPARE(readContainer(manyLeases, good.size()).error().code, ErrorCode::ServerFailed);
        QCOMPARE(readContainer(strange, good.size()).error().code, ErrorCode::ServerFailed);
        QCOMPARE(readContainer(ByteView(good).first(11), 11).error().code, ErrorCode::ServerFailed);
        QCOMPARE(readContainer({}, 0).error().code, ErrorCode::ServerFailed);
    }

    void writtenRangesAgreeWithABitForEachByte() {
        std::mt19937 random(1);
        for (int round = 0; round < 300; ++round) {
            const std::uint64_t size = 1 + random() % 60;
            std::vector<bool> bits(size);
            WrittenRanges ranges;
            for (int i = 0; i < 20; ++i) {
                const std::uint64_t a = random() % (size + 1);
                const std::uint64_t b = random() % (size + 1);
                const Range range{std::min(a, b), std::max(a, b)};
                std::uint64_t overlap = 0;
                for (const auto& [begin, end] : ranges.within(range)) {
                    QVERIFY(begin >= range.first && begin < end && end <= range.second);
                    overlap += end - begin;
                }
                const auto first = bits.begin() + static_cast<std::ptrdiff_t>(range.first);
                const auto last = bits.begin() + static_cast<std::ptrdiff_t>(range.second);
                QCOMPARE(overlap, static_cast<std::uint64_t>(std::count(first, last, true)));
                const std::size_t promised = ranges.countAfter(range);
                ranges.add(range);
                std::fill(first, last, true);
                std::vector<Range> gaps;
                std::size_t runs = 0;
                for (std::uint64_t at = 0; at < size; ++at) {
                    const bool starts = at == 0 || bits[at] != bits[at - 1];
                    runs += starts && bits[at] ? 1U : 0U;
                    if (starts && !bits[at]) {
                        gaps.emplace_back(at, at);
                    }
                    if (!bits[at]) {
                        gaps.back().second = at + 1;
                    }
                }
                QVERIFY(ranges.missing(size) == gaps);
                QCOMPARE(promised, runs);
                QCOMPARE(ranges.total(), static_cast<std::uint64_t>(std::count(bits.begin(), bits.end(), true)));
            }
        }
    }
};

}  // namespace tarn::bucketstore::test

QTEST_GUILESS_MAIN(tarn::bucketstore::test::ContainerTest)
#include "container_test.moc"
