#include "core/async/manual_timers.h"
#include "core/storage/faulty_server.h"
#include "core/storage/memory_server.h"
#include "tests/storage/awaited.h"

#include <QtTest>

using namespace tarn;
using namespace tarn::storage;
using tarn::testing::awaited;

namespace {

const StorageIndex bucket{};
const ShareNum zero{0};

/// A server in memory with one share, whose every call of one kind meets one fault.
struct Struck {
    std::shared_ptr<MemoryServer> inner = std::make_shared<MemoryServer>(ServerDescription{});
    std::shared_ptr<async::ManualTimers> timers = std::make_shared<async::ManualTimers>();
    FaultyServer server;

    Struck(Call struck, Fault fault)
        : server(inner, timers, [struck, fault](Call call) { return call == struck ? fault : Fault{}; }) {
        inner->shares[bucket][zero] = {1, 2, 3, 4};
    }
};

}  // namespace

class FaultyServerTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_call_that_fails_never_reaches_the_server();
    void a_call_whose_answer_is_lost_reached_the_server();
    void a_call_that_hangs_ends_only_when_it_is_stopped();
    void a_delayed_call_goes_through_after_its_time();
    void a_garbled_read_differs_in_one_bit();
    void other_calls_go_through();
};

void FaultyServerTest::a_call_that_fails_never_reaches_the_server() {
    Struck struck(Call::Allocate, {.kind = Fault::Kind::Fail, .error = {ErrorCode::TimedOut, "slow", true}});
    const auto result = awaited(struck.server.allocate(bucket, {ShareNum(1)}, ByteCount(5), {}, {}, {}));
    QVERIFY(!result.has_value() && result.error().code == ErrorCode::TimedOut);
    QCOMPARE(struck.inner->incomingCount(), std::size_t{0});
}

void FaultyServerTest::a_call_whose_answer_is_lost_reached_the_server() {
    Struck struck(Call::Allocate, {.kind = Fault::Kind::FailLate});
    const auto result = awaited(struck.server.allocate(bucket, {ShareNum(1)}, ByteCount(5), {}, {}, {}));
    QVERIFY(!result.has_value() && result.error().code == ErrorCode::Unreachable);
    QCOMPARE(struck.inner->incomingCount(), std::size_t{1});
}

void FaultyServerTest::a_call_that_hangs_ends_only_when_it_is_stopped() {
    Struck struck(Call::Read, {.kind = Fault::Kind::Hang});
    std::stop_source stop;
    std::optional<Result<Bytes>> result;
    async::TaskScope scope;
    scope.spawn(struck.server.read(bucket, zero, ByteOffset(0), ByteCount(4), stop.get_token()),
                [&](Result<Bytes> given) { result = std::move(given); });
    struck.timers->advance(std::chrono::hours(24));
    QVERIFY(!result.has_value());
    stop.request_stop();
    QVERIFY(result.has_value());
    QVERIFY(!result->has_value() && result->error().code == ErrorCode::Cancelled);
}

void FaultyServerTest::a_delayed_call_goes_through_after_its_time() {
    Struck struck(Call::Read, {.kind = Fault::Kind::Delay, .delay = std::chrono::seconds(5)});
    std::optional<Result<Bytes>> result;
    async::TaskScope scope;
    scope.spawn(struck.server.read(bucket, zero, ByteOffset(0), ByteCount(4), {}),
                [&](Result<Bytes> given) { result = std::move(given); });
    struck.timers->advance(std::chrono::milliseconds(4999));
    QVERIFY(!result.has_value());
    struck.timers->advance(std::chrono::milliseconds(1));
    QVERIFY(result.has_value() && result->has_value());
    QCOMPARE(**result, (Bytes{1, 2, 3, 4}));
}

void FaultyServerTest::a_garbled_read_differs_in_one_bit() {
    Struck struck(Call::Read, {.kind = Fault::Kind::Garble});
    const auto read = awaited(struck.server.read(bucket, zero, ByteOffset(0), ByteCount(4), {}));
    QVERIFY(read.has_value());
    QCOMPARE(*read, (Bytes{1, 2, 3 ^ 0x10, 4}));
}

void FaultyServerTest::other_calls_go_through() {
    Struck struck(Call::Read, {.kind = Fault::Kind::Fail});
    QCOMPARE(*awaited(struck.server.listShares(bucket, {})), std::set<ShareNum>{zero});
    QVERIFY(awaited(struck.server.version({})).has_value());
}

QTEST_GUILESS_MAIN(FaultyServerTest)
#include "faulty_server_test.moc"
