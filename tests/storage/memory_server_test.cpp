#include "core/foundation/random.h"
#include "core/storage/memory_server.h"
#include "tests/storage/awaited.h"

#include <QtTest>

using namespace tarn;
using namespace tarn::storage;
using tarn::testing::awaited;

namespace {

const StorageIndex bucket{};
const ShareNum zero{0};

SharedBytes shared(Bytes bytes) {
    return std::make_shared<const Bytes>(std::move(bytes));
}

}  // namespace

/// What tests and simulations see of the server in memory beyond the contract.
class MemoryServerTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void room_is_held_by_allocation_and_given_back_by_abort();
    void shares_without_room_are_left_out();
    void shares_can_be_damaged_from_outside();
    void asking_leaves_no_trace_of_an_unknown_bucket();
    void leases_are_counted_once_each();
    void advice_is_kept();
};

void MemoryServerTest::room_is_held_by_allocation_and_given_back_by_abort() {
    MemoryServer server({}, ByteCount(100));
    QCOMPARE(awaited(server.allocate(bucket, {zero}, ByteCount(60), {}, {}, {}))->allocated.size(), std::size_t{1});
    QCOMPARE(awaited(server.version({}))->availableSpace, ByteCount(40));
    QCOMPARE(server.incomingCount(), std::size_t{1});
    QVERIFY(awaited(server.abort(bucket, zero, {}, {})).has_value());
    QCOMPARE(awaited(server.version({}))->availableSpace, ByteCount(100));
    QCOMPARE(server.incomingCount(), std::size_t{0});
}

void MemoryServerTest::shares_without_room_are_left_out() {
    MemoryServer server({}, ByteCount(100));
    const auto allocation =
        awaited(server.allocate(bucket, {zero, ShareNum(1), ShareNum(2)}, ByteCount(40), {}, {}, {}));
    QVERIFY(allocation.has_value());
    QCOMPARE(allocation->allocated, (std::set<ShareNum>{zero, ShareNum(1)}));
}

void MemoryServerTest::shares_can_be_damaged_from_outside() {
    MemoryServer server({});
    server.shares[bucket][zero] = {1, 2, 3};
    server.shares[bucket][zero][1] ^= 0xFFU;
    QCOMPARE(*awaited(server.read(bucket, zero, ByteOffset(0), ByteCount(3), {})), (Bytes{1, 0xFD, 3}));
}

void MemoryServerTest::asking_leaves_no_trace_of_an_unknown_bucket() {
    MemoryServer server({});
    QVERIFY(awaited(server.listShares(bucket, {}))->empty());
    QVERIFY(!awaited(server.addLease(bucket, {}, {})).has_value());
    QVERIFY(!awaited(server.adviseCorrupt(bucket, zero, "?", {})).has_value());
    QVERIFY(server.shares.empty());
    QCOMPARE(server.leaseCount(bucket), std::size_t{0});
}

void MemoryServerTest::leases_are_counted_once_each() {
    MemoryServer server({});
    SystemRandom random;
    const LeaseSecrets lease{random.make<LeaseRenewSecret>(), random.make<LeaseCancelSecret>()};
    QVERIFY(awaited(server.allocate(bucket, {zero}, ByteCount(1), {}, lease, {})).has_value());
    QVERIFY(awaited(server.write(bucket, zero, {}, ByteOffset(0), shared({7}), {}))->complete);
    QVERIFY(awaited(server.addLease(bucket, lease, {})).has_value());
    QCOMPARE(server.leaseCount(bucket), std::size_t{1});
    QVERIFY(awaited(server.addLease(bucket, {}, {})).has_value());
    QCOMPARE(server.leaseCount(bucket), std::size_t{2});
}

void MemoryServerTest::advice_is_kept() {
    MemoryServer server({});
    server.shares[bucket][zero] = {1};
    QVERIFY(awaited(server.adviseCorrupt(bucket, zero, "broken", {})).has_value());
    QCOMPARE(server.advice.size(), std::size_t{1});
    QCOMPARE(server.advice[0].reason, std::string("broken"));
    QCOMPARE(server.advice[0].share, zero);
}

QTEST_GUILESS_MAIN(MemoryServerTest)
#include "memory_server_test.moc"
