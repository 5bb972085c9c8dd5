#include "core/upload/upload_driver.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace tarn::upload {

namespace {

/// A line that moves less than this is taken for dead: the time for all bytes under way at this rate, and some more,
/// may pass without any answer from any server. Time in which a limit of our own holds bytes back does not count.
constexpr std::uint64_t slowestLine = 16 * 1024;
constexpr async::Milliseconds answerSlack{30000};
/// What a failed or finished upload waits for its aborts, so that a dead server does not keep it from ending.
constexpr async::Milliseconds cleanupSpan{5000};
/// What a server may take to say whether a share stands there whose end is in doubt.
constexpr async::Milliseconds doubtSpan{5000};
constexpr async::Milliseconds firstPause{100};
constexpr async::Milliseconds betweenReports{50};

std::vector<std::string> namesOf(const storage::ServerList& servers) {
    std::vector<std::string> names;
    for (const auto& server : servers) {
        const auto& description = server->description();
        names.push_back(description.nickname.empty() ? description.id.text() : description.nickname);
    }
    return names;
}

std::vector<ServerId> idsOf(const storage::ServerList& servers) {
    std::vector<ServerId> ids;
    for (const auto& server : servers) {
        ids.push_back(server->description().id);
    }
    return ids;
}

/// A share that stays begun takes room for half an hour: a line that stumbles is not taken for an answer.
async::Task<void> abortInTheEnd(std::shared_ptr<storage::StorageServer> server, StorageIndex index, ShareNum share,
                                UploadSecret secret, std::shared_ptr<async::Timers> timers, std::stop_token stop) {
    async::Milliseconds pause = firstPause;
    for (;;) {
        auto aborted = co_await server->abort(index, share, secret, stop);
        if (aborted || !aborted.error().retryable) {
            co_return aborted;
        }
        auto paused = co_await async::sleepFor(timers, pause, stop);
        if (!paused) {
            co_return failure(aborted.error());
        }
        pause *= 2;
    }
}

/// The servers that take this file's shares along with the question for their room: none if the shares are large, or
/// if some of them stand there as like as not, for bytes that turn out to stand already are wasted.
std::set<grid::ServerIndex> thoseThatTakeWhole(const storage::ServerList& servers, const formats::Geometry& geometry,
                                               bool asksFirst) {
    std::set<grid::ServerIndex> takers;
    if (areSmall(geometry) && !asksFirst) {
        for (grid::ServerIndex server = 0; server < servers.size(); ++server) {
            if (servers[server]->takesWholeShares()) {
                takers.insert(server);
            }
        }
    }
    return takers;
}

}  // namespace

UploadDriver::UploadDriver(Prepared prepared, std::shared_ptr<const Secrets> secrets, storage::ServerList permuted,
                           std::shared_ptr<const Environment> environment, Watch watch,
                           std::shared_ptr<const Continuation> continuation)
    : m_geometry(prepared.geometry), m_key(prepared.key), m_environment(std::move(environment)),
      m_watch(std::move(watch)), m_index(crypto::storageIndexOf(m_key)),
      m_plan({prepared.parameters.required, prepared.parameters.happy, prepared.parameters.total, namesOf(permuted),
              thoseThatTakeWhole(permuted, m_geometry, continuation && continuation->cutOff), idsOf(permuted),
              continuation != nullptr}),
      m_continuation(std::move(continuation)),
      m_lanes(m_geometry.total), m_again{prepared.source, prepared.parameters, prepared.geometry, prepared.key} {
    m_maker.emplace(std::move(prepared), m_environment->pools, m_environment->window, m_lanes, m_scope, teller());
    for (auto& server : permuted) {
        auto lease = crypto::leaseSecretsFor(secrets->leases, m_index, server->description().leaseSeed);
        auto secret = m_continuation
                          ? crypto::uploadSecretFor(m_continuation->seed, m_index, server->description().leaseSeed)
                          : m_environment->random->make<UploadSecret>();
        m_servers.push_back({std::move(server), secret, lease, {}, {}, false, {}});
    }
}

void UploadDriver::start() {
    act(m_plan.start());
    if (!m_failure) {
        if (auto begun = m_maker->start(); !begun) {
            abandon(begun.error());
        }
        allocateWhatIsReady();
    }
    report();
}

