#pragma once

#include "core/foundation/clock.h"
#include "core/foundation/result.h"
#include "core/foundation/units.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace tarn::journal {

/// A transfer's number in the journal; never used again.
using RowId = std::int64_t;

enum class Direction : std::uint8_t { Upload, Download };
enum class State : std::uint8_t { Queued, Running, Done, Failed, Cancelled };

/// One transfer as it is kept. `capability` is secret: the journal file is 0600.
struct Row {
    RowId id = 0;
    Direction direction = Direction::Upload;
    State state = State::Queued;
    std::string name;        ///< what the person calls it (UTF-8)
    std::string localPath;   ///< source of an upload, target of a download (UTF-8)
    std::string capability;  ///< of a download from the start; of an upload once done
    std::uint64_t size = 0;
    std::string errorName;  ///< of a failed one
    std::string errorDetail;
    std::string shares;  ///< where each share is: one server's name a line, by share number
    WallTime added;
    WallTime finished;
};

/// The durable transfer queue and its history.
///
/// A call that returned has reached the disk. Thread: any, one call at a time; blocks: run it on the disk pool.
/// Fails, every call: ProfileDamaged (not a journal), DiskFull, FileUnwritable.
class Journal {
public:
    /// Makes the file (0600) if need be. Fails: ProfileLocked when another program has it as its own.
    [[nodiscard]] static Result<std::unique_ptr<Journal>> open(const std::filesystem::path& file);
    virtual ~Journal() = default;

    /// Gives the row its id and its place at the queue's end.
    [[nodiscard]] virtual Result<RowId> add(const Row& row) = 0;
    /// Many at once, in one transaction.
    [[nodiscard]] virtual Result<std::vector<RowId>> addAll(const std::vector<Row>& rows) = 0;
    /// Writes the row anew, by its id. Fails: NotFound.
    [[nodiscard]] virtual Result<void> update(const Row& row) = 0;
    /// Many at once: all of them or, when it fails, none.
    [[nodiscard]] virtual Result<void> updateAll(const std::vector<Row>& rows) = 0;
    /// Nothing happens when there is no such row.
    [[nodiscard]] virtual Result<void> remove(RowId id) = 0;
    /// All rows in queue order.
    [[nodiscard]] virtual Result<std::vector<Row>> rows() = 0;
};

}  // namespace tarn::journal
