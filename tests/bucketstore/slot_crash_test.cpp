#include "core/bucketstore/disk_store.h"
#include "core/foundation/base32.h"
#include "tests/bucketstore/simulated_disk.h"
#include "tests/bucketstore/slot_fixture.h"

#include <QtTest>

#include <map>

namespace tarn::bucketstore::test {

namespace {

using Survives = SimulatedDisk::Survives;
using formats::gbs::SlotChange;
using formats::gbs::SlotRequest;

constexpr const char* folder = "/store";
constexpr std::array allSurvivals = {Survives::Everything, Survives::WhatWasSynced, Survives::NamesAndSynced,
                                     Survives::NamesAndNewest, Survives::BytesAndSynced};
const auto enabler = secretOf<WriteEnabler>(0x77);

struct ShareState {
    Bytes data;
    std::set<Byte> leases;  ///< by who was granted them
};
using SlotState = std::map<ShareNum, ShareState>;

/// What the store said: what stands for sure, and what a request that failed may have made of it.
struct Told {
    std::map<StorageIndex, SlotState> settled;
    std::map<StorageIndex, SlotState> pending;
    std::set<ErrorCode> errors;
    int acknowledged = 0;
};

/// What `request` makes of a slot, worked out byte by byte.
SlotState after(SlotState state, const SlotRequest& request, Byte lease) {
    for (const auto& [share, change] : request.changes) {
        if (change.newLength == std::uint64_t{0}) {
            state.erase(share);
            continue;
        }
        ShareState& one = state[share];
        for (const auto& write : change.writes) {
            one.data.resize(std::max<std::size_t>(one.data.size(), write.offset + write.data.size()));
            std::ranges::copy(write.data, one.data.begin() + static_cast<std::ptrdiff_t>(write.offset));
        }
        if (change.newLength) {
            one.data.resize(std::min<std::size_t>(one.data.size(), *change.newLength));
        }
        one.leases.insert(lease);
    }
    return state;
}

std::string pathOf(StorageIndex index, ShareNum share) {
    const std::string name = toBase32(index.bytes());
    return std::string(folder) + "/shares/" + name.substr(0, 2) + '/' + name.substr(2, 2) + '/' + name + '/' +
           std::to_string(share.value());
}

bool holdsLeases(SimulatedDisk& disk, StorageIndex index, ShareNum share, const std::set<Byte>& leases) {
    const auto file = disk.open(pathOf(index, share), FileSystem::Access::Read);
    const auto layout = file ? readSlotLayout(**file) : failure(file.error());
    const auto parts = layout ? readSlotParts(**file, *layout) : failure(layout.error());
    return parts && std::ranges::all_of(leases, [&](Byte who) {
               return findSlotLease(*parts, Lease(leaseOf(who), {}), layout->version).state ==
                      SlotLeasePlace::State::Ours;
           });
}

/// Whether the slot is as `state` says, wholly; leases that nobody was promised may be there as well.
bool stands(const BucketStore& store, SimulatedDisk& disk, StorageIndex index, const SlotState& state) {
    std::set<ShareNum> numbers;
    for (const auto& [share, one] : state) {
        numbers.insert(share);
    }
    const auto listed = store.listSlot(index);
    return listed && *listed == numbers && std::ranges::all_of(state, [&](const auto& one) {
               return readSlot(store, index, one.first.value()) == one.second.data &&
                      holdsLeases(disk, index, one.first, one.second.leases);
           });
}

/// A client that keeps account of what it was told.
class Client {
public:
    Client(BucketStore& store, SimulatedDisk& disk, Told& told) : m_store(store), m_disk(disk), m_told(told) {}

    void ask(StorageIndex index, const SlotCall& call, Byte lease) {
        if (!resolve(index)) {
            return;
        }
        m_told.pending[index] = after(m_told.settled[index], call.request(), lease);
        take(index, m_store.readTestWrite(index, enabler, leaseOf(lease), call.request()));
    }

