#include "core/bucketstore/container.h"
#include "core/bucketstore/disk_store.h"
#include "core/foundation/base32.h"
#include "tests/bucketstore/index_check.h"
#include "tests/bucketstore/simulated_disk.h"
#include "tests/bucketstore/store_fixture.h"

#include <QtTest>

namespace tarn::bucketstore::test {

namespace {

using Survives = SimulatedDisk::Survives;
using ShareKey = std::pair<StorageIndex, ShareNum>;

const std::string folder = "/home/store";
/// A log that is quick to make, and soon full.
constexpr std::size_t logSegment = 16UL * 1024;
constexpr std::array allSurvivals{Survives::Everything, Survives::WhatWasSynced, Survives::NamesAndSynced,
                                  Survives::NamesAndNewest, Survives::BytesAndSynced};

/// What a client was told, and what each share must hold if it is there at all.
struct Told {
    std::map<ShareKey, Bytes> expected;
    std::set<ShareKey> complete;
    std::set<std::pair<ShareKey, Byte>> leases;
    std::set<ErrorCode> errors;
};

class Client {
public:
    Client(BucketStore& store, const SimulatedDisk& disk, Told& told) : m_store(store), m_disk(disk), m_told(told) {}

    void put(StorageIndex index, std::uint16_t number, std::size_t size, Byte who, const std::vector<Range>& pieces) {
        const ShareNum share(number);
        const Bytes data = patternOf(size, number + index.bytes()[0] * 7U);
        m_told.expected[{index, share}] = data;
        const auto room = m_store.allocate(index, {share}, ByteCount(size), secretOf<UploadSecret>(who), leaseOf(who));
        if (!note(room)) {
            return;
        }
        for (const ShareNum had : room->alreadyHave) {
            m_told.leases.insert({{index, had}, who});
        }
        for (const auto& [begin, end] : pieces) {
            const auto wrote = m_store.write(index, share, secretOf<UploadSecret>(who), ByteOffset(begin),
                                             ByteView(data).subspan(begin, end - begin));
            if (note(wrote) && wrote->complete) {
                m_told.complete.insert({index, share});
                m_told.leases.insert({{index, share}, who});
            }
        }
    }

    /// Several shares of one bucket at once.
    void putWhole(StorageIndex index, const std::set<ShareNum>& shares, std::size_t size, Byte who) {
        for (const ShareNum share : shares) {
            m_told.expected[{index, share}] = patternOf(size, share.value() + index.bytes()[0] * 7U);
        }
        const auto room = m_store.allocate(index, shares, ByteCount(size), secretOf<UploadSecret>(who), leaseOf(who));
        if (!note(room)) {
            return;
        }
        for (const ShareNum had : room->alreadyHave) {
            m_told.leases.insert({{index, had}, who});
        }
        std::map<ShareNum, ByteView> whole;
        for (const ShareNum share : room->allocated) {
            whole.emplace(share, m_told.expected[{index, share}]);
        }
        const auto stored = m_store.writeWhole(index, whole, secretOf<UploadSecret>(who));
        if (!m_disk.stopped()) {
            for (const ShareNum share : stored) {
                m_told.complete.insert({index, share});
                m_told.leases.insert({{index, share}, who});
            }
        }
    }

    void lease(StorageIndex index, Byte who) {
        const auto before = m_store.list(index);
        if (note(m_store.addLease(index, leaseOf(who))) && before) {
            for (const ShareNum share : *before) {
                m_told.leases.insert({{index, share}, who});
            }
        }
    }

    void abandon(StorageIndex index, std::uint16_t number, Byte who) {
        (void)note(m_store.abort(index, ShareNum(number), secretOf<UploadSecret>(who)));
    }

private:
    template <typename T>
    bool note(const Result<T>& result) {
        if (m_disk.stopped()) {
            return false;  // no answer leaves a machine that has stopped
        }
        if (!result) {
            m_told.errors.insert(result.error().code);
        }
        return result.has_value();
    }

