#include "core/download/download_plan.h"
#include "core/storage/storage_server.h"

#include <QTest>

#include <algorithm>
#include <random>

using namespace tarn;
using namespace tarn::download;

namespace {

constexpr std::uint64_t mib = 1024 * 1024;

std::shared_ptr<const FileFacts> factsOf(std::uint64_t size, std::uint64_t segment = mib, unsigned k = 3,
                                         unsigned n = 10) {
    return std::make_shared<const FileFacts>(
        FileFacts{formats::Geometry::make({k, 1, n, ByteCount(segment)}, ByteCount(size)).value(), {}, {}});
}

ShareNum number(unsigned share) {
    return ShareNum(static_cast<std::uint16_t>(share));
}

/// A plan, all that it has asked for, and what of it is still open.
class Planned {
public:
    std::shared_ptr<const FileFacts> facts;
    DownloadPlan plan;
    std::map<ServerIndex, Ticket> lists;
    std::map<ServerIndex, std::uint64_t> along;
    std::map<HoldingIndex, Ticket> opens;
    std::map<HoldingIndex, Ticket> crypttexts;
    std::map<std::pair<RunNumber, HoldingIndex>, Ticket> fetches;
    std::map<HoldingIndex, Ticket> advice;
    std::vector<WaitFor> waits;
    std::vector<DecodeRun> decodes;
    std::vector<RunNumber> writes;
    std::optional<std::uint64_t> heldSegments;
    int commits = 0;
    std::optional<Result<void>> outcome;
    std::string broken;  ///< the first rule that the plan broke

    explicit Planned(std::uint64_t size,
                     std::vector<std::string> servers = {"alpha", "beta", "gamma", "delta", "epsilon"}, unsigned k = 3,
                     const DownloadPlan::Known& known = {}, std::uint64_t held = 0, std::uint64_t smallShare = 0)
        : facts(factsOf(size, mib, k)), plan(k, 10, {ByteOffset(0), ByteOffset(size)}, std::move(servers), known,
                                             ByteCount(smallShare), ByteCount(held)) {
        take(plan.start());
    }

    void on(const Event& event) { take(plan.on(event)); }

    void list(ServerIndex server, const std::set<unsigned>& shares, const std::set<unsigned>& whole = {}) {
        std::set<ShareNum> numbers;
        std::set<ShareNum> atHand;
        for (const unsigned share : shares) {
            numbers.insert(number(share));
        }
        for (const unsigned share : whole) {
            atHand.insert(number(share));
        }
        on(SharesListed{closed(lists, server), numbers, atHand});
    }
    void open(HoldingIndex holding) {
        HoldingOpened::Report report;
        report.facts = facts;
        report.crypttextProved = true;
        on(HoldingOpened{closed(opens, holding), report});
    }
    /// The wait for servers that have not answered is over.
    void begin() {
        const auto waiting = std::ranges::find(waits, DownloadPlan::spreadWait, &WaitFor::delay);
        if (waiting != waits.end()) {
            const Ticket ticket = waiting->ticket;
            waits.erase(waiting);
            on(Waited{ticket});
        }
    }
    void openAll() {
        begin();
        while (!opens.empty()) {
            open(opens.begin()->first);
        }
    }
    void fetched(RunNumber run, HoldingIndex holding, Result<void> result = {}) {
        on(BlocksFetched{closed(fetches, std::pair(run, holding)), std::move(result)});
    }
    void fetchRun(RunNumber run) {
        for (const auto holding : fetchersOf(run)) {
            fetched(run, holding);
        }
    }
    [[nodiscard]] std::vector<HoldingIndex> fetchersOf(RunNumber run) const {
        std::vector<HoldingIndex> found;
        for (const auto& [key, ticket] : fetches) {
            if (key.first == run) {
                found.push_back(key.second);
            }
        }
        return found;
    }
    [[nodiscard]] std::set<RunNumber> runsFetched() const {
        std::set<RunNumber> runs;
        for (const auto& [key, ticket] : fetches) {
            runs.insert(key.first);
        }
        return runs;
    }
    [[nodiscard]] const Holding& holding(HoldingIndex index) const { return plan.shares().holdings()[index]; }
    [[nodiscard]] std::set<unsigned> opening() const {
        std::set<unsigned> shares;
        for (const auto& [index, ticket] : opens) {
            shares.insert(holding(index).share.value());
        }
        return shares;
    }

