#include "core/bucketstore/disk_store.h"
#include "core/foundation/base32.h"
#include "tests/bucketstore/simulated_disk.h"
#include "tests/bucketstore/store_fixture.h"

#include <QtTest>

#include <atomic>
#include <fstream>
#include <thread>

namespace tarn::bucketstore::test {

namespace {

const UploadSecret mine = secretOf<UploadSecret>(1);
const UploadSecret theirs = secretOf<UploadSecret>(2);
const LeaseSecrets lease = leaseOf(3);
const std::set<ShareNum> none;

std::set<ShareNum> shares(std::initializer_list<std::uint16_t> numbers) {
    std::set<ShareNum> result;
    for (const std::uint16_t number : numbers) {
        result.insert(ShareNum(number));
    }
    return result;
}

std::string readFile(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

class StoreTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        m_folder.emplace();
        m_clock = std::make_shared<StandingClock>();
        open();
    }
    void cleanup() {
        m_store.reset();
        m_folder.reset();
    }

    void aShareInOneWriteIsCompleteAndReadsBack() {
        const Bytes data = patternOf(1000, 1);
        const auto room = m_store->allocate(m_index, shares({0, 4}), ByteCount(1000), mine, lease);
        QVERIFY(room.has_value());
        QCOMPARE(room->allocated, shares({0, 4}));
        QCOMPARE(room->alreadyHave, none);
        QCOMPARE(m_store->list(m_index).value(), none);
        const auto wrote = m_store->write(m_index, ShareNum(4), mine, ByteOffset(0), data);
        QVERIFY(wrote.has_value());
        QVERIFY(wrote->complete);
        QVERIFY(wrote->required.empty());
        QCOMPARE(m_store->list(m_index).value(), shares({4}));
        QVERIFY(readAll(*m_store, m_index, ShareNum(4)) == data);
        QCOMPARE(m_store->openShare(m_index, ShareNum(0)).error().code, ErrorCode::NotFound);
    }