    BucketStore& m_store;
    const SimulatedDisk& m_disk;
    Told& m_told;
};

/// Every kind of change a store makes: whole shares, shares in pieces, two in one bucket, several at once, buckets that
/// share folders, second leases, renewals, abandoned shares.
void work(BucketStore& store, const SimulatedDisk& disk, StandingClock& clock, Told& told) {
    Client client(store, disk, told);
    const StorageIndex first = indexOf(1);
    const StorageIndex neighbour = indexOf(1, 0x5b);
    const StorageIndex other = indexOf(200);
    client.put(first, 0, 1000, 10, {{0, 1000}});
    client.put(first, 1, 1000, 10, {{600, 1000}, {0, 600}});
    client.put(neighbour, 3, 50, 11, {{0, 50}});
    client.lease(first, 20);
    client.put(other, 5, 400, 12, {{0, 100}, {300, 400}});
    client.abandon(other, 5, 12);
    client.put(other, 6, 300, 13, {{0, 100}, {100, 200}, {200, 300}});
    clock.pass(std::chrono::hours(24));
    client.lease(first, 20);
    client.put(first, 2, 80, 30, {{0, 80}});
    client.put(other, 7, 90, 14, {{0, 45}});
    client.putWhole(indexOf(77), {ShareNum(0), ShareNum(4), ShareNum(9)}, 120, 15);
    client.putWhole(first, {ShareNum(0), ShareNum(8), ShareNum(9)}, 1000, 16);
}

std::string pathOf(const ShareKey& key) {
    const std::string name = toBase32(key.first.bytes());
    return folder + "/shares/" + name.substr(0, 2) + '/' + name.substr(2, 2) + '/' + name + '/' +
           std::to_string(key.second.value());
}

bool holdsLease(const Bytes& file, Byte who, std::size_t dataLength) {
    const auto layout = readContainer(file, file.size());
    if (!layout || layout->dataLength != dataLength) {
        return false;
    }
    const Bytes renew = copyOf(crypto::blake2b(secretOf<LeaseRenewSecret>(who).reveal()).bytes());
    for (std::uint64_t at = layout->leaseOffset(); at + leaseSize <= layout->end(); at += leaseSize) {
        if (std::ranges::equal(ByteView(file).subspan(static_cast<std::size_t>(at) + 4, 32), renew)) {
            return true;
        }
    }
    return false;
}

/// What Tahoe-LAFS would read of a container: it takes the data's length from the file's length and the lease count.
Bytes dataForTahoe(const Bytes& file) {
    const std::uint32_t leases = readBigEndian32(ByteView(file).subspan(8));
    const std::size_t end = file.size() - std::size_t{leases} * leaseSize;
    return {file.begin() + static_cast<std::ptrdiff_t>(containerHeaderSize),
            file.begin() + static_cast<std::ptrdiff_t>(end)};
}

void verify(const std::shared_ptr<SimulatedDisk>& disk, const Told& told, const QByteArray& when) {
    const auto store = openDiskStore({folder, {}, ByteCount(0), false}, std::make_shared<StandingClock>(), disk,
                                     {{}, false, logSegment});
    QVERIFY2(store.has_value(), when.constData());
    std::uint64_t there = 0;
    for (const auto& [key, expected] : told.expected) {
        const auto listed = (*store)->list(key.first);
        QVERIFY2(listed.has_value(), when.constData());
        const bool visible = listed->contains(key.second);
        QVERIFY2(visible || !told.complete.contains(key), (when + ": an acknowledged share is lost").constData());
        if (!visible) {
            continue;
        }
        ++there;
        const auto data = readAll(**store, key.first, key.second);
        QVERIFY2(data == expected, (when + ": a share is half visible").constData());
        const Bytes file = disk->contents(pathOf(key)).value_or(Bytes());
        const Bytes forTahoe = dataForTahoe(file);
        QVERIFY2(forTahoe.size() >= expected.size() && std::equal(expected.begin(), expected.end(), forTahoe.begin()),
                 (when + ": Tahoe-LAFS could not read the share").constData());
    }
    for (const auto& [key, who] : told.leases) {
        const Bytes file = disk->contents(pathOf(key)).value_or(Bytes());
        QVERIFY2(holdsLease(file, who, told.expected.at(key).size()),
                 (when + ": an acknowledged lease is lost").constData());
    }
    QVERIFY2((*store)->usage().shares == there, (when + ": the count is wrong").constData());
    QVERIFY2(disk->names(folder + "/incoming")->empty(), (when + ": leftovers").constData());
}

}  // namespace

class CrashTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void nothingAcknowledgedIsLostAndNothingIsHalfVisibleWhereverItStops() {
        std::uint64_t last = 0;
        for (std::uint64_t stop = 1; last == 0; ++stop) {
            for (const bool tear : {false, true}) {
                const auto disk = std::make_shared<SimulatedDisk>();
                disk->stopAt(stop, tear);
                Told told;
                const auto clock = std::make_shared<StandingClock>();
                if (const auto store =
                        openDiskStore({folder, {}, ByteCount(0), false}, clock, disk, {{}, false, logSegment})) {
                    work(**store, *disk, *clock, told);
                }
                if (!disk->stopped()) {
                    last = stop;
                }
                for (const Survives survives : allSurvivals) {
                    const QByteArray when = "stopped at step " + QByteArray::number(qulonglong(stop)) +
                                            (tear ? " half way" : "") + ", surviving " +
                                            QByteArray::number(int(survives));
                    verify(disk->afterRestart(survives), told, when);
                    if (QTest::currentTestFailed()) {
                        return;
                    }
                }
                if (last != 0) {
                    QCOMPARE(told.complete.size(), 10U);
                    QCOMPARE(told.leases.size(), 18U);
                    QVERIFY(told.errors.empty());
                }
            }
        }
        QVERIFY2(last > 40, "the work has many steps to stop at");
    }

