#include "core/engine/transfer_driver.h"

#include "core/caps/capability.h"
#include "core/engine/backoff.h"
#include "core/engine/share_places.h"

#include <algorithm>
#include <atomic>
#include <ctime>
#include <filesystem>
#include <optional>
#include <utility>
#include <variant>

namespace tarn::engine {

namespace {

constexpr std::chrono::milliseconds tickInterval{1000};
/// Rows that are read ahead of their turn, and how few of them are few.
constexpr std::size_t mostAhead = 128;
constexpr std::size_t fewAhead = 32;
constexpr std::chrono::milliseconds longestLookAhead{30'000};

std::chrono::nanoseconds processorTime() {
    return std::chrono::nanoseconds(std::clock() * (std::chrono::nanoseconds::period::den / CLOCKS_PER_SEC));
}

/// What a download fetches, by which its partial file is named; nothing where there is none.
std::optional<StorageIndex> fetchedBy(const caps::Capability& capability) {
    const auto* const chk = std::get_if<caps::Chk>(&capability);
    return chk != nullptr ? std::optional(chk->storageIndex()) : std::nullopt;
}

/// A partial file that goes with its sink if the transfer is given up by then: whoever writes to it last is the one who
/// knows that it is over.
Result<std::shared_ptr<download::Sink>> openPartialFile(const std::filesystem::path& target,
                                                        const StorageIndex& fetched,
                                                        const std::shared_ptr<const std::atomic<bool>>& givenUp) {
    auto sink = download::resumableFileSink(target, fetched);
    if (!sink) {
        return sink;
    }
    download::Sink* const opened = sink->get();
    return std::shared_ptr<download::Sink>(
        opened, [held = std::move(*sink), target, fetched, givenUp](download::Sink*) mutable {
            held.reset();
            if (*givenUp) {
                download::removePartialFile(target, fetched);
            }
        });
}

}  // namespace

TransferDriver::TransferDriver(std::shared_ptr<journal::Journal> journal,
                               std::shared_ptr<const upload::Environment> environment,
                               std::shared_ptr<storage::RateLimits> limits, async::TaskScope& scope,
                               EngineListener& listener)
    : m_environment(std::move(environment)), m_limits(std::move(limits)), m_scope(&scope), m_listener(&listener),
      m_journal(std::move(journal), m_environment->pools, scope),
      m_planner(static_cast<unsigned>(std::max(1, m_environment->pools->cpu.maxThreadCount()))) {}

void TransferDriver::serve(std::shared_ptr<const Session> session) {
    m_session = std::move(session);
    if (m_mode != Mode::Stopped) {
        m_mode = Mode::Serving;
        wake();
    }
}

void TransferDriver::refuse(Error error) {
    m_refusal = std::move(error);
    if (m_mode != Mode::Stopped) {
        m_mode = Mode::Refusing;
        startMore();
    }
}

void TransferDriver::hold() {
    if (m_mode != Mode::Stopped) {
        m_mode = Mode::Holding;
    }
}

void TransferDriver::setMetered(bool metered) {
    m_metered = metered;
    if (m_settings.pauseOnMetered && metered) {
        for (const auto id : m_queue.running()) {
            stopRunning(id, true);
        }
    }
    startMore();
}

void TransferDriver::wake() {
    const auto awake = [this](const Result<std::uint64_t>& waited) {
        if (waited && *waited > 0) {
            m_listener->onStale();
        }
        orderChanged();
    };
    m_journal.perform([](journal::Journal& journal) { return journal.endWaits(); }, awake);
}

void TransferDriver::stop() {
    m_mode = Mode::Stopped;
    m_ticking.reset();
    m_nextAttempt.reset();
    for (const auto id : m_queue.running()) {
        stopRunning(id, true);
    }
    const bool nothingWaits = m_queue.waiting() == 0 && !m_lookAgain && !m_filling;
    if (m_queue.runningCount() == 0 && (nothingWaits || m_earlier.allStarted())) {
        mark(false);
    }
}

/// Notes that this run of the program has uploads under way, or none any more. Where that fails, the next one asks too
/// little or too much; nothing is lost.
void TransferDriver::mark(bool underWay) {
    if (std::exchange(m_marked, underWay) != underWay) {
        m_journal.perform(
            [underWay](journal::Journal& journal) {
                return journal.setSetting(EarlierAttempts::setting, underWay ? 1 : 0);
            },
            [](const Result<void>&) {});
    }
}

/// It ends by itself soon after, and is then what its row says.
void TransferDriver::stopRunning(journal::RowId id, bool keep) {
    const auto found = m_running.find(id);
    if (found == m_running.end()) {
        return;
    }
    found->second.leaving = true;
    m_earlier.stopped(id);
    *found->second.keep = keep;
    *found->second.givenUp = !keep;
    auto source = found->second.stop;  // it may end, and go, on the spot
    source.request_stop();
}

bool TransferDriver::mayRun() const {
    const bool line = !(m_settings.pauseOnMetered && m_metered);
    return (m_mode == Mode::Serving || m_mode == Mode::Refusing) && !m_settings.held && line;
}

TransferQueue::Limits TransferDriver::limits() const {
    return {m_planner.small(), m_planner.large(), ConcurrencyPlanner::smallUpTo};
}

/// What was read ahead is out of date.
void TransferDriver::orderChanged() {
    m_queue.withdraw();
    m_lookAgain = true;
    startMore();
}

void TransferDriver::fillAhead() {
    if (m_filling || !m_lookAgain || !mayRun() || m_queue.waiting() >= fewAhead) {
        return;
    }
    m_filling = true;
    m_lookAgain = false;
    // Those that run are queued as far as the journal knows, and may come first.
    const auto most = mostAhead + m_queue.runningCount();
    const auto read = [most, now = m_environment->clock->wallNow()](journal::Journal& journal) {
        return journal.next(most, now, longestBackoff);
    };
    m_journal.perform(read, [this, most](Result<std::vector<journal::Row>> rows) {
        m_filling = false;
        if (!rows) {
            return;  // a journal that cannot be read gives nothing to start; the next change asks it again
        }
        const bool more = rows->size() == most;
        if (m_lookAgain) {
            fillAhead();  // the order has changed meanwhile
            return;
        }
        m_lookAgain = more;
        m_queue.offer(std::move(*rows));
        if (!more) {
            waitForNextAttempt();
        }
        startMore();
    });
}

/// Sets the clock for the transfer that tries again first.
void TransferDriver::waitForNextAttempt() {
    const auto now = m_environment->clock->wallNow();
    const auto read = [now](journal::Journal& journal) {
        return journal.soonest(now);
    };
    m_journal.perform(read, [this, now](const Result<WallTime>& soonest) {
        if (!soonest || *soonest == WallTime() || m_mode == Mode::Stopped) {
            return;
        }
        // Not longer than half a minute at a time: timers stand still while the computer sleeps.
        const auto wait = std::chrono::ceil<std::chrono::milliseconds>(*soonest - now);
        m_nextAttempt = m_environment->timers->after(std::min(wait, longestLookAhead), [this] {
            if (m_sleepWatch.look(m_environment->clock->steadyNow(), m_environment->clock->wallNow()) ==
                SleepWatch::Seen::Slept) {
                wake();
                return;
            }
            m_lookAgain = true;
            startMore();
        });
    });
}

void TransferDriver::startMore() {
    if (!mayRun()) {
        return;
    }
    for (const auto id : m_queue.start(limits(), m_environment->clock->steadyNow())) {
        run(id);
        changed(id);
    }
    tickLater();
    fillAhead();
}

void TransferDriver::run(journal::RowId id) {
    if (m_mode == Mode::Refusing) {
        ended(id, m_refusal);
        return;
    }
    // Copies: the queue may move its row while the task begins. That a transfer runs is not written down: a row that is
    // queued says the same after a crash, and spares a write to disk.
    const journal::Row row = *m_queue.row(id);
    const Running running = m_running[id];
    if (row.direction == journal::Direction::Upload) {
        runUpload(id, row, running);
    } else {
        runDownload(id, row, running);
    }
}

void TransferDriver::runUpload(journal::RowId id, const journal::Row& row, const Running& running) {
    const auto required = m_session->encoding.required;
    auto watch = [this, id, required](const upload::Progress& progress) {
        const auto before = m_queue.doneBytes();
        m_queue.progressed(id, progress, required, m_environment->clock->steadyNow());
        m_planner.largeMoved(m_queue.doneBytes() - std::min(before, m_queue.doneBytes()));
        changed(id);
    };
    mark(true);
    const auto begun = m_earlier.starts(row);
    auto continuation = std::make_shared<const upload::Continuation>(
        upload::Continuation{crypto::uploadSeedFor(m_session->secrets->leases, static_cast<std::uint64_t>(id)),
                             begun.perhaps, begun.likely, running.keep});
    m_scope->spawn(
        putFile(m_session, row.localPath, std::move(watch), std::move(continuation), running.stop.get_token()),
        [this, id](Result<upload::Outcome> outcome) {
            if (outcome) {
                settle(m_queue.uploaded(id, *outcome, m_environment->clock->wallNow()));
            } else {
                ended(id, outcome.error());
            }
        });
}

void TransferDriver::runDownload(journal::RowId id, const journal::Row& row, const Running& running) {
    auto capability = caps::parse(row.capability);
    if (!capability) {
        ended(id, capability.error());
        return;
    }
    auto openSink = [target = std::filesystem::path(row.localPath), fetched = fetchedBy(*capability),
                     givenUp = running.givenUp] {
        return fetched ? openPartialFile(target, *fetched, givenUp) : download::fileSink(target);
    };
    auto watch = [this, id](const download::Progress& progress) {
        m_queue.progressed(id, progress, m_environment->clock->steadyNow());
        changed(id);
    };
    m_scope->spawn(getFile(m_session, std::move(*capability), std::nullopt, knownShares(row.shares),
                           std::move(openSink), std::move(watch), running.stop.get_token()),
                   [this, id](const Result<void>& result) {
                       if (result) {
                           settle(m_queue.downloaded(id, m_environment->clock->wallNow()));
                       } else {
                           ended(id, result.error());
                       }
                   });
}

/// Of downloads that are given up and do not run.
void TransferDriver::dropPartialFiles(std::vector<journal::Row> rows) {
    if (rows.empty()) {
        return;
    }
    auto drop = [given = std::move(rows)]() -> Result<void> {
        for (const auto& row : given) {
            const auto capability = caps::parse(row.capability);
            if (const auto fetched = capability ? fetchedBy(*capability) : std::nullopt) {
                download::removePartialFile(row.localPath, *fetched);
            }
        }
        return {};
    };
    m_scope->spawn(onDisk(m_environment->pools, std::move(drop)));
}

void TransferDriver::ended(journal::RowId id, const Error& error) {
    const auto running = m_running.find(id);
    if (running != m_running.end() && running->second.leaving) {
        m_running.erase(running);
        m_queue.settle(id, m_environment->clock->steadyNow());
        if (m_mode != Mode::Stopped) {
            tellOf({id});
            m_lookAgain = true;
            startMore();
        }
        return;
    }
    const auto now = m_environment->clock->wallNow();
    if (error.retryable && error.code != ErrorCode::Cancelled) {
        const auto wait = backoffAfter(m_queue.row(id)->attempts + 1, *m_environment->random);
        settle(m_queue.postponed(id, error, now + wait));
    } else {
        settle(m_queue.failed(id, error, now));
    }
}

void TransferDriver::settle(journal::Row row) {
    m_journal.update(row, [this, row](const Result<void>& written) mutable {
        if (!written && row.state == journal::State::Done) {
            // Stored, but not noted: said to have failed, since it would be forgotten. A retry finds the shares there.
            row = m_queue.failed(row.id, written.error(), row.finished);
        }
        settled(row);
    });
}

void TransferDriver::settled(const journal::Row& row) {
    // A person may have paused or cancelled it at the last moment: the journal then has one word after the other.
    const auto running = m_running.find(row.id);
    const bool overruled = running != m_running.end() && running->second.leaving;
    m_running.erase(row.id);
    const auto before = m_queue.row(row.id) != nullptr ? m_queue.row(row.id)->size : row.size;
    if (const auto was = m_queue.settle(row.id, m_environment->clock->steadyNow())) {
        const bool done = row.state == journal::State::Done;
        m_figures.ended(done ? was->size : was->done);
        if (done && was->small) {
            m_planner.smallDone(was->ran);
        }
    }
    m_figures.turned(journal::State::Queued, before, row.state, row.size);
    if (overruled) {
        tellOf({row.id});
        recount();
    } else {
        m_atRest.insert_or_assign(row.id, m_queue.snapshots().make(row));
        changed(row.id);
    }
    if (row.state == journal::State::Queued) {
        waitForNextAttempt();
    }
    if (m_mode != Mode::Refusing) {  // all that comes next would be refused as well
        startMore();
    }
}

void TransferDriver::changed(journal::RowId id) {
    const auto wait = m_pacer.note(id, m_environment->clock->steadyNow());
    if (wait) {
        m_telling = m_environment->timers->after(*wait, [this] { tell(); });
    }
}

void TransferDriver::tell() {
    QList<api::TransferSnapshot> snapshots;
    for (const auto id : m_pacer.take(m_environment->clock->steadyNow())) {
        const auto atRest = m_atRest.find(id);
        if (auto snapshot = m_queue.snapshot(id)) {
            snapshots.push_back(std::move(*snapshot));
        } else if (atRest != m_atRest.end()) {
            snapshots.push_back(atRest->second);
        }
    }
    m_atRest.clear();
    if (!snapshots.isEmpty()) {
        m_listener->onChanged(snapshots);
    }
    tellTotals();
}

void TransferDriver::tellTotals() {
    const auto totals =
        m_figures.totals(m_queue.runningCount(), m_queue.doneBytes(), m_environment->clock->steadyNow());
    if (totals != m_told) {
        m_told = totals;
        m_listener->onTotals(totals);
    }
}

void TransferDriver::tickLater() {
    if (m_queue.runningCount() == 0 || m_tickDue) {
        return;
    }
    m_tickDue = true;
    m_ticking = m_environment->timers->after(tickInterval, [this] {
        m_tickDue = false;
        tick();
        tickLater();
    });
}

void TransferDriver::tick() {
    const auto now = m_environment->clock->steadyNow();
    for (const auto id : m_queue.running()) {
        m_queue.tick(id, now);
        changed(id);
    }
    m_planner.look(now, processorTime(), m_queue.smallFull(limits()), m_queue.largeFull(limits()));
    if (m_sleepWatch.look(now, m_environment->clock->wallNow()) == SleepWatch::Seen::Slept) {
        // Connections of before are dead, even where nothing says so yet: everything that runs begins anew.
        for (const auto id : m_queue.running()) {
            stopRunning(id, true);
        }
        wake();
    }
    startMore();
}

}  // namespace tarn::engine
