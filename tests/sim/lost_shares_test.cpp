#include "core/foundation/bytes.h"
#include "core/upload/upload_plan.h"
#include "tests/upload/simulated_grid.h"

#include <QTest>

#include <condition_variable>
#include <mutex>

using namespace tarn;
using storage::Call;
using storage::Fault;
using test::CallInfo;
using test::SimulatedGrid;
using Where = upload::ShareState::Where;

namespace {

constexpr std::size_t troubled = 1;  // the server that goes wrong, which gets share 1 of these files
constexpr unsigned total = 4;

struct Trouble {
    const char* name;
    Fault fault;
    bool hearsAborts;
};

const Trouble troubles[] = {
    {"dies", {Fault::Kind::Fail, {ErrorCode::Unreachable, "connection refused", true}, {}}, false},
    {"hangs", {Fault::Kind::Hang, {}, {}}, false},
    {"answers wrongly", {Fault::Kind::Garble, {}, {}}, true},
    {"is full after all", {Fault::Kind::Fail, {ErrorCode::NoSpace, "disk full", false}, {}}, true},
};

/// Bytes that can be read so many times, and no further.
class FailingSource final : public upload::Source {
public:
    FailingSource(Bytes bytes, ErrorCode code) : m_bytes(std::move(bytes)), m_code(code) {}
    [[nodiscard]] ByteCount size() const noexcept override { return ByteCount(m_bytes.size()); }
    [[nodiscard]] Result<void> read(ByteOffset offset, MutableByteView out) override {
        if (fails && m_code == ErrorCode::FileUnreadable) {
            return failure(m_code, "bad sector");
        }
        std::copy_n(m_bytes.begin() + static_cast<std::ptrdiff_t>(offset.value()), out.size(), out.begin());
        // Other bytes, of a file that claims to be untouched.
        out.front() ^= fails && m_code == ErrorCode::CorruptFile ? Byte{1} : Byte{0};
        return {};
    }
    [[nodiscard]] Result<void> checkUnchanged() override {
        return fails && m_code == ErrorCode::FileChanged ? failure(m_code, "it was touched") : Result<void>();
    }

    std::atomic<bool> fails = false;

private:
    Bytes m_bytes;
    ErrorCode m_code;
};

/// Bytes of which one read is kept waiting.
class WaitingSource final : public upload::Source {
public:
    explicit WaitingSource(Bytes bytes) : m_source(upload::sourceOf(std::move(bytes))) {}
    [[nodiscard]] ByteCount size() const noexcept override { return m_source->size(); }
    [[nodiscard]] Result<void> read(ByteOffset offset, MutableByteView out) override {
        std::unique_lock lock(m_mutex);
        if (m_before && (*m_before)-- == 0) {
            m_before.reset();
            m_waits = true;
            m_changed.wait(lock, [this] { return !m_waits; });
        }
        lock.unlock();
        return m_source->read(offset, out);
    }
    [[nodiscard]] Result<void> checkUnchanged() override { return m_source->checkUnchanged(); }