    template <typename Key>
    static Ticket closed(std::map<Key, Ticket>& calls, const Key& key) {
        const Ticket ticket = calls.at(key);
        calls.erase(key);
        return ticket;
    }

private:
    void take(const Actions& actions) {
        for (const auto& action : actions) {
            if (outcome && !std::holds_alternative<StopCall>(action)) {
                broken = "an action after the end";
            }
            std::visit([this](const auto& known) { note(known); }, action);
        }
    }
    void note(const AskForShares& action) {
        lists[action.server] = action.ticket;
        along[action.server] = action.along.value();
    }
    void note(const OpenHolding& action) { opens[action.holding] = action.ticket; }
    void note(const ReadCrypttextHashes& action) { crypttexts[action.holding] = action.ticket; }
    void note(const FetchBlocks& action) {
        if (holding(action.holding).state != Holding::State::Open) {
            broken = "blocks read from a share that is not open";
        }
        if (!fetches.emplace(std::pair(action.run, action.holding), action.ticket).second) {
            broken = "the same blocks asked for twice";
        }
    }
    void note(const AdviseCorrupt& action) {
        if (!told.insert(action.holding).second) {
            broken = "a server told twice of one share";
        }
        advice[action.holding] = action.ticket;
    }
    void note(const WaitFor& action) { waits.push_back(action); }
    void note(const StopCall& action) {
        const auto drop = [&](auto& calls) {
            return std::erase_if(calls, [&](const auto& call) { return call.second == action.ticket; });
        };
        const auto dropped = drop(lists) + drop(opens) + drop(crypttexts) + drop(fetches) + drop(advice) +
                             std::erase_if(waits, [&](const WaitFor& wait) { return wait.ticket == action.ticket; });
        if (dropped != 1) {
            stoppedUnknown = true;
        }
    }
    void note(const DecodeRun& action) {
        std::set<ShareNum> shares;
        for (const auto index : action.from) {
            shares.insert(holding(index).share);
        }
        if (shares.size() != action.from.size() || shares.size() != facts->geometry.required) {
            broken = "a run decoded from other than k different shares";
        }
        decodes.push_back(action);
    }
    void note(const WriteRun& action) {
        if (action.run != writes.size()) {
            broken = "a run written out of its turn";
        }
        writes.push_back(action.run);
    }
    void note(const CheckHeld& action) { heldSegments = action.segments; }
    void note(const CommitSink&) { ++commits; }
    void note(const Finish& action) { outcome = action.outcome; }

    std::set<HoldingIndex> told;

public:
    bool stoppedUnknown = false;
};

Error unreachable() {
    return {ErrorCode::Unreachable, "connection refused", false};
}

}  // namespace

class DownloadPlanTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void allServersAreAskedAtOnce();
    void readingBeginsWhenAllHaveAnsweredOrSoonAfterThreeSharesAreKnown();
    void sharesThatCrowdOnOneServerAreWaitedForAMoment();
    void differentServersAndLowNumbersArePreferred();
    void aSlowShareIsJoinedByAnotherAndTheFirstCounts();
    void aFailedShareIsReplacedForEveryRun();
    void aServerThatStumbledIsTriedOnceMoreWhenNothingElseIsLeft();
    void aDamagedShareIsToldAndNeverUsedAgain();
    void onlyThreeRunsAreOnTheirWay();
    void runsAreWrittenInOrder();
    void theCrypttextHashesAreSoughtFromAnotherShareWhenDamaged();
    void theEndComesAsSoonAsThereIsNoHope();
    void whatTheCapabilityForbidsEndsAtOnce();
    void theErrorIsShortAndCleanWhateverServersSay();
    void theEndIsPutOffForAdviceOnlyAMoment();
    void blocksThatSpoilASegmentAreReadElsewhere();
    void whatIsHeldIsCheckedBeforeAnythingIsFetched();
    void whoKnowsWhereKSharesAreAsksNobody();
    void whoIsDisappointedAsksEverybody_data();
    void whoIsDisappointedAsksEverybody();
    void tooFewKnownSharesAreReadWhileTheOthersAreSought();
    void theFirstServersAreAskedForSmallSharesAlong();
    void whatCameAlongIsReadFirst();
    void theOthersAreAskedWhenTheFirstAreSlowOrFailOrHaveTooLittle();
    void theOthersAreAskedWhereTheFirstHaveNoWholeHashTree();
    void fewServersAreAskedForSeveralSharesAlong();
    void whereSmallSharesAreKnownNobodyIsAsked();
    void everyOrderOfEventsEndsWithinTheRules();
};

void DownloadPlanTest::allServersAreAskedAtOnce() {
    Planned planned(10 * mib);
    QCOMPARE(planned.lists.size(), 5U);
    QVERIFY(planned.opens.empty());
}

