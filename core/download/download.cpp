#include "core/download/download.h"

#include "core/async/mailbox.h"
#include "core/async/task_scope.h"
#include "core/download/byte_window.h"
#include "core/download/download_plan.h"
#include "core/download/held_check.h"
#include "core/download/segment_decoder.h"
#include "core/download/share_reading.h"
#include "core/grid/permuted_ring.h"

#include <algorithm>
#include <map>

namespace tarn::download {

namespace {

/// A call's server has answered a part of it.
struct PartCame {
    Ticket ticket;
};
struct StopRequested {};
using Message = std::variant<Event, PartCame, StopRequested>;

std::string nameOf(const storage::StorageServer& server) {
    const auto& description = server.description();
    return description.nickname.empty() ? description.id.text() : description.nickname;
}

std::vector<std::string> namesOf(const storage::ServerList& servers) {
    std::vector<std::string> names;
    for (const auto& server : servers) {
        names.push_back(nameOf(*server));
    }
    return names;
}

DownloadPlan::Known placesOf(const std::vector<KnownShare>& known, const storage::ServerList& servers) {
    DownloadPlan::Known places;
    for (const auto& [id, share] : known) {
        const auto server =
            std::ranges::find_if(servers, [&id = id](const auto& one) { return one->description().id == id; });
        if (server != servers.end()) {
            places.emplace_back(static_cast<ServerIndex>(server - servers.begin()), share);
        }
    }
    return places;
}

/// A run's blocks, by who gave them.
using BlocksHere = std::map<HoldingIndex, Bytes>;

/// One share's part in decoding a run.
struct Part {
    HoldingIndex holding;
    ShareNum share;
    std::shared_ptr<const OpenShare> open;
};

/// What a run came to: its plaintext, or whose blocks are to blame that there is none.
struct Decoded {
    std::shared_ptr<const Bytes> plaintext;
    std::vector<std::pair<HoldingIndex, Error>> bad;
};

Result<Decoded> decodeBlocks(const SegmentDecoder& decoder, SegmentRun run, const std::vector<Part>& parts,
                             const BlocksHere& blocks) {
    std::vector<RunBlocks> from;
    from.reserve(parts.size());
    for (const Part& part : parts) {
        from.push_back({part.share, blocks.at(part.holding)});
    }
    auto plaintext = decoder.decode(run, from);
    if (plaintext) {
        return Decoded{std::move(*plaintext), {}};
    }
    Decoded decoded;
    for (const Part& part : parts) {
        if (auto checked = part.open->checkBlocks(run, blocks.at(part.holding)); !checked) {
            decoded.bad.emplace_back(part.holding, checked.error());
        }
    }
    return decoded.bad.empty() ? Result<Decoded>(failure(plaintext.error())) : std::move(decoded);
}

async::Task<Decoded> decodeRun(std::shared_ptr<async::Pools> pools, std::shared_ptr<const SegmentDecoder> decoder,
                               SegmentRun run, std::shared_ptr<const std::vector<Part>> parts,
                               std::shared_ptr<const BlocksHere> blocks) {
    auto decode = [decoder, run, parts, blocks] {
        return decodeBlocks(*decoder, run, *parts, *blocks);
    };
    auto decoded = co_await async::runOn(pools->cpu, std::move(decode));
    co_return decoded;
}

/// The sink is asked only if nobody has stopped the download by the time that the disk's thread comes to it.
async::Task<void> writeRun(std::shared_ptr<async::Pools> pools, std::shared_ptr<Sink> sink,
                           std::shared_ptr<const Bytes> plaintext, Range within, std::stop_token stop) {
    auto write = [sink, plaintext, within, stop]() -> Result<void> {
        if (stop.stop_requested()) {
            return failure(ErrorCode::Cancelled);
        }
        return sink->write(ByteView(*plaintext).subspan(within.begin.value(), (within.end - within.begin).value()));
    };
    auto written = co_await async::runOn(pools->disk, std::move(write));
    co_return written;
}

async::Task<void> commitSink(std::shared_ptr<async::Pools> pools, std::shared_ptr<Sink> sink, std::stop_token stop) {
    auto commit = [sink, stop]() -> Result<void> {
        if (stop.stop_requested()) {
            return failure(ErrorCode::Cancelled);
        }
        return sink->commit();
    };
    auto committed = co_await async::runOn(pools->disk, std::move(commit));
    co_return committed;
}

/// Does what the plan wants, keeps the bytes that are on their way, and reports back. Thread: engine.
class Driver : public std::enable_shared_from_this<Driver> {
public:
    Driver(const caps::Chk& capability, Range range, const std::vector<KnownShare>& known, storage::ServerList servers,
           std::shared_ptr<Sink> sink, std::shared_ptr<const Environment> environment, Watch watch,
           std::stop_token stop)
        : m_capability(capability), m_index(capability.storageIndex()), m_range(range), m_servers(std::move(servers)),
          m_sink(std::move(sink)), m_environment(std::move(environment)), m_watch(std::move(watch)),
          m_stop(std::move(stop)),
          m_plan(capability.required, capability.total, range, namesOf(m_servers), placesOf(known, m_servers),
                 ShareVerifier::smallShare(capability.verifier()).value_or(ByteCount(0)),
                 range.begin.value() == 0 ? m_sink->held() : ByteCount(0)),
          m_pace(m_environment->pace ? m_environment->pace : std::make_shared<ServerPace>()),
          m_known(std::make_shared<FileKnowledge>()) {}