    void lease(StorageIndex index, Byte lease) {
        if (!resolve(index) || m_told.settled[index].empty()) {
            return;
        }
        SlotState with = m_told.settled[index];
        for (auto& [share, one] : with) {
            one.leases.insert(lease);
        }
        m_told.pending[index] = with;
        take(index, m_store.addLease(index, leaseOf(lease)));
    }

private:
    template <typename T>
    void take(StorageIndex index, const Result<T>& reply) {
        if (reply) {
            m_told.settled[index] = m_told.pending[index];
            ++m_told.acknowledged;
        } else {
            m_told.errors.insert(reply.error().code);
        }
        // A slot for which there was no room is as it was.
        if (reply || reply.error().code == ErrorCode::NoSpace) {
            m_told.pending.erase(index);
        }
    }

    /// After a failure the slot is looked at: it is as before or as asked for, and stays that. False while the disk
    /// does not let it be seen.
    bool resolve(StorageIndex index) {
        const auto pending = m_told.pending.find(index);
        if (pending == m_told.pending.end()) {
            return true;
        }
        if (m_disk.stopped() || !m_store.listSlot(index)) {
            return false;
        }
        if (stands(m_store, m_disk, index, pending->second)) {
            m_told.settled[index] = pending->second;
        } else if (!stands(m_store, m_disk, index, m_told.settled[index])) {
            qFatal("a failed request left the slot neither as it was nor as asked for");
        }
        m_told.pending.erase(pending);
        return true;
    }