void DownloadPlanTest::readingBeginsWhenAllHaveAnsweredOrSoonAfterThreeSharesAreKnown() {
    Planned quick(10 * mib);
    for (const ServerIndex server : {4U, 3U, 2U, 1U}) {
        const auto first = static_cast<unsigned>(server);
        quick.list(server, {first, first + 5});
        QVERIFY(quick.opens.empty());
    }
    quick.list(0, {0, 5});
    QCOMPARE(quick.opening(), (std::set<unsigned>{0, 1, 2}));  // these need no decoding, whoever was first
    QVERIFY(quick.waits.empty());

    Planned planned(10 * mib);
    planned.list(0, {0, 5});
    QVERIFY(planned.waits.empty());
    planned.list(1, {1, 6});
    planned.list(3, {3});
    QVERIFY(planned.opens.empty());
    planned.begin();
    QCOMPARE(planned.opening(), (std::set<unsigned>{0, 1, 3}));
    // Nobody waits for the two that are silent, to the end.
    planned.openAll();
    for (RunNumber run = 0; run < 5; ++run) {
        planned.fetchRun(run);
        planned.on(RunDecoded{run, {}});
        planned.on(RunWritten{run, {}});
    }
    QCOMPARE(planned.commits, 1);
    QVERIFY(!planned.outcome);
    planned.on(SinkCommitted{{}});
    QVERIFY(planned.outcome && *planned.outcome);
    QVERIFY(planned.lists.empty());
}

void DownloadPlanTest::sharesThatCrowdOnOneServerAreWaitedForAMoment() {
    Planned planned(10 * mib);
    planned.list(0, {0, 1, 2});
    QVERIFY(planned.opens.empty());
    QCOMPARE(planned.waits.size(), 1U);
    QVERIFY(planned.waits[0].delay == DownloadPlan::spreadWait);
    planned.on(Waited{planned.waits[0].ticket});
    QCOMPARE(planned.opening(), (std::set<unsigned>{0, 1, 2}));

    Planned spread(10 * mib);
    spread.list(0, {0, 1, 2});
    spread.list(1, {3});
    spread.list(2, {4});
    spread.begin();
    QCOMPARE(spread.opening(), (std::set<unsigned>{0, 3, 4}));
}

void DownloadPlanTest::differentServersAndLowNumbersArePreferred() {
    Planned planned(10 * mib);
    planned.list(4, {4, 9});
    planned.list(2, {});
    planned.list(0, {2, 4, 0});
    QVERIFY(planned.opens.empty());
    planned.list(1, {1, 0});
    planned.begin();
    std::set<ServerIndex> servers;
    for (const auto& [index, ticket] : planned.opens) {
        servers.insert(planned.holding(index).server);
    }
    QCOMPARE(servers, (std::set<ServerIndex>{0, 1, 4}));
    QCOMPARE(planned.opening(), (std::set<unsigned>{1, 2, 9}));  // what no other server has comes first
}

void DownloadPlanTest::aSlowShareIsJoinedByAnotherAndTheFirstCounts() {
    for (const bool slowAnswersFirst : {false, true}) {
        Planned planned(mib);
        planned.list(0, {0});
        planned.list(1, {1});
        planned.list(2, {2});
        planned.list(3, {3});
        planned.openAll();
        QCOMPARE(planned.fetchersOf(0), (std::vector<HoldingIndex>{0, 1, 2}));
        planned.fetched(0, 0);
        planned.fetched(0, 2);
        planned.on(CallSlow{planned.fetches.at({0, 1})});
        QCOMPARE(planned.opening(), (std::set<unsigned>{3}));
        planned.open(3);
        QCOMPARE(planned.fetchersOf(0), (std::vector<HoldingIndex>{1, 3}));
        QVERIFY(planned.decodes.empty());
        planned.fetched(0, slowAnswersFirst ? 1 : 3);
        QCOMPARE(planned.decodes.size(), 1U);
        QCOMPARE(planned.decodes[0].from,
                 (slowAnswersFirst ? std::vector<HoldingIndex>{0, 1, 2} : std::vector<HoldingIndex>{0, 2, 3}));
        QVERIFY(planned.fetches.empty());  // the other one was stopped
    }
}

void DownloadPlanTest::aFailedShareIsReplacedForEveryRun() {
    Planned planned(9 * mib);
    for (unsigned server = 0; server < 5; ++server) {
        planned.list(server, {server});
    }
    planned.openAll();
    QCOMPARE(planned.runsFetched(), (std::set<RunNumber>{0, 1, 2}));
    planned.fetched(0, 1);
    planned.fetched(1, 1, failure(unreachable()));
    QCOMPARE(planned.opening(), (std::set<unsigned>{3}));
    QVERIFY(planned.fetchersOf(2) == (std::vector<HoldingIndex>{0, 2}));
    planned.open(3);
    // Run 0 has the blocks of the lost share, which were good.
    QCOMPARE(planned.fetchersOf(0), (std::vector<HoldingIndex>{0, 2}));
    QCOMPARE(planned.fetchersOf(1), (std::vector<HoldingIndex>{0, 2, 3}));
    QCOMPARE(planned.fetchersOf(2), (std::vector<HoldingIndex>{0, 2, 3}));
}