    [[nodiscard]] const async::Mailbox<Message>& mailbox() const noexcept { return m_mailbox; }
    [[nodiscard]] async::TaskScope& scope() noexcept { return m_scope; }
    [[nodiscard]] bool isOver() const noexcept { return m_outcome.has_value(); }

    void start() {
        perform(m_plan.start());
        report();
    }

    void on(const Message& message) {
        if (const auto* event = std::get_if<Event>(&message)) {
            if (const auto* slow = std::get_if<CallSlow>(event)) {
                if (countFromRelease(slow->ticket)) {
                    return;
                }
                waitUntilLost(slow->ticket);
            } else if (const auto* lost = std::get_if<CallLost>(event); lost && countFromRelease(lost->ticket)) {
                return;
            }
            perform(m_plan.on(*event));
            report();
        } else if (const auto* part = std::get_if<PartCame>(&message)) {
            partCame(part->ticket);
        }
    }

    void cancel() { m_outcome = failure(ErrorCode::Cancelled); }

    /// What to say when nothing runs any more: a file that was committed while the stop came is there.
    [[nodiscard]] Result<void> finalOutcome() const { return m_committed ? Result<void>() : *m_outcome; }

    void stopAllCalls() {
        for (auto& [ticket, call] : std::exchange(m_calls, {})) {
            call.stop.request_stop();
        }
    }

private:
    struct Call {
        std::stop_source stop;
        async::TimerHandle timer;
        async::Milliseconds lostAfter{0};  ///< none for a mere wait
        std::shared_ptr<const storage::StorageServer> calls;
        bool wasHeldBack = false;  ///< by a limit of our own: how long it took says nothing of the server
        ServerId server;
        ByteCount expected;  ///< about how much its answer holds
        SteadyTime since;    ///< when it was made, or last gave a part
        bool slow = false;
    };

    void perform(Actions actions) {
        for (const Action& action : actions) {
            std::visit([this](const auto& known) { perform(known); }, action);
        }
    }

    void perform(const AskForShares& action) {
        const auto stop = beginCall(action.ticket, DownloadPlan::listLostAfter, action.server, action.along);
        m_scope.spawn(m_servers[action.server]->findShares(m_index, action.along, stop),
                      [self = shared_from_this(), action](Result<storage::FoundShares> found) {
                          ByteCount came;
                          if (found) {
                              for (const auto& [share, bytes] : found->whole) {
                                  came += ByteCount(bytes.size());
                              }
                          }
                          if (self->endCall(action.ticket, found.has_value(), came)) {
                              self->tell(self->keepWhole(action, std::move(found)));
                          }
                      });
    }

