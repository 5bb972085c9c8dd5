#include "core/upload/upload_driver.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace tarn::upload {

namespace {

constexpr std::uint64_t leastWindow = 8 * 1024 * 1024;
/// A line that moves less than this is taken for dead: the time for all bytes under way at this rate, and some more,
/// may pass without any answer from any server.
constexpr std::uint64_t slowestLine = 16 * 1024;
constexpr async::Milliseconds answerSlack{30000};
/// What a failed or finished upload waits for its aborts, so that a dead server does not keep it from ending.
constexpr async::Milliseconds cleanupSpan{5000};
constexpr async::Milliseconds firstPause{100};
constexpr async::Milliseconds betweenReports{50};
/// Shares up to this size go along with the question for their room.
constexpr std::uint64_t mostShareAlong = 128 * 1024;

template <typename T>
async::Task<T> onPool(std::shared_ptr<QThreadPool> pool, std::function<Result<T>()> work) {
    co_return co_await async::runOn(*pool, std::move(work));
}

std::shared_ptr<QThreadPool> cpuOf(const Environment& environment) {
    return {environment.pools, &environment.pools->cpu};
}

std::shared_ptr<QThreadPool> diskOf(const Environment& environment) {
    return {environment.pools, &environment.pools->disk};
}

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

/// The servers that take this file's shares along with the question for their room: none if the shares are large, for
/// bytes that turn out to stand elsewhere are wasted.
std::set<grid::ServerIndex> thoseThatTakeWhole(const storage::ServerList& servers, const formats::Geometry& geometry) {
    std::set<grid::ServerIndex> takers;
    if (RunPlan(geometry).count() == 1 && shareSizeOf(geometry) <= mostShareAlong) {
        for (grid::ServerIndex server = 0; server < servers.size(); ++server) {
            if (servers[server]->takesWholeShares()) {
                takers.insert(server);
            }
        }
    }
    return takers;
}

/// Adds a run to the file's hashes; after the last one, puts the tails behind the blocks.
std::shared_ptr<const SealedFile> hashRun(FileHashes& hashes, EncodedRun& run, bool last) {
    hashes.add(run);
    if (!last) {
        return nullptr;
    }
    auto sealed = std::make_shared<const SealedFile>(hashes.seal());
    for (std::size_t share = 0; share < run.shareBytes.size(); ++share) {
        if (run.shareBytes[share]) {
            sealed->appendTail(static_cast<unsigned>(share), *run.shareBytes[share]);
        }
    }
    return sealed;
}

}  // namespace

UploadDriver::UploadDriver(Prepared prepared, std::shared_ptr<const Secrets> secrets, storage::ServerList permuted,
                           std::shared_ptr<const Environment> environment, Watch watch,
                           std::shared_ptr<const Continuation> continuation)
    : m_prepared(std::move(prepared)), m_environment(std::move(environment)), m_watch(std::move(watch)),
      m_index(crypto::storageIndexOf(m_prepared.key)),
      m_plan({m_prepared.parameters.required, m_prepared.parameters.happy, m_prepared.parameters.total,
              namesOf(permuted), thoseThatTakeWhole(permuted, m_prepared.geometry), idsOf(permuted)}),
      m_hashes(std::make_shared<FileHashes>(m_prepared.geometry)), m_runs(m_prepared.geometry),
      m_continuation(std::move(continuation)), m_lanes(m_prepared.geometry.total) {
    for (auto& server : permuted) {
        auto lease = crypto::leaseSecretsFor(secrets->leases, m_index, server->description().leaseSeed);
        auto secret = m_continuation
                          ? crypto::uploadSecretFor(m_continuation->seed, m_index, server->description().leaseSeed)
                          : m_environment->random->make<UploadSecret>();
        m_servers.push_back({std::move(server), secret, lease, {}, {}, false, {}});
    }
    m_window = std::max(leastWindow, runCost(0) + runCost(0) / 2);
}

void UploadDriver::start() {
    auto encoder = SegmentEncoder::make(m_prepared.geometry, m_prepared.key);
    if (!encoder) {
        abandon(encoder.error());
        return;
    }
    m_encoder = std::make_shared<const SegmentEncoder>(std::move(*encoder));
    act(m_plan.start());
    if (m_prepared.plaintext && !m_failure) {
        m_held += runCost(0);
        m_nextToRead = 1;
        encode(0, std::exchange(m_prepared.plaintext, nullptr));
    }
    readNextRun();
    report();
}

