#include "core/engine/transfer_queue.h"

#include "core/caps/capability.h"
#include "core/engine/share_places.h"

#include <algorithm>
#include <string>
#include <utility>

namespace tarn::engine {

namespace {

api::Phase phaseOf(upload::Phase phase) {
    switch (phase) {
    case upload::Phase::Hashing: return api::Phase::Hashing;
    case upload::Phase::Allocate: return api::Phase::Allocate;
    case upload::Phase::Shares: return api::Phase::Shares;
    case upload::Phase::HashTrees: return api::Phase::HashTrees;
    case upload::Phase::Ueb: return api::Phase::Ueb;
    case upload::Phase::Close: return api::Phase::Close;
    case upload::Phase::Done: return api::Phase::Done;
    }
    return api::Phase::Waiting;
}

api::Phase phaseOf(download::Phase phase) {
    switch (phase) {
    case download::Phase::FindingShares: return api::Phase::FindingShares;
    case download::Phase::Reading: return api::Phase::Reading;
    case download::Phase::Done: return api::Phase::Done;
    }
    return api::Phase::Waiting;
}

api::ShareCell::Where whereOf(upload::ShareState::Where where) {
    switch (where) {
    case upload::ShareState::Where::Waiting: return api::ShareCell::Where::Waiting;
    case upload::ShareState::Where::Sending: return api::ShareCell::Where::Sending;
    case upload::ShareState::Where::Placed: return api::ShareCell::Where::Placed;
    case upload::ShareState::Where::FoundThere: return api::ShareCell::Where::FoundThere;
    case upload::ShareState::Where::Lost: return api::ShareCell::Where::Lost;
    }
    return api::ShareCell::Where::Waiting;
}

/// The part of the file that servers have confirmed, told from the part of all share bytes.
std::uint64_t confirmedOf(const upload::Progress& progress) {
    const auto toSend = static_cast<double>(progress.toSend.value());
    if (toSend <= 0) {
        return 0;
    }
    const double part = std::min(1.0, static_cast<double>(progress.acknowledged.value()) / toSend);
    return static_cast<std::uint64_t>(part * static_cast<double>(progress.fileSize.value()));
}

/// What an attempt before this one left behind is over with it.
journal::Row cleared(journal::Row row) {
    row.errorName.clear();
    row.errorDetail.clear();
    row.notBefore = {};
    return row;
}

}  // namespace

void TransferQueue::offer(std::vector<journal::Row> rows) {
    m_waiting.clear();
    for (auto& row : rows) {
        if (!m_running.contains(row.id)) {
            m_waiting.push_back(std::move(row));
        }
    }
}

std::vector<journal::RowId> TransferQueue::start(const Limits& limits, SteadyTime now) {
    std::vector<journal::RowId> started;
    for (auto next = m_waiting.begin(); next != m_waiting.end() && (!smallFull(limits) || !largeFull(limits));) {
        const bool small = next->size <= limits.smallUpTo;
        if (small ? smallFull(limits) : largeFull(limits)) {
            ++next;
            continue;
        }
        ++(small ? m_runningSmall : m_runningLarge);
        m_runningSmallBytes += small ? next->size : 0;
        started.push_back(next->id);
        m_running.emplace(next->id, Running{*next, small, small ? next->size : 0, now, {}});
        next = m_waiting.erase(next);
    }
    return started;
}

const journal::Row* TransferQueue::row(journal::RowId id) const {
    const auto found = m_running.find(id);
    return found == m_running.end() ? nullptr : &found->second.row;
}

std::vector<journal::RowId> TransferQueue::running() const {
    std::vector<journal::RowId> ids;
    for (const auto& [id, transfer] : m_running) {
        ids.push_back(id);
    }
    return ids;
}

void TransferQueue::progressed(journal::RowId id, const upload::Progress& progress, unsigned required, SteadyTime now) {
    auto* const running = find(id);
    if (running == nullptr) {
        return;
    }
    auto& live = running->live;
    running->row.size = progress.fileSize.value();  // the file may have changed since it was queued
    live.phase = phaseOf(progress.phase);
    live.hashed = progress.hashed.value();
    live.done = confirmedOf(progress);
    live.sharesNeeded = static_cast<int>(required);
    live.shares.resize(static_cast<qsizetype>(progress.shares.size()));
    for (std::size_t i = 0; i < progress.shares.size(); ++i) {
        const auto& share = progress.shares[i];
        live.shares[static_cast<qsizetype>(i)] = {whereOf(share.where), m_snapshots.nameOf(share.server)};
    }
    if (progress.phase != upload::Phase::Hashing && progress.phase != upload::Phase::Allocate) {
        live.meter.update(now, live.done);
    }
}

void TransferQueue::progressed(journal::RowId id, const download::Progress& progress, SteadyTime now) {
    auto* const running = find(id);
    if (running == nullptr) {
        return;
    }
    auto& live = running->live;
    live.phase = phaseOf(progress.phase);
    live.done = progress.delivered.value();
    live.sharesNeeded = static_cast<int>(progress.sharesNeeded);
    if (progress.phase != download::Phase::FindingShares) {
        live.meter.update(now, live.done);
    }
}

void TransferQueue::tick(journal::RowId id, SteadyTime now) {
    if (auto* const running = find(id); running != nullptr && running->live.done > 0) {
        running->live.meter.update(now, running->live.done);
    }
}

journal::Row TransferQueue::uploaded(journal::RowId id, const upload::Outcome& outcome, WallTime now) const {
    auto row = cleared(m_running.at(id).row);
    row.state = journal::State::Done;
    row.capability = caps::reveal(outcome.capability);
    row.shares = writePlaces(outcome.shares);
    row.finished = now;
    return row;
}

journal::Row TransferQueue::downloaded(journal::RowId id, WallTime now) const {
    auto row = cleared(m_running.at(id).row);
    row.state = journal::State::Done;
    row.finished = now;
    return row;
}

journal::Row TransferQueue::failed(journal::RowId id, const Error& error, WallTime now) const {
    auto row = cleared(m_running.at(id).row);
    row.finished = now;
    if (error.code == ErrorCode::Cancelled) {
        row.state = journal::State::Cancelled;
    } else {
        row.state = journal::State::Failed;
        row.errorName = errorName(error.code);
        row.errorDetail = error.detail;
    }
    return row;
}

journal::Row TransferQueue::postponed(journal::RowId id, const Error& error, WallTime notBefore) const {
    auto row = m_running.at(id).row;
    row.state = journal::State::Queued;
    ++row.attempts;
    row.errorName = errorName(error.code);
    row.errorDetail = error.detail;
    row.notBefore = notBefore;
    return row;
}

std::optional<TransferQueue::Settled> TransferQueue::settle(journal::RowId id, SteadyTime now) {
    const auto found = m_running.find(id);
    if (found == m_running.end()) {
        return std::nullopt;
    }
    const auto& running = found->second;
    --(running.small ? m_runningSmall : m_runningLarge);
    m_runningSmallBytes -= running.smallBytes;
    const Settled settled{running.small, now - running.since, running.row.size, running.live.done};
    m_running.erase(found);
    return settled;
}

std::optional<api::TransferSnapshot> TransferQueue::snapshot(journal::RowId id) {
    auto* const running = find(id);
    if (running == nullptr) {
        return std::nullopt;
    }
    return m_snapshots.make(running->row, &running->live);
}

std::uint64_t TransferQueue::doneBytes() const {
    std::uint64_t bytes = 0;
    for (const auto& [id, running] : m_running) {
        bytes += std::min(running.live.done, running.row.size);
    }
    return bytes;
}

TransferQueue::Running* TransferQueue::find(journal::RowId id) {
    const auto found = m_running.find(id);
    return found == m_running.end() ? nullptr : &found->second;
}

}  // namespace tarn::engine