    void aShareLiesWhereTheFormatSaysInTahoesContainer() {
        put(m_index, 7, 10);
        QVERIFY(m_store->list(m_index).has_value());  // it may have no file before somebody asks for it
        const std::string name = toBase32(m_index.bytes());
        const auto path = root() / "shares" / name.substr(0, 2) / name.substr(2, 2) / name / "7";
        const std::string file = readFile(path);
        QCOMPARE(file.size(), 12U + 10U + 72U);
        QCOMPARE(file.substr(0, 12), std::string("\0\0\0\x02\0\0\0\x0a\0\0\0\x01", 12));
        QVERIFY(std::filesystem::status(path).permissions() ==
                (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
        QVERIFY(std::filesystem::is_empty(root() / "incoming"));
    }

    void wholeSharesOfABucketAreWrittenTogether() {
        const StorageIndex index = indexOf(9);
        const auto secret = secretOf<UploadSecret>(5);
        QVERIFY(m_store->allocate(index, {ShareNum(0), ShareNum(1), ShareNum(2), ShareNum(3)}, ByteCount(60), secret,
                                  leaseOf(1)));
        QVERIFY(m_store->write(index, ShareNum(3), secret, ByteOffset(0), patternOf(20, 3)));
        const Bytes first = patternOf(60, 0);
        const Bytes second = patternOf(60, 1);
        // Not: a share of another length, one that is begun, one that nobody has allocated.
        const std::map<ShareNum, ByteView> whole{{ShareNum(0), first},
                                                 {ShareNum(1), second},
                                                 {ShareNum(2), ByteView(first).first(59)},
                                                 {ShareNum(3), first},
                                                 {ShareNum(4), first}};
        QCOMPARE(m_store->writeWhole(index, whole, secretOf<UploadSecret>(6)), std::set<ShareNum>{});
        QCOMPARE(m_store->writeWhole(index, whole, secret), (std::set{ShareNum(0), ShareNum(1)}));
        QCOMPARE(readAll(*m_store, index, ShareNum(0)), first);
        QCOMPARE(readAll(*m_store, index, ShareNum(1)), second);
        QCOMPARE(m_store->usage().shares, 2U);
        QCOMPARE(m_store->usage().incomingBytes, ByteCount(2 * (60 + containerOverhead)));
        QVERIFY(m_store->write(index, ShareNum(2), secret, ByteOffset(0), first)->complete);
    }

    void piecesMayComeInAnyOrderAndWhatIsMissingIsSaid() {
        const Bytes data = patternOf(300, 2);
        const ByteView view(data);
        QVERIFY(m_store->allocate(m_index, shares({1}), ByteCount(300), mine, lease).has_value());
        const auto first = m_store->write(m_index, ShareNum(1), mine, ByteOffset(200), view.subspan(200));
        QVERIFY(!first->complete);
        QVERIFY(first->required == (std::vector<Range>{{0, 200}}));
        const auto second = m_store->write(m_index, ShareNum(1), mine, ByteOffset(50), view.subspan(50, 50));
        QVERIFY(second->required == (std::vector<Range>{{0, 50}, {100, 200}}));
        QCOMPARE(m_store->list(m_index).value(), none);
        QVERIFY(!m_store->write(m_index, ShareNum(1), mine, ByteOffset(100), view.subspan(100, 100))->complete);
        QVERIFY(m_store->write(m_index, ShareNum(1), mine, ByteOffset(0), view.first(50))->complete);
        QVERIFY(readAll(*m_store, m_index, ShareNum(1)) == data);
    }

    void theSameBytesMayComeTwiceAndOthersMayNot() {
        const Bytes data = patternOf(300'000, 3);
        QVERIFY(m_store->allocate(m_index, shares({1}), ByteCount(300'000), mine, lease).has_value());
        const ByteView firstPart = ByteView(data).first(200'000);
        QVERIFY(m_store->write(m_index, ShareNum(1), mine, ByteOffset(0), firstPart).has_value());
        QVERIFY(m_store->write(m_index, ShareNum(1), mine, ByteOffset(0), firstPart).has_value());
        Bytes wrong = data;
        wrong[199'999] ^= 1U;
        const auto conflict =
            m_store->write(m_index, ShareNum(1), mine, ByteOffset(100'000), ByteView(wrong).subspan(100'000));
        QCOMPARE(conflict.error().code, ErrorCode::Conflict);
        // The upload goes on as if nothing had been.
        QVERIFY(
            m_store->write(m_index, ShareNum(1), mine, ByteOffset(100'000), ByteView(data).subspan(100'000))->complete);
        QVERIFY(readAll(*m_store, m_index, ShareNum(1)) == data);
    }

    void writesOutsideTheRulesAreRefused() {
        QVERIFY(m_store->allocate(m_index, shares({1}), ByteCount(100), mine, lease).has_value());
        const Bytes data(101);
        const auto code = [&](std::uint16_t share, const UploadSecret& secret, std::uint64_t offset, std::size_t size) {
            return m_store->write(m_index, ShareNum(share), secret, ByteOffset(offset), ByteView(data).first(size))
                .error()
                .code;
        };
        QCOMPARE(code(1, mine, 0, 101), ErrorCode::InvalidArgument);
        QCOMPARE(code(1, mine, 100, 1), ErrorCode::InvalidArgument);
        QCOMPARE(code(1, mine, ~0ULL, 2), ErrorCode::InvalidArgument);
        QCOMPARE(code(1, theirs, 0, 10), ErrorCode::Unauthorized);
        QCOMPARE(code(2, mine, 0, 10), ErrorCode::NotFound);
        QCOMPARE(m_store->allocate(m_index, shares({256}), ByteCount(1), mine, lease).error().code,
                 ErrorCode::InvalidArgument);
    }

    void aCompleteShareTakesNoMoreWrites() {
        put(m_index, 1, 100);
        QCOMPARE(m_store->write(m_index, ShareNum(1), mine, ByteOffset(0), Bytes(1)).error().code, ErrorCode::NotFound);
        QCOMPARE(m_store->abort(m_index, ShareNum(1), mine).error().code, ErrorCode::Conflict);
    }

    void allocatingAgainChangesNothingForTheSameUploader() {
        QVERIFY(m_store->allocate(m_index, shares({1}), ByteCount(100), mine, lease).has_value());
        QVERIFY(m_store->write(m_index, ShareNum(1), mine, ByteOffset(0), Bytes(60)).has_value());
        const auto usage = m_store->usage();
        const auto again = m_store->allocate(m_index, shares({1}), ByteCount(100), mine, lease);
        QCOMPARE(again->allocated, shares({1}));
        QCOMPARE(m_store->usage().incomingBytes, usage.incomingBytes);
        QVERIFY(m_store->write(m_index, ShareNum(1), mine, ByteOffset(60), Bytes(40))->complete);
    }

    void aShareThatAnotherWritesIsNeitherHadNorAllocated() {
        QVERIFY(m_store->allocate(m_index, shares({1}), ByteCount(100), mine, lease).has_value());
        const auto other = m_store->allocate(m_index, shares({1, 2}), ByteCount(100), theirs, lease);
        QCOMPARE(other->alreadyHave, none);
        QCOMPARE(other->allocated, shares({2}));
        const auto otherSize = m_store->allocate(m_index, shares({1}), ByteCount(101), mine, lease);
        QCOMPARE(otherSize->allocated, none);
    }

    void everyShareOfTheBucketIsNamedAsHad() {
        put(m_index, 1, 100);
        put(m_index, 5, 100);
        const auto room = m_store->allocate(m_index, shares({2}), ByteCount(100), mine, lease);
        QCOMPARE(room->alreadyHave, shares({1, 5}));
        QCOMPARE(room->allocated, shares({2}));
    }

    void abortGivesTheRoomBackAndTheShareCanBeBegunAnew() {
        QVERIFY(m_store->allocate(m_index, shares({1}), ByteCount(100), mine, lease).has_value());
        QVERIFY(m_store->write(m_index, ShareNum(1), mine, ByteOffset(0), Bytes(60)).has_value());
        QCOMPARE(m_store->abort(m_index, ShareNum(1), theirs).error().code, ErrorCode::Unauthorized);
        QVERIFY(m_store->abort(m_index, ShareNum(1), mine).has_value());
        QCOMPARE(m_store->usage().incomingBytes, ByteCount(0));
        QVERIFY(std::filesystem::is_empty(root() / "incoming"));
        QCOMPARE(m_store->abort(m_index, ShareNum(1), mine).error().code, ErrorCode::NotFound);
        QCOMPARE(m_store->allocate(m_index, shares({1}), ByteCount(50), theirs, lease)->allocated, shares({1}));
    }

    void aBegunShareIsForgottenAfterHalfAnHourWithoutAWrite() {
        QVERIFY(m_store->allocate(m_index, shares({1, 2}), ByteCount(100), mine, lease).has_value());
        m_clock->pass(std::chrono::minutes(20));
        QVERIFY(m_store->write(m_index, ShareNum(1), mine, ByteOffset(0), Bytes(60)).has_value());
        m_clock->pass(std::chrono::minutes(20));
        m_store->dropStaleIncoming();
        QCOMPARE(m_store->write(m_index, ShareNum(2), mine, ByteOffset(0), Bytes(60)).error().code,
                 ErrorCode::NotFound);
        QVERIFY(m_store->write(m_index, ShareNum(1), mine, ByteOffset(60), Bytes(10)).has_value());
        m_clock->pass(std::chrono::minutes(30));
        m_store->dropStaleIncoming();
        QCOMPARE(m_store->write(m_index, ShareNum(1), mine, ByteOffset(70), Bytes(30)).error().code,
                 ErrorCode::NotFound);
        QVERIFY(std::filesystem::is_empty(root() / "incoming"));
        QCOMPARE(m_store->usage().incomingBytes, ByteCount(0));
    }

    void aRestartEmptiesIncomingAndKeepsCompleteShares() {
        put(m_index, 3, 100);
        QVERIFY(m_store->allocate(m_index, shares({1}), ByteCount(100), mine, lease).has_value());
        QVERIFY(m_store->write(m_index, ShareNum(1), mine, ByteOffset(0), Bytes(60)).has_value());
        QVERIFY(!std::filesystem::is_empty(root() / "incoming"));
        m_store.reset();
        open();
        QVERIFY(std::filesystem::is_empty(root() / "incoming"));
        QCOMPARE(m_store->list(m_index).value(), shares({3}));
        QCOMPARE(m_store->usage().shares, 1U);
        QCOMPARE(m_store->usage().bytes, ByteCount(100 + containerOverhead));
    }

    void aSecondProgramIsKeptOut() {
        const auto second = BucketStore::open({root(), {}, ByteCount(0), false}, m_clock);
        QCOMPARE(second.error().code, ErrorCode::ProfileLocked);
        m_store.reset();
        open();
    }

    void aFolderThatCannotBeMadeIsSaid() {
        std::ofstream(root() / "file") << "x";
        const auto store = BucketStore::open({root() / "file" / "store", {}, ByteCount(0), false}, m_clock);
        QCOMPARE(store.error().code, ErrorCode::FileUnwritable);
    }

    void allocationKeepsToTheMaximumSizeOfTheStore() {
        m_store.reset();
        open({root(), ByteCount(3000), ByteCount(0), false});
        QCOMPARE(m_store->usage().available, ByteCount(3000 - containerOverhead));
        const auto room =
            m_store->allocate(m_index, shares({0, 1, 2, 3}), ByteCount(1000 - containerOverhead), mine, lease);
        QCOMPARE(room->allocated, shares({0, 1, 2}));
        QCOMPARE(m_store->usage().available, ByteCount(0));
        QVERIFY(m_store->abort(m_index, ShareNum(2), mine).has_value());
        QVERIFY(m_store->write(m_index, ShareNum(0), mine, ByteOffset(0), Bytes(1000 - containerOverhead))->complete);
        QCOMPARE(m_store->usage().available, ByteCount(1000 - containerOverhead));
        QCOMPARE(m_store->allocate(m_index, shares({3}), ByteCount(1001 - containerOverhead), mine, lease)->allocated,
                 none);
        QCOMPARE(m_store->allocate(m_index, shares({3}), ByteCount(1000 - containerOverhead), mine, lease)->allocated,
                 shares({3}));
    }

    void reservedSpaceIsLeftFreeOnTheDisk() {
        const auto disk = std::make_shared<SimulatedDisk>();
        const auto store = openDiskStore({"/s", {}, ByteCount(500'000), false}, m_clock, disk);
        disk->setFreeSpace(510'000);
        QCOMPARE((*store)->usage().available, ByteCount(10'000 - containerOverhead));
        QCOMPARE((*store)->allocate(m_index, shares({0, 1}), ByteCount(6000), mine, lease)->allocated, shares({0}));
        QVERIFY((*store)->write(m_index, ShareNum(0), mine, ByteOffset(0), Bytes(5000)).has_value());
        // What was written is missing from the disk's free space and is not taken off twice.
        disk->setFreeSpace(505'000);
        QCOMPARE((*store)->usage().available, ByteCount(10'000 - 6000 - 2 * containerOverhead));
        disk->setFreeSpace(400'000);
        QCOMPARE((*store)->usage().available, ByteCount(0));
    }

    void hugeSizesFindNoRoomAndOverflowNothing() {
        for (const std::uint64_t size : {~0ULL, ~0ULL - 84, 1ULL << 63U, 1ULL << 56U}) {
            QCOMPARE(m_store->allocate(m_index, shares({0, 1}), ByteCount(size), mine, lease)->allocated, none);
        }
        QCOMPARE(m_store->usage().incomingBytes, ByteCount(0));
    }

    void aReadOnlyStoreServesAndAllocatesNothing() {
        put(m_index, 1, 100);
        m_store.reset();
        open({root(), {}, ByteCount(0), true});
        const auto room = m_store->allocate(m_index, shares({1, 2}), ByteCount(100), mine, lease);
        QCOMPARE(room->alreadyHave, shares({1}));
        QCOMPARE(room->allocated, none);
        QCOMPARE(m_store->usage().available, ByteCount(0));
        QVERIFY(readAll(*m_store, m_index, ShareNum(1)).has_value());
    }

    void leasesAreAddedOnceAndThenRenewed() {
        put(m_index, 1, 100);
        const auto size = [&] {
            return m_store->usage().bytes.value();
        };
        const std::uint64_t before = size();
        QVERIFY(m_store->addLease(m_index, leaseOf(50)).has_value());
        QCOMPARE(size(), before + 72);
        QCOMPARE(leaseExpiries().size(), 2U);
        QCOMPARE(leaseExpiries()[1], 1'700'000'000U + 31U * 86400U);
        m_clock->pass(std::chrono::hours(48));
        QVERIFY(m_store->addLease(m_index, leaseOf(50)).has_value());
        QCOMPARE(size(), before + 72);
        QCOMPARE(leaseExpiries()[0], 1'700'000'000U + 31U * 86400U);
        QCOMPARE(leaseExpiries()[1], 1'700'000'000U + 33U * 86400U);
        // An allocation is a sign of interest in what is there.
        QVERIFY(m_store->allocate(m_index, shares({1}), ByteCount(100), mine, lease).has_value());
        QCOMPARE(leaseExpiries()[0], 1'700'000'000U + 33U * 86400U);
        QVERIFY(readAll(*m_store, m_index, ShareNum(1)) == patternOf(100, 1));
        QCOMPARE(m_store->addLease(indexOf(9), lease).error().code, ErrorCode::NotFound);
    }

    void leasesOnOneShareAreBounded() {
        const auto disk = std::make_shared<SimulatedDisk>();
        const auto store = openDiskStore({"/s", {}, ByteCount(0), false}, m_clock, disk);
        QVERIFY((*store)->allocate(m_index, shares({0}), ByteCount(5), mine, lease).has_value());
        QVERIFY((*store)->write(m_index, ShareNum(0), mine, ByteOffset(0), Bytes(5))->complete);
        std::array<Byte, 32> secret{};
        const auto nth = [&](std::uint32_t n) {
            std::ranges::copy(bigEndian32(n), secret.begin());
            return LeaseSecrets{LeaseRenewSecret(secret), LeaseCancelSecret(secret)};
        };
        for (std::uint32_t n = 1; n < mostLeases; ++n) {
            QVERIFY((*store)->addLease(m_index, nth(n)).has_value());
        }
        QCOMPARE((*store)->addLease(m_index, nth(mostLeases)).error().code, ErrorCode::NoSpace);
        QVERIFY((*store)->addLease(m_index, nth(1)).has_value());
        QCOMPARE((*store)->allocate(m_index, shares({0}), ByteCount(5), mine, nth(99'999))->alreadyHave, shares({0}));
    }

    void sharesInTahoesOlderContainerAreServed() {
        put(m_index, 1, 100);
        QVERIFY(m_store->list(m_index).has_value());
        const auto path = sharePath(1);
        std::string file = readFile(path);
        file[3] = 1;
        std::ofstream(path, std::ios::binary) << file;
        QVERIFY(readAll(*m_store, m_index, ShareNum(1)) == patternOf(100, 1));
        QVERIFY(m_store->addLease(m_index, leaseOf(60)).has_value());
        const std::string after = readFile(path);
        QCOMPARE(after.size(), file.size() + 72);
        // Version 1 keeps the secret as it is.
        QCOMPARE(after.substr(file.size() + 4, 32), std::string(32, char(60)));
    }

    void aDamagedContainerIsToldFromAGoodShare() {
        put(m_index, 1, 100);
        put(m_index, 2, 100);
        std::ofstream(sharePath(1), std::ios::binary) << "rubbish";
        QCOMPARE(m_store->openShare(m_index, ShareNum(1)).error().code, ErrorCode::ServerFailed);
        const auto room = m_store->allocate(m_index, shares({1, 2}), ByteCount(100), mine, lease);
        QCOMPARE(room->alreadyHave, shares({2}));
        QCOMPARE(room->allocated, none);
    }

    void strangeFilesInABucketArePassedOver() {
        put(m_index, 1, 100);
        for (const char* const name : {"256", "01", "-1", "x", "1.tmp", "99999999999999999999"}) {
            std::ofstream(sharePath(1).parent_path() / name) << "x";
        }
        QCOMPARE(m_store->list(m_index).value(), shares({1}));
        QVERIFY(m_store->addLease(m_index, lease).has_value());
    }

    void aReaderKeepsItsShareWhenTheFileGoes() {
        put(m_index, 1, 100);
        const auto reader = m_store->openShare(m_index, ShareNum(1));
        std::filesystem::remove(sharePath(1));
        Bytes out(200);
        QCOMPARE((*reader)->read(ByteOffset(90), out).value(), 10U);
        QCOMPARE((*reader)->read(ByteOffset(100), out).value(), 0U);
        QCOMPARE((*reader)->read(ByteOffset(~0ULL), out).value(), 0U);
    }

    void complaintsAreKeptAndBounded() {
        put(m_index, 1, 100);
        QCOMPARE(m_store->adviseCorrupt(m_index, ShareNum(2), "why").error().code, ErrorCode::NotFound);
        QVERIFY(m_store->adviseCorrupt(m_index, ShareNum(1), "a bad block").has_value());
        const auto folder = root() / "corruption-advisories";
        const auto files = [&] {
            return std::distance(std::filesystem::directory_iterator(folder), {});
        };
        QCOMPARE(files(), 1);
        const std::string text = readFile(std::filesystem::directory_iterator(folder)->path());
        QVERIFY(text.find("a bad block") != std::string::npos);
        QVERIFY(text.find(toBase32(m_index.bytes())) != std::string::npos);
        for (std::size_t i = 0; i < mostAdvisories + 20; ++i) {
            m_clock->pass(std::chrono::seconds(1));
            QVERIFY(m_store->adviseCorrupt(m_index, ShareNum(1), std::string(40'000, 'x')).has_value());
        }
        QCOMPARE(static_cast<std::size_t>(files()), mostAdvisories);
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            QVERIFY(entry.file_size() < mostAdvisoryReason + 200);
        }
    }

    void manyClientsAtOnceLoseNothing() {
        constexpr int threads = 8;
        constexpr int rounds = 40;
        std::atomic<int> wrong = 0;
        std::vector<std::thread> clients;
        for (int t = 0; t < threads; ++t) {
            clients.emplace_back([&, t] {
                for (int r = 0; r < rounds; ++r) {
                    // All write into the same few buckets, and some fight for the same share.
                    const StorageIndex index = indexOf(static_cast<Byte>(r % 4), static_cast<Byte>(r % 8));
                    const ShareNum share(static_cast<std::uint16_t>(t < 6 ? t * rounds + r : 250));
                    const auto secret = secretOf<UploadSecret>(static_cast<Byte>(t + 1));
                    const Bytes data = patternOf(500, share.value());
                    const auto room =
                        m_store->allocate(index, {share}, ByteCount(500), secret, leaseOf(static_cast<Byte>(t)));
                    if (!room) {
                        ++wrong;
                        continue;
                    }
                    if (room->allocated.contains(share)) {
                        const auto a = m_store->write(index, share, secret, ByteOffset(0), ByteView(data).first(250));
                        const auto b =
                            m_store->write(index, share, secret, ByteOffset(250), ByteView(data).subspan(250));
                        if ((!a || !b || !b->complete) && t < 6) {
                            ++wrong;
                        }
                    } else if (t < 6) {
                        ++wrong;
                    }
                    (void)m_store->addLease(index, leaseOf(static_cast<Byte>(100 + t)));
                    (void)m_store->usage();
                    m_store->dropStaleIncoming();
                }
            });
        }
        for (std::thread& client : clients) {
            client.join();
        }
        QCOMPARE(wrong.load(), 0);
        QCOMPARE(m_store->usage().incomingBytes, ByteCount(0));
        std::uint64_t count = 0;
        for (int r = 0; r < 8; ++r) {
            const StorageIndex index = indexOf(static_cast<Byte>(r % 4), static_cast<Byte>(r));
            const auto listed = m_store->list(index);
            QVERIFY(listed.has_value());
            for (const ShareNum share : *listed) {
                ++count;
                QVERIFY(readAll(*m_store, index, share) == patternOf(500, share.value()));
            }
        }
        QCOMPARE(count, 6U * rounds + 8U);
        QCOMPARE(m_store->usage().shares, count);
        const auto bytes = m_store->usage().bytes;
        m_store.reset();
        open();
        QCOMPARE(m_store->usage().shares, count);
        QCOMPARE(m_store->usage().bytes, bytes);
    }

    void sharesThatComeWhileTheStoreIsCountedAreCountedOnce() {
        const auto disk = std::make_shared<SimulatedDisk>();
        const auto pathOf = [](StorageIndex index) {
            const std::string name = toBase32(index.bytes());
            return "/s/shares/" + name.substr(0, 2) + '/' + name.substr(2, 2) + '/' + name + "/0";
        };
        for (int i = 0; i < 200; ++i) {
            disk->put(pathOf(indexOf(static_cast<Byte>(i), 9)), Bytes(100));
        }
        UsageCounter counter(disk, "/s/shares", {}, 0);
        for (int i = 0; i < 200; ++i) {
            const StorageIndex index = indexOf(static_cast<Byte>(i), 10);
            const auto held = counter.hold();
            disk->put(pathOf(index), Bytes(100));
            counter.add(held, index, 1, 100);
        }
        QTRY_COMPARE(counter.now().shares, 400U);
        QCOMPARE(counter.now().bytes, 40'000U);
    }

private:
    void open() { open({root(), {}, ByteCount(0), false}); }
    void open(const Options& options) {
        auto store = BucketStore::open(options, m_clock);
        QVERIFY(store.has_value());
        m_store = std::move(*store);
    }
    [[nodiscard]] std::filesystem::path root() const { return m_folder->path().toStdString(); }
    [[nodiscard]] std::filesystem::path sharePath(int number) const {
        const std::string name = toBase32(m_index.bytes());
        return root() / "shares" / name.substr(0, 2) / name.substr(2, 2) / name / std::to_string(number);
    }
    void put(StorageIndex index, std::uint16_t number, std::size_t size) {
        QVERIFY(m_store->allocate(index, shares({number}), ByteCount(size), mine, lease).has_value());
        QVERIFY(m_store->write(index, ShareNum(number), mine, ByteOffset(0), patternOf(size, number))->complete);
    }
    [[nodiscard]] std::vector<std::uint32_t> leaseExpiries() const {
        const std::string file = readFile(sharePath(1));
        const auto layout = readContainer(viewOf(file), file.size());
        std::vector<std::uint32_t> found;
        for (std::uint64_t at = layout->leaseOffset(); at < layout->end(); at += leaseSize) {
            found.push_back(readBigEndian32(viewOf(file).subspan(static_cast<std::size_t>(at) + leaseExpiryOffset)));
        }
        return found;
    }

    const StorageIndex m_index = indexOf(77);
    std::optional<QTemporaryDir> m_folder;
    std::shared_ptr<StandingClock> m_clock;
    std::unique_ptr<BucketStore> m_store;
};

}  // namespace tarn::bucketstore::test

QTEST_GUILESS_MAIN(tarn::bucketstore::test::StoreTest)
#include "store_test.moc"
