#include "core/foundation/bytes.h"
#include "tests/upload/simulated_grid.h"

#include <QTest>

#include <algorithm>
#include <atomic>

using namespace tarn;
using storage::Call;
using storage::Fault;
using test::CallInfo;
using test::SimulatedGrid;
using upload::Phase;

namespace {

/// A long file that stands nowhere. May claim, from a moment on, that it was changed.
class EndlessSource final : public upload::Source {
public:
    explicit EndlessSource(std::uint64_t size, std::uint64_t changedAfter = ~0ULL)
        : m_size(size), m_changedAfter(changedAfter) {}

    [[nodiscard]] ByteCount size() const noexcept override { return ByteCount(m_size); }
    [[nodiscard]] Result<void> read(ByteOffset offset, MutableByteView out) override {
        std::fill(out.begin(), out.end(), static_cast<Byte>(offset.value() / 4096));
        m_bytesRead += out.size();
        return {};
    }
    [[nodiscard]] Result<void> checkUnchanged() override {
        if (m_bytesRead > m_changedAfter) {
            return failure(ErrorCode::FileChanged, "it was touched");
        }
        return {};
    }

private:
    std::uint64_t m_size;
    std::uint64_t m_changedAfter;
    std::atomic<std::uint64_t> m_bytesRead = 0;
};

/// Fails to read from a place on.
class BrokenSource final : public upload::Source {
public:
    BrokenSource(std::uint64_t size, unsigned goodReads) : m_size(size), m_goodReads(goodReads) {}
    [[nodiscard]] ByteCount size() const noexcept override { return ByteCount(m_size); }
    [[nodiscard]] Result<void> read(ByteOffset, MutableByteView) override {
        if (m_goodReads == 0) {
            return failure(ErrorCode::FileUnreadable, "bad sector");
        }
        --m_goodReads;
        return {};
    }
    [[nodiscard]] Result<void> checkUnchanged() override { return {}; }

private:
    std::uint64_t m_size;
    unsigned m_goodReads;
};

/// How many bytes were on their way to servers at once, at most.
struct Traffic {
    std::uint64_t now = 0;
    std::uint64_t most = 0;
    std::uint64_t total = 0;
    std::map<std::pair<std::size_t, ShareNum>, int> writesUnderWay;
    int mostWritesOfOneShare = 0;
};

async::Task<storage::WriteProgress> slowWrite(std::shared_ptr<Traffic> traffic, std::size_t server, ShareNum share,
                                              std::uint64_t size, bool complete, std::shared_ptr<async::Timers> timers,
                                              async::Milliseconds delay, std::stop_token stop) {
    traffic->now += size;
    traffic->total += size;
    traffic->most = std::max(traffic->most, traffic->now);
    int& underWay = traffic->writesUnderWay[{server, share}];
    traffic->mostWritesOfOneShare = std::max(traffic->mostWritesOfOneShare, ++underWay);
    const auto slept = co_await async::sleepFor(timers, delay, stop);
    --traffic->writesUnderWay[{server, share}];
    traffic->now -= size;
    if (!slept) {
        co_return failure(slept.error());
    }
    co_return storage::WriteProgress{complete, {}};
}

/// Takes every byte and keeps none: the ground for long files. One server is slower than the others. After so many
/// writes it hangs.
class ThirstyServer final : public storage::StorageServer {
public:
    ThirstyServer(std::size_t number, std::shared_ptr<Traffic> traffic, std::shared_ptr<async::Timers> timers,
                  std::size_t takes = ~std::size_t{0})
        : m_inner(std::make_shared<storage::MemoryServer>(
              storage::ServerDescription{ServerId(std::to_string(number)), {}, Bytes{Byte(number)}, LeaseSeed()})),
          m_number(number), m_traffic(std::move(traffic)), m_timers(std::move(timers)), m_takes(takes) {}

