#include "core/bucketstore/disk_store.h"
#include "core/bucketstore/unplaced_shares.h"
#include "core/foundation/base32.h"
#include "tests/bucketstore/simulated_disk.h"
#include "tests/bucketstore/slot_fixture.h"
#include "tests/bucketstore/store_fixture.h"

#include <QtTest>

#include <atomic>
#include <functional>
#include <future>
#include <thread>
#include <utility>
#include <vector>

namespace tarn::bucketstore::test {

namespace {

const std::string folder = "/home/store";
constexpr std::size_t size = 500;
const ShareNum share(3);

/// No new file can be made among those that are not in their place yet: as if the disk had no more of them.
class DiskWithoutNewFiles final : public SimulatedDisk {
public:
    std::atomic<bool> refuses = false;
    std::string refused;  ///< how their names begin
    /// Happens once, before the next of them is made.
    std::function<void()> meanwhile;

    [[nodiscard]] Result<std::unique_ptr<File>> open(const std::string& path, Access access) override {
        if (auto happens = access == Access::CreateNew ? std::exchange(meanwhile, {}) : nullptr) {
            happens();
        }
        if (refuses && access == Access::CreateNew && path.find("/incoming/" + refused) != std::string::npos) {
            return failure(ErrorCode::NoSpace, "no more files");
        }
        return SimulatedDisk::open(path, access);
    }
};

std::unique_ptr<DiskStore> openOn(const std::shared_ptr<SimulatedDisk>& disk, std::size_t logSegment = 256UL * 1024) {
    auto store = openDiskStore({folder, {}, ByteCount(0), false}, std::make_shared<StandingClock>(), disk,
                               {{}, false, logSegment});
    return store ? std::move(*store) : nullptr;
}

std::string pathOf(StorageIndex index) {
    return ShareTree(nullptr, folder + "/shares").sharePath(index, share);
}

bool put(DiskStore& store, StorageIndex index, unsigned seed) {
    const auto secret = secretOf<UploadSecret>(1);
    const auto room = store.allocate(index, {share}, ByteCount(size), secret, leaseOf(1));
    if (!room || !room->allocated.contains(share)) {
        return false;
    }
    const auto wrote = store.write(index, share, secret, ByteOffset(0), patternOf(size, seed));
    return wrote && wrote->complete;
}

}  // namespace

class UnplacedSharesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whoeverWantsAShareFindsItInItsPlace() {
        using Ask = std::function<bool(DiskStore&, StorageIndex)>;
        const std::vector<Ask> asks{
            [](DiskStore& store, StorageIndex index) { return store.list(index) == std::set{share}; },
            [](DiskStore& store, StorageIndex index) { return readAll(store, index, share) == patternOf(size, 7); },
            [](DiskStore& store, StorageIndex index) {
                const auto room =
                    store.allocate(index, {share}, ByteCount(size), secretOf<UploadSecret>(2), leaseOf(2));
                return room && room->alreadyHave == std::set{share} && room->allocated.empty();
            },
            [](DiskStore& store, StorageIndex index) {
                const auto same = secretOf<UploadSecret>(1);
                const auto again = store.write(index, share, same, ByteOffset(0), patternOf(size, 7));
                return !again && again.error().code == ErrorCode::NotFound;
            },
            [](DiskStore& store, StorageIndex index) {
                const auto aborted = store.abort(index, share, secretOf<UploadSecret>(1));
                return !aborted && aborted.error().code == ErrorCode::Conflict;
            },
            [](DiskStore& store, StorageIndex index) { return store.addLease(index, leaseOf(9)).has_value(); },
            [](DiskStore& store, StorageIndex index) { return store.adviseCorrupt(index, share, "bad").has_value(); },
            [](DiskStore& store, StorageIndex index) { return store.listSlot(index).has_value(); },
            [](DiskStore& store, StorageIndex index) { return !store.openSlotShare(index, share); },
        };
        for (const Ask& ask : asks) {
            const auto disk = std::make_shared<SimulatedDisk>();
            const auto store = openOn(disk);
            QVERIFY(store && put(*store, indexOf(1), 7));
            QVERIFY(!disk->contents(pathOf(indexOf(1))));
            QVERIFY(!store->openCachedShare(indexOf(1), share));
            const auto check = [](const Usage& usage) {
                QCOMPARE(usage.shares, 1U);
                QVERIFY(usage.bytes >= ByteCount(size + containerOverhead));  // leases may have come
                QVERIFY(usage.bytes < ByteCount(2 * size));
                QCOMPARE(usage.incomingBytes, ByteCount(0));
            };
            check(store->usage());
            QVERIFY(ask(*store, indexOf(1)));
            QVERIFY(disk->contents(pathOf(indexOf(1))));
            check(store->usage());
            QVERIFY(disk->names(folder + "/incoming")->empty());
        }
    }

