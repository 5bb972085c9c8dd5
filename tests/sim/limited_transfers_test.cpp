#include "core/storage/limited_server.h"
#include "core/upload/file_hashes.h"
#include "tests/download/download_run.h"
#include "tests/sim/virtual_server.h"
#include "tests/upload/simulated_grid.h"

#include <QTest>

using namespace tarn;
using namespace std::chrono_literals;
using download::testing::DownloadRun;
using download::testing::ForwardingServer;
using download::testing::MadeFile;
using storage::Call;
using storage::Fault;
using storage::LimitedServer;
using storage::RateLimits;
using storage::Rates;
using test::CallInfo;
using test::SimulatedGrid;

namespace {

/// When how many bytes of shares came to servers, or went from them.
struct Moved {
    std::shared_ptr<async::ManualTimers> time;
    std::map<SteadyTime, std::uint64_t> bytes = {};

    void note(std::uint64_t size) { bytes[time->steadyNow()] += size; }
    [[nodiscard]] std::uint64_t within(SteadyTime from, SteadyTime to) const {
        std::uint64_t sum = 0;
        for (auto at = bytes.lower_bound(from); at != bytes.lower_bound(to); ++at) {
            sum += at->second;
        }
        return sum;
    }
    [[nodiscard]] SteadyTime begin() const { return bytes.begin()->first; }
    [[nodiscard]] SteadyTime end() const { return bytes.rbegin()->first; }
};

/// Notes what moves at the server's end, not when it was wanted.
class NotingServer final : public ForwardingServer {
public:
    NotingServer(std::shared_ptr<StorageServer> inner, std::shared_ptr<Moved> moved)
        : ForwardingServer(inner), m_inner(std::move(inner)), m_moved(std::move(moved)) {}

    [[nodiscard]] bool takesWholeShares() const noexcept override { return m_inner->takesWholeShares(); }
    async::Task<storage::Allocation> allocateAndWrite(StorageIndex index, std::set<ShareNum> shares, ByteCount size,
                                                      storage::WholeShares whole, UploadSecret upload,
                                                      LeaseSecrets lease, std::stop_token stop) override {
        m_moved->note(whole.size() * size.value());
        return m_inner->allocateAndWrite(index, std::move(shares), size, std::move(whole), upload, lease, stop);
    }
    async::Task<storage::WriteProgress> write(StorageIndex index, ShareNum share, UploadSecret upload,
                                              ByteOffset offset, SharedBytes data, std::stop_token stop) override {
        m_moved->note(data->size());
        return m_inner->write(index, share, upload, offset, std::move(data), stop);
    }
    async::Task<Bytes> read(StorageIndex index, ShareNum share, ByteOffset offset, ByteCount length,
                            std::stop_token stop) override {
        m_moved->note(length.value());
        return m_inner->read(index, share, offset, length, stop);
    }

private:
    std::shared_ptr<StorageServer> m_inner;
    std::shared_ptr<Moved> m_moved;
};

/// The lines of a grid with limits before them.
storage::ServerList limited(const SimulatedGrid& grid, const std::shared_ptr<RateLimits>& limits,
                            const std::shared_ptr<Moved>& moved) {
    storage::ServerList servers;
    for (const auto& line : grid.lines) {
        servers.push_back(
            std::make_shared<LimitedServer>(std::make_shared<NotingServer>(line, moved), grid.timers, limits));
    }
    return servers;
}

void limit(DownloadRun& run, const std::shared_ptr<RateLimits>& limits, const std::shared_ptr<Moved>& moved) {
    run.wrap = [&run, limits, moved](std::size_t, std::shared_ptr<storage::StorageServer> inner) {
        return std::make_shared<LimitedServer>(std::make_shared<NotingServer>(std::move(inner), moved), run.timers,
                                               limits);
    };
}

const MadeFile& file() {
    static const MadeFile made = download::testing::makeFile({3, 10, 6 * 1024 * 1024, 128 * 1024, false, 8});
    return made;
}

std::string percent(std::uint64_t bytes, double expected) {
    return std::to_string(100 * static_cast<double>(bytes) / expected) + " %";
}

}  // namespace

