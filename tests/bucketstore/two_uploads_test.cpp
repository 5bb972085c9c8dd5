#include "core/bucketstore/disk_store.h"
#include "tests/bucketstore/simulated_disk.h"
#include "tests/bucketstore/store_fixture.h"

#include <QtTest>

#include <functional>
#include <utility>

namespace tarn::bucketstore::test {

namespace {

const std::string folder = "/home/store";
constexpr std::size_t size = 500;

/// Lets something happen while an allocation is between its look at the bucket and its claim.
class InterruptedDisk final : public SimulatedDisk {
public:
    std::function<void()> meanwhile;

    [[nodiscard]] Result<std::uint64_t> freeSpace(const std::string& path) override {
        if (auto happens = std::exchange(meanwhile, {})) {
            happens();
        }
        return SimulatedDisk::freeSpace(path);
    }
};

}  // namespace

/// Two clients upload the same share at the same time, and neither knows of the other.
class TwoUploadsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatTheFirstWasToldStandsWhateverTheSecondDoes() {
        const auto disk = std::make_shared<InterruptedDisk>();
        const auto clock = std::make_shared<StandingClock>();
        const StorageIndex index = indexOf(1);
        const ShareNum share(0);
        const auto first = secretOf<UploadSecret>(1);
        const auto second = secretOf<UploadSecret>(2);
        const Bytes data = patternOf(size, 1);
        auto opened = openDiskStore({folder, {}, ByteCount(0), false}, clock, disk, {{}, true, 64UL * 1024});
        QVERIFY(opened.has_value());
        DiskStore& store = **opened;

        bool complete = false;
        disk->meanwhile = [&] {
            const auto room = store.allocate(index, {share}, ByteCount(size), first, leaseOf(1));
            QVERIFY(room && room->allocated.contains(share));
            const auto wrote = store.write(index, share, first, ByteOffset(0), data);
            complete = wrote && wrote->complete;
        };
        // It looked at the bucket before the share came, and would claim room for it after.
        const auto late = store.allocate(index, {share}, ByteCount(size), second, leaseOf(2));
        QVERIFY(complete);
        QVERIFY(late && late->alreadyHave.contains(share) && late->allocated.empty());

        const auto isThere = [&] {
            const auto listed = store.list(index);
            return listed && listed->contains(share) && readAll(store, index, share) == data;
        };
        QVERIFY(isThere());
        const auto again = store.allocate(index, {share}, ByteCount(size), first, leaseOf(1));
        QVERIFY(again && again->alreadyHave.contains(share));
        QVERIFY(!store.write(index, share, second, ByteOffset(0), patternOf(size, 2)));
        QVERIFY(isThere());
        QVERIFY(store.usage().incomingBytes == ByteCount(0));
        for (const auto survives : {SimulatedDisk::Survives::Everything, SimulatedDisk::Survives::WhatWasSynced}) {
            const auto after = openDiskStore({folder, {}, ByteCount(0), false}, clock, disk->afterRestart(survives));
            QVERIFY(after && readAll(**after, index, share) == data);
        }
    }
};

}  // namespace tarn::bucketstore::test

QTEST_GUILESS_MAIN(tarn::bucketstore::test::TwoUploadsTest)
#include "two_uploads_test.moc"