void UploadDriver::handle(Event event) {
    std::visit([this](auto&& happened) { on(std::forward<decltype(happened)>(happened)); }, std::move(event));
    if (!m_failure) {
        makeLostAgain();
        m_maker->readNextRun();
        allocateWhatIsReady();
        sendWhatIsReady();
        m_maker->readNextRun();  // bytes that a server has already make room at once
    }
    watchForSilence();
    wrapUpWhenDone();
    report();
}

bool UploadDriver::over() const {
    return m_planOver && (m_failure || sealed()) && m_calls == 0;
}

Result<Outcome> UploadDriver::outcome() const {
    if (m_failure) {
        return failure(*m_failure);
    }
    const auto& geometry = m_geometry;
    Outcome outcome{
        caps::Chk{m_key, sealed()->uriExtensionHash(), geometry.required, geometry.total, ByteCount(geometry.fileSize)},
        m_plan.shareStates(), 0, 0, static_cast<unsigned>(m_plan.happiness())};
    for (const ShareState& share : outcome.shares) {
        outcome.sharesSent += share.where == ShareState::Where::Placed ? 1 : 0;
        outcome.sharesFound += share.where == ShareState::Where::FoundThere ? 1 : 0;
    }
    return outcome;
}

// --- What comes back

void UploadDriver::on(PlanEvent event) {
    if (std::holds_alternative<UploadPlan::AllocationAnswered>(event.event) ||
        std::holds_alternative<UploadPlan::SharesListed>(event.event)) {
        --m_calls;
    }
    if (const auto* const answered = std::get_if<UploadPlan::AllocationAnswered>(&event.event)) {
        Server& server = m_servers[answered->server];
        const bool wentAlong = !server.along.empty();
        takeBackWhatWentAlong(*answered);
        if (wentAlong && !answered->answer && answered->answer.error().retryable && !m_failure) {
            allocate(answered->server, {});  // once more, without the bytes: perhaps only the answer was lost
            return;
        }
        if (probe(*answered)) {
            return;
        }
    }
    const auto* const over = std::get_if<UploadPlan::PatienceOver>(&event.event);
    if (over != nullptr && limitsHoldQuestions()) {
        act(UploadPlan::StartPatience{over->number, m_patienceSpan});
        return;
    }
    act(m_plan.on(std::move(event.event)));
}

/// The bytes that went with the question stay until all is placed, since they may yet have to go elsewhere.
void UploadDriver::takeBackWhatWentAlong(const UploadPlan::AllocationAnswered& answered) {
    for (const ShareNum share : std::exchange(m_servers[answered.server].along, {})) {
        ShareLane& lane = m_lanes[share.value()];
        const bool closed = lane.closed();
        const std::uint64_t size = (closed ? lane.writeEnded() : lane.writeAgain()).value();
        m_unanswered -= size;
        m_maker->letGo(closed ? size : 0);
        if (answered.answer && answered.answer->stored.contains(share)) {
            m_acknowledged += size;
        }
    }
}

/// Asks how far the shares are that an earlier upload may have begun on this server; false where there is nothing to
/// ask. A byte that stands there already is written again, since only a write is told what is missing. So it also comes
/// out what a Tahoe-LAFS server leaves out of its answer: the shares for which it holds the room already.
bool UploadDriver::probe(const UploadPlan::AllocationAnswered& answered) {
    Server& server = m_servers[answered.server];
    const auto asked = std::exchange(server.asked, {});
    if (!m_continuation || !m_continuation->again || !answered.answer || m_failure) {
        return false;
    }
    Probing probing{*answered.answer, 0};
    auto first = shareHeaderOf(m_geometry);
    first.resize(1);
    const auto byte = std::make_shared<const Bytes>(std::move(first));
    for (const ShareNum share : asked) {
        // Of a share that is one write there is little to save; it mostly matters that there is room for it.
        const bool granted = probing.answer.allocated.contains(share);
        const bool fewBytes = areSmall(m_geometry) || (RunPlan(m_geometry).count() == 1 && !m_continuation->cutOff);
        if (probing.answer.alreadyHave.contains(share) || probing.answer.stored.contains(share) ||
            (granted && fewBytes)) {
            continue;
        }
        ++probing.open;
        ++m_calls;
        m_scope.spawn(
            server.calls->write(m_index, share, server.secret, ByteOffset(0), byte, server.questions.get_token()),
            [mailbox = m_mailbox, index = answered.server, share](Result<storage::WriteProgress> answer) {
                mailbox.push(Probed{index, share, std::move(answer)});
            });
    }
    if (probing.open == 0) {
        return false;
    }
    m_probing.insert_or_assign(answered.server, std::move(probing));
    return true;
}

