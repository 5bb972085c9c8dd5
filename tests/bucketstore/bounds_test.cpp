#include "core/bucketstore/disk_store.h"
#include "tests/bucketstore/store_fixture.h"

#include <QtTest>

namespace tarn::bucketstore::test {

namespace {

const UploadSecret mine = secretOf<UploadSecret>(1);
const LeaseSecrets lease = leaseOf(3);
constexpr ByteCount size(10'000);

std::set<ShareNum> firstShares(std::size_t count) {
    std::set<ShareNum> all;
    for (std::uint16_t n = 0; n < count; ++n) {
        all.insert(ShareNum(n));
    }
    return all;
}

}  // namespace

/// What clients can make the store remember of shares that they begin and do not end.
class BoundsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        m_folder = quickFolder();
        auto store = BucketStore::open({m_folder->path().toStdString(), {}, ByteCount(0), false},
                                       std::make_shared<StandingClock>());
        QVERIFY(store.has_value());
        m_store = std::move(*store);
    }
    void cleanup() {
        m_store.reset();
        m_folder.reset();
    }

    void thePiecesOfAShareAreBounded() {
        begin(indexOf(1), 1);
        fillWithPieces(indexOf(1), 0);
        QCOMPARE(writeOne(indexOf(1), 0, mostPieces * 2), ErrorCode::InvalidArgument);
        QCOMPARE(writeOne(indexOf(1), 0, 1), std::nullopt);  // closes a gap
        QCOMPARE(writeOne(indexOf(1), 0, mostPieces * 2), std::nullopt);
    }

    void thePiecesOfAllSharesTogetherAreBounded() {
        constexpr std::size_t enough = mostPiecesTogether / (mostPieces - 1);
        begin(indexOf(1), enough);
        for (std::size_t share = 0; share < enough; ++share) {
            fillWithPieces(indexOf(1), share);
        }
        begin(indexOf(2), 2);
        std::optional<ErrorCode> refused;
        for (std::size_t i = 0; i < mostPieces && !refused; ++i) {
            refused = writeOne(indexOf(2), 0, i * 2);
        }
        QCOMPARE(refused, ErrorCode::InvalidArgument);
        // Whoever leaves no gaps is not concerned, wherever it begins; nor who closes one.
        for (const std::size_t offset : {50U, 51U, 49U}) {
            QCOMPARE(writeOne(indexOf(2), 1, offset), std::nullopt);
        }
        QCOMPARE(writeOne(indexOf(1), 0, 1), std::nullopt);
        // What is given up makes room, and so does what becomes complete.
        QVERIFY(m_store->abort(indexOf(1), ShareNum(1), mine).has_value());
        fillWithPieces(indexOf(2), 1);
        const auto whole = m_store->write(indexOf(2), ShareNum(1), mine, ByteOffset(0), Bytes(size.value()));
        QVERIFY(whole.has_value() && whole->complete);
        begin(indexOf(3), 1);
        fillWithPieces(indexOf(3), 0);
    }

    void begunSharesAreBoundedAndWhatIsGivenUpMakesRoom() {
        std::size_t allocated = 0;
        for (Byte first = 0; first < 80; ++first) {
            allocated += begin(indexOf(first), 256);
        }
        QCOMPARE(allocated, mostBegunShares);
        QCOMPARE(begin(indexOf(0), 256), 256U);  // they are begun already
        QVERIFY(m_store->abort(indexOf(0), ShareNum(7), mine).has_value());
        QCOMPARE(begin(indexOf(200), 256), 1U);
    }

private:
    std::size_t begin(const StorageIndex& index, std::size_t shares) {
        return m_store->allocate(index, firstShares(shares), size, mine, lease)->allocated.size();
    }
    /// What went wrong, or nothing.
    std::optional<ErrorCode> writeOne(const StorageIndex& index, std::size_t share, std::size_t offset) {
        const auto written =
            m_store->write(index, ShareNum(static_cast<std::uint16_t>(share)), mine, ByteOffset(offset), Bytes(1));
        return written ? std::nullopt : std::optional(written.error().code);
    }
    void fillWithPieces(const StorageIndex& index, std::size_t share) {
        for (std::size_t i = 0; i < mostPieces; ++i) {
            QCOMPARE(writeOne(index, share, i * 2), std::nullopt);
        }
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<BucketStore> m_store;
};

}  // namespace tarn::bucketstore::test

QTEST_GUILESS_MAIN(tarn::bucketstore::test::BoundsTest)
#include "bounds_test.moc"