void UploadDriver::handle(Event event) {
    std::visit([this](auto&& happened) { on(std::forward<decltype(happened)>(happened)); }, std::move(event));
    if (!m_failure) {
        readNextRun();
        allocateWhatIsReady();
        sendWhatIsReady();
        readNextRun();  // bytes that a server has already make room at once
    }
    watchForSilence();
    wrapUpWhenDone();
    report();
}

bool UploadDriver::over() const {
    return m_planOver && (m_failure || m_sealed) && m_calls == 0;
}

Result<Outcome> UploadDriver::outcome() const {
    if (m_failure) {
        return failure(*m_failure);
    }
    const auto& geometry = m_prepared.geometry;
    Outcome outcome{caps::Chk{m_prepared.key, m_sealed->uriExtensionHash(), geometry.required, geometry.total,
                              ByteCount(geometry.fileSize)},
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
    act(m_plan.on(std::move(event.event)));
}

/// The bytes that went with the question stay until all is placed, since they may yet have to go elsewhere.
void UploadDriver::takeBackWhatWentAlong(const UploadPlan::AllocationAnswered& answered) {
    for (const ShareNum share : std::exchange(m_servers[answered.server].along, {})) {
        ShareLane& lane = m_lanes[share.value()];
        const bool closed = lane.closed();
        const std::uint64_t size = (closed ? lane.writeEnded() : lane.writeAgain()).value();
        m_unanswered -= size;
        m_held -= closed ? size : 0;
        if (answered.answer && answered.answer->stored.contains(share)) {
            m_acknowledged += size;
            ++m_storedAlong;
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
    auto first = shareHeaderOf(m_prepared.geometry);
    first.resize(1);
    const auto byte = std::make_shared<const Bytes>(std::move(first));
    for (const ShareNum share : asked) {
        // Of a share that is one write there is nothing to save; it only matters that there is room for it.
        const bool granted = probing.answer.allocated.contains(share);
        if (probing.answer.alreadyHave.contains(share) || probing.answer.stored.contains(share) ||
            (granted && m_runs.count() == 1)) {
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
        if (missing.size() == 1 && missing.front().end.value() == shareSizeOf(m_prepared.geometry)) {
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
    m_held -= size;
    if (lane.closed()) {
        return;
    }
    if (!event.answer) {
        act(m_plan.on(UploadPlan::ShareLost{event.share, event.answer.error()}));
        return;
    }
    if (event.answer->complete != lane.allHandedOut()) {
        act(m_plan.on(UploadPlan::ShareLost{
            event.share,
            {ErrorCode::ProtocolViolation,
             event.answer->complete ? "closed a share before its last byte" : "did not close a share at its last byte",
             false}}));
        return;
    }
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

void UploadDriver::on(const Silence&) {
    for (std::size_t share = 0; share < m_lanes.size(); ++share) {
        const ShareNum number(static_cast<std::uint16_t>(share));
        if (m_lanes[share].writing() && !m_lanes[share].closed()) {
            act(m_plan.on(UploadPlan::ShareLost{number, {ErrorCode::TimedOut, "stopped answering", true}}));
        }
    }
}

void UploadDriver::on(const StopRequested&) {
    if (!(m_planOver && m_sealed)) {
        abandon({ErrorCode::Cancelled, {}, false});
    }
}

void UploadDriver::on(RunRead event) {
    m_reading = false;
    if (!event.plaintext) {
        abandon(event.plaintext.error());
    } else if (!m_failure) {
        encode(event.number, std::move(*event.plaintext));
    }
}

void UploadDriver::on(RunEncoded event) {
    --m_encoding;
    m_held = m_held - runCost(event.run->run.firstSegment / m_runs.run(0).segmentCount) + heldBy(*event.run);
    m_encoded.emplace(event.run->run.firstSegment, std::move(event.run));
    hashNextRun();
}

void UploadDriver::on(RunHashed event) {
    m_hashing = false;
    m_held -= event.run->ciphertext->size();
    if (event.sealed) {
        m_held += tailSizeOf(m_prepared.geometry) *
                  static_cast<std::uint64_t>(
                      std::ranges::count_if(event.run->shareBytes, [](const auto& bytes) { return !!bytes; }));
        m_sealed = std::move(event.sealed);
        release(*event.run, true);
    }
    hashNextRun();
}

// --- What the plan wants

void UploadDriver::act(const UploadPlan::Actions& actions) {
    for (const auto& action : actions) {
        if (const auto* const failed = std::get_if<UploadPlan::Failed>(&action); failed != nullptr && !m_failure) {
            m_failure = failed->error;  // known before the aborts that come with it
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
    m_scope.spawn(server.calls->allocateAndWrite(m_index, server.asked, ByteCount(shareSizeOf(m_prepared.geometry)),
                                                 std::move(whole), server.secret, server.lease,
                                                 server.questions.get_token()),
                  [mailbox = m_mailbox, index](Result<storage::Allocation> answer) {
                      mailbox.push(PlanEvent{UploadPlan::AllocationAnswered{index, std::move(answer)}});
                  });
}

/// Asks those servers for room that take the shares along, now that these are there.
void UploadDriver::allocateWhatIsReady() {
    const std::size_t mostAlong = storage::mostWholeShares / shareSizeOf(m_prepared.geometry);
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
    if (leavesBehind()) {
        return;
    }
    Server& server = m_servers[action.server];
    cleanUp(abortInTheEnd(server.calls, m_index, action.share, server.secret, m_environment->timers,
                          m_cleanupStop.get_token()));
}

void UploadDriver::act(const UploadPlan::Send& action) {
    m_placed = true;
    m_destinations = action.shares;
    m_patience.reset();
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

void UploadDriver::act(const UploadPlan::Finished&) {
    m_planOver = true;
}

void UploadDriver::act(const UploadPlan::Failed& action) {
    m_planOver = true;
    if (!m_failure) {
        m_failure = action.error;
    }
    for (ShareLane& lane : m_lanes) {
        closeLane(lane);
    }
}

void UploadDriver::abandon(Error error) {
    if (m_failure) {
        return;
    }
    m_failure = error;
    m_planOver = true;
    act(m_plan.on(UploadPlan::Abandoned{std::move(error)}));
}

void UploadDriver::closeLane(ShareLane& lane) {
    m_held -= lane.close().value();
}

/// Keeps a call whose answer does not matter, only that it was made.
void UploadDriver::cleanUp(async::Task<void> task) {
    ++m_calls;
    m_scope.spawn(std::move(task), [mailbox = m_mailbox](const Result<void>&) { mailbox.push(CleanedUp{}); });
}

void UploadDriver::wrapUpWhenDone() {
    if (m_planOver && (m_failure || m_sealed) && m_calls > 0 && !m_wrappingUp) {
        m_wrappingUp = true;
        m_cleanupTimer =
            m_environment->timers->after(cleanupSpan, [mailbox = m_mailbox] { mailbox.push(CleanupTimedOut{}); });
    }
}

// --- Reading, encoding, hashing

void UploadDriver::readNextRun() {
    const auto mostEncoding = static_cast<unsigned>(std::max(1, m_environment->pools->cpu.maxThreadCount()));
    if (m_reading || m_failure || m_nextToRead == m_runs.count() || m_encoding >= mostEncoding ||
        (m_held > 0 && m_held + runCost(m_nextToRead) > m_window)) {
        return;
    }
    const std::uint64_t number = m_nextToRead++;
    const bool last = m_nextToRead == m_runs.count();
    m_held += runCost(number);
    m_reading = true;
    auto read = [source = m_prepared.source, encoder = m_encoder, run = m_runs.run(number),
                 offset = ByteOffset(m_runs.offset(number)), last]() -> Result<std::shared_ptr<Bytes>> {
        auto buffer = encoder->bufferFor(run);
        if (auto done = source->read(offset, *buffer); !done) {
            return failure(done.error());
        }
        // Nothing is read after this, and no share can be complete before: a changed file leaves none behind.
        if (auto unchanged = last ? source->checkUnchanged() : Result<void>(); !unchanged) {
            return failure(unchanged.error());
        }
        return buffer;
    };
    m_scope.spawn(onPool<std::shared_ptr<Bytes>>(diskOf(*m_environment), std::move(read)),
                  [mailbox = m_mailbox, number](Result<std::shared_ptr<Bytes>> buffer) {
                      mailbox.push(RunRead{number, std::move(buffer)});
                  });
}

void UploadDriver::encode(std::uint64_t number, std::shared_ptr<Bytes> plaintext) {
    ++m_encoding;
    const Run run = m_runs.run(number);
    const bool last = number + 1 == m_runs.count();
    auto lead = number == 0 ? shareHeaderOf(m_prepared.geometry) : Bytes();
    const std::size_t tailRoom = last ? tailSizeOf(m_prepared.geometry) : 0;
    // A file of one run is hashed on the spot, to spare a small file the way back and forth between threads.
    auto onTheSpot = m_runs.count() == 1 ? m_hashes : nullptr;
    auto work = [encoder = m_encoder, run, plaintext = std::move(plaintext), wanted = wanted(), lead = std::move(lead),
                 tailRoom, onTheSpot]() -> Result<RunHashed> {
        auto encoded = std::make_shared<EncodedRun>(encoder->encode(run, plaintext, wanted, lead, tailRoom));
        return RunHashed{encoded, onTheSpot ? hashRun(*onTheSpot, *encoded, true) : nullptr};
    };
    m_scope.spawn(onPool<RunHashed>(cpuOf(*m_environment), std::move(work)),
                  [mailbox = m_mailbox](Result<RunHashed> done) {
                      if (done->sealed) {
                          mailbox.push(std::move(*done));
                      } else {
                          mailbox.push(RunEncoded{std::move(done->run)});
                      }
                  });
}

void UploadDriver::hashNextRun() {
    const auto next = m_encoded.find(m_nextToHash);
    if (m_hashing || m_failure || next == m_encoded.end()) {
        return;
    }
    const auto run = std::move(next->second);
    m_encoded.erase(next);
    m_nextToHash = run->run.firstSegment + run->run.segmentCount;
    const bool last = m_nextToHash == m_prepared.geometry.segmentCount;
    if (!last) {
        release(*run, false);
    }
    m_hashing = true;
    auto work = [hashes = m_hashes, run, last]() -> Result<RunHashed> {
        return RunHashed{run, hashRun(*hashes, *run, last)};
    };
    m_scope.spawn(onPool<RunHashed>(cpuOf(*m_environment), std::move(work)),
                  [mailbox = m_mailbox](Result<RunHashed> done) { mailbox.push(std::move(*done)); });
}

/// Hands a run's bytes to the shares that still want them.
void UploadDriver::release(EncodedRun& run, bool last) {
    for (std::size_t share = 0; share < m_lanes.size(); ++share) {
        auto bytes = std::exchange(run.shareBytes[share], nullptr);
        if (!bytes) {
            continue;
        }
        if (m_lanes[share].closed()) {
            m_held -= bytes->size();
        } else {
            m_lanes[share].push(std::move(bytes), last);
        }
    }
}

void UploadDriver::sendWhatIsReady() {
    for (const auto& [share, server] : m_destinations) {
        send(share, server);
    }
}

void UploadDriver::send(ShareNum share, grid::ServerIndex index) {
    ShareLane& lane = m_lanes[share.value()];
    const std::uint64_t known = lane.passOver().value();
    m_held -= known;
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
    const async::Milliseconds span = answerSlack + async::Milliseconds(m_unanswered * 1000 / slowestLine);
    m_silence = m_environment->timers->after(span, [mailbox = m_mailbox] { mailbox.push(Silence{}); });
}

Wanted UploadDriver::wanted() const {
    Wanted wanted;
    for (const ShareLane& lane : m_lanes) {
        wanted.push_back(!lane.closed());
    }
    return wanted;
}

std::uint64_t UploadDriver::runCost(std::uint64_t number) const {
    return m_runs.plaintextSize(number) + m_runs.blocksSize(number) * m_prepared.geometry.total;
}

std::uint64_t UploadDriver::heldBy(const EncodedRun& run) {
    std::uint64_t held = run.ciphertext->size();
    for (const auto& bytes : run.shareBytes) {
        held += bytes ? bytes->size() : 0;
    }
    return held;
}

// --- Telling

Phase UploadDriver::phaseNow() const {
    if (m_planOver && m_sealed && !m_failure) {
        return Phase::Done;
    }
    if (!m_placed) {
        return Phase::Allocate;
    }
    if (m_nextToHash < m_prepared.geometry.segmentCount && !m_sealed) {
        return Phase::Shares;
    }
    if (!m_sealed) {
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
    progress.fileSize = progress.hashed = ByteCount(m_prepared.geometry.fileSize);
    progress.toSend =
        ByteCount(m_placed ? shareSizeOf(m_prepared.geometry) * (m_destinations.size() + m_storedAlong) : 0);
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
