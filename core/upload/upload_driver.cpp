#include "core/upload/upload_driver.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace tarn::upload {

namespace {

/// What a failed or finished upload waits for its aborts, so that a dead server does not keep it from ending.
constexpr async::Milliseconds cleanupSpan{5000};
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

void UploadDriver::on(const CleanedUp&) {
    --m_calls;
}

void UploadDriver::on(const CleanupTimedOut&) {
    m_cleanupStop.request_stop();
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