void UploadDriver::on(Probed event) {
    --m_calls;
    Probing& probing = m_probing.at(event.server);
    if (event.answer && !event.answer->complete) {
        probing.answer.allocated.insert(event.share);
        const auto& missing = event.answer->required;
        if (missing.size() == 1 && missing.front().end.value() == shareSizeOf(m_geometry)) {
            m_standing.insert_or_assign({event.server, event.share}, missing.front().begin);
        }
    }
    if (--probing.open == 0) {
        auto answer = std::move(probing.answer);
        m_probing.erase(event.server);
        act(m_plan.on(UploadPlan::AllocationAnswered{event.server, std::move(answer)}));
    }
}

/// Whether what was begun stays on the servers, to be gone on with.
bool UploadDriver::leavesBehind() const {
    if (!m_continuation || !m_failure) {
        return false;
    }
    return m_failure->retryable || (m_failure->code == ErrorCode::Cancelled && *m_continuation->keep);
}

void UploadDriver::on(WriteAnswered event) {
    --m_calls;
    ShareLane& lane = m_lanes[event.share.value()];
    const std::uint64_t size = lane.writeEnded().value();
    m_unanswered -= size;
    m_maker->letGo(size);
    if (lane.closed()) {
        return;
    }
    if (!event.answer) {
        lose(event.share, event.answer.error());
        return;
    }
    if (event.answer->complete != lane.allHandedOut()) {
        lose(event.share,
             {ErrorCode::ProtocolViolation,
              event.answer->complete ? "closed a share before its last byte" : "did not close a share at its last byte",
              false});
        return;
    }
    lane.confirm(ByteCount(size));
    m_acknowledged += size;
    if (event.answer->complete) {
        act(m_plan.on(UploadPlan::ShareClosed{event.share}));
    }
}

void UploadDriver::on(const DoubtAnswered& event) {
    --m_calls;
    const Doubt doubt = std::move(m_doubts.extract(event.share).mapped());
    if (event.answer && event.answer->contains(event.share)) {
        m_acknowledged += shareSizeOf(m_geometry) - m_lanes[event.share.value()].confirmed().value();
        act(m_plan.on(UploadPlan::ShareClosed{event.share}));
    } else {
        act(m_plan.on(UploadPlan::ShareLost{event.share, doubt.error}));
    }
}

void UploadDriver::on(const DoubtTimedOut& event) {
    if (const auto doubt = m_doubts.find(event.share); doubt != m_doubts.end()) {
        doubt->second.question.request_stop();
    }
}

void UploadDriver::on(const CleanedUp&) {
    --m_calls;
}

void UploadDriver::on(const CleanupTimedOut&) {
    m_cleanupStop.request_stop();
}

void UploadDriver::on(const Silence&) {
    for (std::size_t share = 0; share < m_lanes.size(); ++share) {
        const ShareNum number(static_cast<std::uint16_t>(share));
        const auto destination = m_destinations.find(number);
        if (m_lanes[share].writing() && !m_lanes[share].closed() && destination != m_destinations.end() &&
            !wasHeldBack(m_servers[destination->second], m_silenceSpan)) {
            lose(number, {ErrorCode::TimedOut, "stopped answering", true});
        }
    }
}

void UploadDriver::on(const StopRequested&) {
    if (!(m_planOver && sealed())) {
        abandon({ErrorCode::Cancelled, {}, false});
    }
}

void UploadDriver::on(Made event) {
    if (event.making != m_making) {
        return;  // for nobody any more
    }
    auto made = m_maker->on(std::move(event.event));
    if (made) {
        return;
    }
    if (m_making == 0) {
        abandon(made.error());
        return;
    }
    m_maker->stop();
    act(m_plan.on(UploadPlan::SourceLost{made.error()}));
}