void DownloadPlanTest::aServerThatStumbledIsTriedOnceMoreWhenNothingElseIsLeft() {
    Planned planned(mib, {"alpha", "beta", "gamma"});
    for (unsigned server = 0; server < 3; ++server) {
        planned.list(server, {server});
    }
    auto stumble = unreachable();
    stumble.retryable = true;
    planned.on(HoldingOpened{Planned::closed(planned.opens, HoldingIndex(1)), failure(stumble)});
    QVERIFY(!planned.outcome);
    QVERIFY(planned.opens.contains(1));
    planned.openAll();
    planned.fetched(0, 1, failure(stumble));
    QVERIFY(planned.outcome && !*planned.outcome);
    QVERIFY(planned.outcome->error().retryable);
}

void DownloadPlanTest::aDamagedShareIsToldAndNeverUsedAgain() {
    Planned planned(9 * mib);
    planned.list(0, {0});
    planned.list(1, {1});
    planned.list(2, {2});
    planned.list(3, {3});
    planned.openAll();
    planned.fetched(0, 2, failure(ErrorCode::CorruptShare, "block 1 does not match its hash"));
    QVERIFY(planned.advice.contains(2));
    planned.openAll();
    for (RunNumber run = 0; run < 3; ++run) {
        QCOMPARE(planned.fetchersOf(run), (std::vector<HoldingIndex>{0, 1, 3}));
    }
    QCOMPARE(planned.broken, std::string());
}

void DownloadPlanTest::onlyThreeRunsAreOnTheirWay() {
    Planned planned(90 * mib);
    for (unsigned server = 0; server < 3; ++server) {
        planned.list(server, {server});
    }
    planned.openAll();
    QCOMPARE(planned.plan.segmentsOf(0), (SegmentRun{0, 2}));
    QCOMPARE(planned.plan.segmentsOf(44), (SegmentRun{88, 2}));
    QCOMPARE(planned.runsFetched(), (std::set<RunNumber>{0, 1, 2}));
    planned.fetchRun(1);
    planned.fetchRun(2);
    planned.on(RunDecoded{1, {}});
    planned.on(RunDecoded{2, {}});
    QCOMPARE(planned.runsFetched(), (std::set<RunNumber>{0}));
    planned.fetchRun(0);
    planned.on(RunDecoded{0, {}});
    QVERIFY(planned.fetches.empty());
    planned.on(RunWritten{0, {}});
    QCOMPARE(planned.runsFetched(), (std::set<RunNumber>{3}));
}

void DownloadPlanTest::runsAreWrittenInOrder() {
    Planned planned(9 * mib);
    for (unsigned server = 0; server < 3; ++server) {
        planned.list(server, {server});
    }
    planned.openAll();
    for (const RunNumber run : {2U, 1U, 0U}) {
        QVERIFY(planned.writes.empty());
        planned.fetchRun(run);
        planned.on(RunDecoded{run, {}});
    }
    QCOMPARE(planned.writes, (std::vector<RunNumber>{0}));
    planned.on(RunWritten{0, {}});
    QCOMPARE(planned.writes, (std::vector<RunNumber>{0, 1}));
    planned.on(RunWritten{1, failure(ErrorCode::DiskFull)});
    QVERIFY(planned.outcome && !*planned.outcome);
    QCOMPARE(planned.outcome->error().code, ErrorCode::DiskFull);
    QCOMPARE(planned.commits, 0);
}

void DownloadPlanTest::theCrypttextHashesAreSoughtFromAnotherShareWhenDamaged() {
    Planned planned(mib);
    for (unsigned server = 0; server < 5; ++server) {
        planned.list(server, {server});
    }
    HoldingOpened::Report report;
    report.facts = planned.facts;
    report.crypttextDamaged = true;
    report.damage = {"its crypttext hash tree does not match the file"};
    for (const HoldingIndex index : {0U, 1U, 2U}) {
        planned.on(HoldingOpened{Planned::closed(planned.opens, index), report});
        QVERIFY(planned.advice.contains(index));
    }
    planned.fetchRun(0);
    QVERIFY(planned.decodes.empty());
    QCOMPARE(planned.opening(), (std::set<unsigned>{3}));
    // This one is open, and has not read its row; it is asked for it.
    report.crypttextDamaged = false;
    report.damage.clear();
    planned.on(HoldingOpened{Planned::closed(planned.opens, HoldingIndex(3)), report});
    planned.on(CrypttextHashesRead{Planned::closed(planned.crypttexts, HoldingIndex(3)), {}});
    QCOMPARE(planned.decodes.size(), 1U);
    QCOMPARE(planned.decodes[0].from, (std::vector<HoldingIndex>{0, 1, 2}));
}

