#include "core/async/manual_timers.h"
#include "core/async/task_scope.h"
#include "core/storage/limited_server.h"
#include "core/storage/memory_server.h"

#include <QObject>
#include <QTest>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>

using namespace tarn;
using namespace tarn::storage;
using namespace std::chrono_literals;

namespace {

const SteadyTime start{100s};

/// Passes everything on and notes when how many bytes came.
class NotingServer final : public StorageServer {
public:
    NotingServer(std::shared_ptr<StorageServer> inner, std::shared_ptr<Clock> clock)
        : m_inner(std::move(inner)), m_clock(std::move(clock)) {}

    const ServerDescription& description() const noexcept override { return m_inner->description(); }
    async::Task<ServerVersion> version(std::stop_token stop) override { return m_inner->version(stop); }
    async::Task<Allocation> allocate(StorageIndex index, std::set<ShareNum> shares, ByteCount size, UploadSecret upload,
                                     LeaseSecrets lease, std::stop_token stop) override {
        return m_inner->allocate(index, std::move(shares), size, std::move(upload), std::move(lease), stop);
    }
    async::Task<WriteProgress> write(StorageIndex index, ShareNum share, UploadSecret upload, ByteOffset offset,
                                     SharedBytes data, std::stop_token stop) override {
        moved[m_clock->steadyNow()] += data->size();
        return m_inner->write(index, share, std::move(upload), offset, std::move(data), stop);
    }
    async::Task<void> abort(StorageIndex index, ShareNum share, UploadSecret upload, std::stop_token stop) override {
        return m_inner->abort(index, share, std::move(upload), stop);
    }
    async::Task<std::set<ShareNum>> listShares(StorageIndex index, std::stop_token stop) override {
        return m_inner->listShares(index, stop);
    }
    async::Task<Bytes> read(StorageIndex index, ShareNum share, ByteOffset offset, ByteCount length,
                            std::stop_token stop) override {
        moved[m_clock->steadyNow()] += length.value();
        return m_inner->read(index, share, offset, length, stop);
    }
    async::Task<formats::gbs::SlotReply> readTestWrite(StorageIndex index, WriteEnabler enabler, LeaseSecrets lease,
                                                       formats::gbs::SlotRequest request,
                                                       std::stop_token stop) override {
        return m_inner->readTestWrite(index, std::move(enabler), std::move(lease), std::move(request), stop);
    }
    async::Task<std::set<ShareNum>> listMutableShares(StorageIndex index, std::stop_token stop) override {
        return m_inner->listMutableShares(index, stop);
    }
    async::Task<Bytes> readMutable(StorageIndex index, ShareNum share, ByteOffset offset, ByteCount length,
                                   std::stop_token stop) override {
        return m_inner->readMutable(index, share, offset, length, stop);
    }
    async::Task<void> adviseMutableCorrupt(StorageIndex index, ShareNum share, std::string reason,
                                           std::stop_token stop) override {
        return m_inner->adviseMutableCorrupt(index, share, std::move(reason), stop);
    }
    async::Task<void> addLease(StorageIndex index, LeaseSecrets lease, std::stop_token stop) override {
        return m_inner->addLease(index, std::move(lease), stop);
    }
    async::Task<void> adviseCorrupt(StorageIndex index, ShareNum share, std::string reason,
                                    std::stop_token stop) override {
        return m_inner->adviseCorrupt(index, share, std::move(reason), stop);
    }

    std::map<SteadyTime, std::uint64_t> moved;

private:
    std::shared_ptr<StorageServer> m_inner;
    std::shared_ptr<Clock> m_clock;
};

std::uint64_t movedIn(const std::vector<std::shared_ptr<NotingServer>>& servers, SteadyTime from, SteadyTime to) {
    std::uint64_t sum = 0;
    for (const auto& server : servers) {
        for (const auto& [at, bytes] : server->moved) {
            sum += at >= from && at < to ? bytes : 0;
        }
    }
    return sum;
}

}  // namespace

class LimitsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aBucketKeepsItsRateOverEveryTenSeconds_data() {
        QTest::addColumn<quint64>("rate");
        for (const quint64 rate : {quint64{20'000}, quint64{150'000}, quint64{10'000'000}, quint64{1'000'000'000}}) {
            QTest::addRow("%llu", rate) << rate;
        }
    }
    void aBucketKeepsItsRateOverEveryTenSeconds() {
        QFETCH(const quint64, rate);
        TokenBucket bucket;
        bucket.setRate(rate, start);
        std::mt19937 random(3);
        std::map<SteadyTime, std::uint64_t> moved;
        auto now = start;
        while (now < start + 60s) {
            const auto bytes = 1 + random() % (rate / 4);
            now += bucket.take(bytes, now);
            moved[now] += bytes;
        }
        for (auto from = start; from < start + 50s; from += 500ms) {
            std::uint64_t sum = 0;
            for (auto at = moved.lower_bound(from); at != moved.lower_bound(from + 10s); ++at) {
                sum += at->second;
            }
            const double part = static_cast<double>(sum) / (10.0 * static_cast<double>(rate));
            QVERIFY2(part > 0.95 && part < 1.05, std::to_string(part).c_str());
        }
    }

    void aPauseEarnsNoMoreThanAQuarterOfASecond() {
        TokenBucket bucket;
        bucket.setRate(1000, start);
        (void)bucket.take(1, start);
        QVERIFY(bucket.take(250, start + 1h) == 0ns);
        QVERIFY(bucket.take(1, start + 1h) <= 1ms);
        QVERIFY(bucket.take(1000, start + 1h) <= 2ms);
        QVERIFY(bucket.take(1, start + 1h) >= 999ms);
    }

    void withoutALimitNobodyWaits() {
        TokenBucket bucket;
        QVERIFY(bucket.take(~std::uint64_t{0}, start) == 0ns);
        bucket.setRate(10, start);
        (void)bucket.take(100, start);
        bucket.setRate(0, start);
        QVERIFY(bucket.take(1'000'000, start) == 0ns);
    }

    void aNewRateSpreadsWhatIsOwed() {
        TokenBucket bucket;
        bucket.setRate(1000, start);
        (void)bucket.take(10'250, start);
        bucket.setRate(10'000, start);
        const auto wait = bucket.take(1, start);
        QVERIFY(wait > 900ms && wait < 1100ms);
    }

    void manyServersTogetherKeepTheTotalAndEachItsOwn_data() {
        QTest::addColumn<quint64>("total");
        QTest::addColumn<quint64>("each");
        QTest::newRow("total") << quint64{100'000} << quint64{0};
        QTest::newRow("each") << quint64{0} << quint64{30'000};
        QTest::newRow("both") << quint64{100'000} << quint64{30'000};
    }
    void manyServersTogetherKeepTheTotalAndEachItsOwn() {
        QFETCH(const quint64, total);
        QFETCH(const quint64, each);
        begin(5);
        m_limits->set({total, 0, each, 0});
        // Five shares of half a megabyte at once.
        std::vector<std::optional<Result<WriteProgress>>> answers(m_servers.size());
        for (std::size_t i = 0; i < m_servers.size(); ++i) {
            write(i, 500'000, answers[i]);
        }
        const double expected =
            static_cast<double>(std::min(total == 0 ? ~quint64{0} : total, each == 0 ? ~quint64{0} : 5 * each));
        m_timers->advance(16s);
        for (auto from = first(); from < first() + 5s; from += 1s) {
            const double part = static_cast<double>(movedIn(m_noting, from, from + 10s)) / (10 * expected);
            QVERIFY2(part > 0.95 && part < 1.05, std::to_string(part).c_str());
            for (const auto& server : m_noting) {
                const auto own = static_cast<double>(movedIn({server}, from, from + 10s));
                QVERIFY(each == 0 || own <= 10.5 * static_cast<double>(each));
            }
        }
        m_timers->advance(600s);
        for (const auto& answer : answers) {
            QVERIFY(answer && *answer && (*answer)->complete);
        }
        QCOMPARE(movedIn(m_noting, SteadyTime::min(), SteadyTime::max()), 2'500'000U);
    }

    void aReadIsSlowedAndComesWhole() {
        begin(1);
        std::optional<Result<WriteProgress>> answer;
        write(0, 100'000, answer);
        QVERIFY(answer && *answer && (*answer)->complete);
        m_noting[0]->moved.clear();
        m_limits->set({0, 10'000, 0, 0});
        std::optional<Result<Bytes>> bytes;
        m_scope.spawn(m_servers[0]->read(StorageIndex(), ShareNum(0), ByteOffset(0), ByteCount(200'000), {}),
                      [&bytes](Result<Bytes> got) { bytes = std::move(got); });
        m_timers->advance(9s);
        QVERIFY2(!bytes, bytes && !*bytes ? bytes->error().detail.c_str() : "");
        const auto moved = movedIn(m_noting, SteadyTime::min(), SteadyTime::max());
        QVERIFY(moved > 85'000 && moved < 97'000);
        m_timers->advance(2s);
        QVERIFY(bytes && *bytes);
        QCOMPARE((*bytes)->size(), std::size_t{100'000});
        QVERIFY(std::ranges::all_of(**bytes, [](Byte byte) { return byte == 7; }));
    }

    void aStopEndsTheWaitAtOnce() {
        begin(1);
        m_limits->set({1000, 0, 0, 0});
        std::stop_source stop;
        std::optional<Result<WriteProgress>> answer;
        write(0, 500'000, answer, stop.get_token());
        m_timers->advance(5s);
        const auto before = movedIn(m_noting, SteadyTime::min(), SteadyTime::max());
        stop.request_stop();
        QVERIFY(answer && !*answer);
        QVERIFY(answer->error().code == ErrorCode::Cancelled);
        m_timers->advance(60s);
        QCOMPARE(movedIn(m_noting, SteadyTime::min(), SteadyTime::max()), before);
    }

    void aLimitThatIsTakenAwayIsGone() {
        begin(1);
        m_limits->set({1000, 0, 0, 0});
        std::optional<Result<WriteProgress>> answer;
        write(0, 500'000, answer);
        m_timers->advance(2s);
        m_limits->set({});
        m_timers->advance(2s);
        QVERIFY(answer && *answer && (*answer)->complete);
    }

private:
    void begin(std::size_t servers) {
        m_timers = std::make_shared<async::ManualTimers>();
        m_limits = std::make_shared<RateLimits>(m_timers);
        m_servers.clear();
        m_noting.clear();
        for (std::size_t i = 0; i < servers; ++i) {
            m_noting.push_back(
                std::make_shared<NotingServer>(std::make_shared<MemoryServer>(ServerDescription{}), m_timers));
            m_servers.push_back(std::make_shared<LimitedServer>(m_noting.back(), m_timers, m_limits));
        }
    }

    void write(std::size_t server, std::size_t size, std::optional<Result<WriteProgress>>& answer,
               std::stop_token stop = {}) {
        const UploadSecret secret(std::array<Byte, UploadSecret::size>{});
        const LeaseSecrets lease{LeaseRenewSecret(std::array<Byte, 32>{}), LeaseCancelSecret(std::array<Byte, 32>{})};
        m_scope.spawn(m_servers[server]->allocate(StorageIndex(), {ShareNum(0)}, ByteCount(size), secret, lease, {}));
        m_scope.spawn(m_servers[server]->write(StorageIndex(), ShareNum(0), secret, ByteOffset(0),
                                               std::make_shared<Bytes>(size, Byte{7}), stop),
                      [&answer](Result<WriteProgress> got) { answer = std::move(got); });
    }

    [[nodiscard]] SteadyTime first() const {
        auto first = SteadyTime::max();
        for (const auto& server : m_noting) {
            first = std::min(first, server->moved.empty() ? first : server->moved.begin()->first);
        }
        return first;
    }

    std::shared_ptr<async::ManualTimers> m_timers;
    std::shared_ptr<RateLimits> m_limits;
    std::vector<std::shared_ptr<StorageServer>> m_servers;
    std::vector<std::shared_ptr<NotingServer>> m_noting;
    async::TaskScope m_scope;
};

QTEST_GUILESS_MAIN(LimitsTest)
#include "limits_test.moc"
