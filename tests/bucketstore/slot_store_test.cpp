#include "core/bucketstore/disk_store.h"
#include "core/foundation/base32.h"
#include "tests/bucketstore/simulated_disk.h"
#include "tests/bucketstore/slot_fixture.h"

#include <QFile>
#include <QtTest>

#include <atomic>
#include <thread>

namespace tarn::bucketstore::test {

namespace {

using Shares = std::set<ShareNum>;
constexpr const char* folder = "/store";
const auto enabler = secretOf<WriteEnabler>(0x77);
const StorageIndex slot = indexOf(3);

Bytes text(std::string_view characters) {
    return copyOf(viewOf(characters));
}

/// A container as Tahoe-LAFS wrote it; see data/make_slots.py.
Bytes tahoeContainer(const char* name) {
    QFile file(QStringLiteral(TARN_TEST_DATA "/data/") + QLatin1String(name));
    if (!file.open(QIODevice::ReadOnly)) {
        qFatal("no such container");
    }
    const QByteArray bytes = file.readAll();
    return {bytes.begin(), bytes.end()};
}

std::string pathOf(StorageIndex index, unsigned share) {
    const std::string name = toBase32(index.bytes());
    return std::string(folder) + "/shares/" + name.substr(0, 2) + '/' + name.substr(2, 2) + '/' + name + '/' +
           std::to_string(share);
}

}  // namespace

class SlotStoreTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        m_disk = std::make_shared<SimulatedDisk>();
        m_clock = std::make_shared<StandingClock>();
        reopen({});
    }

    void aFirstWriteMakesTheShareAndIsRead() {
        const auto reply = ask(SlotCall().test(0, 0, 41, {}).write(0, 0, text("hello")).read(0, 10));
        QVERIFY(reply.has_value() && reply->success);
        QVERIFY2(reply->reads.empty(), "reads come before the write");
        QCOMPARE(*m_store->listSlot(slot), Shares{ShareNum(0)});
        QCOMPARE(readSlot(*m_store, slot, 0), text("hello"));
        QCOMPARE(m_store->usage().shares, 1U);
        QCOMPARE(m_store->usage().bytes, ByteCount(slotOverhead + 5));
        QCOMPARE(m_disk->contents(pathOf(slot, 0))->size(), slotOverhead + 5);
    }

    void aContainerIsWhatTahoeWrites() {
        std::array<Byte, LeaseSeed::size> node{};
        node.fill(7);
        m_store->nameNode(LeaseSeed(node));
        QVERIFY(ask(SlotCall().write(0, 0, text("0123456789"))).has_value());
        for (const Byte who : {Byte{3}, Byte{5}, Byte{7}, Byte{9}}) {
            QVERIFY(m_store->addLease(slot, leaseOf(who)).has_value());
        }
        const Bytes tahoe = tahoeContainer("slot.v2");
        QCOMPARE(*m_disk->contents(pathOf(slot, 0)), tahoe);
        QCOMPARE(m_store->usage().bytes, ByteCount(tahoe.size()));
        // The same when a request brings the leases.
        m_disk = std::make_shared<SimulatedDisk>();
        reopen({});
        m_store->nameNode(LeaseSeed(node));
        QVERIFY(ask(SlotCall().write(0, 0, text("01"))).has_value());
        for (const Byte who : {Byte{3}, Byte{5}, Byte{7}, Byte{9}}) {
            QVERIFY(ask(SlotCall().write(0, 2, text("23456789")), enabler, who).has_value());
        }
        QCOMPARE(*m_disk->contents(pathOf(slot, 0)), tahoe);
        QCOMPARE(m_store->usage().bytes, ByteCount(tahoe.size()));
    }

    void aContainerOfTheOldVersionStaysOne() {
        const Bytes tahoe = tahoeContainer("slot.v1");
        m_disk->put(pathOf(slot, 0), tahoe);
        reopen({});
        QCOMPARE(readSlot(*m_store, slot, 0), text("0123456789"));
        QVERIFY(!ask(SlotCall().name(0), secretOf<WriteEnabler>(1)).has_value());
        // Leases that are there are found again, in both ways to grant them.
        for (const Byte who : {Byte{1}, Byte{9}}) {
            QVERIFY(m_store->addLease(slot, leaseOf(who)).has_value());
            QVERIFY(ask(SlotCall().name(0), enabler, who).has_value());
            QVERIFY(ask(SlotCall().write(0, 0, text("0")), enabler, who).has_value());
        }
        QCOMPARE(*m_disk->contents(pathOf(slot, 0)), tahoe);
        QVERIFY(ask(SlotCall().write(0, 10, text("abc")), enabler, 11).has_value());
        const Bytes grown = *m_disk->contents(pathOf(slot, 0));
        QCOMPARE(grown.size(), tahoe.size() + 3 + slotLeaseSize);
        QCOMPARE(readSlot(*m_store, slot, 0), text("0123456789abc"));
        const Bytes plain(32, 11);
        QVERIFY(std::ranges::equal(ByteView(grown).last(slotLeaseSize).subspan(8, 32), plain));
    }

    void aContainerThatTahoeDidNotShrinkIsReadToItsLength() {
        Bytes tahoe = tahoeContainer("slot.v2");
        tahoe[91] = 4;  // cut to four bytes; six that were there stand behind them
        m_disk->put(pathOf(slot, 0), tahoe);
        reopen({});
        QCOMPARE(readSlot(*m_store, slot, 0), text("0123"));
        QVERIFY(m_store->addLease(slot, leaseOf(9)).has_value());
        QCOMPARE(*m_disk->contents(pathOf(slot, 0)), tahoe);
        QVERIFY(ask(SlotCall().write(0, 6, text("x")), enabler, 9).has_value());
        QCOMPARE(readSlot(*m_store, slot, 0), (Bytes{'0', '1', '2', '3', 0, 0, 'x'}));
        QCOMPARE(m_disk->contents(pathOf(slot, 0))->size(), tahoe.size() - 3);
    }

    void aReaderKeepsTheVersionThatItOpened() {
        QVERIFY(ask(SlotCall().write(0, 0, text("before"))).has_value());
        const auto reader = m_store->openSlotShare(slot, ShareNum(0));
        QVERIFY(reader.has_value());
        QVERIFY(ask(SlotCall().write(0, 0, text("behind it"))).has_value());
        QVERIFY(ask(SlotCall().cut(0, 0)).has_value());
        Bytes read(10);
        QCOMPARE((*reader)->size(), ByteCount(6));
        QCOMPARE((*reader)->read(ByteOffset(0), read).value(), std::size_t{6});
        QCOMPARE(Bytes(read.begin(), read.begin() + 6), text("before"));
        QVERIFY(!readSlot(*m_store, slot, 0).has_value());
    }

    void readOnlyMeansReadOnly() {
        QVERIFY(ask(SlotCall().write(0, 0, text("abc"))).has_value());
        reopen({.folder = {}, .maximumSize = {}, .reservedSpace = ByteCount(0), .readOnly = true});
        const Bytes file = *m_disk->contents(pathOf(slot, 0));
        for (const auto& call : {SlotCall().write(0, 0, text("x")), SlotCall().write(1, 0, text("x")),
                                 SlotCall().cut(0, 1), SlotCall().cut(0, 0), SlotCall().name(1)}) {
            const auto reply = ask(call);
            QVERIFY(!reply.has_value() && reply.error().code == ErrorCode::NoSpace);
        }
        const auto reply = ask(SlotCall().test(0, 0, 3, text("abc")).read(1, 1));
        QVERIFY(reply.has_value() && reply->success);
        QCOMPARE(reply->reads.at(ShareNum(0)), std::vector<Bytes>{text("b")});
        QVERIFY2(ask(SlotCall().test(0, 0, 1, text("?")).write(0, 0, text("x"))).has_value(), "it says why first");
        QCOMPARE(*m_disk->contents(pathOf(slot, 0)), file);
        QCOMPARE(*m_store->listSlot(slot), Shares{ShareNum(0)});
    }

    void theStoreTakesNoMoreThanItsSize() {
        reopen({.folder = {}, .maximumSize = ByteCount(slotOverhead + 100), .reservedSpace = ByteCount(0)});
        QVERIFY(refusedForRoom(SlotCall().write(0, 0, Bytes(101))));
        QVERIFY(ask(SlotCall().write(0, 0, Bytes(100))).has_value());
        QVERIFY(refusedForRoom(SlotCall().write(0, 100, Bytes(1))));
        QVERIFY(refusedForRoom(SlotCall().write(0, 0, text("xyz")).write(1, 0, {})));
        QCOMPARE(readSlot(*m_store, slot, 0), Bytes(100));
        // What needs no more room is done in a full store, too.
        QVERIFY(ask(SlotCall().write(0, 0, text("xyz"))).has_value());
        QVERIFY(ask(SlotCall().cut(0, 50)).has_value());
        QVERIFY(ask(SlotCall().cut(0, 0).write(1, 0, Bytes(100))).has_value());
        QCOMPARE(m_store->usage().bytes, ByteCount(slotOverhead + 100));
        QCOMPARE(m_store->usage().incomingBytes, ByteCount(0));
        QVERIFY(m_store->allocate(indexOf(9), {ShareNum(0)}, ByteCount(1), secretOf<UploadSecret>(1), leaseOf(1))
                    ->allocated.empty());
    }

    void theDiskKeepsItsReservedSpace() {
        reopen({.folder = {}, .maximumSize = {}, .reservedSpace = ByteCount(1'000'000)});
        m_disk->setFreeSpace(1'000'000 + slotOverhead + 10);
        QVERIFY(refusedForRoom(SlotCall().write(0, 0, Bytes(11))));
        QVERIFY(ask(SlotCall().write(0, 0, Bytes(10))).has_value());
        m_disk->setFreeSpace(1'000'000);
        QVERIFY(refusedForRoom(SlotCall().write(0, 0, Bytes(11))));
        QVERIFY(ask(SlotCall().write(0, 0, Bytes(10, 1))).has_value());
    }

    void aWriteFarAwayFindsNoRoom() {
        QVERIFY(refusedForRoom(SlotCall().write(0, 1ULL << 50U, text("x"))));
        QVERIFY(refusedForRoom(SlotCall().write(0, formats::gbs::mostSlotOffset, {})));
        for (const std::uint64_t offset : {formats::gbs::mostSlotOffset, std::uint64_t{~0ULL}}) {
            const auto reply = ask(SlotCall().write(0, offset, text("x")));
            QVERIFY(!reply.has_value() && reply.error().code == ErrorCode::InvalidArgument);
        }
        QVERIFY(m_store->listSlot(slot)->empty());
    }

    void aReplyHoldsNoMoreThanItsLimit() {
        QVERIFY(ask(SlotCall().write(0, 0, Bytes(mostSlotReply / 2)).write(1, 0, text("abc"))).has_value());
        QVERIFY(ask(SlotCall().read(0, ~0ULL).read(3, mostSlotReply / 2 - 6)).has_value());
        const auto reply = ask(SlotCall().read(0, ~0ULL).read(0, ~0ULL).write(1, 0, text("x")));
        QVERIFY(!reply.has_value() && reply.error().code == ErrorCode::InvalidArgument);
        QCOMPARE(readSlot(*m_store, slot, 1), text("abc"));
    }

    void aDamagedShareKeepsNobodyFromTheOthers() {
        QVERIFY(ask(SlotCall().write(0, 0, text("abc")).write(1, 0, text("def"))).has_value());
        for (const std::size_t cut : {0U, 10U, 99U, 471U}) {
            Bytes file = *m_disk->contents(pathOf(slot, 1));
            file.resize(cut);
            m_disk->put(pathOf(slot, 0), file);
            const auto reply = ask(SlotCall().test(1, 0, 3, text("def")).read(0, 3));
            QVERIFY(reply.has_value() && reply->success);
            QCOMPARE(reply->reads.size(), std::size_t{1});
            const auto named = ask(SlotCall().write(0, 0, text("x")));
            QVERIFY(!named.has_value() && named.error().code == ErrorCode::ServerFailed);
            QVERIFY(!readSlot(*m_store, slot, 0).has_value());
            QCOMPARE(*m_store->listSlot(slot), (Shares{ShareNum(0), ShareNum(1)}));
        }
    }

    void aLeaseThatTahoeCountedAndDidNotWriteIsNone() {
        Bytes tahoe = tahoeContainer("slot.v2");
        tahoe[481] = 2;  // further leases, of which there is one
        m_disk->put(pathOf(slot, 0), tahoe);
        reopen({});
        QVERIFY(m_store->addLease(slot, leaseOf(11)).has_value());
        QCOMPARE(m_disk->contents(pathOf(slot, 0))->size(), tahoe.size() + slotLeaseSize);
        QVERIFY(m_store->addLease(slot, leaseOf(11)).has_value());
        QCOMPARE(m_disk->contents(pathOf(slot, 0))->size(), tahoe.size() + slotLeaseSize);
        QCOMPARE(readSlot(*m_store, slot, 0), text("0123456789"));
    }

    void aRenewedLeaseMovesOnInPlace() {
        QVERIFY(ask(SlotCall().write(0, 0, text("abc"))).has_value());
        const Bytes file = *m_disk->contents(pathOf(slot, 0));
        const auto expiry = [&] {
            return readBigEndian32(ByteView(*m_disk->contents(pathOf(slot, 0))).subspan(slotHeaderSize + 4));
        };
        const std::uint32_t granted = expiry();
        m_clock->pass(std::chrono::hours(1));
        QVERIFY(m_store->addLease(slot, leaseOf(1)).has_value());
        QCOMPARE(expiry(), granted + 3600);
        m_clock->pass(std::chrono::hours(1));
        QVERIFY(ask(SlotCall().name(0)).has_value());
        QCOMPARE(expiry(), granted + 7200);
        m_clock->pass(std::chrono::hours(1));
        QVERIFY(ask(SlotCall().test(0, 0, 1, text("?")).name(0)).has_value());
        QVERIFY2(expiry() == granted + 7200, "a request whose tests failed renews nothing");
        QCOMPARE(m_disk->contents(pathOf(slot, 0))->size(), file.size());
    }

    void complaintsNameTheKindOfShare() {
        QVERIFY(ask(SlotCall().write(0, 0, text("abc"))).has_value());
        QVERIFY(m_store->adviseCorrupt(slot, ShareNum(0), "signature").has_value());
        const std::string kept = std::string(folder) + "/corruption-advisories";
        const auto names = m_disk->names(kept);
        const Bytes report = *m_disk->contents(kept + '/' + names->front());
        QVERIFY(textOf(report).find("type: mutable\n") != std::string_view::npos);
    }

    void changesOfSeveralSharesAreSeenTogether() {
        QVERIFY(ask(SlotCall().write(0, 0, {0, 0}).write(1, 0, {0, 0})).has_value());
        std::atomic<bool> torn = false;
        const auto change = [&](Byte from) {
            for (Byte i = 0; i < 100; ++i) {
                const Bytes now{from, i};
                const auto reply = ask(SlotCall().write(0, 0, now).write(1, 0, now).read(0, 2));
                torn = torn || !reply || reply->reads.at(ShareNum(0)) != reply->reads.at(ShareNum(1));
            }
        };
        std::jthread one(change, Byte{1});
        std::jthread other(change, Byte{2});
        one.join();
        other.join();
        QVERIFY(!torn);
        QCOMPARE(readSlot(*m_store, slot, 0), readSlot(*m_store, slot, 1));
        QCOMPARE(m_store->usage().shares, 2U);
        QCOMPARE(m_store->usage().bytes, ByteCount(2 * (slotOverhead + 2)));
    }

    void aRecordIsReadWholeOrNotAtAll() {
        SlotCommit commit;
        commit.index = slot;
        commit.number = 0x0102030405060708;
        commit.placed = {ShareNum(0), ShareNum(255)};
        commit.removed = {ShareNum(3)};
        const Bytes record = writeSlotCommit(commit);
        const auto read = parseSlotCommit(record);
        QVERIFY(read.has_value());
        QCOMPARE(read->index, commit.index);
        QCOMPARE(read->number, commit.number);
        QCOMPARE(read->placed, commit.placed);
        QCOMPARE(read->removed, commit.removed);
        for (std::size_t i = 0; i < record.size(); ++i) {
            QVERIFY(!parseSlotCommit(ByteView(record).first(i)).has_value());
            Bytes changed = record;
            changed[i] ^= 0x20U;
            QVERIFY(!parseSlotCommit(changed).has_value());
        }
    }

private:
    void reopen(Options options) {
        m_store.reset();
        options.folder = folder;
        auto opened = openDiskStore(options, m_clock, m_disk);
        QVERIFY(opened.has_value());
        m_store = std::move(*opened);
    }

    bool refusedForRoom(const SlotCall& call) {
        const auto reply = ask(call);
        return !reply && reply.error().code == ErrorCode::NoSpace;
    }

    Result<formats::gbs::SlotReply> ask(const SlotCall& call, const WriteEnabler& with = enabler, Byte lease = 1) {
        return m_store->readTestWrite(slot, with, leaseOf(lease), call.request());
    }

    std::shared_ptr<SimulatedDisk> m_disk;
    std::shared_ptr<StandingClock> m_clock;
    std::unique_ptr<BucketStore> m_store;
};

}  // namespace tarn::bucketstore::test

QTEST_GUILESS_MAIN(tarn::bucketstore::test::SlotStoreTest)
#include "slot_store_test.moc"