    /// The read that follows so many others waits.
    void waitAfter(int others) {
        const std::lock_guard lock(m_mutex);
        m_before = others;
    }
    void goOn() {
        const std::lock_guard lock(m_mutex);
        m_before.reset();
        m_waits = false;
        m_changed.notify_all();
    }

private:
    std::shared_ptr<upload::Source> m_source;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::optional<int> m_before;
    bool m_waits = false;
};

const std::size_t sizes[] = {1000, 100'000, 2'500'000, 6'000'000};

formats::EncodingParameters parameters(unsigned happy) {
    return test::encoding(2, happy, total, 700'000);
}

}  // namespace

/// Shares whose server fails them when it has taken them already.
class LostSharesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theyAreSentToOthersThatTakeThem_data() {
        QTest::addColumn<int>("trouble");
        QTest::addColumn<std::size_t>("size");
        QTest::addColumn<std::size_t>("servers");
        QTest::addColumn<unsigned>("happy");
        for (int trouble = 0; trouble < int(std::size(troubles)); ++trouble) {
            for (const std::size_t size : sizes) {
                QTest::addRow("one %s, %d bytes, another is left", troubles[trouble].name, int(size))
                    << trouble << size << std::size_t(5) << 4U;
                QTest::addRow("one %s, %d bytes, the others have shares", troubles[trouble].name, int(size))
                    << trouble << size << std::size_t(4) << 3U;
            }
        }
    }

    /// The server goes wrong with its Nth write, and for good, for N = 0, 1, 2, … until it has taken all.
    void theyAreSentToOthersThatTakeThem() {
        QFETCH(int, trouble);
        QFETCH(std::size_t, size);
        QFETCH(std::size_t, servers);
        QFETCH(unsigned, happy);
        const Bytes file = test::someBytes(size);
        const auto expected = test::sharesOf(file, parameters(happy));
        for (std::size_t good = 0;; ++good) {
            SimulatedGrid grid(servers);
            std::size_t writes = 0;
            std::size_t victim = servers;  // the first that is written to
            grid.choose = [&](const CallInfo& call) {
                victim = victim == servers && call.call == Call::Write ? call.server : victim;
                const bool counts = call.server == victim && call.call == Call::Write;
                const bool wrong = counts ? writes++ >= good : writes > good && call.server == victim;
                return wrong && (counts || !troubles[trouble].hearsAborts) ? troubles[trouble].fault : Fault{};
            };
            const auto outcome = grid.put(upload::sourceOf(file), parameters(happy));
            QVERIFY2(outcome, outcome ? "" : outcome.error().detail.c_str());
            QVERIFY(outcome->happiness >= happy);
            checkEachStandsOnce(grid, *outcome, expected);
            for (std::size_t server = 0; server < servers; ++server) {
                QVERIFY(grid.memory[server]->incomingCount() == 0 ||
                        (server == victim && !troubles[trouble].hearsAborts));
            }
            QCOMPARE(grid.progress.back().acknowledged.value(), grid.progress.back().toSend.value());
            if (writes <= good) {
                QVERIFY(good > 0);
                break;
            }
            // It is given up after its 30 s and the doubt; nothing else takes time here.
            QVERIFY(grid.timers->steadyNow().time_since_epoch() < std::chrono::minutes(3));
        }
    }

    void whereNobodyElseTakesThemTheyAreNamed() {
        for (const Trouble& trouble : troubles) {
            for (const unsigned happy : {3U, 4U}) {
                SimulatedGrid grid(4);
                std::size_t writes = 0;
                grid.choose = [&](const CallInfo& call) {
                    if (call.call == Call::Allocate && writes > 0) {
                        return Fault{Fault::Kind::Fail, {ErrorCode::NoSpace, "full", false}, {}};
                    }
                    writes += call.call == Call::Write ? 1 : 0;
                    return call.server == troubled && call.call == Call::Write ? trouble.fault : Fault{};
                };
                const auto outcome = grid.put(upload::sourceOf(test::someBytes(2'500'000)), parameters(happy));
                QCOMPARE(outcome.has_value(), happy == 3);
                QCOMPARE(grid.incoming(), std::size_t(0));
                if (!outcome) {
                    QVERIFY(outcome.error().detail.find("server-1: ") != std::string::npos);
                    continue;
                }
                const auto lost = std::ranges::count_if(outcome->shares,
                                                        [](const auto& share) { return share.where == Where::Lost; });
                QCOMPARE(lost, std::ptrdiff_t(1));
                QVERIFY(std::ranges::any_of(outcome->shares, [](const auto& share) {
                    return share.where == Where::Lost && share.server == "server-1";
                }));
            }
        }
    }

    /// A connection broke behind the last piece, and what was sent once more on another found the share complete: the
    /// Nth write is answered with NotFound after it was made, for N = 0, 1, 2, … until there is no Nth.
    void aShareThatIsCompleteWhenItsWriteFindsNoneIsPlaced() {
        for (const std::size_t size : sizes) {
            const Bytes file = test::someBytes(size);
            const auto expected = test::sharesOf(file, parameters(4));
            bool struck = true;
            std::size_t stoodAllTheSame = 0;
            for (std::size_t n = 0; struck; ++n) {
                SimulatedGrid grid(6);
                std::size_t writes = 0;
                std::size_t writesOfIt = 0;
                std::size_t victim = 6;
                std::size_t aborts = 0;
                struck = false;
                grid.choose = [&](const CallInfo& call) {
                    aborts += call.call == Call::Abort ? 1 : 0;
                    const bool now = call.call == Call::Write && writes++ == n;
                    struck = struck || now;
                    victim = now ? call.server : victim;
                    writesOfIt += call.call == Call::Write && call.server == victim ? 1 : 0;
                    return now ? Fault{Fault::Kind::FailLate, {ErrorCode::NotFound, "no such share", false}, {}}
                               : Fault{};
                };
                const auto outcome = grid.put(upload::sourceOf(file), parameters(4));
                QVERIFY2(outcome, outcome ? "" : outcome.error().detail.c_str());
                QCOMPARE(outcome->happiness, 4U);
                checkEachStandsOnce(grid, *outcome, expected);
                QCOMPARE(grid.incoming(), std::size_t(0));
                if (!struck) {
                    break;
                }
                const bool stands = !grid.memory[victim]->shares.empty();
                stoodAllTheSame += stands ? 1 : 0;
                // It is not sent to anybody else then, nor given up.
                QCOMPARE(grid.callsOf(Call::Allocate), std::size_t(stands ? total : total + 1));
                QCOMPARE(aborts, std::size_t(stands ? 0 : 1));
                QCOMPARE(writesOfIt, std::size_t(1));
            }
            QCOMPARE(stoodAllTheSame, std::size_t(total));
        }
    }

    /// Another upload of the same file may have completed it meanwhile. Whoever does not say so has it not.
    void aShareThatSomebodyElseCompletedIsPlacedIfItsServerSaysSo() {
        const Bytes file = test::someBytes(6'000'000);
        const auto expected = test::sharesOf(file, parameters(4));
        for (const bool says : {true, false}) {
            SimulatedGrid grid(6);
            std::size_t victim = 6;
            grid.choose = [&](const CallInfo& call) {
                if (victim == 6 && call.call == Call::Write) {
                    victim = call.server;
                    return Fault{Fault::Kind::Fail, {ErrorCode::NotFound, "no such share", false}, {}};
                }
                if (call.server == victim && call.call == Call::ListShares) {
                    const auto index = std::get<caps::Chk>(*upload::dryRun(*upload::sourceOf(file), parameters(4),
                                                                           grid.secrets->convergence))
                                           .storageIndex();
                    if (says) {
                        grid.memory[victim]->shares[index].emplace(victimShare(grid, victim),
                                                                   expected.at(victimShare(grid, victim)));
                    }
                    return says ? Fault{} : Fault{Fault::Kind::Hang, {}, {}};
                }
                return Fault{};
            };
            const auto outcome = grid.put(upload::sourceOf(file), parameters(4));
            QVERIFY2(outcome, outcome ? "" : outcome.error().detail.c_str());
            checkEachStandsOnce(grid, *outcome, expected);
            QCOMPARE(grid.callsOf(Call::Allocate), std::size_t(says ? total : total + 1));
        }
    }

    /// Each that takes the lost share hangs as well. What stands is enough, so that is not tried for ever.
    void theEndIsNotPutOffForEverWhenEnoughStands() {
        SimulatedGrid grid(16);
        std::set<std::size_t> hanging;
        std::set<std::size_t> writers;
        grid.choose = [&](const CallInfo& call) {
            if (call.call == Call::Write && writers.insert(call.server).second && writers.size() > 3) {
                hanging.insert(call.server);
            }
            return hanging.contains(call.server) ? Fault{Fault::Kind::Hang, {}, {}} : Fault{};
        };
        const auto outcome = grid.put(upload::sourceOf(test::someBytes(1000)), parameters(3));
        QVERIFY(outcome);
        QCOMPARE(outcome->happiness, 3U);
        QCOMPARE(hanging.size(), std::size_t(1 + upload::UploadPlan::mostMendings));
        QVERIFY(grid.timers->steadyNow().time_since_epoch() < std::chrono::minutes(3));
    }

    /// A share is lost once more while the file is read for it. The file is not read anew before that has ended.
    void theFileIsReadOnceAtATime() {
        const Bytes file = test::someBytes(6'000'000);
        const auto expected = test::sharesOf(file, parameters(4));
        SimulatedGrid grid(6);
        grid.environment->pools->disk.setMaxThreadCount(2);
        const auto source = std::make_shared<WaitingSource>(file);
        std::size_t allocations = 0;
        std::set<std::size_t> full;
        grid.choose = [&](const CallInfo& call) {
            allocations += call.call == Call::Allocate ? 1 : 0;
            if (call.call == Call::Allocate && allocations == total + 1) {
                source->waitAfter(1);  // the second read for the lost share
            }
            if (call.call == Call::Write && full.size() < (allocations > total ? 2U : 1U)) {
                full.insert(call.server);
            }
            return call.call == Call::Write && full.contains(call.server) ? troubles[3].fault : Fault{};
        };
        std::optional<Result<upload::Outcome>> outcome;
        async::TaskScope scope;
        scope.spawn(upload::upload(source, parameters(4), grid.secrets, {grid.lines.begin(), grid.lines.end()},
                                   grid.environment, {}, {}),
                    [&outcome](Result<upload::Outcome> result) { outcome.emplace(std::move(result)); });
        const auto allElseIsDone = [&grid] {
            test::ReturnCounter returned;
            do {
                grid.environment->pools->cpu.waitForDone();
                QCoreApplication::processEvents();
            } while (returned.take() > 0);
        };
        while (allocations < total + 2 && !outcome) {
            QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
        }
        allElseIsDone();
        const int reads = grid.environment->pools->disk.activeThreadCount();
        source->goOn();
        grid.runUntil([&outcome] { return outcome.has_value(); });
        QCOMPARE(reads, 1);
        QVERIFY2(*outcome, *outcome ? "" : outcome->error().detail.c_str());
        QCOMPARE(allocations, std::size_t(total + 2));
        QCOMPARE(grid.incoming(), std::size_t(0));
        std::map<ShareNum, Bytes> standing;
        for (const auto& server : grid.memory) {
            for (const auto& [index, shares] : server->shares) {
                standing.insert(shares.begin(), shares.end());
            }
        }
        QVERIFY(standing == expected);
    }

    void whatTheFileCannotGiveOnceMoreStaysLost_data() {
        QTest::addColumn<int>("code");
        QTest::newRow("it is changed") << int(ErrorCode::FileChanged);
        QTest::newRow("it cannot be read") << int(ErrorCode::FileUnreadable);
        QTest::newRow("it is changed and does not show it") << int(ErrorCode::CorruptFile);
    }
    void whatTheFileCannotGiveOnceMoreStaysLost() {
        QFETCH(int, code);
        for (const std::size_t size : sizes) {
            for (const unsigned happy : {3U, 4U}) {
                SimulatedGrid grid(5);
                const Bytes file = test::someBytes(size);
                const auto expected = test::sharesOf(file, parameters(happy));
                const auto source = std::make_shared<FailingSource>(file, ErrorCode(code));
                std::size_t allocations = 0;
                std::size_t victim = 0;
                grid.choose = [&](const CallInfo& call) {
                    allocations += call.call == Call::Allocate ? 1 : 0;
                    victim = call.number == 0 ? call.server : victim;
                    source->fails = allocations > total;  // the one for the lost share
                    return call.server == victim && call.call == Call::Write ? troubles[3].fault : Fault{};
                };
                const auto outcome = grid.put(source, parameters(happy));
                QCOMPARE(allocations, std::size_t(total + 1));
                QCOMPARE(grid.incoming(), std::size_t(0));
                QCOMPARE(grid.completeShares(), std::size_t(total - 1));
                QCOMPARE(outcome.has_value(), happy == 3);
                if (!outcome) {
                    QVERIFY(outcome.error().code == (ErrorCode(code) == ErrorCode::FileUnreadable
                                                         ? ErrorCode::FileUnreadable
                                                         : ErrorCode::FileChanged));
                }
                for (const auto& server : grid.memory) {
                    for (const auto& [index, shares] : server->shares) {
                        for (const auto& [number, bytes] : shares) {
                            QVERIFY(bytes == expected.at(number));
                        }
                    }
                }
            }
        }
    }

    /// For every call from the loss on.
    void cancellingWhileTheyAreSentOnceMoreLeavesNoHalfShare() {
        const Bytes file = test::someBytes(6'000'000);
        const auto expected = test::sharesOf(file, parameters(4));
        bool reachedTheEnd = false;
        int cancelled = 0;
        for (std::size_t n = 0; !reachedTheEnd; ++n) {
            SimulatedGrid grid(5);
            std::stop_source stop;
            std::size_t callsSince = 0;
            bool lost = false;
            std::size_t victim = 0;
            reachedTheEnd = true;
            grid.choose = [&](const CallInfo& call) {
                victim = call.number == 0 ? call.server : victim;
                const bool fails = call.server == victim && call.call == Call::Write;
                lost = lost || fails;
                if (lost && callsSince++ == n) {
                    reachedTheEnd = false;
                    stop.request_stop();
                }
                return fails ? troubles[3].fault : Fault{Fault::Kind::Delay, {}, async::Milliseconds(call.number % 7)};
            };
            const auto outcome = grid.put(upload::sourceOf(file), parameters(4), stop.get_token());
            QCOMPARE(grid.incoming(), std::size_t(0));
            if (outcome) {
                checkEachStandsOnce(grid, *outcome, expected);
            } else {
                QVERIFY(outcome.error().code == ErrorCode::Cancelled);
                ++cancelled;
            }
        }
        QVERIFY2(cancelled > 10, std::to_string(cancelled).c_str());
    }

private:
    /// The share that the server is sent, of those whose upload runs.
    static ShareNum victimShare(const SimulatedGrid& grid, std::size_t server) {
        const auto& shares = grid.progress.back().shares;
        const auto sent = std::ranges::find(shares, "server-" + std::to_string(server), &upload::ShareState::server);
        return ShareNum(static_cast<std::uint16_t>(sent - shares.begin()));
    }

    static void checkEachStandsOnce(const SimulatedGrid& grid, const upload::Outcome& outcome,
                                    const std::map<ShareNum, Bytes>& expected) {
        std::map<ShareNum, std::string> standing;
        for (const auto& server : grid.memory) {
            for (const auto& [index, shares] : server->shares) {
                for (const auto& [number, bytes] : shares) {
                    QVERIFY(bytes == expected.at(number));
                    QVERIFY(standing.emplace(number, server->description().nickname).second);
                }
            }
        }
        QCOMPARE(standing.size(), std::size_t(total));
        for (std::size_t number = 0; number < outcome.shares.size(); ++number) {
            QVERIFY(outcome.shares[number].where == Where::Placed);
            QCOMPARE(outcome.shares[number].server, standing.at(ShareNum(std::uint16_t(number))));
        }
        QCOMPARE(outcome.sharesSent, total);
    }
};

QTEST_GUILESS_MAIN(LostSharesTest)
#include "lost_shares_test.moc"