    /// The index stands on a disk of its own, as the kill left it: it may know more than the shares' disk kept, or
    /// less.
    void theIndexAgreesAgainWhereverItStops() {
        const auto scratch = quickFolder();
        const std::filesystem::path left = scratch->filePath(QStringLiteral("left.sqlite")).toStdString();
        const std::filesystem::path found = scratch->filePath(QStringLiteral("found.sqlite")).toStdString();
        const auto remove = [](const std::filesystem::path& file) {
            for (const char* const end : {"", "-wal", "-shm"}) {
                std::filesystem::remove(file.string() + end);
            }
        };
        bool stopped = true;
        for (std::uint64_t stop = 1; stopped; ++stop) {
            const auto disk = std::make_shared<SimulatedDisk>();
            const auto clock = std::make_shared<StandingClock>();
            disk->stopAt(stop, false);
            Told told;
            remove(left);
            remove(found);
            const auto store = openDiskStore({folder, {}, ByteCount(0), false}, clock, disk, {left, false, logSegment});
            if (store) {
                work(**store, *disk, *clock, told);
                (void)(*store)->caretaker().turn();
            }
            stopped = disk->stopped();
            for (const Survives survives : {Survives::Everything, Survives::WhatWasSynced}) {
                for (const char* const end : {"", "-wal"}) {
                    if (std::filesystem::exists(left.string() + end)) {
                        std::filesystem::copy_file(left.string() + end, found.string() + end,
                                                   std::filesystem::copy_options::overwrite_existing);
                    }
                }
                const auto after = disk->afterRestart(survives);
                auto again = openDiskStore({folder, {}, ByteCount(0), false}, clock, after, {found, false, logSegment});
                QVERIFY(again.has_value());
                while ((*again)->report().index != IndexState::Agrees) {
                    (void)(*again)->caretaker().turn();
                }
                again->reset();
                const std::string wrong = indexDisagreement(*after, folder + "/shares", found);
                QVERIFY2(wrong.empty(), ("stopped at step " + std::to_string(stop) + ": " + wrong).c_str());
                remove(found);
            }
        }
    }

