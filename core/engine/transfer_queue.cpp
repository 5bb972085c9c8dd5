#include "core/engine/transfer_queue.h"

#include "core/caps/capability.h"

#include <algorithm>
#include <string_view>
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

api::TransferState stateOf(journal::State state) {
    switch (state) {
    case journal::State::Queued: return api::TransferState::Queued;
    case journal::State::Running: return api::TransferState::Running;
    case journal::State::Done: return api::TransferState::Done;
    case journal::State::Failed: return api::TransferState::Failed;
    case journal::State::Cancelled: return api::TransferState::Cancelled;
    }
    return api::TransferState::Failed;
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

/// One server's name a line. A name comes from outside and could hold a line break.
std::string linesOf(const std::vector<upload::ShareState>& shares) {
    std::string lines;
    for (const auto& share : shares) {
        std::string name = share.server;
        std::replace(name.begin(), name.end(), '\n', ' ');
        lines += name + '\n';
    }
    return lines;
}

}  // namespace

void TransferQueue::insert(std::vector<journal::Row> rows) {
    for (auto& row : rows) {
        if (row.state == journal::State::Running) {
            row.state = journal::State::Queued;
        }
        const auto id = row.id;
        const bool small = row.size <= m_limits.smallUpTo;
        const auto& kept = m_transfers.insert_or_assign(id, Transfer{std::move(row), small, nullptr}).first->second;
        if (kept.row.state == journal::State::Queued) {
            waitingLike(kept).insert(id);
        }
    }
}

std::vector<journal::RowId> TransferQueue::start() {
    std::vector<journal::RowId> started;
    for (auto* const waiting : {&m_waitingSmall, &m_waitingLarge}) {
        const bool small = waiting == &m_waitingSmall;
        auto& count = small ? m_runningSmall : m_runningLarge;
        const auto limit = small ? m_limits.small : m_limits.large;
        while (!waiting->empty() && count < limit) {
            const auto id = *waiting->begin();
            waiting->erase(waiting->begin());
            ++count;
            auto& transfer = m_transfers.at(id);
            transfer.row.state = journal::State::Running;
            transfer.live = std::make_unique<Live>();
            started.push_back(id);
        }
    }
    std::sort(started.begin(), started.end());
    return started;
}

const journal::Row* TransferQueue::row(journal::RowId id) const {
    const auto found = m_transfers.find(id);
    return found == m_transfers.end() ? nullptr : &found->second.row;
}

std::vector<journal::RowId> TransferQueue::running() const {
    std::vector<journal::RowId> ids;
    for (const auto& [id, transfer] : m_transfers) {
        if (transfer.live) {
            ids.push_back(id);
        }
    }
    return ids;
}

void TransferQueue::progressed(journal::RowId id, const upload::Progress& progress, unsigned required, SteadyTime now) {
    auto* const transfer = runningTransfer(id);
    if (transfer == nullptr) {
        return;
    }
    auto* const live = transfer->live.get();
    transfer->row.size = progress.fileSize.value();  // the file may have changed since it was queued
    live->phase = phaseOf(progress.phase);
    live->hashed = progress.hashed.value();
    live->done = confirmedOf(progress);
    live->sharesNeeded = static_cast<int>(required);
    live->shares.resize(static_cast<qsizetype>(progress.shares.size()));
    for (std::size_t i = 0; i < progress.shares.size(); ++i) {
        const auto& share = progress.shares[i];
        live->shares[static_cast<qsizetype>(i)] = {whereOf(share.where), nameOf(share.server)};
    }
    if (progress.phase != upload::Phase::Hashing && progress.phase != upload::Phase::Allocate) {
        live->meter.update(now, live->done);
    }
}

void TransferQueue::progressed(journal::RowId id, const download::Progress& progress, SteadyTime now) {
    auto* const transfer = runningTransfer(id);
    if (transfer == nullptr) {
        return;
    }
    auto* const live = transfer->live.get();
    live->phase = phaseOf(progress.phase);
    live->done = progress.delivered.value();
    live->sharesNeeded = static_cast<int>(progress.sharesNeeded);
    if (progress.phase != download::Phase::FindingShares) {
        live->meter.update(now, live->done);
    }
}

void TransferQueue::tick(journal::RowId id, SteadyTime now) {
    if (auto* const transfer = runningTransfer(id); transfer != nullptr && transfer->live->done > 0) {
        transfer->live->meter.update(now, transfer->live->done);
    }
}

journal::Row TransferQueue::uploaded(journal::RowId id, const upload::Outcome& outcome, WallTime now) const {
    auto row = m_transfers.at(id).row;
    row.state = journal::State::Done;
    row.capability = caps::reveal(outcome.capability);
    row.shares = linesOf(outcome.shares);
    row.finished = now;
    return row;
}

journal::Row TransferQueue::downloaded(journal::RowId id, WallTime now) const {
    auto row = m_transfers.at(id).row;
    row.state = journal::State::Done;
    row.finished = now;
    return row;
}

