#pragma once

#include "core/api/transfers.h"
#include "core/download/download.h"
#include "core/engine/live_transfer.h"
#include "core/engine/snapshot_maker.h"
#include "core/foundation/clock.h"
#include "core/foundation/error.h"
#include "core/journal/journal.h"
#include "core/upload/upload.h"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace tarn::engine {

/// The transfers that run, and the few that come next: which may start, how far each is. The queue itself is the
/// journal; this holds a window onto its front. Decides and keeps; moves no byte and writes no journal. Pure.
class TransferQueue {
public:
    /// How many may run at the same time.
    struct Limits {
        std::size_t small = 8;
        std::size_t large = 2;
        std::uint64_t smallUpTo = 1024 * 1024;  ///< bytes
        /// Of small files together, when another one starts: each is held whole, with all its shares. The second where
        /// a large one runs, whose shares are held as well.
        std::uint64_t smallBytes = 5 * 1024 * 1024 / 2;
        std::uint64_t smallBytesBesideLarge = 256 * 1024;
    };

    /// Takes rows as the journal gives them for the next ones to start, in that order. Those that run are passed over.
    void offer(std::vector<journal::Row> rows);
    /// The order has changed: what was offered is no longer what comes next.
    void withdraw() { m_waiting.clear(); }
    [[nodiscard]] std::size_t waiting() const noexcept { return m_waiting.size(); }

    /// The next transfers to start, in order, as far as the limits allow; they count as running from here on. Where no
    /// more large ones may start, small ones behind them may.
    [[nodiscard]] std::vector<journal::RowId> start(const Limits& limits, SteadyTime now);
    /// Whether all places of the kind are taken.
    [[nodiscard]] bool smallFull(const Limits& limits) const {
        const auto most = m_runningLarge > 0 ? limits.smallBytesBesideLarge : limits.smallBytes;
        return m_runningSmall >= limits.small || m_runningSmallBytes >= most;
    }
    [[nodiscard]] bool largeFull(const Limits& limits) const { return m_runningLarge >= limits.large; }

    /// The row of a running one; null for any other.
    [[nodiscard]] const journal::Row* row(journal::RowId id) const;
    [[nodiscard]] std::vector<journal::RowId> running() const;
    [[nodiscard]] std::size_t runningCount() const noexcept { return m_running.size(); }

    /// Does nothing for a transfer that is not running. `required` is the k of its encoding.
    void progressed(journal::RowId id, const upload::Progress& progress, unsigned required, SteadyTime now);
    void progressed(journal::RowId id, const download::Progress& progress, SteadyTime now);
    /// Lets the speed of a running one fade while nothing is heard of it.
    void tick(journal::RowId id, SteadyTime now);

    /// How a running transfer's row reads once it has ended. It counts as running until `settle`.
    [[nodiscard]] journal::Row uploaded(journal::RowId id, const upload::Outcome& outcome, WallTime now) const;
    [[nodiscard]] journal::Row downloaded(journal::RowId id, WallTime now) const;
    [[nodiscard]] journal::Row failed(journal::RowId id, const Error& error, WallTime now) const;
    /// Queued again: its next attempt is at `notBefore`.
    [[nodiscard]] journal::Row postponed(journal::RowId id, const Error& error, WallTime notBefore) const;

    /// What a transfer was that runs no more.
    struct Settled {
        bool small = false;
        SteadyTime::duration ran{0};
        std::uint64_t size = 0;
        std::uint64_t done = 0;
    };
    /// Nothing for one that does not run.
    std::optional<Settled> settle(journal::RowId id, SteadyTime now);

    /// Nothing for one that does not run.
    [[nodiscard]] std::optional<api::TransferSnapshot> snapshot(journal::RowId id);
    [[nodiscard]] SnapshotMaker& snapshots() noexcept { return m_snapshots; }

    /// Bytes that are confirmed, of all files that run. Each running file counts with the size it was seen to have.
    [[nodiscard]] std::uint64_t doneBytes() const;

private:
    struct Running {
        journal::Row row;
        bool small = false;  // as it was queued: a file that grows meanwhile keeps the place it took
        std::uint64_t smallBytes = 0;
        SteadyTime since;
        LiveTransfer live;
    };

    [[nodiscard]] Running* find(journal::RowId id);

    std::deque<journal::Row> m_waiting;
    std::map<journal::RowId, Running> m_running;
    std::size_t m_runningSmall = 0;
    std::uint64_t m_runningSmallBytes = 0;
    std::size_t m_runningLarge = 0;
    SnapshotMaker m_snapshots;
};

}  // namespace tarn::engine