    void theCaretakerPlacesAll() {
        const auto disk = std::make_shared<SimulatedDisk>();
        const auto store = openOn(disk);
        for (unsigned i = 0; i < 50; ++i) {
            QVERIFY(put(*store, indexOf(static_cast<Byte>(i)), i));
        }
        (void)store->caretaker().turn();
        for (unsigned i = 0; i < 50; ++i) {
            QVERIFY(disk->contents(pathOf(indexOf(static_cast<Byte>(i)))));
            QVERIFY(readAll(*store, indexOf(static_cast<Byte>(i)), share) == patternOf(size, i));
        }
        QCOMPARE(store->usage().shares, 50U);
        // It was settled: the log does not bring back what is gone since.
        QVERIFY(disk->remove(pathOf(indexOf(0))));
        const auto again = openOn(disk->afterRestart(SimulatedDisk::Survives::Everything));
        QVERIFY(again && again->list(indexOf(0))->empty());
    }

    void aStoreThatIsClosedHasPlacedThem() {
        const auto disk = std::make_shared<SimulatedDisk>();
        QVERIFY(put(*openOn(disk), indexOf(1), 1));
        QVERIFY(disk->contents(pathOf(indexOf(1))));
    }

    void whatCanHaveNoFileIsKeptAndComesLater() {
        const auto disk = std::make_shared<DiskWithoutNewFiles>();
        auto store = openOn(disk);
        QVERIFY(put(*store, indexOf(1), 1));
        disk->refuses = true;
        (void)store->caretaker().turn();
        QCOMPARE(store->usage().shares, 1U);
        // Nobody is told that it is not there and may be had anew; and no more is promised that way.
        const auto room = store->allocate(indexOf(1), {share}, ByteCount(size), secretOf<UploadSecret>(2), leaseOf(2));
        QVERIFY(!room && room.error().code == ErrorCode::NoSpace);
        const auto listed = store->list(indexOf(1));
        QVERIFY(!listed && listed.error().code == ErrorCode::NoSpace);
        const auto opened = store->openShare(indexOf(1), share);
        QVERIFY(!opened && opened.error().code == ErrorCode::NoSpace);
        const auto leased = store->addLease(indexOf(1), leaseOf(3));
        QVERIFY(!leased && leased.error().code == ErrorCode::NoSpace);
        QVERIFY(!put(*store, indexOf(2), 2));

        for (const auto survives : {SimulatedDisk::Survives::Everything, SimulatedDisk::Survives::WhatWasSynced}) {
            const auto after = openOn(disk->afterRestart(survives));
            QVERIFY(after && readAll(*after, indexOf(1), share) == patternOf(size, 1));
            QVERIFY(after->list(indexOf(2))->empty());
        }
        disk->refuses = false;
        QVERIFY(readAll(*store, indexOf(1), share) == patternOf(size, 1));
        QVERIFY(put(*store, indexOf(2), 2));
        (void)store->caretaker().turn();
        QVERIFY(disk->contents(pathOf(indexOf(2))));
        QCOMPARE(store->usage().shares, 2U);
        QCOMPARE(store->usage().incomingBytes, ByteCount(0));
    }

    void oneThatCannotBePlacedDoesNotBecomeAnothersFailure() {
        const auto disk = std::make_shared<DiskWithoutNewFiles>();
        const auto store = openOn(disk, shareLogSegment);
        const StorageIndex without = indexOf(0, 0xff);
        disk->refused = toBase32(without.bytes());
        QVERIFY(put(*store, without, 1));
        constexpr unsigned others = 2000;
        const auto other = [](unsigned i) {
            return indexOf(static_cast<Byte>(i / 8), static_cast<Byte>(i % 8));
        };
        for (unsigned i = 0; i < others; ++i) {
            QVERIFY(put(*store, other(i), 2));
        }
        disk->refuses = true;
        std::atomic<bool> done = false;
        std::thread tries([&] {
            while (!done) {
                (void)store->openShare(without, share);
            }
        });
        unsigned missing = 0;
        for (unsigned i = 0; i < others; ++i) {
            missing += store->openShare(other(i), share) ? 0 : 1;
        }
        done = true;
        tries.join();
        QCOMPARE(missing, 0U);
        disk->refuses = false;
        QVERIFY(readAll(*store, without, share) == patternOf(size, 1));
        QCOMPARE(store->usage().shares, others + 1);
        QCOMPARE(store->usage().incomingBytes, ByteCount(0));
    }