    [[nodiscard]] const storage::ServerDescription& description() const noexcept override {
        return m_inner->description();
    }
    [[nodiscard]] async::Task<storage::ServerVersion> version(std::stop_token stop) override {
        return m_inner->version(stop);
    }
    [[nodiscard]] async::Task<storage::Allocation> allocate(StorageIndex index, std::set<ShareNum> shares,
                                                            ByteCount size, UploadSecret, LeaseSecrets,
                                                            std::stop_token) override {
        m_shareSizes[index] = size.value();
        return granted(std::move(shares));
    }
    [[nodiscard]] async::Task<storage::WriteProgress> write(StorageIndex index, ShareNum share, UploadSecret,
                                                            ByteOffset offset, SharedBytes data,
                                                            std::stop_token stop) override {
        const async::Milliseconds delay(m_number == 0 ? 40 : 3);
        const bool hangs = m_takes == 0;
        m_takes -= hangs ? 0 : 1;
        const bool complete = offset.value() + data->size() == m_shareSizes[index];
        return slowWrite(m_traffic, m_number, share, data->size(), complete, m_timers,
                         hangs ? std::chrono::hours(24) : delay, stop);
    }
    [[nodiscard]] async::Task<void> abort(StorageIndex index, ShareNum share, UploadSecret upload,
                                          std::stop_token stop) override {
        return m_inner->abort(index, share, upload, stop);
    }
    [[nodiscard]] async::Task<std::set<ShareNum>> listShares(StorageIndex index, std::stop_token stop) override {
        return m_inner->listShares(index, stop);
    }
    [[nodiscard]] async::Task<Bytes> read(StorageIndex index, ShareNum share, ByteOffset offset, ByteCount length,
                                          std::stop_token stop) override {
        return m_inner->read(index, share, offset, length, stop);
    }
    [[nodiscard]] async::Task<formats::gbs::SlotReply> readTestWrite(StorageIndex index, WriteEnabler enabler,
                                                                     LeaseSecrets lease,
                                                                     formats::gbs::SlotRequest request,
                                                                     std::stop_token stop) override {
        return m_inner->readTestWrite(index, enabler, lease, std::move(request), stop);
    }
    [[nodiscard]] async::Task<std::set<ShareNum>> listMutableShares(StorageIndex index, std::stop_token stop) override {
        return m_inner->listMutableShares(index, stop);
    }
    [[nodiscard]] async::Task<Bytes> readMutable(StorageIndex index, ShareNum share, ByteOffset offset,
                                                 ByteCount length, std::stop_token stop) override {
        return m_inner->readMutable(index, share, offset, length, stop);
    }
    [[nodiscard]] async::Task<void> adviseMutableCorrupt(StorageIndex index, ShareNum share, std::string reason,
                                                         std::stop_token stop) override {
        return m_inner->adviseMutableCorrupt(index, share, std::move(reason), stop);
    }
    [[nodiscard]] async::Task<void> addLease(StorageIndex index, LeaseSecrets lease, std::stop_token stop) override {
        return m_inner->addLease(index, lease, stop);
    }
    [[nodiscard]] async::Task<void> adviseCorrupt(StorageIndex index, ShareNum share, std::string reason,
                                                  std::stop_token stop) override {
        return m_inner->adviseCorrupt(index, share, std::move(reason), stop);
    }

private:
    static async::Task<storage::Allocation> granted(std::set<ShareNum> shares) {
        co_return storage::Allocation{{}, std::move(shares)};
    }

    std::shared_ptr<storage::MemoryServer> m_inner;
    std::size_t m_number;
    std::shared_ptr<Traffic> m_traffic;
    std::shared_ptr<async::Timers> m_timers;
    std::size_t m_takes;
    std::map<StorageIndex, std::uint64_t> m_shareSizes;
};

std::vector<Phase> phasesOf(const SimulatedGrid& grid) {
    std::vector<Phase> phases;
    for (const auto& progress : grid.progress) {
        if (phases.empty() || phases.back() != progress.phase) {
            phases.push_back(progress.phase);
        }
    }
    return phases;
}

}  // namespace

class UploadFlowTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aSmallFileIsOneRequestAServerAndOneAShare() {
        SimulatedGrid grid(5);
        const auto outcome = grid.put(upload::sourceOf(test::someBytes(1000)), test::encoding(3, 5, 10));
        QVERIFY(outcome);
        QCOMPARE(grid.callsOf(Call::Allocate), std::size_t(5));
        QCOMPARE(grid.callsOf(Call::Write), std::size_t(10));
        QCOMPARE(grid.calls.size(), std::size_t(15));
        QCOMPARE(outcome->sharesSent, 10U);
        QCOMPARE(outcome->happiness, 5U);
    }

    /// On a line that takes 10 ms for a question and its answer.
    void aSmallFileTakesOneRoundTripToServersThatTakeWholeSharesAndTwoToOthers() {
        for (const bool along : {true, false}) {
            SimulatedGrid grid(5);
            if (along) {
                grid.takeWholeShares();
            }
            grid.choose = [](const CallInfo&) {
                return Fault{Fault::Kind::Delay, {}, async::Milliseconds(10)};
            };
            const auto started = grid.timers->steadyNow();
            const auto outcome = grid.put(upload::sourceOf(test::someBytes(1000)), test::encoding(3, 5, 10));
            QVERIFY(outcome);
            QCOMPARE(outcome->sharesSent, 10U);
            QCOMPARE(grid.calls.size(), std::size_t(along ? 5 : 15));
            QVERIFY(grid.timers->steadyNow() - started == async::Milliseconds(along ? 10 : 20));
            QCOMPARE(grid.progress.back().acknowledged.value(), grid.progress.back().toSend.value());
        }
    }

    /// The first server says that it takes whole shares and does not; the second one's answer is lost.
    void whatDidNotGoAlongIsWrittenAfterwards() {
        SimulatedGrid grid(5);
        grid.takeWholeShares();
        grid.choose = [&grid](const CallInfo& call) {
            grid.memory[0]->wholeShares = call.number == 0;
            return call.number == 1 ? Fault{Fault::Kind::FailLate} : Fault{};
        };
        const auto outcome = grid.put(upload::sourceOf(test::someBytes(1000)), test::encoding(3, 5, 10));
        QVERIFY(outcome);
        QCOMPARE(outcome->happiness, 5U);
        QCOMPARE(grid.completeShares(), std::size_t(10));
        QCOMPARE(grid.incoming(), std::size_t(0));
        QCOMPARE(grid.progress.back().acknowledged.value(), grid.progress.back().toSend.value());
    }

    /// More than one request may carry, all on one server.
    void whatIsTooMuchForOneRequestGoesInSeveral() {
        SimulatedGrid grid(1);
        grid.takeWholeShares();
        const auto outcome = grid.put(upload::sourceOf(test::someBytes(300'000)), test::encoding(3, 1, 20));
        QVERIFY(outcome);
        QCOMPARE(outcome->sharesSent, 20U);
        QCOMPARE(grid.callsOf(Call::Allocate), std::size_t(1));
        QCOMPARE(grid.callsOf(Call::Write), std::size_t(10));
    }

    void largeSharesWaitForTheirAllocation() {
        SimulatedGrid grid(5);
        grid.takeWholeShares();
        std::size_t answered = 0;
        grid.choose = [&answered](const CallInfo& call) {
            answered += call.call == Call::Allocate ? 1 : 0;
            return Fault{};
        };
        QVERIFY(grid.put(upload::sourceOf(test::someBytes(1'000'000)), test::encoding(3, 5, 10)));
        QCOMPARE(grid.callsOf(Call::Write), std::size_t(10));
        for (std::size_t i = 0; i < 5; ++i) {
            QVERIFY(grid.calls[i].call == Call::Allocate);
        }
    }

    void everyPhaseIsReportedInOrderHoweverShort() {
        const std::vector<Phase> expected{Phase::Hashing, Phase::Allocate, Phase::Shares, Phase::HashTrees,
                                          Phase::Ueb,     Phase::Close,    Phase::Done};
        for (const std::size_t size : {1000, 3'000'000}) {
            SimulatedGrid grid(5);
            QVERIFY(grid.put(upload::sourceOf(test::someBytes(size)), test::encoding(3, 5, 10)));
            QCOMPARE(phasesOf(grid), expected);
            const auto& last = grid.progress.back();
            QCOMPARE(last.acknowledged.value(), last.toSend.value());
            QVERIFY(last.toSend.value() > size * 10 / 3);
            QCOMPARE(last.hashed.value(), size);
        }
    }

    /// Also where the second uploader's shares leave before it is told that they are there.
    void theSecondUploaderOfASmallFileStoresNothingTwice() {
        SimulatedGrid grid(5);
        grid.takeWholeShares();
        const Bytes file = test::someBytes(5000);
        QVERIFY(grid.put(upload::sourceOf(file), test::encoding(3, 5, 10)));
        const auto second = grid.put(upload::sourceOf(file), test::encoding(3, 5, 10));
        QVERIFY(second);
        QCOMPARE(second->sharesFound, 10U);
        QCOMPARE(second->sharesSent, 0U);
        QCOMPARE(grid.completeShares(), std::size_t(10));
        QCOMPARE(grid.incoming(), std::size_t(0));
    }

    void theSecondUploaderFindsTheSharesAlreadyThere() {
        SimulatedGrid grid(5);
        const Bytes file = test::someBytes(5000);
        const auto first = grid.put(upload::sourceOf(file), test::encoding(3, 5, 10));
        QVERIFY(first);
        grid.calls.clear();
        const auto second = grid.put(upload::sourceOf(file), test::encoding(3, 5, 10));
        QVERIFY(second);
        QCOMPARE(caps::reveal(second->capability), caps::reveal(first->capability));
        QCOMPARE(second->sharesFound, 10U);
        QCOMPARE(second->sharesSent, 0U);
        QCOMPARE(grid.callsOf(Call::Write), std::size_t(0));
        QCOMPARE(grid.incoming(), std::size_t(0));
        QVERIFY(phasesOf(grid).back() == Phase::Done);
    }

    void sharesThatSomeoneElseSpreadDifferentlyAreFoundToo() {
        SimulatedGrid grid(5);
        const Bytes file = test::someBytes(5000);
        QVERIFY(grid.put(upload::sourceOf(file), test::encoding(3, 5, 10)));
        // Each server's shares move to its neighbour.
        const auto first = grid.memory[0]->shares;
        for (std::size_t i = 0; i < 4; ++i) {
            grid.memory[i]->shares = grid.memory[i + 1]->shares;
        }
        grid.memory[4]->shares = first;
        grid.calls.clear();
        const auto outcome = grid.put(upload::sourceOf(file), test::encoding(3, 5, 10));
        QVERIFY(outcome);
        QCOMPARE(outcome->sharesFound, 10U);
        QCOMPARE(grid.callsOf(Call::Write), std::size_t(0));
        QCOMPARE(grid.incoming(), std::size_t(0));
        QCOMPARE(grid.completeShares(), std::size_t(10));
    }

    void aMissingShareIsTheOnlyOneSent() {
        SimulatedGrid grid(5);
        const Bytes file = test::someBytes(2'000'000);
        QVERIFY(grid.put(upload::sourceOf(file), test::encoding(3, 5, 10)));
        auto& bucket = grid.memory[2]->shares.begin()->second;
        const auto [number, bytes] = *bucket.begin();
        bucket.erase(bucket.begin());
        const auto outcome = grid.put(upload::sourceOf(file), test::encoding(3, 5, 10));
        QVERIFY(outcome);
        QCOMPARE(outcome->sharesSent, 1U);
        QCOMPARE(outcome->sharesFound, 9U);
        QVERIFY(bucket.at(number) == bytes);
    }

    void aServerThatHangsIsLeftOutAfterAWhile() {
        SimulatedGrid grid(5);
        grid.choose = [](const CallInfo& call) {
            return call.server == 3 ? Fault{Fault::Kind::Hang, {}, {}} : Fault{};
        };
        const auto started = grid.timers->steadyNow();
        const auto outcome = grid.put(upload::sourceOf(test::someBytes(1000)), test::encoding(3, 4, 10));
        QVERIFY(outcome);
        QCOMPARE(outcome->happiness, 4U);
        QCOMPARE(grid.completeShares(), std::size_t(10));
        const auto took = grid.timers->steadyNow() - started;
        QVERIFY(took >= std::chrono::seconds(15) && took <= std::chrono::seconds(25));
    }

    void tooFewServersAreSaidByNumberAndReason() {
        SimulatedGrid grid(5);
        grid.choose = [](const CallInfo& call) {
            return call.server == 1 || call.server == 4
                       ? Fault{Fault::Kind::Fail, {ErrorCode::Unreachable, "connection refused", true}, {}}
                       : Fault{};
        };
        const auto outcome = grid.put(upload::sourceOf(test::someBytes(1000)), test::encoding(3, 4, 10));
        QVERIFY(outcome.error().code == ErrorCode::NotEnoughServers);
        const std::string& detail = outcome.error().detail;
        QVERIFY2(detail.starts_with("needed 4 servers, 3 took shares: "), detail.c_str());
        QVERIFY(detail.find("server-1: connection refused") != std::string::npos);
        QVERIFY(detail.find("server-4: connection refused") != std::string::npos);
        QCOMPARE(grid.incoming(), std::size_t(0));
        QCOMPARE(grid.completeShares(), std::size_t(0));
    }

    void serversWithoutRoomAreSaidToHaveNone() {
        SimulatedGrid grid(3, ByteCount(100));
        const auto outcome = grid.put(upload::sourceOf(test::someBytes(1000)), test::encoding(3, 2, 10));
        QVERIFY(outcome.error().code == ErrorCode::NotEnoughServers);
        QVERIFY(outcome.error().detail.find("server-0: no room") != std::string::npos);
        QCOMPARE(grid.incoming(), std::size_t(0));
    }

    void noServersAtAllAreTooFew() {
        SimulatedGrid grid(0);
        const auto outcome = grid.put(upload::sourceOf(test::someBytes(1000)), test::encoding(3, 1, 10));
        QVERIFY(outcome.error().code == ErrorCode::NotEnoughServers);
    }

    void fullServersPassTheirSharesOnToOthers() {
        SimulatedGrid grid(0);
        for (std::size_t i = 0; i < 4; ++i) {
            const ByteCount room(i < 2 ? 1000 : 1'000'000);
            grid.memory.push_back(std::make_shared<storage::MemoryServer>(
                storage::ServerDescription{ServerId(std::to_string(i)), {}, Bytes{Byte(i)}, LeaseSeed()}, room));
        }
        const auto outcome = grid.put(upload::sourceOf(test::someBytes(1000)), test::encoding(3, 4, 10),
                                      {grid.memory.begin(), grid.memory.end()});
        QVERIFY2(outcome, outcome ? "" : outcome.error().detail.c_str());
        QCOMPARE(grid.completeShares(), std::size_t(10));
        QCOMPARE(outcome->happiness, 4U);
    }

    void aFileThatChangesWhileItIsReadLeavesNoShare() {
        for (const std::uint64_t size : {1000U, 3'000'000U}) {
            SimulatedGrid grid(5);
            const auto outcome =
                grid.put(std::make_shared<EndlessSource>(size, size / 2), test::encoding(3, 5, 10, 128 * 1024));
            QVERIFY(outcome.error().code == ErrorCode::FileChanged);
            QCOMPARE(grid.incoming(), std::size_t(0));
            QCOMPARE(grid.completeShares(), std::size_t(0));
        }
    }

    void aFileThatCannotBeReadAnyFurtherLeavesNoShare() {
        for (unsigned goodReads = 0; goodReads < 4; ++goodReads) {
            SimulatedGrid grid(5);
            const auto outcome =
                grid.put(std::make_shared<BrokenSource>(3'000'000, goodReads), test::encoding(3, 5, 10));
            QVERIFY(outcome.error().code == ErrorCode::FileUnreadable);
            QCOMPARE(outcome.error().detail, std::string("bad sector"));
            QCOMPARE(grid.incoming(), std::size_t(0));
            QCOMPARE(grid.completeShares(), std::size_t(0));
        }
    }

    /// However long the file and however slow a server: what is on its way stays within the window.
    void theWindowBoundsWhatIsInFlight() {
        const std::uint64_t size = 60 * 1024 * 1024;
        SimulatedGrid grid(0);
        const auto traffic = std::make_shared<Traffic>();
        storage::ServerList servers;
        for (std::size_t i = 0; i < 5; ++i) {
            servers.push_back(std::make_shared<ThirstyServer>(i, traffic, grid.timers));
        }
        const auto outcome = grid.put(std::make_shared<EndlessSource>(size), test::encoding(3, 5, 10), servers);
        QVERIFY(outcome);
        QVERIFY(traffic->total > size * 10 / 3);
        QCOMPARE(traffic->mostWritesOfOneShare, 1);
        QVERIFY2(traffic->most <= 8U * 1024 * 1024, std::to_string(traffic->most).c_str());
        // And it is used: less than a whole run of writes at a time would be no pipeline.
        QVERIFY2(traffic->most >= 3'495'260U, std::to_string(traffic->most).c_str());
    }

    void uploadsTogetherHoldNoMoreThanOne() {
        SimulatedGrid grid(0);
        const auto traffic = std::make_shared<Traffic>();
        storage::ServerList servers;
        for (std::size_t i = 0; i < 5; ++i) {
            servers.push_back(std::make_shared<ThirstyServer>(i, traffic, grid.timers));
        }
        constexpr std::uint64_t mebibyte = 1024 * 1024;
        std::vector<Result<upload::Outcome>> outcomes;
        async::TaskScope scope;
        std::uint64_t all = 0;
        for (const std::uint64_t size : {60 * mebibyte, 40 * mebibyte, 20 * mebibyte}) {
            all += size;
            scope.spawn(upload::upload(std::make_shared<EndlessSource>(size), test::encoding(3, 5, 10), grid.secrets,
                                       servers, grid.environment, [](const upload::Progress&) {}, {}),
                        [&outcomes](Result<upload::Outcome> outcome) { outcomes.push_back(std::move(outcome)); });
        }
        grid.runUntil([&outcomes] { return outcomes.size() == 3; });
        QVERIFY(std::ranges::all_of(outcomes, [](const auto& outcome) { return outcome.has_value(); }));
        QVERIFY(traffic->total > all * 10 / 3);
        // One window: 1.75 runs of two segments, plaintext and shares.
        constexpr std::uint64_t run = 2 * mebibyte + 10 * (2 * mebibyte / 3 + 2);
        QVERIFY2(traffic->most <= run * 7 / 4, std::to_string(traffic->most).c_str());
    }

    /// Shares that are lost are made once more, and are not held until then.
    void theWindowBoundsWhatIsSentOnceMore() {
        const std::uint64_t size = 60 * 1024 * 1024;
        for (const std::size_t takes : {std::size_t(0), std::size_t(7)}) {
            SimulatedGrid grid(0);
            const auto traffic = std::make_shared<Traffic>();
            storage::ServerList servers;
            for (std::size_t i = 0; i < 6; ++i) {
                servers.push_back(std::make_shared<ThirstyServer>(i, traffic, grid.timers, i == 3 ? takes : ~0ULL));
            }
            const auto outcome = grid.put(std::make_shared<EndlessSource>(size), test::encoding(3, 5, 10), servers);
            QVERIFY(outcome);
            QCOMPARE(outcome->happiness, 5U);
            QCOMPARE(outcome->sharesSent, 10U);
            QVERIFY(std::ranges::none_of(outcome->shares, [](const auto& share) { return share.server == "3"; }));
            QVERIFY2(traffic->most <= 8U * 1024 * 1024, std::to_string(traffic->most).c_str());
        }
    }
};

QTEST_GUILESS_MAIN(UploadFlowTest)
#include "upload_flow_test.moc"
