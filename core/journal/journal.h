#pragma once

#include "core/foundation/clock.h"
#include "core/foundation/result.h"
#include "core/foundation/units.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tarn::journal {

/// A transfer's number in the journal; never used again.
using RowId = std::int64_t;
/// Where a transfer stands in the list: the smaller, the earlier. Only its order means anything.
using Place = std::int64_t;

enum class Direction : std::uint8_t { Upload, Download };
/// What a transfer is, as it is kept. `Running` is never written: a queued row says the same after a crash.
enum class State : std::uint8_t { Queued, Running, Done, Failed, Cancelled, Paused };
inline constexpr std::size_t stateCount = 6;
/// Of two that wait, the higher one starts first, wherever they stand.
enum class Priority : std::int8_t { Low = -1, Normal = 0, High = 1 };

/// One transfer as it is kept. `capability` is secret: the journal file is 0600.
struct Row {
    RowId id = 0;
    Place place = 0;
    Priority priority = Priority::Normal;
    Direction direction = Direction::Upload;
    State state = State::Queued;
    std::string name;        ///< what the person calls it (UTF-8)
    std::string localPath;   ///< source of an upload, target of a download (UTF-8)
    std::string capability;  ///< of a download from the start; of an upload once done
    std::uint64_t size = 0;
    std::string errorName;  ///< of a failed one, or why the last attempt of a queued one failed
    std::string errorDetail;
    std::string shares;          ///< where each share is, or, of a download, may be: a line a share, by share number
    std::uint32_t attempts = 0;  ///< that failed since a person last asked for it
    WallTime added;
    WallTime finished;
    WallTime notBefore;  ///< of a queued one: the next attempt waits until then
};

/// What a person can ask of transfers that are there. Each fits some states and passes over the others.
enum class Change : std::uint8_t {
    Pause,   ///< of a queued one
    Resume,  ///< of a paused one
    Cancel,  ///< of a queued or paused one
    Retry,   ///< of a failed or cancelled one; of a queued one that waits for its next attempt: at once
};

/// A step in the list.
enum class Step : std::uint8_t { Top, Up, Down, Bottom };

/// `ids` now stand, in this order, before `before`; at the end where that is 0.
struct Move {
    std::vector<RowId> ids;
    RowId before = 0;
    bool operator==(const Move&) const = default;
};

struct Listed {
    RowId id = 0;
    Place place = 0;
};

/// How many transfers there are in each state, and the bytes of their files.
struct Totals {
    struct Part {
        std::uint64_t count = 0;
        std::uint64_t bytes = 0;
    };
    std::array<Part, stateCount> states;
    [[nodiscard]] const Part& of(State state) const { return states.at(static_cast<std::size_t>(state)); }
};

/// The durable transfer queue and its history.
///
/// A call that changed something and returned has reached the disk. Thread: any, one call at a time; blocks: run it on
/// the disk pool. Memory: a call holds what it was given and what it gives, never the whole queue.
/// Fails, every call: ProfileDamaged (not a journal), DiskFull, FileUnwritable.
class Journal {
public:
    /// Makes the file (0600) if need be; brings one of an older version up to date.
    /// Fails: ProfileLocked when another program has it as its own.
    [[nodiscard]] static Result<std::unique_ptr<Journal>> open(const std::filesystem::path& file);
    virtual ~Journal() = default;

    /// Gives the row its id and its place at the queue's end.
    [[nodiscard]] virtual Result<RowId> add(const Row& row) = 0;
    /// Many at once, in one transaction.
    [[nodiscard]] virtual Result<std::vector<RowId>> addAll(const std::vector<Row>& rows) = 0;
    /// Writes the row anew, by its id; its place and priority stay as they are. Fails: NotFound.
    [[nodiscard]] virtual Result<void> update(const Row& row) = 0;
    /// Many at once: all of them or, when it fails, none.
    [[nodiscard]] virtual Result<void> updateAll(const std::vector<Row>& rows) = 0;

    /// Gives the ones that it changed. All or, when it fails, none.
    [[nodiscard]] virtual Result<std::vector<RowId>> apply(const std::vector<RowId>& ids, Change change,
                                                           WallTime now) = 0;
    /// Takes rows off the list, whatever their state; gives those that were there.
    [[nodiscard]] virtual Result<std::vector<RowId>> remove(const std::vector<RowId>& ids) = 0;
    /// Moves rows within the list, keeping their order among themselves; gives what that came to, one after the other.
    /// Costs a few writes a row, however long the list.
    [[nodiscard]] virtual Result<std::vector<Move>> move(const std::vector<RowId>& ids, Step step) = 0;
    [[nodiscard]] virtual Result<void> prioritise(const std::vector<RowId>& ids, Priority priority) = 0;
    /// Lets every queued transfer that waits for its next attempt try at once; gives how many.
    [[nodiscard]] virtual Result<std::uint64_t> endWaits() = 0;

    /// Up to `most` ids behind `after` in the list; `firstPlace` is before all.
    [[nodiscard]] virtual Result<std::vector<Listed>> list(Place after, std::size_t most) = 0;
    /// Up to `most` rows behind `after`, in the list's order.
    [[nodiscard]] virtual Result<std::vector<Row>> page(Place after, std::size_t most) = 0;
    /// Those of `ids` that are there, in the order of `ids`.
    [[nodiscard]] virtual Result<std::vector<Row>> rowsOf(const std::vector<RowId>& ids) = 0;
    /// Up to `most` queued rows in the order in which they shall start. Passes over those that wait for a time after
    /// `now`, unless it is further off than `longestWait`: then the clock was set back.
    [[nodiscard]] virtual Result<std::vector<Row>> next(std::size_t most, WallTime now,
                                                        WallTime::duration longestWait) = 0;
    /// The soonest time that a queued transfer waits for; the epoch where none waits.
    [[nodiscard]] virtual Result<WallTime> soonest(WallTime now) = 0;
    [[nodiscard]] virtual Result<Totals> totals() = 0;

    /// A setting of the queue; `otherwise` where it was never set.
    [[nodiscard]] virtual Result<std::int64_t> setting(std::string_view name, std::int64_t otherwise) = 0;
    [[nodiscard]] virtual Result<void> setSetting(std::string_view name, std::int64_t value) = 0;

    /// All rows in the list's order, for a queue that is known to be short.
    [[nodiscard]] Result<std::vector<Row>> rows();

    static constexpr Place firstPlace = INT64_MIN;
};

}  // namespace tarn::journal