void DownloadPlanTest::theEndComesAsSoonAsThereIsNoHope() {
    Planned planned(10 * mib);
    planned.list(0, {0});
    planned.list(1, {0, 1});
    planned.list(2, {});
    planned.on(SharesListed{Planned::closed(planned.lists, ServerIndex(3)), failure(unreachable())});
    QVERIFY(!planned.outcome);
    planned.on(CallLost{planned.lists.at(4)});
    QVERIFY(planned.outcome && !*planned.outcome);
    QCOMPARE(planned.outcome->error().code, ErrorCode::NotEnoughShares);
    QCOMPARE(
        planned.outcome->error().detail,
        std::string("found 2 of the 3 shares needed: share 0 on alpha, share 0 on beta, share 1 on beta; delta did "
                    "not answer (connection refused); epsilon did not answer (no answer in time)"));
    QVERIFY(planned.opens.empty());

    Planned lonely(10 * mib, {});
    QVERIFY(lonely.outcome && !*lonely.outcome);
    QCOMPARE(lonely.outcome->error().detail, std::string("found 0 of the 3 shares needed; no servers are known"));
}

void DownloadPlanTest::whatTheCapabilityForbidsEndsAtOnce() {
    for (const auto code : {ErrorCode::CorruptFile, ErrorCode::UnsupportedCapability}) {
        Planned planned(10 * mib);
        for (unsigned server = 0; server < 5; ++server) {
            planned.list(server, {server});
        }
        planned.on(HoldingOpened{Planned::closed(planned.opens, HoldingIndex(1)), failure(code, "cannot be")});
        QVERIFY(planned.outcome && !*planned.outcome);
        QCOMPARE(planned.outcome->error().code, code);
        QVERIFY(planned.opens.empty());
    }
}