    /// A slot and an upload come to one place at the same time: who is told that it stands there finds it there.
    void anUploadAndASlotAreNotBothToldThatThePlaceIsTheirs() {
        const auto disk = std::make_shared<DiskWithoutNewFiles>();
        const auto store = openOn(disk);
        QVERIFY(put(*store, indexOf(9), 1));  // the log has its file now
        const auto secret = secretOf<UploadSecret>(1);
        QVERIFY(store->allocate(indexOf(1), {share}, ByteCount(size), secret, leaseOf(1)).has_value());
        std::future<bool> uploaded;
        disk->meanwhile = [&] {
            uploaded = std::async(std::launch::async, [&] {
                const auto wrote = store->write(indexOf(1), share, secret, ByteOffset(0), patternOf(size, 1));
                return wrote && wrote->complete;
            });
            // It may have to wait for what goes on here; that it comes to its end or to that is all there is to see.
            (void)uploaded.wait_for(std::chrono::milliseconds(100));
        };
        SlotCall call;
        call.write(share.value(), 0, Bytes(10, 7));
        const auto slot = store->readTestWrite(indexOf(1), secretOf<WriteEnabler>(1), leaseOf(1), call.request());
        QVERIFY(uploaded.valid());
        const bool upload = uploaded.get();
        QVERIFY(slot && slot->success);
        QVERIFY(!upload);
        QVERIFY(store->listSlot(indexOf(1)) == std::set{share});
        QCOMPARE(store->usage().incomingBytes, ByteCount(0));
        QCOMPARE(store->usage().shares, 2U);
    }

    void theSameShareFromElsewhereIsThereAlready() {
        const auto disk = std::make_shared<SimulatedDisk>();
        const auto store = openOn(disk);
        QVERIFY(put(*store, indexOf(1), 1));
        (void)store->list(indexOf(1));
        const auto container = disk->contents(pathOf(indexOf(1)));
        QVERIFY(container);
        disk->put("/home/elsewhere", *container);
        QVERIFY(put(*store, indexOf(2), 1));
        const auto adopted = store->adopt({indexOf(2), share}, "/home/elsewhere", container->size());
        QVERIFY(adopted && *adopted == DiskStore::Adopted::AlreadyThere);
    }

    void aShareThatWasPutThereByHandStays() {
        const auto disk = std::make_shared<SimulatedDisk>();
        auto store = openOn(disk);
        QVERIFY(put(*store, indexOf(1), 1));
        QVERIFY(ShareTree(disk, folder + "/shares").makeFolders(indexOf(1)).has_value());
        const Bytes theirs{1, 2, 3};
        disk->put(pathOf(indexOf(1)), theirs);
        (void)store->list(indexOf(1));
        QVERIFY(disk->contents(pathOf(indexOf(1))) == theirs);
        QCOMPARE(store->usage().incomingBytes, ByteCount(0));
        QVERIFY(disk->names(folder + "/incoming")->empty());
    }

    void eachIsPlacedOnceWhoeverAsksAndAllWait() {
        const auto disk = std::make_shared<SimulatedDisk>();
        (void)disk->makeFolder("/log");
        ShareLog log(disk, "/log", 256UL * 1024);
        std::atomic<int> placed = 0;
        std::atomic<int> atWork = 0;
        UnplacedShares unplaced([&](UnplacedShares::Batch& batch) -> Result<void> {
            atWork += 1;
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            placed += static_cast<int>(batch.shares.size());
            batch.shares.clear();
            atWork -= 1;
            return {};
        });
        const Bytes container(200);
        for (const Byte first : {Byte(1), Byte(1), Byte(2)}) {
            const std::array entries{ShareLog::Entry{{indexOf(first), share}, {ByteView(container), {}, {}}}};
            auto ticket = log.add(entries);
            QVERIFY(ticket);
            unplaced.add(indexOf(first), {std::move(*ticket), {{entries[0].key, 0}}});
        }
        QCOMPARE(unplaced.count(), std::size_t(3));
        QVERIFY(unplaced.holds(indexOf(1)) && !unplaced.holds(indexOf(3)));
        std::vector<std::thread> threads;
        std::atomic<int> early = 0;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] { early += unplaced.place(indexOf(1)) && placed >= 2 ? 0 : 1; });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
        QCOMPARE(early, 0);
        QCOMPARE(placed, 2);
        QVERIFY(!unplaced.holds(indexOf(1)) && unplaced.holds(indexOf(2)));
        QVERIFY(unplaced.placeAll().has_value());
        QCOMPARE(placed, 3);
        QCOMPARE(unplaced.count(), std::size_t(0));
    }
};

}  // namespace tarn::bucketstore::test

QTEST_GUILESS_MAIN(tarn::bucketstore::test::UnplacedSharesTest)
#include "unplaced_shares_test.moc"