    [[nodiscard]] SharesListed keepWhole(const AskForShares& action, Result<storage::FoundShares> found) {
        if (!found) {
            return {action.ticket, failure(found.error())};
        }
        SharesListed listed{action.ticket, std::move(found->shares)};
        for (auto& [share, bytes] : found->whole) {
            if (share.value() < m_capability.total) {
                listed.whole.insert(share);
                m_whole.emplace(std::pair(action.server, share), std::move(bytes));
            }
        }
        return listed;
    }

    void perform(const OpenHolding& action) {
        const auto place = placeOf(action.holding, action.ticket);
        auto& verifier = m_verifiers[action.holding];
        if (!verifier) {
            verifier = std::make_shared<ShareVerifier>(m_capability.verifier(), place.share);
            if (auto whole = m_whole.extract({serverOf(action.holding), place.share})) {
                verifier->takeWhole(std::move(whole.mapped()));
            }
        }
        ByteCount expected;
        for (const auto& range : verifier->firstRanges()) {
            expected += range.end - range.begin;
        }
        const auto stop = beginCall(action.ticket, DownloadPlan::lostAfter, serverOf(action.holding), expected);
        m_scope.spawn(examineShare(place, verifier, m_known, stop),
                      [self = shared_from_this(), action](Result<ShareVerifier::Verdict> verdict) {
                          if (self->endCall(action.ticket)) {
                              self->opened(action, std::move(verdict));
                          }
                      });
    }

    void opened(const OpenHolding& action, Result<ShareVerifier::Verdict> verdict) {
        if (!verdict) {
            m_verifiers.erase(action.holding);
            tell(HoldingOpened{action.ticket, failure(verdict.error())});
            return;
        }
        HoldingOpened::Report report;
        report.wantsFacts = verdict->kind == ShareVerifier::Verdict::Kind::NeedsFacts;
        report.crypttextDamaged = verdict->crypttextDamaged;
        report.damage = std::move(verdict->damage);
        if (verdict->share) {
            m_verifiers.erase(action.holding);
            m_open[action.holding] = verdict->share;
            if (!m_known->facts) {
                m_known->facts = verdict->share->facts;
            }
            if (!m_known->crypttextHashes) {
                m_known->crypttextHashes = verdict->crypttextHashes;
            }
            report.facts = m_known->facts;
            report.crypttextProved = m_known->crypttextHashes != nullptr;
        }
        tell(HoldingOpened{action.ticket, std::move(report)});
    }

    void perform(const ReadCrypttextHashes& action) {
        const ByteCount expected(m_known->facts->geometry.segmentCount * crypto::Hash::size);
        const auto stop = beginCall(action.ticket, DownloadPlan::lostAfter, serverOf(action.holding), expected);
        m_scope.spawn(readCrypttextHashes(placeOf(action.holding, action.ticket), m_open.at(action.holding), stop),
                      [self = shared_from_this(), ticket = action.ticket](Result<HashRow> row) {
                          if (!self->endCall(ticket)) {
                              return;
                          }
                          if (row) {
                              self->m_known->crypttextHashes = *row;
                              self->tell(CrypttextHashesRead{ticket, {}});
                          } else {
                              self->tell(CrypttextHashesRead{ticket, failure(row.error())});
                          }
                      });
    }

    void perform(const FetchBlocks& action) {
        const auto& share = m_open.at(action.holding);
        const auto range = share->blockRange(m_plan.segmentsOf(action.run));
        const auto stop =
            beginCall(action.ticket, DownloadPlan::lostAfter, serverOf(action.holding), range.end - range.begin);
        const bool held = share->blocks.has_value();
        m_scope.spawn(fetchBlocks(placeOf(action.holding, action.ticket), share, m_plan.segmentsOf(action.run), stop),
                      [self = shared_from_this(), action, held](Result<Bytes> blocks) {
                          if (!self->endCall(action.ticket, blocks && !held)) {
                              return;
                          }
                          if (blocks) {
                              self->m_blocks[action.run][action.holding] = std::move(*blocks);
                              self->tell(BlocksFetched{action.ticket, {}});
                          } else {
                              self->tell(BlocksFetched{action.ticket, failure(blocks.error())});
                          }
                      });
    }

