#include "core/foundation/bytes.h"
#include "tests/download/forwarding_server.h"
#include "tests/upload/simulated_grid.h"

#include <QTest>

using namespace tarn;
using storage::Call;
using storage::Fault;
using test::CallInfo;
using test::SimulatedGrid;
using Where = upload::ShareState::Where;

namespace {

struct FaultKind {
    const char* name;
    Fault fault;
};

const FaultKind faultKinds[] = {
    {"fails", {Fault::Kind::Fail, {ErrorCode::Unreachable, "connection refused", true}, {}}},
    {"fails late", {Fault::Kind::FailLate, {ErrorCode::TimedOut, "no answer", true}, {}}},
    {"hangs", {Fault::Kind::Hang, {}, {}}},
    {"answers nonsense", {Fault::Kind::Garble, {}, {}}},
};

struct FileKind {
    const char* name;
    std::size_t size;
    std::uint64_t segmentSize;
};

/// What a server may say that is well-formed and untrue.
enum class Lie : std::uint8_t { TurnsComplete, GrantsNothing, GrantsOthers, HasStoredAll, HasEveryShare };

/// Tells the truth but for the Nth call, over all servers that share the count.
class LyingServer final : public download::testing::ForwardingServer {
public:
    LyingServer(std::shared_ptr<StorageServer> inner, Lie lie, std::shared_ptr<int> truths)
        : ForwardingServer(inner), m_inner(std::move(inner)), m_lie(lie), m_truths(std::move(truths)) {}

    [[nodiscard]] bool takesWholeShares() const noexcept override { return m_inner->takesWholeShares(); }
    async::Task<storage::Allocation> allocateAndWrite(StorageIndex index, std::set<ShareNum> shares, ByteCount size,
                                                      storage::WholeShares whole, UploadSecret upload,
                                                      LeaseSecrets lease, std::stop_token stop) override {
        return told(m_inner->allocateAndWrite(index, shares, size, std::move(whole), upload, lease, stop), m_lie,
                    liesNow());
    }
    async::Task<storage::WriteProgress> write(StorageIndex index, ShareNum share, UploadSecret upload,
                                              ByteOffset offset, SharedBytes data, std::stop_token stop) override {
        return told(m_inner->write(index, share, upload, offset, std::move(data), stop), m_lie, liesNow());
    }
    async::Task<std::set<ShareNum>> listShares(StorageIndex index, std::stop_token stop) override {
        return told(m_inner->listShares(index, stop), m_lie, liesNow());
    }

private:
    [[nodiscard]] bool liesNow() { return (*m_truths)-- == 0; }

    template <typename T>
    static async::Task<T> told(async::Task<T> call, Lie lie, bool now) {
        auto answer = co_await std::move(call);
        if (now && answer) {
            twist(*answer, lie);
        }
        co_return answer;
    }
    static void twist(storage::WriteProgress& answer, Lie lie) {
        answer.complete = lie == Lie::TurnsComplete ? !answer.complete : answer.complete;
    }
    static void twist(storage::Allocation& answer, Lie lie) {
        if (lie == Lie::GrantsNothing) {
            answer.allocated.clear();
            answer.stored.clear();
        } else if (lie == Lie::GrantsOthers) {
            answer.allocated = {ShareNum(0), ShareNum(4), ShareNum(200)};
        } else if (lie == Lie::HasStoredAll) {
            answer.stored = answer.allocated;
        } else if (lie == Lie::HasEveryShare) {
            answer.alreadyHave = every();
        }
    }
    static void twist(std::set<ShareNum>& answer, Lie lie) { answer = lie == Lie::HasEveryShare ? every() : answer; }
    static std::set<ShareNum> every() {
        std::set<ShareNum> shares;
        for (unsigned number = 0; number < 256; ++number) {
            shares.insert(ShareNum(static_cast<std::uint16_t>(number)));
        }
        return shares;
    }

