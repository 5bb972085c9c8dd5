#pragma once

#include "core/bucketstore/expiry_policy.h"
#include "core/bucketstore/file_system.h"
#include "core/bucketstore/folder_round.h"
#include "core/bucketstore/share_index.h"
#include "core/bucketstore/share_tree.h"
#include "core/bucketstore/store_report.h"
#include "core/bucketstore/usage_counter.h"
#include "core/foundation/clock.h"

#include <atomic>
#include <bitset>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace tarn::bucketstore {

/// Instead of a lease's place: none of them, or each that is new or runs longer now.
inline constexpr std::uint32_t noLeasePlace = 0xffffffff;
inline constexpr std::uint32_t whicheverLease = 0xfffffffe;

/// What the caretaker looks after, and how.
struct CaretakerParts {
    std::shared_ptr<FileSystem> files;
    std::shared_ptr<Clock> clock;
    const ShareTree* tree = nullptr;
    std::string sharesFolder;
    std::filesystem::path indexFile;
    ExpiryPolicy expiry;
    bool expiryPaused = false;  ///< from the beginning
    /// Removes a share if, looked at now and with nobody else at its bucket, all its leases are over. Gives what became
    /// of it. Fails: as the disk does, or ServerFailed where the container is damaged.
    std::function<Result<ExpiryOutcome>(const ShareKey&)> removeIfExpired;
    /// Makes shares that came a moment ago independent of the log that keeps them.
    std::function<void()> settle;
};

/// Does the store's work that no client waits for, a little at a time on one thread: settles new shares, takes down in
/// the index what changed, compares the index with the folders one round after the other, and removes what has expired.
///
/// Who changes a share says so by `note` and goes on at once; the caretaker looks at the share itself later. If more
/// changes than it can remember wait, it forgets them and compares their folders afresh: the write path never waits for
/// the index, and memory is bounded. An index that cannot be used is thrown away and built anew; one that cannot be
/// made is done without. Everything is written in slices with rests between them, so that the disk stays free for
/// clients. Thread: any.
class Caretaker {
public:
    /// Opens the index and sees whether it may be believed. Nothing else happens before `start`.
    explicit Caretaker(CaretakerParts parts);
    /// Takes down what was noted, and closes the index.
    ~Caretaker();

    /// The sums of the folders as the last run left them, if nothing happened since.
    [[nodiscard]] const std::optional<std::vector<ShareSum>>& knownSums() const noexcept { return m_knownSums; }
    /// `ownThread`: false: it does nothing but in `turn`.
    void start(UsageCounter& usage, bool ownThread);

    /// Says that a share came, went or changed: its lease at `place` is that of a client at `client`. Never waits.
    void note(const ShareKey& share, std::uint32_t place, std::string_view client);
    /// One slice of work. Gives how long it would like to rest then; 0: there is more to do at once.
    std::chrono::milliseconds turn();
    /// Returns when everything noted before is in the index.
    void flush();

    /// Waits for the slice in hand.
    [[nodiscard]] StoreReport report();
    /// When it returns, no removal is under way, or removal may go on.
    void pauseExpiry(bool paused);

private:
    struct Change {
        ShareKey share;
        std::uint32_t place = noLeasePlace;
        std::string client;
    };

    void run(const std::stop_token& stop);
    void openIndex();
    [[nodiscard]] std::int64_t fingerprint() const;
    void closeIndex();
    /// Starts anew where the index is damaged; leaves it for a while where the disk would not have it.
    void handle(const Error& error);
    template <typename Work>
    [[nodiscard]] bool inTransaction(const Work& work);
    void missed(const std::vector<Change>& changes);

    void takeDown(const std::vector<Change>& changes);
    [[nodiscard]] Result<void> refresh(const ShareKey& share, std::uint32_t place, std::string_view client);
    [[nodiscard]] std::optional<std::chrono::milliseconds> expireSlice();
    [[nodiscard]] std::optional<std::chrono::milliseconds> roundSlice();
    [[nodiscard]] StoreReport makeReport();
    [[nodiscard]] Kinds kinds() const noexcept;

    const CaretakerParts m_parts;
    UsageCounter* m_usage = nullptr;
    std::optional<std::vector<ShareSum>> m_knownSums;

    std::mutex m_mutex;  ///< guards the next ones
    std::condition_variable m_wake;
    std::vector<Change> m_changes;
    std::bitset<firstFolders> m_missed;  ///< folders with changes that were forgotten
    std::vector<std::promise<void>> m_flushes;
    std::vector<std::promise<StoreReport>> m_reports;
    std::atomic<bool> m_paused = false;
    std::atomic<bool> m_closing = false;  ///< what was noted is taken down, and nothing else is begun

    std::mutex m_work;  ///< held over a turn; guards all that follows
    std::optional<ShareIndex> m_index;
    SteadyTime m_tryIndexAt;
    bool m_agrees = false;  ///< the index with the folders
    FolderRound m_round;
    std::int64_t m_roundNumber = 0;
    std::optional<SteadyTime> m_roundDone;
    std::optional<SteadyTime> m_nextExpiry;
    ExpiryPlace m_expiryPlace;
    bool m_expiryTrouble = false;
    std::uint64_t m_freedShares = 0;
    std::uint64_t m_freedBytes = 0;

    std::jthread m_thread;
};

}  // namespace tarn::bucketstore
