#pragma once

#include "core/bucketstore/file_system.h"
#include "core/foundation/ids.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace tarn::bucketstore {

/// How many complete shares there are, and the bytes of their files.
///
/// Kept as shares come and go, from a count that is taken at the start. A small store is counted before the constructor
/// returns; a larger one is counted on by a thread of its own, so that no store starts slowly, and the numbers are too
/// low until that is done. Thread: any.
class UsageCounter {
public:
    struct Count {
        std::uint64_t shares = 0;
        std::uint64_t bytes = 0;
    };

    /// `atOnce`: how many shares are counted before the constructor returns.
    UsageCounter(std::shared_ptr<FileSystem> files, std::string root, std::uint64_t atOnce);

    /// To be kept while a share appears or goes and `add` tells of it, so that the count cannot pass by in between.
    /// Holds a lock only until the first count is done.
    [[nodiscard]] std::unique_lock<std::mutex> hold() const;
    void add(const std::unique_lock<std::mutex>& held, StorageIndex index, std::int64_t shares, std::int64_t bytes);
    [[nodiscard]] Count now() const;

private:
    /// Counts first-level folders until `enough` shares were seen, or to the end.
    void count(std::uint64_t enough, const std::stop_token& stop);
    [[nodiscard]] Count countFolder(const std::string& folder, const std::stop_token& stop) const;

    std::shared_ptr<FileSystem> m_files;
    std::string m_root;
    mutable std::mutex m_mutex;
    Count m_total;
    std::uint32_t m_next = 0;  ///< the first-level folder that is counted next, or now
    bool m_counting = false;   ///< folder `m_next` is being counted
    bool m_disturbed = false;  ///< and changed meanwhile
    std::atomic<bool> m_counted = false;
    std::jthread m_thread;
};

}  // namespace tarn::bucketstore