    void aSecondCrashWhileALeaseIsMendedLosesNothing() {
        // The first stop leaves half a lease behind; the second comes at each step of putting it right.
        const auto disk = std::make_shared<SimulatedDisk>();
        Told told;
        const auto clock = std::make_shared<StandingClock>();
        {
            const auto store = openDiskStore({folder, {}, ByteCount(0), false}, clock, disk, {{}, false, logSegment});
            QVERIFY(store.has_value());
            Client(**store, *disk, told).put(indexOf(1), 0, 1000, 10, {{0, 1000}});
            QVERIFY((*store)->list(indexOf(1)).has_value());  // it has its file now
            disk->stopAt(disk->steps() + 1, true);
            Client(**store, *disk, told).lease(indexOf(1), 20);
        }
        const auto torn = disk->afterRestart(Survives::Everything);
        QCOMPARE(torn->contents(pathOf({indexOf(1), ShareNum(0)}))->size(), 12U + 1000U + 72U + 36U);
        for (std::uint64_t stop = 1;; ++stop) {
            const auto again = torn->afterRestart(Survives::Everything);
            again->stopAt(stop, true);
            Told toldAgain = told;
            if (const auto store =
                    openDiskStore({folder, {}, ByteCount(0), false}, clock, again, {{}, false, logSegment})) {
                Client(**store, *again, toldAgain).lease(indexOf(1), 30);
            }
            for (const Survives survives : allSurvivals) {
                verify(again->afterRestart(survives), toldAgain,
                       "second stop at step " + QByteArray::number(qulonglong(stop)));
            }
            if (QTest::currentTestFailed() || !again->stopped()) {
                return;
            }
        }
    }

    void aFullDiskAtAnyStepIsSaidLeavesNothingAndIsGotOver() {
        for (const bool forGood : {false, true}) {
            for (std::uint64_t step = 1;; ++step) {
                const QByteArray when =
                    "full at step " + QByteArray::number(qulonglong(step)) + (forGood ? " for good" : "");
                const auto disk = std::make_shared<SimulatedDisk>();
                const auto clock = std::make_shared<StandingClock>();
                auto store = openDiskStore({folder, {}, ByteCount(0), false}, clock, disk, {{}, false, logSegment});
                QVERIFY(store.has_value());
                disk->fillAt(disk->steps() + step, forGood);
                Told told;
                work(**store, *disk, *clock, told);
                const bool struck = disk->struck();
                // What was told besides follows from a share that was given up.
                told.errors.erase(ErrorCode::NoSpace);
                told.errors.erase(ErrorCode::NotFound);
                QVERIFY2(told.errors.empty(), when.constData());

                disk->heal();
                for (const ShareKey& key : told.complete) {
                    QVERIFY2(readAll(**store, key.first, key.second) == told.expected[key], when.constData());
                }
                Told after;
                work(**store, *disk, *clock, after);
                QVERIFY2(readAll(**store, indexOf(1), ShareNum(0)) == after.expected[ShareKey(indexOf(1), ShareNum(0))],
                         when.constData());
                QVERIFY2(after.errors.empty() || after.errors == std::set{ErrorCode::NotFound}, when.constData());
                (void)(*store)->abort(indexOf(200), ShareNum(7), secretOf<UploadSecret>(14));
                QVERIFY2((*store)->usage().incomingBytes == ByteCount(0),
                         (when + ": room was not given back").constData());
                QVERIFY2((*store)->usage().shares == 10, when.constData());
                QVERIFY2(disk->names(folder + "/incoming")->empty(), (when + ": leftovers").constData());
                store->reset();
                verify(disk->afterRestart(Survives::WhatWasSynced), told, when);
                if (QTest::currentTestFailed()) {
                    return;
                }
                if (!struck) {
                    QVERIFY(step > 30);
                    break;
                }
            }
        }
    }
};

}  // namespace tarn::bucketstore::test

QTEST_GUILESS_MAIN(tarn::bucketstore::test::CrashTest)
#include "crash_test.moc"