// --- What the plan wants

void UploadDriver::act(const UploadPlan::Actions& actions) {
    for (const auto& action : actions) {
        if (const auto* const failed = std::get_if<UploadPlan::Failed>(&action)) {
            fail(failed->error);  // known before the aborts that come with it
        }
    }
    for (const auto& action : actions) {
        std::visit([this](const auto& wanted) { act(wanted); }, action);
    }
}

void UploadDriver::act(const UploadPlan::Allocate& action) {
    Server& server = m_servers[action.server];
    server.asked = action.shares;
    server.awaitsBytes = action.withBytes;
    if (!action.withBytes) {
        allocate(action.server, {});
    }
}

void UploadDriver::allocate(grid::ServerIndex index, storage::WholeShares whole) {
    ++m_calls;
    Server& server = m_servers[index];
    m_scope.spawn(server.calls->allocateAndWrite(m_index, server.asked, ByteCount(shareSizeOf(m_geometry)),
                                                 std::move(whole), server.secret, server.lease,
                                                 server.questions.get_token()),
                  [mailbox = m_mailbox, index](Result<storage::Allocation> answer) {
                      mailbox.push(PlanEvent{UploadPlan::AllocationAnswered{index, std::move(answer)}});
                  });
}

/// Asks those servers for room that take the shares along, now that these are there.
void UploadDriver::allocateWhatIsReady() {
    const std::size_t mostAlong = storage::mostWholeShares / shareSizeOf(m_geometry);
    for (grid::ServerIndex index = 0; index < m_servers.size(); ++index) {
        Server& server = m_servers[index];
        if (!server.awaitsBytes || !std::ranges::all_of(server.asked, [this](ShareNum share) {
                return m_lanes[share.value()].holdsWhole();
            })) {
            continue;
        }
        server.awaitsBytes = false;
        storage::WholeShares whole;
        for (const ShareNum share : server.asked) {
            if (whole.size() == mostAlong) {
                break;  // the others are written when they have room
            }
            auto bytes = m_lanes[share.value()].next()->data;
            m_unanswered += bytes->size();
            server.along.insert(share);
            whole.emplace(share, std::move(bytes));
        }
        allocate(index, std::move(whole));
    }
}

void UploadDriver::act(const UploadPlan::ListShares& action) {
    ++m_calls;
    Server& server = m_servers[action.server];
    m_scope.spawn(server.calls->listShares(m_index, server.questions.get_token()),
                  [mailbox = m_mailbox, index = action.server](Result<std::set<ShareNum>> answer) {
                      mailbox.push(PlanEvent{UploadPlan::SharesListed{index, std::move(answer)}});
                  });
}

void UploadDriver::act(const UploadPlan::RenewLease& action) {
    Server& server = m_servers[action.server];
    cleanUp(server.calls->addLease(m_index, server.lease, m_cleanupStop.get_token()));
}

void UploadDriver::act(const UploadPlan::StartPatience& action) {
    m_patienceSpan = action.span;
    m_patience = m_environment->timers->after(action.span, [mailbox = m_mailbox, number = action.number] {
        mailbox.push(PlanEvent{UploadPlan::PatienceOver{number}});
    });
}

void UploadDriver::act(const UploadPlan::StopAsking& action) {
    m_servers[action.server].awaitsBytes = false;
    m_servers[action.server].questions.request_stop();
}

void UploadDriver::act(const UploadPlan::Abort& action) {
    const auto destination = m_destinations.find(action.share);
    if (destination != m_destinations.end() && destination->second == action.server) {
        closeLane(m_lanes[action.share.value()]);
    }
    // Room for a lost share that nothing was sent to is of no use to whoever goes on.
    const bool isForNothing = m_placed && (destination == m_destinations.end() || destination->second != action.server);
    if (leavesBehind() && !isForNothing) {
        return;
    }
    Server& server = m_servers[action.server];
    cleanUp(abortInTheEnd(server.calls, m_index, action.share, server.secret, m_environment->timers,
                          m_cleanupStop.get_token()));
}