    void perform(const AdviseCorrupt& action) {
        const auto stop = beginCall(action.ticket, DownloadPlan::lostAfter, serverOf(action.holding), ByteCount(0));
        const auto& holding = m_plan.shares().holdings()[action.holding];
        m_scope.spawn(m_servers[holding.server]->adviseCorrupt(m_index, holding.share, action.reason, stop),
                      [self = shared_from_this(), ticket = action.ticket](const Result<void>&) {
                          if (self->endCall(ticket)) {
                              self->tell(Advised{ticket});
                          }
                      });
    }

    void perform(const WaitFor& action) {
        auto& call = m_calls[action.ticket];
        call.timer = m_environment->timers->after(
            action.delay, [mailbox = m_mailbox, ticket = action.ticket] { mailbox.push(Event(Waited{ticket})); });
    }

    void perform(const StopCall& action) {
        // Off the list first: a call that ends on the spot must find that nobody waits for it.
        if (auto call = m_calls.extract(action.ticket)) {
            call.mapped().stop.request_stop();
        }
    }

    void perform(const CheckHeld& action) {
        m_scope.spawn(checkHeld(m_environment->pools, m_sink, *m_known, m_capability.key, action.segments, m_stop),
                      [self = shared_from_this()](Result<std::uint64_t> good) {
                          const std::uint64_t bytes = good ? *good * self->m_known->facts->geometry.segmentSize : 0;
                          self->m_progress.delivered +=
                              ByteCount(std::min(bytes, (self->m_range.end - self->m_range.begin).value()));
                          self->tell(HeldChecked{std::move(good)});
                      });
    }

    void perform(const DecodeRun& action) {
        m_whole.clear();  // k shares are open: whatever else came along is read again should it ever be wanted
        auto blocks = std::make_shared<BlocksHere>(std::move(m_blocks.extract(action.run).mapped()));
        auto parts = std::make_shared<std::vector<Part>>();
        for (const HoldingIndex holding : action.from) {
            parts->push_back({holding, m_plan.shares().holdings()[holding].share, m_open.at(holding)});
        }
        if (!m_decoder) {
            auto decoder = SegmentDecoder::make(m_known->facts, m_known->crypttextHashes, m_capability.key);
            if (!decoder) {
                tell(RunDecoded{action.run, failure(decoder.error())});
                return;
            }
            m_decoder = std::make_shared<const SegmentDecoder>(std::move(*decoder));
        }
        m_scope.spawn(
            decodeRun(m_environment->pools, m_decoder, m_plan.segmentsOf(action.run), std::move(parts), blocks),
            [self = shared_from_this(), number = action.run, blocks](Result<Decoded> decoded) {
                if (!decoded) {
                    self->tell(RunDecoded{number, failure(decoded.error())});
                } else if (decoded->bad.empty()) {
                    self->m_plaintext[number] = std::move(decoded->plaintext);
                    self->tell(RunDecoded{number, {}});
                } else {
                    for (const auto& [holding, error] : decoded->bad) {
                        blocks->erase(holding);
                    }
                    self->m_blocks[number] = std::move(*blocks);
                    self->tell(RunDecoded{number, failure(ErrorCode::CorruptShare), std::move(decoded->bad)});
                }
            });
    }

    void perform(const WriteRun& action) {
        auto plaintext = m_plaintext.extract(action.run).mapped();
        // Only the part that was asked for: runs begin and end with whole segments.
        const std::uint64_t start = m_plan.segmentsOf(action.run).first * m_known->facts->geometry.segmentSize;
        const std::uint64_t end = std::min(start + plaintext->size(), m_range.end.value());
        const std::uint64_t begin = std::max(start, m_range.begin.value());
        const Range within{ByteOffset(begin - start), ByteOffset(end - start)};
        m_scope.spawn(writeRun(m_environment->pools, m_sink, std::move(plaintext), within, m_stop),
                      [self = shared_from_this(), number = action.run, size = end - begin](Result<void> written) {
                          self->m_progress.delivered += ByteCount(written ? size : 0);
                          self->tell(RunWritten{number, std::move(written)});
                      });
    }