journal::Row TransferQueue::failed(journal::RowId id, const Error& error, WallTime now) const {
    auto row = m_transfers.at(id).row;
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

void TransferQueue::settle(const journal::Row& row) {
    const auto found = m_transfers.find(row.id);
    if (found == m_transfers.end() || !found->second.live) {
        return;
    }
    --runningLike(found->second);
    found->second.live = nullptr;
    found->second.row = row;
}

TransferQueue::Cancelling TransferQueue::cancel(journal::RowId id, WallTime now) {
    const auto found = m_transfers.find(id);
    if (found == m_transfers.end()) {
        return {};
    }
    auto& row = found->second.row;
    if (found->second.live) {
        return {true, std::nullopt};
    }
    if (row.state != journal::State::Queued) {
        return {};
    }
    waitingLike(found->second).erase(id);
    row.state = journal::State::Cancelled;
    row.finished = now;
    return {false, row};
}

std::optional<journal::Row> TransferQueue::retry(journal::RowId id) {
    const auto found = m_transfers.find(id);
    if (found == m_transfers.end() ||
        (found->second.row.state != journal::State::Failed && found->second.row.state != journal::State::Cancelled)) {
        return std::nullopt;
    }
    auto& row = found->second.row;
    row.state = journal::State::Queued;
    row.errorName.clear();
    row.errorDetail.clear();
    row.finished = {};
    waitingLike(found->second).insert(id);
    return row;
}

bool TransferQueue::remove(journal::RowId id) {
    const auto found = m_transfers.find(id);
    if (found == m_transfers.end() || found->second.live) {
        return false;
    }
    waitingLike(found->second).erase(id);
    m_transfers.erase(found);
    return true;
}

std::optional<api::TransferSnapshot> TransferQueue::snapshot(journal::RowId id) {
    const auto found = m_transfers.find(id);
    if (found == m_transfers.end()) {
        return std::nullopt;
    }
    return snapshotOf(id, found->second);
}

QList<api::TransferSnapshot> TransferQueue::snapshots() {
    QList<api::TransferSnapshot> all;
    all.reserve(static_cast<qsizetype>(m_transfers.size()));
    for (const auto& [id, transfer] : m_transfers) {
        all.push_back(snapshotOf(id, transfer));
    }
    return all;
}

std::set<journal::RowId>& TransferQueue::waitingLike(const Transfer& transfer) {
    return transfer.small ? m_waitingSmall : m_waitingLarge;
}

std::size_t& TransferQueue::runningLike(const Transfer& transfer) {
    return transfer.small ? m_runningSmall : m_runningLarge;
}

TransferQueue::Transfer* TransferQueue::runningTransfer(journal::RowId id) {
    const auto found = m_transfers.find(id);
    return found == m_transfers.end() || !found->second.live ? nullptr : &found->second;
}

api::TransferSnapshot TransferQueue::snapshotOf(journal::RowId id, const Transfer& transfer) {
    const auto& row = transfer.row;
    api::TransferSnapshot snapshot;
    snapshot.id = id;
    snapshot.direction =
        row.direction == journal::Direction::Upload ? api::Direction::Upload : api::Direction::Download;
    snapshot.state = stateOf(row.state);
    snapshot.name = QString::fromStdString(row.name);
    snapshot.localPath = QString::fromStdString(row.localPath);
    snapshot.size = row.size;
    snapshot.hasCapability = !row.capability.empty();
    snapshot.errorCode = QString::fromStdString(row.errorName);
    snapshot.errorDetail = QString::fromStdString(row.errorDetail);
    if (const auto* const live = transfer.live.get()) {
        snapshot.phase = live->phase;
        snapshot.hashed = live->hashed;
        snapshot.done = std::min(live->done, row.size);
        snapshot.bytesPerSecond = live->meter.bytesPerSecond();
        snapshot.secondsLeft = live->meter.secondsFor(row.size - snapshot.done);
        snapshot.shares = live->shares;
        snapshot.sharesNeeded = live->sharesNeeded;
    } else if (row.state == journal::State::Done) {
        snapshot.phase = api::Phase::Done;
        snapshot.done = row.size;
        snapshot.shares = cellsOf(row.shares);
        if (const auto capability = caps::parse(row.capability)) {
            if (const auto* const chk = std::get_if<caps::Chk>(&*capability)) {
                snapshot.sharesNeeded = static_cast<int>(chk->required);
            }
        }
    }
    return snapshot;
}

QList<api::ShareCell> TransferQueue::cellsOf(const std::string& shares) {
    QList<api::ShareCell> cells;
    std::string_view rest = shares;
    while (!rest.empty()) {
        const auto end = std::min(rest.find('\n'), rest.size());
        const auto name = nameOf(std::string(rest.substr(0, end)));
        const auto where = name.isEmpty() ? api::ShareCell::Where::Lost : api::ShareCell::Where::Placed;
        cells.push_back({where, name});
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return cells;
}

QString TransferQueue::nameOf(const std::string& server) {
    if (server.empty()) {
        return {};
    }
    auto& name = m_names[QByteArray::fromStdString(server)];
    if (name.isEmpty()) {
        name = QString::fromStdString(server);
    }
    return name;
}

}  // namespace tarn::engine