void DownloadPlanTest::theErrorIsShortAndCleanWhateverServersSay() {
    std::vector<std::string> names(300, std::string("na\033[31mme\n") + std::string(500, 'x'));
    Planned planned(10 * mib, names);
    for (ServerIndex server = 0; server < names.size(); ++server) {
        planned.on(SharesListed{planned.lists.at(server),
                                failure(ErrorCode::ServerFailed, "\r\n\033]0;title\007" + std::string(100'000, 'y'))});
    }
    QVERIFY(planned.outcome && !*planned.outcome);
    const auto& detail = planned.outcome->error().detail;
    QVERIFY(detail.size() < 10'000);
    QVERIFY(std::ranges::none_of(detail, [](char c) { return static_cast<unsigned char>(c) < 0x20; }));
    QVERIFY(detail.ends_with("and 276 more"));
}

void DownloadPlanTest::theEndIsPutOffForAdviceOnlyAMoment() {
    for (const bool answered : {false, true}) {
        Planned planned(mib);
        for (unsigned server = 0; server < 5; ++server) {
            planned.list(server, {server});
        }
        planned.on(HoldingOpened{Planned::closed(planned.opens, HoldingIndex(0)),
                                 failure(ErrorCode::CorruptShare, "its block hash tree does not match the file")});
        planned.openAll();
        planned.fetchRun(0);
        planned.on(RunDecoded{0, {}});
        planned.on(RunWritten{0, {}});
        planned.on(SinkCommitted{{}});
        QVERIFY(!planned.outcome);
        QCOMPARE(planned.waits.size(), 1U);
        QVERIFY(planned.waits[0].delay == DownloadPlan::adviceWait);
        if (answered) {
            planned.on(Advised{planned.advice.at(0)});
        } else {
            planned.on(Waited{planned.waits[0].ticket});
        }
        QVERIFY(planned.outcome && *planned.outcome);
    }
}

void DownloadPlanTest::blocksThatSpoilASegmentAreReadElsewhere() {
    Planned planned(2 * mib);
    for (unsigned server = 0; server < 5; ++server) {
        planned.list(server, {server});
    }
    planned.openAll();
    planned.fetchRun(0);
    QCOMPARE(planned.decodes.size(), 1U);
    QVERIFY((planned.decodes[0].from == std::vector<HoldingIndex>{0, 1, 2}));
    const Error error{ErrorCode::CorruptShare, "block 1 does not match its hash"};
    planned.on(RunDecoded{0, failure(error), {{1, error}}});
    QVERIFY(!planned.outcome);
    QVERIFY(planned.holding(1).state == Holding::State::Lost);
    QVERIFY(planned.advice.contains(1));
    planned.openAll();
    // The blocks of the two others are still there.
    QCOMPARE(planned.fetchersOf(0), std::vector<HoldingIndex>{3});
    planned.fetchRun(0);
    QCOMPARE(planned.decodes.size(), 2U);
    QVERIFY((planned.decodes[1].from == std::vector<HoldingIndex>{0, 2, 3}));
    planned.on(RunDecoded{0, {}});
    QCOMPARE(planned.writes, std::vector<RunNumber>{0});
    QCOMPARE(planned.broken, std::string());
}

void DownloadPlanTest::whatIsHeldIsCheckedBeforeAnythingIsFetched() {
    Planned planned(10 * mib, {"alpha", "beta", "gamma"}, 3, {}, 5 * mib);
    for (unsigned server = 0; server < 3; ++server) {
        planned.list(server, {server});
    }
    planned.openAll();
    QCOMPARE(planned.heldSegments.value(), std::uint64_t(4));  // a segment is a little more than a mebibyte
    QVERIFY(planned.fetches.empty());
    planned.on(HeldChecked{3});
    QCOMPARE(planned.plan.segmentsOf(0), (SegmentRun{3, 2}));
    for (RunNumber run = 0; run < 4; ++run) {
        planned.fetchRun(run);
        planned.on(RunDecoded{run, {}});
        planned.on(RunWritten{run, {}});
    }
    QCOMPARE(planned.commits, 1);
    QCOMPARE(planned.broken, std::string());
}

void DownloadPlanTest::whoKnowsWhereKSharesAreAsksNobody() {
    Planned planned(mib, {"alpha", "beta", "gamma", "delta"}, 3, {{2, number(5)}, {0, number(1)}, {1, number(7)}});
    QVERIFY(planned.lists.empty());
    QCOMPARE(planned.opening(), (std::set<unsigned>{1, 5, 7}));
    planned.openAll();
    planned.fetchRun(0);
    QCOMPARE(planned.decodes.size(), std::size_t(1));
    QVERIFY(planned.lists.empty());
    QCOMPARE(planned.broken, std::string());
}

void DownloadPlanTest::whoIsDisappointedAsksEverybody_data() {
    QTest::addColumn<bool>("slow");
    QTest::newRow("a share is not there any more") << false;
    QTest::newRow("a server keeps silent") << true;
}

void DownloadPlanTest::whoIsDisappointedAsksEverybody() {
    QFETCH(bool, slow);
    Planned planned(mib, {"alpha", "beta", "gamma", "delta"}, 3, {{0, number(0)}, {1, number(1)}, {2, number(2)}});
    if (slow) {
        planned.on(CallSlow{planned.opens.at(0)});
    } else {
        planned.on(HoldingOpened{Planned::closed(planned.opens, HoldingIndex(0)), failure(ErrorCode::NotFound)});
    }
    QCOMPARE(planned.lists.size(), std::size_t(4));
    planned.list(3, {3});
    QVERIFY(planned.opening().contains(3));
    // What it knew already is not a second share.
    planned.list(1, {1});
    QCOMPARE(planned.plan.shares().holdings().size(), std::size_t(4));
    QCOMPARE(planned.broken, std::string());
}

void DownloadPlanTest::tooFewKnownSharesAreReadWhileTheOthersAreSought() {
    Planned planned(mib, {"alpha", "beta", "gamma", "delta"}, 3, {{0, number(0)}});
    QCOMPARE(planned.lists.size(), std::size_t(4));
    planned.list(1, {1});
    planned.list(2, {2});
    planned.begin();
    QCOMPARE(planned.opening(), (std::set<unsigned>{0, 1, 2}));
}

void DownloadPlanTest::theFirstServersAreAskedForSmallSharesAlong() {
    Planned planned(1000, {"alpha", "beta", "gamma", "delta", "epsilon"}, 3, {}, 0, 1300);
    QCOMPARE(planned.along, (std::map<ServerIndex, std::uint64_t>{{0, 1300}, {1, 1300}, {2, 1300}}));
    planned.list(2, {2, 7}, {2});
    planned.list(0, {0, 5}, {0});
    planned.list(1, {1, 6}, {1});
    QCOMPARE(planned.opening(), (std::set<unsigned>{0, 1, 2}));
    QVERIFY(planned.lists.empty());
    planned.openAll();
    planned.fetchRun(0);
    QCOMPARE(planned.decodes.size(), std::size_t(1));
    QCOMPARE(planned.along.size(), std::size_t(3));
}

void DownloadPlanTest::whatCameAlongIsReadFirst() {
    // By themselves the shares that few have would come first.
    Planned planned(1000, {"alpha", "beta"}, 2, {}, 0, 1300);
    planned.list(0, {0, 4}, {0});
    planned.list(1, {0, 3, 5}, {3});
    QCOMPARE(planned.opening(), (std::set<unsigned>{0, 3}));
}

void DownloadPlanTest::theOthersAreAskedWhenTheFirstAreSlowOrFailOrHaveTooLittle() {
    const std::vector<std::string> names{"alpha", "beta", "gamma", "delta", "epsilon"};
    {
        Planned planned(1000, names, 3, {}, 0, 1300);
        planned.list(0, {0}, {0});
        planned.on(CallSlow{planned.lists.at(2)});
        QCOMPARE(planned.along.size(), std::size_t(5));
        QCOMPARE(planned.along.at(4), 1300U);
        planned.list(4, {3, 4}, {3});
        planned.list(1, {1}, {1});
        QCOMPARE(planned.opening(), (std::set<unsigned>{0, 1, 3}));
    }
    {
        Planned planned(1000, names, 3, {}, 0, 1300);
        planned.on(
            SharesListed{Planned::closed(planned.lists, ServerIndex(1)), failure(ErrorCode::Unreachable, "gone")});
        QCOMPARE(planned.along.size(), std::size_t(5));
        QCOMPARE(planned.along.at(4), 1300U);
    }
    {
        Planned planned(1000, names, 3, {}, 0, 1300);
        for (const ServerIndex server : {0U, 1U, 2U}) {
            QCOMPARE(planned.along.size(), std::size_t(3));
            planned.list(server, {1}, {1});
        }
        QCOMPARE(planned.along.size(), std::size_t(5));
        QCOMPARE(planned.along.at(4), 1300U);
    }
}

void DownloadPlanTest::theOthersAreAskedWhereTheFirstHaveNoWholeHashTree() {
    Planned planned(1000, {"alpha", "beta"}, 1, {}, 0, 1300);
    planned.list(0, {0}, {0});
    HoldingOpened::Report report;
    report.facts = planned.facts;
    report.crypttextDamaged = true;
    report.damage = {"its crypttext hash tree does not match the file"};
    planned.on(HoldingOpened{Planned::closed(planned.opens, HoldingIndex(0)), report});
    QVERIFY(!planned.outcome);
    QCOMPARE(planned.along.size(), std::size_t(2));
    planned.list(1, {1}, {1});
    planned.open(1);
    planned.fetchRun(0);
    QCOMPARE(planned.decodes.size(), std::size_t(1));
}

void DownloadPlanTest::fewServersAreAskedForSeveralSharesAlong() {
    Planned planned(1000, {"alpha", "beta"}, 3, {}, 0, 1300);
    QCOMPARE(planned.along, (std::map<ServerIndex, std::uint64_t>{{0, 2600}, {1, 2600}}));
    Planned large(100'000, {"alpha"}, 3, {}, 0, 50'000);
    QCOMPARE(large.along, (std::map<ServerIndex, std::uint64_t>{{0, storage::mostAlong}}));
}

void DownloadPlanTest::whereSmallSharesAreKnownNobodyIsAsked() {
    Planned planned(1000, {"alpha", "beta", "gamma", "delta"}, 3, {{0, number(0)}, {1, number(1)}, {2, number(2)}}, 0,
                    1300);
    QVERIFY(planned.along.empty());
    // Until one disappoints: then shares come along with the answers.
    const HoldingIndex first = planned.opens.begin()->first;
    planned.on(HoldingOpened{Planned::closed(planned.opens, first), failure(ErrorCode::NotFound, "gone")});
    QCOMPARE(planned.along.size(), std::size_t(4));
    QCOMPARE(planned.along.at(3), 1300U);
}

void DownloadPlanTest::everyOrderOfEventsEndsWithinTheRules() {
    unsigned successes = 0;
    for (unsigned seed = 0; seed < 1000; ++seed) {
        std::mt19937 random(seed);
        const auto chance = [&random](unsigned percent) {
            return random() % 100 < percent;
        };
        const auto trouble = static_cast<unsigned>(random() % 40);
        const bool small = chance(30);
        Planned planned(small ? 1000 : (1 + random() % 30) * mib, {"a", "b", "c", "d", "e"},
                        static_cast<unsigned>(1 + random() % 4), {}, 0, small ? 1300 : 0);
        std::vector<DecodeRun> decoding;
        std::size_t seenDecodes = 0;
        std::optional<RunNumber> writing;
        std::size_t seenWrites = 0;
        bool committed = false;
        const auto result = [&]() -> Result<void> {
            if (!chance(trouble)) {
                return {};
            }
            return chance(50) ? failure(ErrorCode::CorruptShare, "damaged")
                              : failure(ErrorCode::Unreachable, "gone", chance(50));
        };
        for (int step = 0; step < 5000 && !planned.outcome; ++step) {
            for (; seenDecodes < planned.decodes.size(); ++seenDecodes) {
                decoding.push_back(planned.decodes[seenDecodes]);
            }
            if (seenWrites < planned.writes.size()) {
                writing = planned.writes[seenWrites++];
            }
            // One of the things that are under way ends, or keeps its caller waiting.
            const auto pick = [&](const auto& calls) {
                return std::next(calls.begin(), static_cast<std::ptrdiff_t>(random() % calls.size()));
            };
            const auto dawdles = [&](Ticket ticket) {
                if (chance(trouble)) {
                    planned.on(chance(70) ? Event(CallSlow{ticket}) : Event(CallLost{ticket}));
                    return true;
                }
                return false;
            };
            switch (random() % 8) {
            case 0:
                if (!planned.lists.empty()) {
                    const auto [server, ticket] = *pick(planned.lists);
                    if (!dawdles(ticket)) {
                        std::set<unsigned> shares;
                        for (unsigned share = 0; share < 12; ++share) {
                            if (chance(40)) {
                                shares.insert(share);
                            }
                        }
                        std::set<unsigned> whole;
                        if (planned.along.at(server) > 0 && !shares.empty() && chance(70)) {
                            whole.insert(*shares.begin());
                        }
                        planned.list(server, shares, whole);
                    }
                }
                break;
            case 1:
                if (!planned.opens.empty()) {
                    const auto [holding, ticket] = *pick(planned.opens);
                    if (!dawdles(ticket)) {
                        planned.opens.erase(holding);
                        if (const auto outcome = result(); !outcome) {
                            planned.on(HoldingOpened{ticket, failure(outcome.error())});
                            break;
                        }
                        HoldingOpened::Report report;
                        report.wantsFacts = chance(trouble) && !planned.plan.hasBegunReading();
                        report.facts = report.wantsFacts ? nullptr : planned.facts;
                        report.crypttextProved = !report.wantsFacts && chance(60);
                        report.crypttextDamaged = !report.crypttextProved && chance(50);
                        if (report.wantsFacts || report.crypttextDamaged) {
                            report.damage = {"damaged"};
                        }
                        planned.on(HoldingOpened{ticket, report});
                    }
                }
                break;
            case 2:
                if (!planned.crypttexts.empty()) {
                    const auto [holding, ticket] = *pick(planned.crypttexts);
                    if (!dawdles(ticket)) {
                        planned.crypttexts.erase(holding);
                        planned.on(CrypttextHashesRead{ticket, result()});
                    }
                }
                break;
            case 3:
                if (!planned.fetches.empty()) {
                    const auto [key, ticket] = *pick(planned.fetches);
                    if (!dawdles(ticket)) {
                        planned.fetched(key.first, key.second, result());
                    }
                }
                break;
            case 4:
                if (!planned.advice.empty()) {
                    const auto [holding, ticket] = *pick(planned.advice);
                    planned.advice.erase(holding);
                    planned.on(Advised{ticket});
                }
                break;
            case 5:
                if (!planned.waits.empty()) {
                    const auto ticket = planned.waits.back().ticket;
                    planned.waits.pop_back();
                    planned.on(Waited{ticket});
                }
                break;
            case 6:
                if (!decoding.empty()) {
                    const auto at = pick(decoding);
                    const DecodeRun decode = *at;
                    decoding.erase(at);
                    RunDecoded decoded{decode.run, {}};
                    for (const HoldingIndex holding : decode.from) {
                        if (chance(trouble)) {
                            decoded.outcome = failure(ErrorCode::CorruptShare);
                            decoded.bad.emplace_back(holding, decoded.outcome.error());
                        }
                    }
                    planned.on(decoded);
                }
                break;
            default:
                if (writing) {
                    planned.on(RunWritten{*std::exchange(writing, std::nullopt), {}});
                } else if (planned.commits == 1 && !std::exchange(committed, true)) {
                    planned.on(SinkCommitted{{}});
                }
                break;
            }
            QVERIFY2(planned.broken.empty(), (std::to_string(seed) + ": " + planned.broken).c_str());
        }
        QVERIFY2(planned.outcome, std::to_string(seed).c_str());
        QVERIFY2(planned.outcome->has_value() == committed, std::to_string(seed).c_str());
        if (!*planned.outcome) {
            QCOMPARE(planned.outcome->error().code, ErrorCode::NotEnoughShares);
        }
        successes += *planned.outcome ? 1U : 0U;
    }
    QVERIFY(successes > 200);
    QVERIFY(successes < 950);
}

QTEST_GUILESS_MAIN(DownloadPlanTest)
#include "download_plan_test.moc"
