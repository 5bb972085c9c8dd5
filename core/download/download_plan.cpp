#include "core/download/download_plan.h"

#include "core/storage/storage_server.h"

#include <algorithm>

namespace tarn::download {

namespace {

using Crypttext = Holding::Crypttext;
using HoldingState = Holding::State;

/// A share is tried this often where its server seems to have stumbled.
constexpr unsigned mostFailures = 2;

}  // namespace

DownloadPlan::DownloadPlan(unsigned required, unsigned total, Range range, std::vector<std::string> serverNames,
                           const Known& known, ByteCount smallShare, ByteCount held)
    : m_required(required), m_range(range), m_map(required, total, std::move(serverNames)), m_smallShare(smallShare),
      m_held(held) {
    for (const auto& [server, share] : known) {
        m_map.known(server, share);
    }
}

Actions DownloadPlan::start() {
    proceed();
    return std::exchange(m_actions, {});
}

void DownloadPlan::askServers() {
    const std::size_t servers = m_map.servers().size();
    if (m_outcome || m_asked == Asked::All || servers == 0 || !m_map.needsMore()) {
        return;
    }
    if (m_asked == Asked::Nobody && m_map.holdings().empty() && m_smallShare.value() > 0) {
        const std::size_t first = std::min<std::size_t>(m_required, servers);
        for (ServerIndex server = 0; server < first; ++server) {
            ask(server, (m_required - 1) / first + 1);
        }
        m_asked = Asked::First;
        return;
    }
    if (m_asked == Asked::First && !m_map.hasTrouble() && m_map.awaitsAnswers()) {
        return;
    }
    m_asked = Asked::All;
    for (ServerIndex server = 0; server < servers; ++server) {
        if (m_map.servers()[server].state == AskedServer::State::NotAsked) {
            ask(server, 1);
        }
    }
}

void DownloadPlan::ask(ServerIndex server, std::uint64_t sharesAlong) {
    m_map.asked(server);
    const auto along = std::min<std::uint64_t>(sharesAlong * m_smallShare.value(), storage::mostAlong);
    m_actions.emplace_back(AskForShares{begin({Call::Kind::List, server}), server, ByteCount(along)});
}

Actions DownloadPlan::on(const Event& event) {
    if (!m_finished) {
        std::visit([this](const auto& known) { handle(known); }, event);
        proceed();
    }
    return std::exchange(m_actions, {});
}

SegmentRun DownloadPlan::segmentsOf(RunNumber run) const {
    const std::uint64_t skipped = run * m_segmentsPerRun;
    return {m_firstSegment + skipped, std::min(m_segmentsPerRun, m_segmentsWanted - skipped)};
}

void DownloadPlan::handle(const SharesListed& event) {
    const auto call = take(event.ticket);
    if (!call) {
        return;
    }
    if (event.shares) {
        m_map.answered(call->server, *event.shares, event.whole);
    } else {
        m_map.failed(call->server, event.shares.error());
    }
}

void DownloadPlan::handle(const HoldingOpened& event) {
    const auto call = take(event.ticket);
    if (!call) {
        return;
    }
    if (!event.report) {
        holdingFailed(call->holding, event.report.error());
        return;
    }
    auto& holding = m_map.holdings()[call->holding];
    holding.slow = false;
    holding.state = event.report->wantsFacts ? HoldingState::WantsFacts : HoldingState::Open;
    if (event.report->wantsFacts) {
        holding.chosen = false;
        if (m_facts) {
            holding.state = HoldingState::Known;
        }
    }
    if (event.report->crypttextDamaged) {
        holding.crypttext = Crypttext::Damaged;
    }
    m_crypttextKnown = m_crypttextKnown || event.report->crypttextProved;
    if (!event.report->damage.empty()) {
        std::string all;
        for (const auto& damage : event.report->damage) {
            all += (all.empty() ? "" : "; ") + damage;
        }
        tell(call->holding, all);
    }
    if (event.report->facts) {
        learnFacts(event.report->facts);
    }
}

void DownloadPlan::handle(const CrypttextHashesRead& event) {
    const auto call = take(event.ticket);
    if (!call) {
        return;
    }
    auto& holding = m_map.holdings()[call->holding];
    if (event.outcome) {
        holding.slow = false;
        m_crypttextKnown = true;
        stopCalls([](const Call& other) { return other.kind == Call::Kind::Crypttext; });
        return;
    }
    if (event.outcome.error().code == ErrorCode::CorruptShare) {
        // Its blocks are checked by hashes of their own.
        holding.crypttext = Crypttext::Damaged;
        tell(call->holding, "its crypttext hash tree does not match the file");
    } else {
        holding.crypttext = Crypttext::Untried;
        holdingFailed(call->holding, event.outcome.error());
    }
}

void DownloadPlan::handle(const BlocksFetched& event) {
    const auto call = take(event.ticket);
    if (!call) {
        return;
    }
    if (!event.outcome) {
        holdingFailed(call->holding, event.outcome.error());
        return;
    }
    auto& holding = m_map.holdings()[call->holding];
    holding.slow = false;
    if (const auto run = m_runs.find(call->run); run != m_runs.end()) {
        run->second.here.emplace(holding.share, call->holding);
    }
}

void DownloadPlan::handle(const Advised& event) {
    (void)take(event.ticket);
}

void DownloadPlan::handle(const Waited& event) {
    const auto call = take(event.ticket);
    if (call && call->kind == Call::Kind::AdviceEnd) {
        stopCalls([](const Call& other) { return other.kind == Call::Kind::Advise; });
    }
    if (call && call->kind == Call::Kind::Spread) {
        m_spreadOver = true;
    }
}

void DownloadPlan::handle(const CallSlow& event) {
    const auto call = m_calls.find(event.ticket);
    if (call == m_calls.end()) {
        return;
    }
    switch (call->second.kind) {
    case Call::Kind::List: m_asked = m_asked == Asked::First ? Asked::FirstAndSlow : m_asked; break;
    case Call::Kind::Open:
    case Call::Kind::Crypttext:
    case Call::Kind::Fetch: m_map.wasSlow(call->second.holding); break;
    default: break;
    }
}

void DownloadPlan::handle(const CallLost& event) {
    const auto call = take(event.ticket);
    if (!call) {
        return;
    }
    m_actions.emplace_back(StopCall{event.ticket});
    const Error error{ErrorCode::TimedOut, "no answer in time", true};
    switch (call->kind) {
    case Call::Kind::List: m_map.failed(call->server, error); break;
    case Call::Kind::Open:
    case Call::Kind::Crypttext:
    case Call::Kind::Fetch:
        // Whoever kept silent for so long is not asked again.
        m_map.holdings()[call->holding].failures = mostFailures;
        holdingFailed(call->holding, error);
        break;
    default: break;
    }
}

void DownloadPlan::handle(const HeldChecked& event) {
    if (!event.good) {
        conclude(failure(event.good.error()));
        return;
    }
    m_held = ByteCount(0);
    m_firstSegment += *event.good;
    m_segmentsWanted -= *event.good;
    countRuns();
}

void DownloadPlan::handle(const RunDecoded& event) {
    const auto run = m_runs.find(event.run);
    if (!event.outcome && event.bad.empty()) {
        conclude(event.outcome);
    } else if (run != m_runs.end()) {
        run->second.stage = event.outcome ? RunState::Stage::Decoded : RunState::Stage::Fetching;
        for (const auto& [holding, error] : event.bad) {
            run->second.here.erase(m_map.holdings()[holding].share);
            holdingFailed(holding, error);
        }
    }
}

void DownloadPlan::handle(const RunWritten& event) {
    if (!event.outcome) {
        conclude(event.outcome);
        return;
    }
    m_runs.erase(event.run);
    m_nextWrite = event.run + 1;
}

void DownloadPlan::handle(const SinkCommitted& event) {
    conclude(event.outcome);
}

void DownloadPlan::proceed() {
    askServers();
    giveUpIfHopeless();
    if (!m_outcome) {
        if (mayBegin()) {
            chooseHoldings();
        }
        seekCrypttextHashes();
        checkHeld();
        beginRuns();
        for (auto& [number, run] : m_runs) {
            fetchFor(number, run);
        }
        decodeWhatIsHere();
        writeNext();
    }
    finishWhenTold();
}

bool DownloadPlan::mayBegin() {
    if (m_begun) {
        return true;
    }
    const bool isSmall = m_smallShare.value() > 0;
    if (!m_map.awaitsAnswers() || m_spreadOver || (isSmall && m_map.canSpread())) {
        m_begun = true;
    } else if (!m_spreadWaited && m_map.sharesFound() >= m_required) {
        // The others may be about to answer.
        m_spreadWaited = true;
        m_actions.emplace_back(WaitFor{begin({Call::Kind::Spread}), spreadWait});
    }
    if (m_begun) {
        m_map.readingBegins();
        stopCalls([](const Call& call) { return call.kind == Call::Kind::Spread; });
    }
    return m_begun;
}

void DownloadPlan::chooseHoldings() {
    std::set<ShareNum> covered;
    bool crypttextMayCome = m_crypttextKnown;
    for (const auto& holding : m_map.holdings()) {
        if (holding.chosen) {
            covered.insert(holding.share);
            crypttextMayCome = crypttextMayCome || holding.crypttext != Crypttext::Damaged;
        }
    }
    const auto take = [this, &covered, &crypttextMayCome](HoldingIndex index) {
        const auto& holding = m_map.holdings()[index];
        covered.insert(holding.share);
        crypttextMayCome = crypttextMayCome || holding.crypttext != Crypttext::Damaged;
        choose(index);
    };
    if (covered.size() < m_required) {
        for (const HoldingIndex index : m_map.bestTogether(covered, m_required - covered.size())) {
            take(index);
        }
    }
    while (!crypttextMayCome) {
        auto next = m_map.best(covered);
        if (!next) {
            next = m_map.best({});  // a second copy of a share may have what the first lacks
        }
        if (!next) {
            break;
        }
        take(*next);
    }
}

void DownloadPlan::choose(HoldingIndex index) {
    auto& holding = m_map.holdings()[index];
    holding.chosen = true;
    if (holding.state == HoldingState::Known) {
        holding.state = HoldingState::Opening;
        m_actions.emplace_back(OpenHolding{begin({Call::Kind::Open, holding.server, index}), index});
    }
}

void DownloadPlan::seekCrypttextHashes() {
    if (m_crypttextKnown || !m_facts) {
        return;
    }
    // One share at a time; a second one only when the first keeps us waiting.
    auto& holdings = m_map.holdings();
    for (const bool slow : {false, true}) {
        const auto reading = std::ranges::any_of(holdings, [slow](const Holding& holding) {
            return holding.crypttext == Crypttext::Reading && (slow || !holding.slow);
        });
        if (reading) {
            return;
        }
        for (HoldingIndex index = 0; index < holdings.size(); ++index) {
            auto& holding = holdings[index];
            if (holding.state == HoldingState::Open && holding.crypttext == Crypttext::Untried &&
                holding.slow == slow) {
                holding.crypttext = Crypttext::Reading;
                m_actions.emplace_back(
                    ReadCrypttextHashes{begin({Call::Kind::Crypttext, holding.server, index}), index});
                return;
            }
        }
    }
}

void DownloadPlan::checkHeld() {
    if (m_held.value() == 0 || m_checkingHeld || !m_facts || !m_crypttextKnown) {
        return;
    }
    m_checkingHeld = true;
    const auto& geometry = m_facts->geometry;
    const bool all = m_held.value() >= geometry.fileSize;
    const std::uint64_t whole = all ? geometry.segmentCount : m_held.value() / geometry.segmentSize;
    m_actions.emplace_back(CheckHeld{std::min(whole, m_segmentsWanted)});
}

void DownloadPlan::beginRuns() {
    if (m_held.value() > 0) {
        return;  // it is not clear yet where to begin
    }
    while (m_facts && m_nextRun < m_runCount && m_runs.size() < runsAtOnce) {
        m_runs.emplace(m_nextRun++, RunState{});
    }
}

void DownloadPlan::fetchFor(RunNumber number, RunState& run) {
    if (run.stage != RunState::Stage::Fetching) {
        return;
    }
    const auto& holdings = m_map.holdings();
    std::set<HoldingIndex> asked;
    std::set<ShareNum> coming;
    std::set<ShareNum> comingSlowly;
    for (const auto& [share, index] : run.here) {
        coming.insert(share);
    }
    for (const auto& [ticket, call] : m_calls) {
        if (call.kind == Call::Kind::Fetch && call.run == number) {
            const auto& holding = holdings[call.holding];
            asked.insert(call.holding);
            (holding.slow ? comingSlowly : coming).insert(holding.share);
        }
    }
    // Slow shares are asked only where the quick ones, also those that are still being opened, cannot make up k.
    std::set<ShareNum> hoped = coming;
    for (const auto& holding : holdings) {
        if (holding.chosen) {
            hoped.insert(holding.share);
        }
    }
    for (const bool slow : {false, true}) {
        if (slow) {
            if (hoped.size() >= m_required) {
                return;
            }
            coming.insert(comingSlowly.begin(), comingSlowly.end());
        }
        for (HoldingIndex index = 0; index < holdings.size() && coming.size() < m_required; ++index) {
            const auto& holding = holdings[index];
            const bool ready = holding.state == HoldingState::Open && (slow ? holding.slow : holding.chosen);
            if (ready && !asked.contains(index) && coming.insert(holding.share).second) {
                asked.insert(index);
                m_actions.emplace_back(
                    FetchBlocks{begin({Call::Kind::Fetch, holding.server, index, number}), index, number});
            }
        }
    }
}

void DownloadPlan::decodeWhatIsHere() {
    if (!m_crypttextKnown) {
        return;
    }
    for (auto& [number, run] : m_runs) {
        if (run.stage != RunState::Stage::Fetching || run.here.size() < m_required) {
            continue;
        }
        run.stage = RunState::Stage::Decoding;
        DecodeRun decode{number, {}};
        for (const auto& [share, index] : run.here) {
            // In the order of share numbers: the first k are the file itself and need no decoding.
            if (decode.from.size() < m_required) {
                decode.from.push_back(index);
            }
        }
        stopCalls([n = number](const Call& call) { return call.kind == Call::Kind::Fetch && call.run == n; });
        m_actions.emplace_back(std::move(decode));
    }
}

void DownloadPlan::writeNext() {
    if (!m_facts || m_committing) {
        return;
    }
    if (m_nextWrite == m_runCount) {
        m_committing = true;
        m_actions.emplace_back(CommitSink{});
        return;
    }
    const auto run = m_runs.find(m_nextWrite);
    if (run != m_runs.end() && run->second.stage == RunState::Stage::Decoded) {
        run->second.stage = RunState::Stage::Writing;
        m_actions.emplace_back(WriteRun{m_nextWrite});
    }
}

void DownloadPlan::giveUpIfHopeless() {
    if (m_outcome || m_map.awaitsAnswers()) {
        return;
    }
    const std::set<ShareNum> left = m_map.sharesLeft(m_facts != nullptr);
    const auto reachesK = [&](const RunState& run) {
        std::set<ShareNum> possible = left;
        for (const auto& [share, index] : run.here) {
            possible.insert(share);
        }
        return possible.size() >= m_required;
    };
    const bool runsCanEnd = std::ranges::all_of(m_runs, [&](const auto& numbered) {
        return numbered.second.stage != RunState::Stage::Fetching || reachesK(numbered.second);
    });
    const bool allBegun = m_facts && m_nextRun == m_runCount;
    if (!runsCanEnd || (!allBegun && left.size() < m_required)) {
        conclude(failure(ErrorCode::NotEnoughShares, m_map.describe(), m_map.mayImprove()));
        return;
    }
    const bool crypttextCanCome =
        m_crypttextKnown || std::ranges::any_of(m_map.holdings(), [](const Holding& holding) {
            return holding.state != HoldingState::Lost && holding.crypttext != Crypttext::Damaged;
        });
    if (!crypttextCanCome) {
        conclude(failure(ErrorCode::NotEnoughShares,
                         "the crypttext hash tree is damaged in every share; " + m_map.describe(), m_map.mayImprove()));
    }
}

void DownloadPlan::learnFacts(const std::shared_ptr<const FileFacts>& facts) {
    if (m_facts) {
        return;
    }
    m_facts = facts;
    const auto& geometry = facts->geometry;
    m_firstSegment = m_range.begin.value() / geometry.segmentSize;
    m_segmentsWanted = (m_range.end.value() - 1) / geometry.segmentSize + 1 - m_firstSegment;
    m_segmentsPerRun = std::max<std::uint64_t>(
        1, std::min(mostRunPlaintext / geometry.segmentSize, mostRunBlocks / geometry.blockSize));
    countRuns();
    for (auto& holding : m_map.holdings()) {
        if (holding.state == HoldingState::WantsFacts) {
            holding.state = HoldingState::Known;
        }
    }
}

void DownloadPlan::countRuns() {
    m_runCount = (m_segmentsWanted + m_segmentsPerRun - 1) / m_segmentsPerRun;
}

void DownloadPlan::holdingFailed(HoldingIndex index, const Error& error) {
    if (error.code == ErrorCode::CorruptFile || error.code == ErrorCode::UnsupportedCapability) {
        // The capability itself says so: no other share can say otherwise.
        conclude(failure(error));
        return;
    }
    auto& holding = m_map.holdings()[index];
    holding.chosen = false;
    holding.slow = false;
    if (error.retryable && ++holding.failures < mostFailures) {
        if (holding.state == HoldingState::Opening) {
            holding.state = HoldingState::Known;
        }
        return;
    }
    if (holding.state == HoldingState::Lost) {
        return;
    }
    holding.state = HoldingState::Lost;
    holding.crypttext = Crypttext::Damaged;
    holding.lost = error;
    stopCalls([index](const Call& call) {
        const bool onHolding =
            call.kind == Call::Kind::Open || call.kind == Call::Kind::Crypttext || call.kind == Call::Kind::Fetch;
        return onHolding && call.holding == index;
    });
    if (error.code == ErrorCode::CorruptShare) {
        tell(index, error.detail);
    }
}

void DownloadPlan::tell(HoldingIndex index, const std::string& damage) {
    if (m_told.insert(index).second) {
        m_actions.emplace_back(AdviseCorrupt{begin({Call::Kind::Advise, m_map.holdings()[index].server, index}), index,
                                             "found while reading: " + damage});
    }
}

void DownloadPlan::conclude(Result<void> outcome) {
    if (m_outcome) {
        return;
    }
    m_outcome = std::move(outcome);
    stopCalls([](const Call& call) { return call.kind != Call::Kind::Advise; });
    if (!m_calls.empty()) {
        m_actions.emplace_back(WaitFor{begin({Call::Kind::AdviceEnd}), adviceWait});
    }
}

void DownloadPlan::finishWhenTold() {
    const bool telling =
        std::ranges::any_of(m_calls, [](const auto& call) { return call.second.kind == Call::Kind::Advise; });
    if (m_outcome && !telling && !m_finished) {
        m_finished = true;
        stopCalls([](const Call&) { return true; });
        m_actions.emplace_back(Finish{*m_outcome});
    }
}

Ticket DownloadPlan::begin(Call call) {
    m_calls.emplace(m_nextTicket, call);
    return m_nextTicket++;
}

std::optional<DownloadPlan::Call> DownloadPlan::take(Ticket ticket) {
    const auto found = m_calls.extract(ticket);
    return found ? std::optional(found.mapped()) : std::nullopt;
}

template <typename Condition>
void DownloadPlan::stopCalls(Condition condition) {
    for (auto call = m_calls.begin(); call != m_calls.end();) {
        if (condition(call->second)) {
            m_actions.emplace_back(StopCall{call->first});
            call = m_calls.erase(call);
        } else {
            ++call;
        }
    }
}

}  // namespace tarn::download
