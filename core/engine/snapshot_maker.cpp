#include "core/engine/snapshot_maker.h"

#include "core/caps/capability.h"
#include "core/engine/share_places.h"

#include <algorithm>
#include <chrono>
#include <variant>

namespace tarn::engine {

namespace {

api::TransferState stateOf(journal::State state) {
    switch (state) {
    case journal::State::Queued: return api::TransferState::Queued;
    case journal::State::Running: return api::TransferState::Running;
    case journal::State::Done: return api::TransferState::Done;
    case journal::State::Failed: return api::TransferState::Failed;
    case journal::State::Cancelled: return api::TransferState::Cancelled;
    case journal::State::Paused: return api::TransferState::Paused;
    }
    return api::TransferState::Failed;
}

qint64 secondsOf(WallTime time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

api::TransferSnapshot SnapshotMaker::make(const journal::Row& row, const LiveTransfer* live) {
    api::TransferSnapshot snapshot;
    snapshot.id = row.id;
    snapshot.direction =
        row.direction == journal::Direction::Upload ? api::Direction::Upload : api::Direction::Download;
    snapshot.state = live != nullptr ? api::TransferState::Running : stateOf(row.state);
    snapshot.name = QString::fromStdString(row.name);
    snapshot.localPath = QString::fromStdString(row.localPath);
    snapshot.size = row.size;
    snapshot.hasCapability = !row.capability.empty();
    snapshot.priority = static_cast<api::Priority>(row.priority);
    snapshot.attempts = static_cast<int>(row.attempts);
    if (live != nullptr) {
        snapshot.phase = live->phase;
        snapshot.hashed = live->hashed;
        snapshot.done = std::min(live->done, row.size);
        snapshot.bytesPerSecond = live->meter.bytesPerSecond();
        snapshot.secondsLeft = live->meter.secondsFor(row.size - snapshot.done);
        snapshot.shares = live->shares;
        snapshot.sharesNeeded = live->sharesNeeded;
        return snapshot;
    }
    snapshot.errorCode = QString::fromStdString(row.errorName);
    snapshot.errorDetail = QString::fromStdString(row.errorDetail);
    if (row.state == journal::State::Queued) {
        snapshot.retryAt = secondsOf(row.notBefore);
    }
    if (row.state == journal::State::Done) {
        snapshot.phase = api::Phase::Done;
        snapshot.done = row.size;
        // A copy's row has them only to find the shares by.
        if (row.direction == journal::Direction::Upload) {
            snapshot.shares = cellsOf(row.shares);
        }
        if (const auto capability = caps::parse(row.capability)) {
            if (const auto* const chk = std::get_if<caps::Chk>(&*capability)) {
                snapshot.sharesNeeded = static_cast<int>(chk->required);
            }
        }
    }
    return snapshot;
}

QList<api::TransferSnapshot> SnapshotMaker::makeAll(const std::vector<journal::Row>& rows) {
    QList<api::TransferSnapshot> all;
    all.reserve(static_cast<qsizetype>(rows.size()));
    for (const auto& row : rows) {
        all.push_back(make(row));
    }
    return all;
}

QList<api::ShareCell> SnapshotMaker::cellsOf(const std::string& shares) {
    QList<api::ShareCell> cells;
    for (const auto& place : readPlaces(shares)) {
        const auto where = place.server.empty() ? api::ShareCell::Where::Lost : api::ShareCell::Where::Placed;
        cells.push_back({where, nameOf(place.server)});
    }
    return cells;
}

QString SnapshotMaker::nameOf(const std::string& server) {
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