    void perform(const CommitSink&) {
        m_scope.spawn(commitSink(m_environment->pools, m_sink, m_stop),
                      [self = shared_from_this()](Result<void> committed) {
                          self->m_committed = committed.has_value();
                          self->tell(SinkCommitted{std::move(committed)});
                      });
    }

    void perform(const Finish& action) {
        m_outcome = action.outcome;
        if (action.outcome) {
            m_progress.phase = Phase::Done;
        }
    }

    void tell(Event event) { m_mailbox.push(std::move(event)); }

    [[nodiscard]] std::stop_token beginCall(Ticket ticket, async::Milliseconds lostAfter, ServerIndex server,
                                            ByteCount expected) {
        auto& call = m_calls[ticket];
        call.lostAfter = lostAfter;
        call.calls = m_servers[server];
        call.server = m_servers[server]->description().id;
        call.expected = expected;
        call.since = m_environment->clock->steadyNow();
        waitUntilSlow(ticket, call);
        return call.stop.get_token();
    }

    /// Whether somebody still waits for the call. One that tells how quick its server is may show that others are late.
    /// `came`: how much it brought, where that may be less than was expected.
    [[nodiscard]] bool endCall(Ticket ticket, bool tells = false, std::optional<ByteCount> came = {}) {
        const auto ended = m_calls.extract(ticket);
        if (!ended) {
            return false;
        }
        if (tells && !ended.mapped().wasHeldBack) {
            const Call& call = ended.mapped();
            m_pace->answered(call.server, came.value_or(call.expected), elapsed(call));
            for (auto& [other, waiting] : m_calls) {
                if (!waiting.slow && waiting.lostAfter.count() > 0) {
                    waitUntilSlow(other, waiting);
                }
            }
        }
        return true;
    }

    [[nodiscard]] async::Milliseconds elapsed(const Call& call) const {
        return std::chrono::duration_cast<async::Milliseconds>(m_environment->clock->steadyNow() - call.since);
    }

    void waitUntilSlow(Ticket ticket, Call& call) {
        const auto left = std::max(async::Milliseconds(0), m_pace->patience(call.expected) - elapsed(call));
        call.timer = m_environment->timers->after(
            left, [mailbox = m_mailbox, ticket] { mailbox.push(Event(CallSlow{ticket})); });
    }

    void partCame(Ticket ticket) {
        if (const auto call = m_calls.find(ticket); call != m_calls.end()) {
            call->second.since = m_environment->clock->steadyNow();
            call->second.slow = false;
            waitUntilSlow(ticket, call->second);
        }
    }

    /// Where a limit of our own has held the call's server back since, the wait begins anew from then on.
    [[nodiscard]] bool countFromRelease(Ticket ticket) {
        const auto call = m_calls.find(ticket);
        if (call == m_calls.end() || !call->second.calls || call->second.calls->heldBackUntil() <= call->second.since) {
            return false;
        }
        call->second.since = call->second.calls->heldBackUntil();
        call->second.wasHeldBack = true;
        call->second.slow = false;
        waitUntilSlow(ticket, call->second);
        return true;
    }

    void waitUntilLost(Ticket ticket) {
        if (const auto call = m_calls.find(ticket); call != m_calls.end()) {
            call->second.slow = true;
            call->second.timer = m_environment->timers->after(
                call->second.lostAfter, [mailbox = m_mailbox, ticket] { mailbox.push(Event(CallLost{ticket})); });
        }
    }

    [[nodiscard]] ServerIndex serverOf(HoldingIndex index) const { return m_plan.shares().holdings()[index].server; }

    [[nodiscard]] SharePlace placeOf(HoldingIndex index, Ticket ticket) const {
        const auto& holding = m_plan.shares().holdings()[index];
        return {m_servers[holding.server], m_index, holding.share, m_environment->pools, [mailbox = m_mailbox, ticket] {
                    mailbox.push(PartCame{ticket});
                }};
    }

