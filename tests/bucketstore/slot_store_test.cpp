#include "core/bucketstore/disk_store.h"
#include "core/foundation/base32.h"
#include "tests/bucketstore/simulated_disk.h"
#include "tests/bucketstore/slot_fixture.h"

#include <QtTest>

namespace tarn::bucketstore::test {

namespace {

using Shares = std::set<ShareNum>;
constexpr const char* folder = "/store";
const auto enabler = secretOf<WriteEnabler>(0x77);
const StorageIndex slot = indexOf(3);

Bytes text(std::string_view characters) {
    return copyOf(viewOf(characters));
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

private:
    void reopen(Options options) {
        m_store.reset();
        options.folder = folder;
        auto opened = openDiskStore(options, m_clock, m_disk);
        QVERIFY(opened.has_value());
        m_store = std::move(*opened);
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
