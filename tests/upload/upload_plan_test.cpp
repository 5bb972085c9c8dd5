#include "core/foundation/bytes.h"
#include "core/upload/upload_plan.h"

#include <QTest>

#include <algorithm>

using namespace tarn;
using upload::UploadPlan;
using Shares = std::set<ShareNum>;
using Where = upload::ShareState::Where;

namespace {

ShareNum share(unsigned number) {
    return ShareNum(static_cast<std::uint16_t>(number));
}

Shares shares(std::initializer_list<unsigned> numbers) {
    Shares set;
    for (const unsigned number : numbers) {
        set.insert(share(number));
    }
    return set;
}

UploadPlan planFor(unsigned required, unsigned happy, unsigned total, std::size_t servers) {
    UploadPlan::Input input{required, happy, total, {}};
    for (std::size_t i = 0; i < servers; ++i) {
        input.servers.push_back("server-" + std::to_string(i));
    }
    return UploadPlan(input);
}

template <typename Wanted>
std::vector<Wanted> all(const UploadPlan::Actions& actions) {
    std::vector<Wanted> found;
    for (const auto& action : actions) {
        if (const auto* wanted = std::get_if<Wanted>(&action)) {
            found.push_back(*wanted);
        }
    }
    return found;
}

/// The shares that are asked for, by server.
grid::ShareMap asked(const UploadPlan::Actions& actions) {
    grid::ShareMap map;
    for (const auto& action : all<UploadPlan::Allocate>(actions)) {
        map[action.server] = action.shares;
    }
    return map;
}

/// The shares that are aborted, by server.
grid::ShareMap aborted(const UploadPlan::Actions& actions) {
    grid::ShareMap map;
    for (const auto& action : all<UploadPlan::Abort>(actions)) {
        map[action.server].insert(action.share);
    }
    return map;
}

UploadPlan::Event gives(grid::ServerIndex server, const Shares& allocated, const Shares& has = {}) {
    return UploadPlan::AllocationAnswered{server, storage::Allocation{has, allocated}};
}

UploadPlan::Event fails(grid::ServerIndex server, const std::string& detail = "connection refused") {
    return UploadPlan::AllocationAnswered{server, failure(ErrorCode::Unreachable, detail, true)};
}

/// Lets every server take what it is asked for, until the plan asks no more; gives the last actions.
UploadPlan::Actions grantAll(UploadPlan& plan, UploadPlan::Actions actions) {
    for (auto questions = asked(actions); !questions.empty(); questions = asked(actions)) {
        for (const auto& [server, wanted] : questions) {
            actions = plan.on(gives(server, wanted));
        }
    }
    return actions;
}

}  // namespace

class UploadPlanTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void allServersAreAskedAtOnce() {
        auto plan = planFor(3, 3, 10, 4);
        const auto actions = plan.start();
        QCOMPARE(
            asked(actions),
            (grid::ShareMap{{0, shares({0, 4, 8})}, {1, shares({1, 5, 9})}, {2, shares({2, 6})}, {3, shares({3, 7})}}));
        QVERIFY(all<UploadPlan::ListShares>(actions).empty());
        QCOMPARE(all<UploadPlan::StartPatience>(actions).size(), std::size_t(1));
    }

    void serversBehindThoseThatGetSharesAreAskedWhatTheyHoldUpToTwiceTheShares() {
        auto plan = planFor(1, 2, 3, 9);
        const auto actions = plan.start();
        QCOMPARE(asked(actions), (grid::ShareMap{{0, shares({0})}, {1, shares({1})}, {2, shares({2})}}));
        const auto lists = all<UploadPlan::ListShares>(actions);
        QCOMPARE(lists.size(), std::size_t(3));
        QCOMPARE(lists.back().server, grid::ServerIndex(5));
    }

    void whenAllIsPlacedAllIsSentAndWhenAllIsClosedItIsDone() {
        auto plan = planFor(2, 3, 3, 3);
        auto actions = plan.start();
        QVERIFY(plan.on(gives(0, shares({0}))).empty());
        QVERIFY(plan.on(gives(1, shares({1}))).empty());
        actions = plan.on(gives(2, shares({2})));
        QCOMPARE(actions.size(), std::size_t(1));
        QCOMPARE(std::get<UploadPlan::Send>(actions[0]).shares,
                 (std::map<ShareNum, grid::ServerIndex>{{share(0), 0}, {share(1), 1}, {share(2), 2}}));
        QVERIFY(plan.on(UploadPlan::ShareClosed{share(0)}).empty());
        QVERIFY(plan.on(UploadPlan::ShareClosed{share(2)}).empty());
        actions = plan.on(UploadPlan::ShareClosed{share(1)});
        QCOMPARE(all<UploadPlan::Finished>(actions).size(), std::size_t(1));
        QCOMPARE(plan.happiness(), std::size_t(3));
        for (const auto& state : plan.shareStates()) {
            QVERIFY(state.where == Where::Placed);
        }
    }

    void sharesThatServersHaveAlreadyAreNotSent() {
        auto plan = planFor(1, 2, 2, 2);
        (void)plan.start();
        (void)plan.on(gives(0, {}, shares({0})));
        const auto actions = plan.on(gives(1, {}, shares({1})));
        QVERIFY(std::get<UploadPlan::Send>(actions.at(0)).shares.empty());
        QCOMPARE(all<UploadPlan::Finished>(actions).size(), std::size_t(1));
        QVERIFY(plan.shareStates()[0].where == Where::FoundThere);
        QCOMPARE(plan.shareStates()[1].server, std::string("server-1"));
    }

    /// The other uploader spread the shares differently: each server has other numbers than it is asked for now.
    void aSecondUploaderSendsNothingHoweverTheSharesWereSpread() {
        auto plan = planFor(2, 2, 4, 2);
        (void)plan.start();
        (void)plan.on(gives(0, shares({0, 2}), shares({1, 3})));
        const auto actions = plan.on(gives(1, shares({1, 3}), shares({0, 2})));
        QCOMPARE(aborted(actions), (grid::ShareMap{{0, shares({0, 2})}, {1, shares({1, 3})}}));
        QVERIFY(all<UploadPlan::Send>(actions).at(0).shares.empty());
        QCOMPARE(all<UploadPlan::Finished>(actions).size(), std::size_t(1));
    }

    void aShareIsSentASecondTimeOnlyToMakeAServerHappier() {
        auto plan = planFor(1, 3, 3, 3);
        (void)plan.start();
        (void)plan.on(gives(0, {}, shares({0, 1, 2})));
        (void)plan.on(gives(1, shares({1})));
        const auto actions = plan.on(gives(2, shares({2})));
        QVERIFY(aborted(actions).empty());
        QCOMPARE(all<UploadPlan::Send>(actions).at(0).shares,
                 (std::map<ShareNum, grid::ServerIndex>{{share(1), 1}, {share(2), 2}}));
    }

    void sharesThatStandBehindTheFirstServersAreFoundAndTheirLeasesRenewed() {
        auto plan = planFor(1, 1, 1, 2);
        auto actions = plan.start();
        QVERIFY(plan.on(gives(0, shares({0}))).at(0).index() ==
                UploadPlan::Action(UploadPlan::StartPatience{}).index());
        actions = plan.on(UploadPlan::SharesListed{1, shares({0})});
        QCOMPARE(all<UploadPlan::RenewLease>(actions).at(0).server, grid::ServerIndex(1));
        QCOMPARE(aborted(actions), (grid::ShareMap{{0, shares({0})}}));
        QCOMPARE(all<UploadPlan::Finished>(actions).size(), std::size_t(1));
    }

    void aServerThatOnlyListsIsNotWaitedForLongWhenAllSharesHaveAHome() {
        auto plan = planFor(1, 1, 1, 2);
        const auto first = all<UploadPlan::StartPatience>(plan.start()).at(0);
        QVERIFY(first.span == UploadPlan::answerSpan);
        const auto second = all<UploadPlan::StartPatience>(plan.on(gives(0, shares({0})))).at(0);
        QVERIFY(second.span == UploadPlan::listSpan);
        QVERIFY(plan.on(UploadPlan::PatienceOver{first.number}).empty());
        const auto actions = plan.on(UploadPlan::PatienceOver{second.number});
        QCOMPARE(all<UploadPlan::StopAsking>(actions).at(0).server, grid::ServerIndex(1));
        QCOMPARE(all<UploadPlan::Send>(actions).at(0).shares.size(), std::size_t(1));
    }

    void homelessSharesAreTakenToOtherServersInASecondRound() {
        auto plan = planFor(1, 2, 3, 4);
        (void)plan.start();
        (void)plan.on(UploadPlan::SharesListed{3, Shares()});
        (void)plan.on(gives(0, shares({0})));
        (void)plan.on(gives(1, {}));  // full
        auto actions = plan.on(gives(2, shares({2})));
        QCOMPARE(asked(actions), (grid::ShareMap{{3, shares({1})}}));
        actions = grantAll(plan, actions);
        QCOMPARE(all<UploadPlan::Send>(actions).at(0).shares.at(share(1)), grid::ServerIndex(3));
    }

    void afterAFailedAllocationItsSharesAreAbortedForTheRoomMayBeHeld() {
        auto plan = planFor(1, 1, 2, 2);
        (void)plan.start();
        const auto actions = plan.on(fails(0));
        QCOMPARE(aborted(actions), (grid::ShareMap{{0, shares({0})}}));
        const auto next = plan.on(gives(1, shares({1})));
        QCOMPARE(asked(next), (grid::ShareMap{{1, shares({0})}}));
    }

    void aServerThatDoesNotAnswerIsLeftOutWhenPatienceIsOver() {
        auto plan = planFor(1, 1, 2, 2);
        const auto patience = all<UploadPlan::StartPatience>(plan.start()).at(0);
        (void)plan.on(gives(0, shares({0})));
        const auto actions = plan.on(UploadPlan::PatienceOver{patience.number});
        QCOMPARE(all<UploadPlan::StopAsking>(actions).at(0).server, grid::ServerIndex(1));
        QCOMPARE(aborted(actions), (grid::ShareMap{{1, shares({1})}}));
        QCOMPARE(asked(actions), (grid::ShareMap{{0, shares({1})}}));
    }

    void anAnswerThatComesTooLateIsAbortedAgain() {
        auto plan = planFor(1, 1, 2, 2);
        const auto patience = all<UploadPlan::StartPatience>(plan.start()).at(0);
        (void)plan.on(gives(0, shares({0})));
        (void)plan.on(UploadPlan::PatienceOver{patience.number});
        QCOMPARE(aborted(plan.on(gives(1, shares({1})))), (grid::ShareMap{{1, shares({1})}}));
    }

    void fewerServersThanHappinessFailAtOnce() {
        auto plan = planFor(3, 7, 10, 5);
        const auto actions = plan.start();
        QCOMPARE(actions.size(), std::size_t(1));
        const Error error = std::get<UploadPlan::Failed>(actions[0]).error;
        QVERIFY(error.code == ErrorCode::NotEnoughServers);
        QCOMPARE(error.detail, std::string("needed 7 servers, 5 are known"));
    }

    void tooFewServersFailWithAReasonForEachAndEverythingIsAborted() {
        auto plan = planFor(1, 3, 3, 3);
        (void)plan.start();
        (void)plan.on(gives(0, shares({0})));
        (void)plan.on(fails(1));
        auto actions = plan.on(gives(2, {}));
        QCOMPARE(asked(actions), (grid::ShareMap{{0, shares({1, 2})}}));
        actions = plan.on(gives(0, shares({1, 2})));
        QCOMPARE(aborted(actions), (grid::ShareMap{{0, shares({0, 1, 2})}}));
        const Error error = all<UploadPlan::Failed>(actions).at(0).error;
        QVERIFY(error.code == ErrorCode::NotEnoughServers);
        QVERIFY(error.retryable);
        QCOMPARE(error.detail,
                 std::string("needed 3 servers, 1 took shares: server-1: connection refused; server-2: no room"));
    }

    void fewerSharesThanNeededAreNotEnoughHoweverHappy() {
        auto plan = planFor(3, 1, 3, 1);
        (void)plan.start();
        const auto actions = plan.on(gives(0, shares({0, 1})));
        QCOMPARE(all<UploadPlan::Failed>(actions).at(0).error.detail,
                 std::string("needed places for 3 shares, found 2: server-0: no room"));
    }

    void aLostShareIsAbortedAndTheUploadGoesOnWhileHappy() {
        auto plan = planFor(1, 2, 3, 3);
        (void)grantAll(plan, plan.start());
        (void)plan.on(UploadPlan::ShareClosed{share(0)});
        auto actions = plan.on(UploadPlan::ShareLost{share(1), {ErrorCode::NoSpace, "disk full", false}});
        QCOMPARE(aborted(actions), (grid::ShareMap{{1, shares({1})}}));
        QVERIFY(all<UploadPlan::Failed>(actions).empty());
        actions = plan.on(UploadPlan::ShareClosed{share(2)});
        QCOMPARE(asked(actions), (grid::ShareMap{{0, shares({1})}}));
        actions = plan.on(fails(0));
        QCOMPARE(aborted(actions), (grid::ShareMap{{0, shares({1})}}));
        QCOMPARE(asked(actions), (grid::ShareMap{{2, shares({1})}}));
        actions = plan.on(gives(2, {}));  // full
        QCOMPARE(all<UploadPlan::Finished>(actions).size(), std::size_t(1));
        QVERIFY(plan.shareStates()[1].where == Where::Lost);
        QCOMPARE(plan.shareStates()[1].server, std::string("server-1"));
        QCOMPARE(plan.happiness(), std::size_t(2));
    }

    void aLostShareIsPlacedOnAnotherServerWhenTheOthersHaveEnded() {
        auto plan = planFor(1, 3, 3, 4);
        (void)plan.start();
        (void)plan.on(UploadPlan::SharesListed{3, Shares()});
        for (const unsigned number : {0U, 1U, 2U}) {
            (void)plan.on(gives(number, shares({number})));
        }
        QVERIFY(plan.on(UploadPlan::ShareLost{share(1), {ErrorCode::TimedOut, {}, true}}).empty());
        QVERIFY(plan.on(UploadPlan::ShareClosed{share(0)}).empty());
        auto actions = plan.on(UploadPlan::ShareClosed{share(2)});
        QCOMPARE(asked(actions), (grid::ShareMap{{3, shares({1})}}));
        QVERIFY(aborted(actions).empty());
        QVERIFY(plan.shareStates()[1].where == Where::Lost);
        actions = plan.on(gives(3, shares({1})));
        QCOMPARE(aborted(actions), (grid::ShareMap{{1, shares({1})}}));
        QCOMPARE(all<UploadPlan::Send>(actions).at(0).shares, (std::map<ShareNum, grid::ServerIndex>{{share(1), 3}}));
        QVERIFY(plan.shareStates()[1].where == Where::Sending);
        actions = plan.on(UploadPlan::ShareClosed{share(1)});
        QCOMPARE(all<UploadPlan::Finished>(actions).size(), std::size_t(1));
        QCOMPARE(plan.happiness(), std::size_t(3));
        QCOMPARE(plan.shareStates()[1].server, std::string("server-3"));
    }

    void whenNobodyTakesALostShareThatIsNeededEverythingIsAbortedWithTheFailure() {
        auto plan = planFor(1, 3, 3, 4);
        (void)plan.start();
        (void)plan.on(UploadPlan::SharesListed{3, Shares()});
        for (const unsigned number : {0U, 1U, 2U}) {
            (void)plan.on(gives(number, shares({number})));
        }
        (void)plan.on(UploadPlan::ShareLost{share(1), {ErrorCode::TimedOut, "hung", true}});
        (void)plan.on(UploadPlan::ShareClosed{share(0)});
        (void)plan.on(UploadPlan::ShareClosed{share(2)});
        auto actions = plan.on(fails(3));
        if (const auto more = asked(actions); !more.empty()) {
            actions = plan.on(gives(more.begin()->first, {}));
        }
        for (int round = 0; round < 3 && all<UploadPlan::Failed>(actions).empty(); ++round) {
            actions = plan.on(gives(asked(actions).begin()->first, {}));
        }
        QCOMPARE(aborted(actions)[1], shares({1}));
        QVERIFY(all<UploadPlan::Failed>(actions).at(0).error.detail.find("server-1: hung") != std::string::npos);
    }

    /// The end is not put off for ever, when what stands is enough.
    void aShareThatIsLostAgainAndAgainIsGivenUpWhenEnoughStands() {
        auto plan = planFor(1, 1, 2, 4);
        (void)grantAll(plan, plan.start());
        for (const grid::ServerIndex server : {2U, 3U}) {
            (void)plan.on(UploadPlan::SharesListed{server, Shares()});
        }
        (void)plan.on(UploadPlan::ShareClosed{share(0)});
        unsigned sent = 0;
        for (;;) {
            auto actions = plan.on(UploadPlan::ShareLost{share(1), {ErrorCode::TimedOut, {}, true}});
            if (!all<UploadPlan::Finished>(actions).empty()) {
                break;
            }
            actions = grantAll(plan, actions);
            QCOMPARE(all<UploadPlan::Send>(actions).size(), std::size_t(1));
            ++sent;
        }
        QCOMPARE(sent, UploadPlan::mostMendings);
    }

    /// What stands on them is more than another place is worth: the upload is gone on with when the line is back.
    void whenTheConnectionsToAllServersBreakAnUploadThatComesBackLooksForNoOthers() {
        for (const bool comesBack : {true, false}) {
            for (const ErrorCode code : {ErrorCode::Unreachable, ErrorCode::TimedOut}) {
                UploadPlan::Input input{1, 2, 2, {"a", "b", "c", "d"}};
                input.comesBack = comesBack;
                UploadPlan plan(std::move(input));
                (void)grantAll(plan, plan.start());
                for (const grid::ServerIndex server : {2U, 3U}) {
                    (void)plan.on(UploadPlan::SharesListed{server, Shares()});
                }
                (void)plan.on(UploadPlan::ShareLost{share(0), {code, {}, true}});
                const auto actions = plan.on(UploadPlan::ShareLost{share(1), {code, {}, true}});
                const bool fails = comesBack && code == ErrorCode::Unreachable;
                QCOMPARE(all<UploadPlan::Failed>(actions).size(), std::size_t(fails ? 1 : 0));
                QCOMPARE(asked(actions).size(), std::size_t(fails ? 0 : 2));
                QCOMPARE(aborted(actions).size(), std::size_t(fails ? 2 : 0));
            }
        }
    }

    void whenTheFileFailsWhileLostSharesAreSentOnceMoreWhatStandsCounts() {
        for (const unsigned happy : {2U, 3U}) {
            auto plan = planFor(1, happy, 3, 4);
            (void)grantAll(plan, plan.start());
            (void)plan.on(UploadPlan::SharesListed{3, Shares()});
            (void)plan.on(UploadPlan::ShareLost{share(1), {ErrorCode::TimedOut, {}, true}});
            (void)plan.on(UploadPlan::ShareClosed{share(0)});
            (void)grantAll(plan, plan.on(UploadPlan::ShareClosed{share(2)}));
            const auto actions = plan.on(UploadPlan::SourceLost{{ErrorCode::FileChanged, {}, false}});
            QCOMPARE(aborted(actions), (grid::ShareMap{{3, shares({1})}}));
            QCOMPARE(all<UploadPlan::Finished>(actions).size(), std::size_t(happy == 2 ? 1 : 0));
            QCOMPARE(all<UploadPlan::Failed>(actions).size(), std::size_t(happy == 2 ? 0 : 1));
        }
    }

    void whenTooManySharesAreLostTheRestIsAbortedAndCompleteSharesStay() {
        auto plan = planFor(1, 3, 3, 3);
        (void)grantAll(plan, plan.start());
        (void)plan.on(UploadPlan::ShareClosed{share(0)});
        const auto actions = plan.on(UploadPlan::ShareLost{share(1), {ErrorCode::Unreachable, {}, true}});
        QCOMPARE(aborted(actions), (grid::ShareMap{{1, shares({1})}, {2, shares({2})}}));
        QCOMPARE(all<UploadPlan::Failed>(actions).at(0).error.detail,
                 std::string("needed 3 servers, 2 took shares: server-1: Unreachable"));
    }

    void abandoningWhileAskingStopsTheQuestionsAndAbortsWhatMayHaveBegun() {
        auto plan = planFor(1, 1, 2, 3);
        (void)plan.start();
        (void)plan.on(gives(0, shares({0})));
        const auto actions = plan.on(UploadPlan::Abandoned{{ErrorCode::Cancelled, {}, false}});
        QCOMPARE(aborted(actions), (grid::ShareMap{{0, shares({0})}, {1, shares({1})}}));
        QCOMPARE(all<UploadPlan::StopAsking>(actions).size(), std::size_t(2));
        QVERIFY(all<UploadPlan::Failed>(actions).at(0).error.code == ErrorCode::Cancelled);
        QVERIFY(plan.on(UploadPlan::SharesListed{2, Shares()}).empty());
    }

    void abandoningWhileSendingAbortsWhatIsNotComplete() {
        auto plan = planFor(1, 2, 2, 2);
        (void)grantAll(plan, plan.start());
        (void)plan.on(UploadPlan::ShareClosed{share(0)});
        const auto actions = plan.on(UploadPlan::Abandoned{{ErrorCode::FileChanged, {}, false}});
        QCOMPARE(aborted(actions), (grid::ShareMap{{1, shares({1})}}));
        QVERIFY(plan.on(UploadPlan::ShareClosed{share(1)}).empty());
        QVERIFY(plan.on(UploadPlan::ShareLost{share(1), {}}).empty());
    }

    void numbersThatNobodyAskedForAreNotBelieved() {
        auto plan = planFor(1, 1, 2, 2);
        (void)plan.start();
        (void)plan.on(gives(0, shares({0, 1, 77}), shares({255})));
        const auto actions = plan.on(gives(1, shares({1})));
        QCOMPARE(all<UploadPlan::Send>(actions).at(0).shares,
                 (std::map<ShareNum, grid::ServerIndex>{{share(0), 0}, {share(1), 1}}));
    }

    void whatServersSayInErrorsIsCutAndCleaned() {
        auto plan = planFor(1, 1, 1, 1);
        (void)plan.start();
        const auto actions = plan.on(fails(0, "bad\n\x1b[31m" + std::string(5000, 'x')));
        const std::string detail = all<UploadPlan::Failed>(actions).at(0).error.detail;
        QVERIFY(detail.size() < 300);
        QVERIFY(std::ranges::none_of(detail, [](char c) { return c < ' '; }));
    }

    /// Whatever servers answer, in whatever order: it ends, and nothing begun is forgotten.
    void everyCourseOfAnswersEnds() {
        for (unsigned seed = 1; seed <= 2000; ++seed) {
            unsigned state = seed * 2654435761U;
            const auto random = [&state](unsigned below) {
                state = state * 1664525U + 1013904223U;
                return (state >> 16U) % below;
            };
            const unsigned total = 1 + random(10);
            auto plan = planFor(1 + random(total), 1 + random(total), total, random(14));
            grid::ShareMap open;  // what servers hold half of
            Shares closed;        // what was sent to its end
            std::vector<UploadPlan::Event> waiting;
            bool over = false;
            const auto take = [&](const UploadPlan::Actions& actions) {
                for (const auto& action : actions) {
                    QVERIFY(!over || std::holds_alternative<UploadPlan::Abort>(action));
                    if (const auto* allocate = std::get_if<UploadPlan::Allocate>(&action)) {
                        Shares allocated;
                        Shares has;
                        for (const ShareNum number : allocate->shares) {
                            if (const unsigned fate = random(6); fate < 3) {
                                allocated.insert(number);
                            } else if (fate == 3) {
                                has.insert(number);
                            }
                        }
                        open[allocate->server].insert(allocated.begin(), allocated.end());
                        if (random(5) == 0) {
                            waiting.push_back(fails(allocate->server));
                        } else {
                            waiting.push_back(gives(allocate->server, allocated, has));
                        }
                    } else if (const auto* list = std::get_if<UploadPlan::ListShares>(&action)) {
                        waiting.push_back(UploadPlan::SharesListed{list->server, shares({random(total)})});
                    } else if (const auto* patience = std::get_if<UploadPlan::StartPatience>(&action)) {
                        if (random(4) == 0) {
                            waiting.push_back(UploadPlan::PatienceOver{patience->number});
                        }
                    } else if (const auto* abort = std::get_if<UploadPlan::Abort>(&action)) {
                        open[abort->server].erase(abort->share);
                    } else if (const auto* send = std::get_if<UploadPlan::Send>(&action)) {
                        for (const auto& [number, server] : send->shares) {
                            QVERIFY(open[server].contains(number));
                            QVERIFY(!closed.contains(number));
                            if (random(4) == 0) {
                                waiting.push_back(UploadPlan::ShareLost{number, {ErrorCode::Unreachable, {}, true}});
                            } else {
                                waiting.push_back(UploadPlan::ShareClosed{number});
                                open[server].erase(number);
                                closed.insert(number);
                            }
                        }
                        if (!closed.empty() && random(20) == 0) {
                            waiting.push_back(UploadPlan::SourceLost{{ErrorCode::FileChanged, {}, false}});
                        }
                    } else if (std::holds_alternative<UploadPlan::Finished>(action) ||
                               std::holds_alternative<UploadPlan::Failed>(action)) {
                        over = true;
                    }
                }
            };
            take(plan.start());
            while (!waiting.empty()) {
                const auto next = waiting.begin() + random(unsigned(waiting.size()));
                auto event = std::move(*next);
                waiting.erase(next);
                take(plan.on(std::move(event)));
            }
            QVERIFY(over);
            for (const auto& [server, begun] : open) {
                QVERIFY(begun.empty());
            }
        }
    }
};

QTEST_GUILESS_MAIN(UploadPlanTest)
#include "upload_plan_test.moc"