    std::shared_ptr<StorageServer> m_inner;
    Lie m_lie;
    std::shared_ptr<int> m_truths;
};

// The last one is worked through in several runs: a run holds some 512 KiB of each share.
const FileKind fileKinds[] = {{"a small file", 1000, 1024 * 1024}, {"a file of several runs", 2'500'000, 700'000}};

}  // namespace

class UploadFaultsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void wheneverOneCallGoesWrongItEndsWell_data() {
        QTest::addColumn<int>("faultKind");
        QTest::addColumn<int>("fileKind");
        QTest::addColumn<unsigned>("happy");
        QTest::addColumn<bool>("along");
        for (int fault = 0; fault < int(std::size(faultKinds)); ++fault) {
            for (int file = 0; file < int(std::size(fileKinds)); ++file) {
                for (const unsigned happy : {2U, 4U}) {
                    QTest::addRow("a call %s, %s, happy %u", faultKinds[fault].name, fileKinds[file].name, happy)
                        << fault << file << happy << false;
                }
            }
            QTest::addRow("a call %s, a small file that goes along with the question", faultKinds[fault].name)
                << fault << 0 << 4U << true;
        }
    }

    /// The Nth call goes wrong, for N = 0, 1, 2, … until no call is left to go wrong.
    void wheneverOneCallGoesWrongItEndsWell() {
        QFETCH(int, faultKind);
        QFETCH(int, fileKind);
        QFETCH(unsigned, happy);
        QFETCH(bool, along);
        const Bytes file = test::someBytes(fileKinds[fileKind].size);
        const auto parameters = test::encoding(2, happy, 5, fileKinds[fileKind].segmentSize);
        const auto expected = test::sharesOf(file, parameters);
        int succeeded = 0;
        int failed = 0;
        for (std::size_t n = 0;; ++n) {
            SimulatedGrid grid(4);
            if (along) {
                grid.takeWholeShares();
            }
            bool struck = false;
            grid.choose = [&](const CallInfo& call) {
                struck = struck || call.number == n;
                return call.number == n ? faultKinds[faultKind].fault : Fault{};
            };
            const auto outcome = grid.put(upload::sourceOf(file), parameters);
            checkEnd(grid, outcome, expected, happy);
            if (outcome) {
                // Whatever went wrong, each share stands, and once.
                QCOMPARE(grid.completeShares(), std::size_t(5));
                QCOMPARE(outcome->sharesSent + outcome->sharesFound, 5U);
            }
            (outcome ? succeeded : failed) += 1;
            if (!struck) {
                QVERIFY(outcome);
                break;
            }
        }
        // Where all goes along with the question, no call is left that may go wrong without cost.
        QVERIFY(succeeded > 1 || along);
        // One server of four less is too few for happiness 4, unless its share was complete. Where a question failed
        // that shares went along with, it is asked once more without them.
        QVERIFY(failed == 0 || happy == 4);
        QVERIFY(failed > 0 || happy < 4 || along);
    }

    void wheneverOneAnswerIsUntrueItEndsWell_data() {
        QTest::addColumn<int>("lie");
        const char* const names[] = {"turns whether a share is complete", "grants nothing",
                                     "grants what nobody asked for", "claims to have stored all",
                                     "claims to have every share"};
        for (int lie = 0; lie < int(std::size(names)); ++lie) {
            QTest::newRow(names[lie]) << lie;
        }
    }
    /// The answer to the Nth call, for N = 0, 1, 2, …
    void wheneverOneAnswerIsUntrueItEndsWell() {
        QFETCH(const int, lie);
        for (const FileKind& kind : fileKinds) {
            for (const bool along : {false, true}) {
                const Bytes file = test::someBytes(kind.size);
                const auto parameters = test::encoding(2, 3, 5, kind.segmentSize);
                const auto expected = test::sharesOf(file, parameters);
                for (int n = 0;; ++n) {
                    SimulatedGrid grid(4);
                    if (along) {
                        grid.takeWholeShares();
                    }
                    const auto truths = std::make_shared<int>(n);
                    storage::ServerList servers;
                    for (const auto& memory : grid.memory) {
                        servers.push_back(std::make_shared<LyingServer>(memory, Lie(lie), truths));
                    }
                    const auto outcome = grid.put(upload::sourceOf(file), parameters, servers);
                    // One of four servers cannot keep the other three from holding what they are said to hold.
                    QVERIFY2(outcome, outcome ? "" : outcome.error().detail.c_str());
                    QVERIFY(outcome->happiness >= 3);
                    std::size_t untrue = 0;
                    std::size_t halfHeld = 0;
                    for (const auto& memory : grid.memory) {
                        halfHeld += memory->incomingCount() > 0 ? 1 : 0;
                        for (const auto& [index, shares] : memory->shares) {
                            for (const auto& [number, bytes] : shares) {
                                QVERIFY(bytes == expected.at(number));
                            }
                        }
                    }
                    std::set<std::string> believed;
                    for (std::size_t number = 0; number < outcome->shares.size(); ++number) {
                        const auto& share = outcome->shares[number];
                        const auto holder = std::ranges::find_if(grid.memory, [&](const auto& memory) {
                            return memory->description().nickname == share.server;
                        });
                        const bool stands = holder != grid.memory.end() && !(*holder)->shares.empty() &&
                                            (*holder)->shares.begin()->second.contains(ShareNum(std::uint16_t(number)));
                        untrue += stands ? 0 : 1;
                        if (!stands) {
                            believed.insert(share.server);
                        }
                    }
                    QVERIFY(believed.size() <= 1);
                    QVERIFY(halfHeld <= 1);
                    // Room that it holds in secret is its own business; claims to have shares nobody can see through.
                    QVERIFY(halfHeld == 0 || Lie(lie) == Lie::GrantsNothing || Lie(lie) == Lie::HasStoredAll ||
                            Lie(lie) == Lie::GrantsOthers);
                    QVERIFY(untrue == 0 || Lie(lie) == Lie::HasStoredAll || Lie(lie) == Lie::HasEveryShare);
                    if (*truths >= 0) {
                        QVERIFY(n > 3);
                        break;
                    }
                }
            }
        }
    }

    void whenManyCallsGoWrongItEndsWell_data() {
        QTest::addColumn<bool>("along");
        QTest::newRow("a file of several runs") << false;
        QTest::newRow("a small file that goes along with the question") << true;
    }

    void whenManyCallsGoWrongItEndsWell() {
        QFETCH(bool, along);
        const Bytes file = test::someBytes(along ? 1000 : 2'500'000);
        const auto parameters = test::encoding(2, 3, 5, 700'000);
        const auto expected = test::sharesOf(file, parameters);
        int succeeded = 0;
        int failed = 0;
        for (unsigned seed = 0; seed < 150; ++seed) {
            SimulatedGrid grid(4);
            if (along) {
                grid.takeWholeShares();
            }
            unsigned state = seed * 2654435761U + 99;
            bool lostForGood = false;
            grid.choose = [&](const CallInfo& call) {
                state = state * 1664525U + 1013904223U;
                const unsigned chance = (state >> 16U) % 100;
                if (chance >= (along ? 60U : 25U)) {  // fewer calls: more of them go wrong
                    return Fault{};
                }
                // What cannot be aborted stays until the server itself forgets it.
                lostForGood = lostForGood || call.call == Call::Abort;
                return faultKinds[chance % std::size(faultKinds)].fault;
            };
            const auto outcome = grid.put(upload::sourceOf(file), parameters);
            checkEnd(grid, outcome, expected, 3, !lostForGood);
            (outcome ? succeeded : failed) += 1;
        }
        QVERIFY(succeeded > 20);
        QVERIFY(failed > 20);
    }

    /// The server is gone from its Nth call on, and so cannot be told to forget what was begun; the others can.
    void aServerThatIsLostOnTheWayCostsItsSharesOnly() {
        const Bytes file = test::someBytes(2'500'000);
        const auto parameters = test::encoding(2, 3, 5, 700'000);
        const auto expected = test::sharesOf(file, parameters);
        for (const FaultKind& kind : faultKinds) {
            for (std::size_t n = 0; n < 6; ++n) {
                SimulatedGrid grid(4);
                std::size_t callsOfIt = 0;
                grid.choose = [&](const CallInfo& call) {
                    return call.server == 1 && callsOfIt++ >= n ? kind.fault : Fault{};
                };
                const auto outcome = grid.put(upload::sourceOf(file), parameters);
                QVERIFY2(outcome, outcome ? "" : outcome.error().detail.c_str());
                checkEnd(grid, outcome, expected, 3, false);
                for (const std::size_t server : {0, 2, 3}) {
                    QCOMPARE(grid.memory[server]->incomingCount(), std::size_t(0));
                }
            }
        }
    }

    void cancellingAtAnyPointLeavesNoHalfShare_data() {
        QTest::addColumn<int>("fileKind");
        QTest::addColumn<bool>("atOnce");
        QTest::addColumn<bool>("along");
        for (int file = 0; file < int(std::size(fileKinds)); ++file) {
            QTest::addRow("%s, in the middle of a call", fileKinds[file].name) << file << true << false;
            QTest::addRow("%s, from the event loop", fileKinds[file].name) << file << false << false;
        }
        QTest::addRow("a small file that goes along with the question, in the middle of a call") << 0 << true << true;
        QTest::addRow("a small file that goes along with the question, from the event loop") << 0 << false << true;
    }

    void cancellingAtAnyPointLeavesNoHalfShare() {
        QFETCH(int, fileKind);
        QFETCH(bool, atOnce);
        QFETCH(bool, along);
        const Bytes file = test::someBytes(fileKinds[fileKind].size);
        const auto parameters = test::encoding(2, 3, 5, fileKinds[fileKind].segmentSize);
        const auto expected = test::sharesOf(file, parameters);
        bool reachedTheEnd = false;
        int cancelled = 0;
        for (std::size_t n = 0; !reachedTheEnd; ++n) {
            SimulatedGrid grid(4);
            if (along) {
                grid.takeWholeShares();
            }
            std::stop_source stop;
            reachedTheEnd = true;
            grid.choose = [&](const CallInfo& call) {
                if (call.number == n) {
                    reachedTheEnd = false;
                    if (atOnce) {
                        stop.request_stop();
                    } else {
                        QMetaObject::invokeMethod(
                            qApp, [stop]() mutable { stop.request_stop(); }, Qt::QueuedConnection);
                    }
                }
                // A line that takes its time, so that there is something to interrupt.
                return Fault{Fault::Kind::Delay, {}, async::Milliseconds(call.number % 7)};
            };
            const auto outcome = grid.put(upload::sourceOf(file), parameters, stop.get_token());
            if (!outcome) {
                QVERIFY(outcome.error().code == ErrorCode::Cancelled);
                QCOMPARE(grid.incoming(), std::size_t(0));
                ++cancelled;
            } else {
                checkEnd(grid, outcome, expected, 3);
            }
        }
        QVERIFY(cancelled > (along ? 3 : 5));
    }

    void cancellingWhileEveryServerHangsEndsSoon() {
        for (const Call hanging : {Call::Allocate, Call::Write}) {
            SimulatedGrid grid(4);
            std::stop_source stop;
            grid.choose = [hanging](const CallInfo& call) {
                return call.call == hanging ? Fault{Fault::Kind::Hang, {}, {}} : Fault{};
            };
            const auto started = grid.timers->steadyNow();
            const auto timer = grid.timers->after(async::Milliseconds(100), [&stop] { stop.request_stop(); });
            const auto outcome =
                grid.put(upload::sourceOf(test::someBytes(1000)), test::encoding(2, 3, 5), stop.get_token());
            QVERIFY(outcome.error().code == ErrorCode::Cancelled);
            QVERIFY(grid.timers->steadyNow() - started < std::chrono::seconds(1));
            QCOMPARE(grid.incoming(), std::size_t(0));
        }
    }

    void cancellingBeforeTheStartTouchesNoServer() {
        for (const FileKind& kind : fileKinds) {
            SimulatedGrid grid(4);
            std::stop_source stop;
            stop.request_stop();
            const auto outcome = grid.put(upload::sourceOf(test::someBytes(kind.size)),
                                          test::encoding(2, 3, 5, kind.segmentSize), stop.get_token());
            QVERIFY(outcome.error().code == ErrorCode::Cancelled);
            QVERIFY(grid.calls.empty());
        }
    }

private:
    /// An upload ends in a capability that the servers' shares bear out, or in an error with nothing half left behind.
    static void checkEnd(const SimulatedGrid& grid, const Result<upload::Outcome>& outcome,
                         const std::map<ShareNum, Bytes>& expected, unsigned happy, bool nothingHalf = true) {
        if (nothingHalf) {
            QCOMPARE(grid.incoming(), std::size_t(0));
        }
        std::map<std::string, std::map<ShareNum, Bytes>> standing;
        for (const auto& server : grid.memory) {
            for (const auto& [index, shares] : server->shares) {
                for (const auto& [number, bytes] : shares) {
                    QVERIFY(bytes == expected.at(number));
                    standing[server->description().nickname].emplace(number, bytes);
                }
            }
        }
        if (!outcome) {
            QVERIFY(outcome.error().code == ErrorCode::NotEnoughServers);
            QVERIFY2(outcome.error().detail.starts_with("needed "), outcome.error().detail.c_str());
            return;
        }
        QVERIFY(outcome->happiness >= happy);
        std::set<std::string> holders;
        for (std::size_t number = 0; number < outcome->shares.size(); ++number) {
            const auto& share = outcome->shares[number];
            QVERIFY(share.where != Where::Waiting && share.where != Where::Sending);
            if (share.where == Where::Placed || share.where == Where::FoundThere) {
                QVERIFY(standing[share.server].contains(ShareNum(std::uint16_t(number))));
                holders.insert(share.server);
            }
        }
        QVERIFY(holders.size() >= happy);
        QVERIFY(grid.progress.back().phase == upload::Phase::Done);
    }
};

QTEST_GUILESS_MAIN(UploadFaultsTest)
#include "upload_faults_test.moc"