    void report() {
        auto progress = m_progress;
        progress.total = m_range.end - m_range.begin;
        progress.sharesFound = m_plan.shares().sharesFound();
        progress.sharesNeeded = m_capability.required;
        if (progress.phase == Phase::FindingShares && m_plan.hasBegunReading()) {
            progress.phase = Phase::Reading;
        }
        const bool news = !m_reported || progress.phase != m_reported->phase ||
                          progress.delivered != m_reported->delivered ||
                          progress.sharesFound != m_reported->sharesFound;
        if (news && m_watch) {
            m_reported = progress;
            m_watch(progress);
        }
    }

    const caps::Chk m_capability;
    const StorageIndex m_index;
    const Range m_range;
    const storage::ServerList m_servers;
    const std::shared_ptr<Sink> m_sink;
    const std::shared_ptr<const Environment> m_environment;
    const Watch m_watch;
    const std::stop_token m_stop;
    DownloadPlan m_plan;
    const std::shared_ptr<ServerPace> m_pace;
    async::Mailbox<Message> m_mailbox;
    async::TaskScope m_scope;
    std::map<Ticket, Call> m_calls;
    std::map<std::pair<ServerIndex, ShareNum>, Bytes> m_whole;  ///< shares that came along and are not opened yet
    std::map<HoldingIndex, std::shared_ptr<ShareVerifier>> m_verifiers;
    std::map<HoldingIndex, std::shared_ptr<const OpenShare>> m_open;
    std::shared_ptr<FileKnowledge> m_known;
    std::shared_ptr<const SegmentDecoder> m_decoder;
    std::map<RunNumber, BlocksHere> m_blocks;
    std::map<RunNumber, std::shared_ptr<const Bytes>> m_plaintext;
    Progress m_progress;
    std::optional<Progress> m_reported;
    bool m_committed = false;
    std::optional<Result<void>> m_outcome;
};

async::Task<void> drive(std::shared_ptr<Driver> driver, std::stop_token stop) {
    const std::stop_callback onStop(stop, [mailbox = driver->mailbox()] { mailbox.push(StopRequested{}); });
    driver->start();
    while (!driver->isOver()) {
        const Message message = co_await driver->mailbox().next();
        if (stop.stop_requested()) {
            driver->cancel();
        } else {
            driver->on(message);
        }
    }
    driver->stopAllCalls();
    co_await driver->scope().cancelAndDrain();
    co_return driver->finalOutcome();
}

async::Task<void> failed(Error error) {
    co_return failure(error);
}

Result<Range> checkedRange(const caps::Chk& capability, std::optional<Range> range) {
    if (capability.required < 1 || capability.required > capability.total || capability.total > 256 ||
        capability.size.value() < 1) {
        return failure(ErrorCode::InvalidCapability, "no file can be kept in shares like this");
    }
    return cutToFile(range, capability.size);
}

}  // namespace

async::Task<void> download(caps::Chk capability, std::optional<Range> range, storage::ServerList servers,
                           std::shared_ptr<Sink> sink, std::shared_ptr<const Environment> environment, Watch watch,
                           std::stop_token stop) {
    return download(std::move(capability), range, {}, std::move(servers), std::move(sink), std::move(environment),
                    std::move(watch), std::move(stop));
}

async::Task<void> download(caps::Chk capability, std::optional<Range> range, std::vector<KnownShare> known,
                           storage::ServerList servers, std::shared_ptr<Sink> sink,
                           std::shared_ptr<const Environment> environment, Watch watch, std::stop_token stop) {
    const auto cut = checkedRange(capability, range);
    if (!cut) {
        return failed(cut.error());
    }
    if (cut->begin == cut->end) {
        return commitSink(environment->pools, std::move(sink), std::move(stop));
    }
    auto ordered = grid::permuted(std::move(servers), capability.storageIndex());
    return drive(std::make_shared<Driver>(capability, *cut, known, std::move(ordered), std::move(sink),
                                          std::move(environment), std::move(watch), stop),
                 stop);
}

}  // namespace tarn::download
