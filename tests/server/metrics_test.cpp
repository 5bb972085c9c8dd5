#include "core/server/call.h"
#include "core/server/metrics.h"

#include <QtTest>

#include <mutex>
#include <thread>

namespace tarn::server::test {

namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

class HandClock final : public Clock {
public:
    [[nodiscard]] SteadyTime steadyNow() const override { return SteadyTime(seconds(1000) + gone); }
    [[nodiscard]] WallTime wallNow() const override { return WallTime(seconds(5000) + gone); }
    seconds gone{0};
};

class KeptLog final : public Log {
public:
    explicit KeptLog(LogLevel most) : m_most(most) {}
    [[nodiscard]] bool wants(LogLevel level) const noexcept override { return level <= m_most; }
    void write(LogLevel /*level*/, std::string_view text) override {
        const std::lock_guard lock(m_mutex);
        lines << QString::fromStdString(std::string(text));
    }
    QStringList lines;

private:
    LogLevel m_most;
    std::mutex m_mutex;
};

std::uint64_t answersOf(const MetricsSnapshot& snapshot, const std::string& endpoint, std::uint16_t status) {
    for (const auto& one : snapshot.answers) {
        if (one.endpoint == endpoint && one.status == status) {
            return one.count;
        }
    }
    return 0;
}

}  // namespace

class MetricsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        m_clock = std::make_shared<HandClock>();
        m_log = std::make_shared<KeptLog>(LogLevel::Info);
        m_metrics = std::make_unique<Metrics>(m_clock, m_log);
    }

    void nothingWasCountedYet() {
        const auto snapshot = m_metrics->snapshot();
        QVERIFY(snapshot.answers.empty() && snapshot.durations.empty() && snapshot.clients.empty());
        QCOMPARE(snapshot.requests() + snapshot.refused() + snapshot.connectionsEver, 0U);
    }

    void requestsAreCountedByEndpointAndStatus() {
        const auto visit = m_metrics->visit("192.0.2.7");
        visit->answered(Endpoint::ReadShare, HttpStatus::PartialContent, microseconds(100));
        visit->answered(Endpoint::ReadShare, HttpStatus::PartialContent, microseconds(101));
        visit->answered(Endpoint::ReadShare, HttpStatus::NotFound, microseconds(40'000'000));
        visit->answered(std::nullopt, HttpStatus::Unauthorized, microseconds(1));
        visit->answered(Endpoint::Version, static_cast<HttpStatus>(499), microseconds(1));
        const auto snapshot = m_metrics->snapshot();
        QCOMPARE(answersOf(snapshot, "read", 206), 2U);
        QCOMPARE(answersOf(snapshot, "read", 404), 1U);
        QCOMPARE(answersOf(snapshot, "none", 401), 1U);
        QCOMPARE(answersOf(snapshot, "version", 400), 1U);
        QCOMPARE(snapshot.requests(), 5U);
        QCOMPARE(snapshot.refused(), 1U);
        for (const auto& durations : snapshot.durations) {
            if (durations.endpoint == "read") {
                QCOMPARE(durations.counts[0], 1U);  // an upper end belongs to its bucket
                QCOMPARE(durations.counts[1], 1U);
                QCOMPARE(durations.counts.back(), 1U);
                QVERIFY(durations.sum == microseconds(40'000'201));
            }
        }
    }

    void everyEndpointHasANameOfItsOwn() {
        const auto visit = m_metrics->visit("a");
        std::set<std::string> names;
        for (std::uint8_t each = 0; each <= static_cast<std::uint8_t>(Endpoint::ReadSlotShare); ++each) {
            visit->answered(static_cast<Endpoint>(each), HttpStatus::Ok, {});
        }
        for (const auto& one : m_metrics->snapshot().answers) {
            names.insert(one.endpoint);
            QVERIFY(one.endpoint != "none");
        }
        QCOMPARE(names.size(), static_cast<std::size_t>(Endpoint::ReadSlotShare) + 1);
    }

    void clientsAreToldApartByAddress() {
        auto one = m_metrics->visit("192.0.2.7");
        one->received(10);
        one->sent(20);
        m_metrics->bodyReceived(7);
        one->answered(Endpoint::Version, HttpStatus::Ok, {});
        m_clock->gone += seconds(60);
        auto other = m_metrics->visit("2001:db8::1");
        other->answered(Endpoint::Allocate, HttpStatus::NoSpace, {});
        auto again = m_metrics->visit("192.0.2.7");
        other.reset();
        auto snapshot = m_metrics->snapshot();
        QCOMPARE(snapshot.connections, 2U);
        QCOMPARE(snapshot.connectionsEver, 3U);
        QCOMPARE(snapshot.bytesReceived, 10U);
        QCOMPARE(snapshot.bytesSent, 20U);
        QCOMPARE(snapshot.bodyBytesReceived, 7U);
        QCOMPARE(snapshot.clients.size(), 2U);
        QVERIFY((snapshot.clients[0] == MetricsSnapshot::Client{"192.0.2.7", 2, 1, 0, 10, 20, seconds(5060)}));
        QVERIFY((snapshot.clients[1] == MetricsSnapshot::Client{"2001:db8::1", 0, 1, 1, 0, 0, seconds(5060)}));
    }

    void moreClientsThanAreToldApartPushOutTheOldest() {
        const auto staying = m_metrics->visit("stays");
        for (std::size_t i = 0; i < mostClients + 50; ++i) {
            m_clock->gone += seconds(1);
            (void)m_metrics->visit(std::to_string(i));
        }
        auto snapshot = m_metrics->snapshot();
        QCOMPARE(snapshot.clients.size(), mostClients);
        QCOMPARE(snapshot.clients.front().address, std::to_string(mostClients + 49));
        QCOMPARE(snapshot.clients.back().address, std::string("stays"));

        std::vector<std::unique_ptr<Metrics::Visit>> all;
        for (std::size_t i = 0; i < mostClients + 50; ++i) {
            all.push_back(m_metrics->visit("at once " + std::to_string(i)));
        }
        snapshot = m_metrics->snapshot();
        QCOMPARE(snapshot.clients.size(), mostClients);
        QCOMPARE(snapshot.connections, mostClients + 51);
    }

    void aStrangerDoesNotFillTheLog() {
        const auto visit = m_metrics->visit("192.0.2.7");
        for (int i = 0; i < 1000; ++i) {
            visit->answered(std::nullopt, HttpStatus::Unauthorized, {});
            visit->trouble(Trouble::HandshakeFailed);
        }
        QCOMPARE(m_log->lines.size(), 20);
        m_clock->gone += seconds(60);
        visit->answered(std::nullopt, HttpStatus::Unauthorized, {});
        QCOMPARE(m_log->lines.size(), 22);
        QVERIFY(m_log->lines[20].startsWith(QStringLiteral("990 more")));
        QCOMPARE(m_log->lines[21], QStringLiteral("192.0.2.7: none answered 401"));
        QCOMPARE(m_metrics->snapshot().troubles[static_cast<std::size_t>(Trouble::HandshakeFailed)], 1000U);
    }

    void failuresOfOurOwnAreLogged() {
        m_metrics->visit("a")->answered(Endpoint::WriteShare, HttpStatus::NoSpace, {});
        QCOMPARE(m_log->lines, QStringList(QStringLiteral("a: write answered 507")));
    }

    void manyThreadsLoseNoCount() {
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([this, i] {
                for (int n = 0; n < 5000; ++n) {
                    const auto visit = m_metrics->visit(std::to_string(i % 2));
                    visit->answered(Endpoint::Version, HttpStatus::Ok, {});
                    visit->sent(3);
                    if (n % 100 == 0) {
                        (void)m_metrics->snapshot();
                    }
                }
            });
        }
        for (auto& thread : threads) {
            thread.join();
        }
        const auto snapshot = m_metrics->snapshot();
        QCOMPARE(snapshot.requests(), 20'000U);
        QCOMPARE(snapshot.bytesSent, 60'000U);
        QCOMPARE(snapshot.connections, 0U);
        QCOMPARE(snapshot.clients[0].requests + snapshot.clients[1].requests, 20'000U);
    }

private:
    std::shared_ptr<HandClock> m_clock;
    std::shared_ptr<KeptLog> m_log;
    std::unique_ptr<Metrics> m_metrics;
};

}  // namespace tarn::server::test

QTEST_GUILESS_MAIN(tarn::server::test::MetricsTest)
#include "metrics_test.moc"