/// Transfers with limits on their rate, on the simulation's time.
class LimitedTransfersTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void anUploadKeepsWithinFivePercentOfItsLimit_data() {
        QTest::addColumn<quint64>("total");
        QTest::addColumn<quint64>("each");
        for (const quint64 rate : {quint64{20'000}, quint64{200'000}, quint64{1'000'000}}) {
            QTest::addRow("%llu in all", rate) << rate << quint64{0};
            QTest::addRow("%llu each", rate / 5) << quint64{0} << rate / 5;
        }
    }
    void anUploadKeepsWithinFivePercentOfItsLimit() {
        QFETCH(const quint64, total);
        QFETCH(const quint64, each);
        const double rate = static_cast<double>(total + 5 * each);
        SimulatedGrid grid(5);
        const auto limits = std::make_shared<RateLimits>(grid.timers);
        limits->set({total, 0, each, 0});
        const auto moved = std::make_shared<Moved>(Moved{grid.timers});
        const auto size = static_cast<std::size_t>(rate * 30);  // one minute with expansion
        const auto outcome =
            grid.put(upload::sourceOf(test::someBytes(size)), test::encoding(5, 5, 10), limited(grid, limits, moved));
        QVERIFY2(outcome, outcome ? "" : outcome.error().detail.c_str());
        QCOMPARE(outcome->sharesSent, 10U);
        QVERIFY(moved->end() - moved->begin() > 40s);
        for (auto from = moved->begin(); from + 10s < moved->end() - 5s; from += 500ms) {
            const auto bytes = moved->within(from, from + 10s);
            QVERIFY2(std::abs(static_cast<double>(bytes) - 10 * rate) <= 0.5 * rate, percent(bytes, 10 * rate).c_str());
        }
    }

    void aDownloadKeepsWithinFivePercentOfItsLimit_data() { anUploadKeepsWithinFivePercentOfItsLimit_data(); }
    void aDownloadKeepsWithinFivePercentOfItsLimit() {
        QFETCH(const quint64, total);
        QFETCH(const quint64, each);
        // Three of the five servers are read from.
        const double rate = static_cast<double>(total + 3 * each);
        DownloadRun run;
        run.spread(file());
        const auto limits = std::make_shared<RateLimits>(run.timers);
        limits->set({0, total, 0, each});
        const auto moved = std::make_shared<Moved>(Moved{run.timers});
        limit(run, limits, moved);
        const auto result = run.run(file().capability);
        QVERIFY2(result, download::testing::said(result).c_str());
        QVERIFY(run.sink->bytes == file().plaintext);
        // Never above it; below it only at the ends.
        const auto span = moved->end() - moved->begin();
        for (auto from = moved->begin(); from < moved->end(); from += 500ms) {
            const auto bytes = moved->within(from, from + 10s);
            QVERIFY2(static_cast<double>(bytes) <= 10.5 * rate, percent(bytes, 10 * rate).c_str());
            if (from > moved->begin() + 2s && from + 10s < moved->end() - 5s) {
                QVERIFY2(static_cast<double>(bytes) >= 9.5 * rate, percent(bytes, 10 * rate).c_str());
            }
        }
        QVERIFY(rate > 300'000 || span > 15s);
    }

    /// A write that is handed on bit by bit is not answered for minutes; that is our own doing.
    void anUploadWithALimitOfAFewKilobytesIsNotTakenForDead_data() {
        QTest::addColumn<quint64>("total");
        QTest::addColumn<quint64>("each");
        QTest::newRow("in all") << quint64{4096} << quint64{0};
        QTest::newRow("each server") << quint64{0} << quint64{1024};
        QTest::newRow("hardly anything") << quint64{300} << quint64{0};
    }
    void anUploadWithALimitOfAFewKilobytesIsNotTakenForDead() {
        QFETCH(const quint64, total);
        QFETCH(const quint64, each);
        for (const std::size_t size : {std::size_t(1000), std::size_t(300'000)}) {
            for (const bool along : {false, true}) {
                SimulatedGrid grid(5);
                if (along) {
                    grid.takeWholeShares();
                }
                const auto limits = std::make_shared<RateLimits>(grid.timers);
                limits->set({total, 0, each, 0});
                const auto moved = std::make_shared<Moved>(Moved{grid.timers});
                const auto outcome = grid.put(upload::sourceOf(test::someBytes(size)), test::encoding(2, 5, 5),
                                              limited(grid, limits, moved));
                QVERIFY2(outcome, outcome ? "" : outcome.error().detail.c_str());
                QCOMPARE(outcome->sharesSent, 5U);
                // Each share went once.
                std::uint64_t stored = 0;
                for (const auto& server : grid.memory) {
                    QCOMPARE(server->shares.size(), std::size_t(1));
                    stored += server->shares.begin()->second.begin()->second.size();
                }
                QCOMPARE(moved->within(SteadyTime::min(), SteadyTime::max()), stored);
            }
        }
    }

    void aServerThatHangsIsGivenUpWhateverTheLimit() {
        for (const Call hanging : {Call::Write, Call::Allocate}) {
            SimulatedGrid grid(6);
            std::size_t calls = 0;
            grid.choose = [&](const CallInfo& call) {
                return call.server == 1 && (call.call == hanging || call.call == Call::ListShares) && calls++ > 1
                           ? Fault{Fault::Kind::Hang, {}, {}}
                           : Fault{};
            };
            const auto limits = std::make_shared<RateLimits>(grid.timers);
            limits->set({2048, 0, 0, 0});
            const auto outcome = grid.put(upload::sourceOf(test::someBytes(300'000)), test::encoding(2, 5, 5),
                                          limited(grid, limits, std::make_shared<Moved>(Moved{grid.timers})));
            QVERIFY2(outcome, outcome ? "" : outcome.error().detail.c_str());
            QCOMPARE(outcome->sharesSent, 5U);
            QVERIFY(grid.timers->steadyNow().time_since_epoch() < 30min);
        }
    }

    /// With a limit and on slow lines: whatever waits for its time is not sent after the stop.
    void aPauseStopsTheBytesAtOnceAndLosesNothing_data() {
        QTest::addColumn<quint64>("limit");
        QTest::newRow("a limit") << quint64{100'000};
        QTest::newRow("no limit") << quint64{0};
    }
    void aPauseStopsTheBytesAtOnceAndLosesNothing() {
        QFETCH(const quint64, limit);
        const Bytes file = test::someBytes(3'000'000);
        const auto geometry = formats::Geometry::make(test::encoding(2, 3, 3), ByteCount(file.size()));
        for (const auto pausedAfter : {1s, 5s, 12s, 21s}) {
            SimulatedGrid grid(3);
            const auto limits = std::make_shared<RateLimits>(grid.timers);
            limits->set({limit, 0, 0, 0});
            const auto moved = std::make_shared<Moved>(Moved{grid.timers});
            storage::ServerList servers;
            for (const auto& memory : grid.memory) {
                auto line = std::make_shared<test::Line>();
                line->time = grid.timers;
                line->bytesPerMillisecond = 50;
                auto far = std::make_shared<test::VirtualServer>(std::make_shared<NotingServer>(memory, moved), line);
                servers.push_back(std::make_shared<LimitedServer>(std::move(far), grid.timers, limits));
            }
            std::stop_source pause;
            std::uint64_t acknowledged = 0;
            const auto timer = grid.timers->after(pausedAfter, [&pause] { pause.request_stop(); });
            const auto first = put(grid, servers, file, false, pause.get_token(), &acknowledged);
            QVERIFY(!first);
            QVERIFY(first.error().code == ErrorCode::Cancelled);
            QVERIFY(grid.timers->steadyNow() - SteadyTime(pausedAfter) <= 1s);
            // Whatever the timers still hold.
            while (grid.timers->fireNext()) {
                QCoreApplication::processEvents();
            }
            QVERIFY(moved->bytes.empty() || moved->end() <= SteadyTime(pausedAfter));
            const auto before = moved->within(SteadyTime::min(), SteadyTime::max());
            QVERIFY(before >= acknowledged);

            const auto second = put(grid, servers, file, true, {}, &acknowledged);
            QVERIFY2(second, second ? "" : second.error().detail.c_str());
            QCOMPARE(second->sharesSent, 3U);
            // Once each; a byte of a share that is begun asks how far it is.
            const auto twice = moved->within(SteadyTime::min(), SteadyTime::max()) - 3 * upload::shareSizeOf(*geometry);
            QVERIFY2(twice <= 3, std::to_string(twice).c_str());
            QCOMPARE(grid.incoming(), std::size_t(0));
            QCOMPARE(grid.completeShares(), std::size_t(3));
        }
    }

    void aDownloadWithALimitOfAFewKilobytesLosesNoServer() {
        const auto small = download::testing::makeFile({3, 10, 1024 * 1024, 128 * 1024, false, 8});
        for (const Rates rates : {Rates{0, 1024, 0, 0}, Rates{0, 0, 0, 700}}) {
            DownloadRun run;
            run.spread(small);
            for (unsigned share = 3; share < 10; ++share) {
                run.servers[share % 5]->shares[small.capability.storageIndex()].erase(
                    ShareNum(static_cast<std::uint16_t>(share)));
            }
            const auto limits = std::make_shared<RateLimits>(run.timers);
            limits->set(rates);
            const auto moved = std::make_shared<Moved>(Moved{run.timers});
            limit(run, limits, moved);
            const auto result = run.run(small.capability);
            QVERIFY2(result, download::testing::said(result).c_str());
            QVERIFY(run.sink->bytes == small.plaintext);
            // And no byte is fetched twice for it.
            QVERIFY(moved->within(SteadyTime::min(), SteadyTime::max()) < small.plaintext.size() * 11 / 10);
        }
    }

    void aDownloadThatIsPausedReadsNoMore() {
        const auto large = download::testing::makeFile({3, 10, 24 * 1024 * 1024, 1024 * 1024, false, 8});
        for (const quint64 rate : {quint64{2'000'000}, quint64{0}}) {
            DownloadRun run;
            run.spread(large);
            const auto limits = std::make_shared<RateLimits>(run.timers);
            limits->set({0, rate, 0, 0});
            const auto moved = std::make_shared<Moved>(Moved{run.timers});
            run.wrap = [&run, limits, moved](std::size_t, std::shared_ptr<storage::StorageServer> inner) {
                auto line = std::make_shared<test::Line>();
                line->time = run.timers;
                line->bytesPerMillisecond = 1000;
                auto far = std::make_shared<test::VirtualServer>(
                    std::make_shared<NotingServer>(std::move(inner), moved), line);
                return std::make_shared<LimitedServer>(std::move(far), run.timers, limits);
            };
            const auto timer = run.timers->after(6s, [&run] { run.stop.request_stop(); });
            const auto result = run.run(large.capability);
            QVERIFY(!result);
            QVERIFY(result.error().code == ErrorCode::Cancelled);
            QVERIFY(run.timers->steadyNow().time_since_epoch() <= 7s);
            const auto written = run.sink->bytes.size();
            QVERIFY2(written > 0 && written < large.plaintext.size(), std::to_string(written).c_str());
            while (run.timers->fireNext()) {
                run.settle();
            }
            QVERIFY(moved->end().time_since_epoch() <= 6s);
            QCOMPARE(run.sink->bytes.size(), written);
        }
    }

private:
    /// An upload that may be gone on with; what is acknowledged of it.
    static Result<upload::Outcome> put(SimulatedGrid& grid, const storage::ServerList& servers, const Bytes& file,
                                       bool again, std::stop_token stop, std::uint64_t* acknowledged) {
        auto continuation = std::make_shared<const upload::Continuation>(upload::Continuation{
            UploadSecret(std::array<Byte, UploadSecret::size>{}), again, false, std::make_shared<const bool>(true)});
        std::optional<Result<upload::Outcome>> result;
        async::TaskScope scope;
        scope.spawn(upload::upload(
                        upload::sourceOf(file), test::encoding(2, 3, 3), grid.secrets, servers, grid.environment,
                        [acknowledged](const upload::Progress& now) { *acknowledged = now.acknowledged.value(); },
                        std::move(continuation), std::move(stop)),
                    [&result](Result<upload::Outcome> outcome) { result.emplace(std::move(outcome)); });
        grid.runUntil([&result] { return result.has_value(); });
        return std::move(*result);
    }
};

QTEST_GUILESS_MAIN(LimitedTransfersTest)
#include "limited_transfers_test.moc"