    BucketStore& m_store;
    SimulatedDisk& m_disk;
    Told& m_told;
};

const StorageIndex first = indexOf(1);
const StorageIndex second = indexOf(200);

void work(BucketStore& store, SimulatedDisk& disk, Told& told) {
    Client client(store, disk, told);
    client.ask(first, SlotCall().write(0, 0, patternOf(500, 1)), 10);
    client.ask(first, SlotCall().write(0, 100, patternOf(600, 2)), 10);
    client.ask(first, SlotCall().write(1, 0, patternOf(300, 3)).write(2, 0, patternOf(400, 4)), 11);
    client.ask(second, SlotCall().write(7, 0, patternOf(150'000, 5)), 12);
    client.ask(first, SlotCall().write(0, 0, patternOf(50, 6)).cut(1, 0).cut(2, 100).write(3, 9, {1, 2, 3}), 12);
    client.ask(second, SlotCall().write(7, 70'000, patternOf(100, 7)).cut(7, 149'000), 13);
    for (Byte who = 20; who < 24; ++who) {
        client.lease(first, who);
    }
    client.ask(first, SlotCall().name(0).write(2, 0, patternOf(10, 8)), 24);
    client.ask(second, SlotCall().cut(7, 0), 14);
    client.ask(second, SlotCall().write(7, 0, patternOf(30, 9)), 15);
    client.ask(first, SlotCall().cut(0, 0).cut(2, 0).cut(3, 0), 25);
    client.ask(first, SlotCall().write(0, 0, patternOf(70, 10)).write(9, 0, patternOf(80, 11)), 26);
}

void verify(const std::shared_ptr<SimulatedDisk>& disk, const Told& told, const QByteArray& when) {
    const auto store = openDiskStore({folder, {}, ByteCount(0), false}, std::make_shared<StandingClock>(), disk);
    QVERIFY2(store.has_value(), when.constData());
    std::uint64_t shares = 0;
    std::uint64_t bytes = 0;
    for (const StorageIndex index : {first, second}) {
        const auto settled = told.settled.find(index);
        const auto pending = told.pending.find(index);
        const bool before =
            stands(**store, *disk, index, settled == told.settled.end() ? SlotState() : settled->second);
        const bool changed = pending != told.pending.end() && stands(**store, *disk, index, pending->second);
        QVERIFY2(before || changed, (when + ": a slot is neither as it was nor as it was to be").constData());
        const auto there = (*store)->listSlot(index);
        for (const ShareNum share : *there) {
            ++shares;
            bytes += disk->contents(pathOf(index, share))->size();
        }
    }
    QVERIFY2((*store)->usage().shares == shares && (*store)->usage().bytes == ByteCount(bytes),
             (when + ": the count is wrong").constData());
    QVERIFY2(disk->names(std::string(folder) + "/incoming")->empty(), (when + ": leftovers").constData());
}

bool holdsRecord(SimulatedDisk& disk) {
    const auto names = disk.names(std::string(folder) + "/incoming");
    return names && std::ranges::any_of(*names, [](const std::string& name) { return isCommitName(name); });
}

}  // namespace

class SlotCrashTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aSlotIsWhollyBeforeOrAfterWhereverItStops() {
        std::uint64_t last = 0;
        int redone = 0;
        for (std::uint64_t stop = 1; last == 0; ++stop) {
            for (const bool tear : {false, true}) {
                const auto disk = std::make_shared<SimulatedDisk>();
                disk->stopAt(stop, tear);
                Told told;
                if (const auto store = open(disk)) {
                    work(**store, *disk, told);
                }
                if (!disk->stopped()) {
                    last = stop;
                    QVERIFY(told.errors.empty());
                    QCOMPARE(told.acknowledged, 15);
                }
                for (const Survives survives : allSurvivals) {
                    const QByteArray when = "stopped at step " + QByteArray::number(qulonglong(stop)) +
                                            (tear ? " half way" : "") + ", surviving " +
                                            QByteArray::number(int(survives));
                    const auto found = disk->afterRestart(survives);
                    if (holdsRecord(*found)) {
                        ++redone;
                        stopAgain(found, told, when);
                    }
                    verify(found, told, when);
                    if (QTest::currentTestFailed()) {
                        return;
                    }
                }
            }
        }
        QVERIFY2(last > 100, "the work has many steps to stop at");
        QVERIFY2(redone > 50, "many stops leave a record to be carried out");
    }

    void aFullDiskAtAnyStepLeavesASlotWholeAndIsGotOver() {
        const auto whole = std::make_shared<SimulatedDisk>();
        const auto undisturbed = open(whole);
        const std::uint64_t begin = whole->steps();
        Told all;
        work(**undisturbed, *whole, all);
        const std::uint64_t last = whole->steps() - begin;
        QVERIFY(last > 100);
        for (const bool forGood : {false, true}) {
            for (std::uint64_t step = 1; step <= last; ++step) {
                const QByteArray when =
                    "full at step " + QByteArray::number(qulonglong(step)) + (forGood ? " for good" : "");
                const auto disk = std::make_shared<SimulatedDisk>();
                const auto store = open(disk);
                QVERIFY(store.has_value());
                disk->fillAt(disk->steps() + step, forGood);
                Told told;
                work(**store, *disk, told);
                told.errors.erase(ErrorCode::NoSpace);
                told.errors.erase(ErrorCode::ServerFailed);
                QVERIFY2(told.errors.empty(), when.constData());

                disk->heal();
                const int before = told.acknowledged;
                work(**store, *disk, told);
                QVERIFY2(told.errors.empty(), when.constData());
                QVERIFY2(told.acknowledged == before + 15, (when + ": not got over").constData());
                QVERIFY2((*store)->usage().incomingBytes == ByteCount(0), (when + ": room was kept").constData());
                verify(disk->afterRestart(Survives::WhatWasSynced), told, when);
                if (QTest::currentTestFailed()) {
                    return;
                }
            }
        }
    }

private:
    static Result<std::unique_ptr<BucketStore>> open(const std::shared_ptr<SimulatedDisk>& disk) {
        return openDiskStore({folder, {}, ByteCount(0), false}, std::make_shared<StandingClock>(), disk);
    }

    /// The start that finds a record stops as well, at each of its steps.
    static void stopAgain(const std::shared_ptr<SimulatedDisk>& found, const Told& told, const QByteArray& when) {
        for (std::uint64_t stop = 1;; ++stop) {
            const auto disk = found->afterRestart(Survives::Everything);
            disk->stopAt(stop, true);
            (void)open(disk);
            for (const Survives survives : {Survives::Everything, Survives::WhatWasSynced, Survives::BytesAndSynced}) {
                verify(disk->afterRestart(survives), told,
                       when + ", and again at step " + QByteArray::number(qulonglong(stop)));
            }
            if (QTest::currentTestFailed() || !disk->stopped()) {
                return;
            }
        }
    }
};

}  // namespace tarn::bucketstore::test

QTEST_GUILESS_MAIN(tarn::bucketstore::test::SlotCrashTest)
#include "slot_crash_test.moc"
