#pragma once

#include "core/api/transfers.h"
#include "core/download/download.h"
#include "core/engine/progress_meter.h"
#include "core/foundation/clock.h"
#include "core/foundation/error.h"
#include "core/journal/journal.h"
#include "core/upload/upload.h"

#include <QHash>
#include <QList>
#include <QString>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tarn::engine {

/// The transfers of one profile: which are there, which may run next, how far each is. Decides and keeps; moves no byte
/// and writes no journal. Pure: whoever owns it does what its answers say.
///
/// A transfer's place in the queue is its journal number. Where a row is handed out, it must be written to the journal.
class TransferQueue {
public:
    /// How many run at the same time. Small files spend their time waiting for answers, large ones fill the line.
    struct Limits {
        std::size_t large = 4;
        std::size_t small = 8;
        std::uint64_t smallUpTo = 1024 * 1024;  ///< bytes
    };

    explicit TransferQueue(Limits limits) : m_limits(limits) {}

    /// Takes rows as the journal has them. One that was running when the program ended is queued again.
    void insert(std::vector<journal::Row> rows);

    /// The next transfers to start, in queue order, as far as the limits allow; they count as running from here on.
    [[nodiscard]] std::vector<journal::RowId> start();

    [[nodiscard]] const journal::Row* row(journal::RowId id) const;
    [[nodiscard]] std::vector<journal::RowId> running() const;

    /// Does nothing for a transfer that is not running. `required` is the k of its encoding.
    void progressed(journal::RowId id, const upload::Progress& progress, unsigned required, SteadyTime now);
    void progressed(journal::RowId id, const download::Progress& progress, SteadyTime now);
    /// Lets the speed of a running one fade while nothing is heard of it.
    void tick(journal::RowId id, SteadyTime now);

    /// How a running transfer's row reads once it has ended. It counts as running until `settle` is given that row.
    [[nodiscard]] journal::Row uploaded(journal::RowId id, const upload::Outcome& outcome, WallTime now) const;
    [[nodiscard]] journal::Row downloaded(journal::RowId id, WallTime now) const;
    [[nodiscard]] journal::Row failed(journal::RowId id, const Error& error, WallTime now) const;
    void settle(const journal::Row& row);

    /// What cancelling a transfer takes: a running one must be stopped, a queued one's new row written.
    struct Cancelling {
        bool stop = false;
        std::optional<journal::Row> row;
    };
    [[nodiscard]] Cancelling cancel(journal::RowId id, WallTime now);
    /// Queues a failed or cancelled transfer again: its new row. Nothing for any other.
    [[nodiscard]] std::optional<journal::Row> retry(journal::RowId id);
    /// Forgets a transfer that is not running. False when it runs or is unknown.
    bool remove(journal::RowId id);

    /// Nothing for an unknown one.
    [[nodiscard]] std::optional<api::TransferSnapshot> snapshot(journal::RowId id);
    [[nodiscard]] QList<api::TransferSnapshot> snapshots();

private:
    /// What is known of a running transfer beyond its row.
    struct Live {
        api::Phase phase = api::Phase::Waiting;
        std::uint64_t hashed = 0;
        std::uint64_t done = 0;
        QList<api::ShareCell> shares;
        int sharesNeeded = 0;
        ProgressMeter meter;
    };
    struct Transfer {
        journal::Row row;
        bool small = false;  // as it was queued: a file that grows meanwhile keeps the place it took
        std::unique_ptr<Live> live;
    };

    [[nodiscard]] std::set<journal::RowId>& waitingLike(const Transfer& transfer);
    [[nodiscard]] std::size_t& runningLike(const Transfer& transfer);
    [[nodiscard]] Transfer* runningTransfer(journal::RowId id);
    [[nodiscard]] api::TransferSnapshot snapshotOf(journal::RowId id, const Transfer& transfer);
    [[nodiscard]] QList<api::ShareCell> cellsOf(const std::string& shares);
    [[nodiscard]] QString nameOf(const std::string& server);

    Limits m_limits;
    std::map<journal::RowId, Transfer> m_transfers;
    std::set<journal::RowId> m_waitingSmall;
    std::set<journal::RowId> m_waitingLarge;
    std::size_t m_runningSmall = 0;
    std::size_t m_runningLarge = 0;
    QHash<QByteArray, QString> m_names;  // thousands of rows name the same few servers
};

}  // namespace tarn::engine