void UploadDriver::act(const UploadPlan::Send& action) {
    m_destinations = action.shares;
    m_toSend = m_acknowledged + shareSizeOf(m_geometry) * action.shares.size();
    m_patience.reset();
    if (std::exchange(m_placed, true)) {
        m_makeLost = !action.shares.empty();
    } else {
        setLanes();
    }
}

/// Opens the lanes of shares that have a place, and no others.
void UploadDriver::setLanes() {
    for (std::size_t share = 0; share < m_lanes.size(); ++share) {
        const ShareNum number(static_cast<std::uint16_t>(share));
        const auto destination = m_destinations.find(number);
        if (destination == m_destinations.end()) {
            closeLane(m_lanes[share]);
        } else if (const auto stands = m_standing.find({destination->second, number}); stands != m_standing.end()) {
            m_lanes[share].startAt(stands->second);
        }
    }
}

/// Makes the lost shares that have new places. Not before the first making has come to its end, a later one is at rest
/// and every earlier write has ended: what is held stays within one window, the source is read once at a time, and no
/// answer is taken for another's.
void UploadDriver::makeLostAgain() {
    if (!m_makeLost || !sealed()) {
        return;
    }
    m_maker->stop();  // all that it makes is lost by now, or there
    if (m_maker->working() || std::ranges::any_of(m_lanes, &ShareLane::writing)) {
        return;
    }
    m_makeLost = false;
    m_sealed = m_again.before = sealed();
    ++m_making;
    m_lanes = std::vector<ShareLane>(m_geometry.total);
    m_maker.emplace(m_again, m_environment->pools, m_environment->window, m_lanes, m_scope, teller());
    setLanes();
    if (auto begun = m_maker->start(); !begun) {
        act(m_plan.on(UploadPlan::SourceLost{begun.error()}));
    }
}

std::function<void(ShareMaker::Event)> UploadDriver::teller() {
    return [mailbox = m_mailbox, making = m_making](ShareMaker::Event event) {
        mailbox.push(Made{making, std::move(event)});
    };
}

const std::shared_ptr<const SealedFile>& UploadDriver::sealed() const noexcept {
    return m_sealed ? m_sealed : m_maker->sealed();
}

void UploadDriver::act(const UploadPlan::Finished&) {
    m_planOver = true;
    if (m_sealed) {
        m_maker->stop();
    }
}

void UploadDriver::act(const UploadPlan::Failed& action) {
    m_planOver = true;
    fail(action.error);
    for (ShareLane& lane : m_lanes) {
        closeLane(lane);
    }
    for (auto& [share, doubt] : m_doubts) {
        doubt.question.request_stop();
    }
}

/// The first failure is the one that is told.
void UploadDriver::fail(const Error& error) {
    if (!m_failure) {
        m_failure = error;
        m_maker->stop();
    }
}

void UploadDriver::abandon(Error error) {
    if (m_failure) {
        return;
    }
    fail(error);
    m_planOver = true;
    act(m_plan.on(UploadPlan::Abandoned{std::move(error)}));
}

void UploadDriver::closeLane(ShareLane& lane) {
    m_maker->letGo(lane.close().value());
}

/// A write that comes after the share is complete finds nothing to write to, and the last one may have completed it
/// whatever came back: what stands is not lost, and is not sent to another server.
void UploadDriver::lose(ShareNum share, Error error) {
    ShareLane& lane = m_lanes[share.value()];
    const bool mayStand = error.code == ErrorCode::NotFound || lane.allHandedOut();
    closeLane(lane);
    if (!mayStand) {
        act(m_plan.on(UploadPlan::ShareLost{share, std::move(error)}));
        return;
    }
    Doubt& doubt = m_doubts.insert_or_assign(share, Doubt{std::move(error), {}, {}}).first->second;
    doubt.patience =
        m_environment->timers->after(doubtSpan, [mailbox = m_mailbox, share] { mailbox.push(DoubtTimedOut{share}); });
    ++m_calls;
    const auto& server = m_servers[m_destinations.at(share)].calls;
    m_scope.spawn(server->listShares(m_index, doubt.question.get_token()),
                  [mailbox = m_mailbox, share](Result<std::set<ShareNum>> answer) {
                      mailbox.push(DoubtAnswered{share, std::move(answer)});
                  });
}

/// Keeps a call whose answer does not matter, only that it was made.
void UploadDriver::cleanUp(async::Task<void> task) {
    ++m_calls;
    m_scope.spawn(std::move(task), [mailbox = m_mailbox](const Result<void>&) { mailbox.push(CleanedUp{}); });
}

void UploadDriver::wrapUpWhenDone() {
    if (m_planOver && (m_failure || sealed()) && m_calls > 0 && !m_wrappingUp) {
        m_wrappingUp = true;
        m_cleanupTimer =
            m_environment->timers->after(cleanupSpan, [mailbox = m_mailbox] { mailbox.push(CleanupTimedOut{}); });
    }
}

// --- Sending

void UploadDriver::sendWhatIsReady() {
    for (const auto& [share, server] : m_destinations) {
        send(share, server);
    }
}

void UploadDriver::send(ShareNum share, grid::ServerIndex index) {
    ShareLane& lane = m_lanes[share.value()];
    const std::uint64_t known = lane.passOver().value();
    m_maker->letGo(known);
    m_acknowledged += known;
    auto write = lane.next();
    if (!write) {
        return;
    }
    ++m_calls;
    m_unanswered += write->data->size();
    Server& server = m_servers[index];
    m_scope.spawn(
        server.calls->write(m_index, share, server.secret, write->offset, std::move(write->data), lane.stopToken()),
        [mailbox = m_mailbox, share](Result<storage::WriteProgress> answer) {
            mailbox.push(WriteAnswered{share, std::move(answer)});
        });
}

void UploadDriver::watchForSilence() {
    if (m_unanswered == 0 || m_failure) {
        m_silence.reset();
        return;
    }
    m_silenceSpan = answerSlack + async::Milliseconds(m_unanswered * 1000 / slowestLine);
    m_silence = m_environment->timers->after(m_silenceSpan, [mailbox = m_mailbox] { mailbox.push(Silence{}); });
}

/// Whether a limit of our own kept calls from a server within the last `span`.
bool UploadDriver::wasHeldBack(const Server& server, async::Milliseconds span) const {
    return server.calls->heldBackUntil() > m_environment->clock->steadyNow() - span;
}

/// Whether questions for room have no answer yet because bytes that go along with them wait for their time.
bool UploadDriver::limitsHoldQuestions() const {
    for (grid::ServerIndex index = 0; index < m_servers.size(); ++index) {
        const Server& server = m_servers[index];
        if ((!server.along.empty() || m_probing.contains(index)) && wasHeldBack(server, m_patienceSpan)) {
            return true;
        }
    }
    return false;
}

// --- Telling

Phase UploadDriver::phaseNow() const {
    if (m_planOver && sealed() && !m_failure) {
        return Phase::Done;
    }
    if (!m_placed) {
        return Phase::Allocate;
    }
    if (m_sealed) {
        return std::max(m_phase, Phase::Ueb);  // lost shares are sent once more: nobody sees it begin anew
    }
    if (m_maker->hashesBlocks()) {
        return Phase::Shares;
    }
    if (!sealed()) {
        return Phase::HashTrees;
    }
    const bool allHandedOut =
        std::ranges::all_of(m_lanes, [](const ShareLane& lane) { return lane.closed() || lane.allHandedOut(); });
    return allHandedOut ? Phase::Close : Phase::Ueb;
}

void UploadDriver::report() {
    if (!m_watch || m_failure) {
        return;
    }
    const Phase phase = phaseNow();
    const SteadyTime now = m_environment->clock->steadyNow();
    if (phase == m_phase && now - m_lastReport < betweenReports) {
        return;
    }
    m_lastReport = now;
    Progress progress;
    progress.fileSize = progress.hashed = ByteCount(m_geometry.fileSize);
    progress.toSend = ByteCount(m_toSend);
    progress.acknowledged = ByteCount(m_acknowledged);
    progress.shares = m_plan.shareStates();
    // No phase is left out, however short it was: a small file goes through several in one step.
    do {
        m_phase = m_phase == phase ? phase : static_cast<Phase>(static_cast<int>(m_phase) + 1);
        progress.phase = m_phase;
        m_watch(progress);
    } while (m_phase != phase);
}

}  // namespace tarn::upload
