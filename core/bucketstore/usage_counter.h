#pragma once

#include "core/bucketstore/file_system.h"
#include "core/foundation/ids.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace tarn::bucketstore {

/// How many shares, and the bytes of their files.
struct ShareSum {
    std::uint64_t shares = 0;
    std::uint64_t bytes = 0;
};

/// How many complete shares there are, and the bytes of their files, by first-level folder.
///
/// Kept as shares come and go, from sums that the last run left or from a count that is taken at the start. A small
/// store is counted before the constructor returns; a larger one is counted on by a thread of its own, so that no store
/// starts slowly, and the numbers are too low until that is done. Thread: any.
class UsageCounter {
public:
    /// `known`: what holds for each folder, if that is known. `atOnce`: how many shares are counted before the
    /// constructor returns.
    UsageCounter(std::shared_ptr<FileSystem> files, std::string root, const std::optional<std::vector<ShareSum>>& known,
                 std::uint64_t atOnce);

    /// To be kept while a share appears or goes and `add` tells of it, so that no count passes by in between.
    [[nodiscard]] std::unique_lock<std::mutex> hold() const;
    void add(const std::unique_lock<std::mutex>& held, StorageIndex index, std::int64_t shares, std::int64_t bytes);
    [[nodiscard]] ShareSum now() const;
    /// Whether every folder has been counted.
    [[nodiscard]] bool certain() const noexcept { return m_counted == m_folders.size(); }
    /// Of each folder; nothing until all are counted.
    [[nodiscard]] std::optional<std::vector<ShareSum>> folders() const;
    /// Counts one folder again, after a change from outside was seen there. Waits for the disk.
    void recount(std::uint32_t folder);

private:
    struct Folder {
        ShareSum sum;
        bool counted = false;
        bool counting = false;
        bool disturbed = false;  ///< changed while it was counted
    };

    /// Counts folders that are not counted until `enough` shares were seen, or to the end.
    void count(std::uint64_t enough, const std::stop_token& stop);
    void countOne(Folder& folder, std::uint32_t number, const std::stop_token& stop);
    [[nodiscard]] ShareSum countFolder(const std::string& folder, const std::stop_token& stop) const;

    std::shared_ptr<FileSystem> m_files;
    std::string m_root;
    mutable std::mutex m_mutex;
    ShareSum m_total;  ///< of the folders that are counted
    std::vector<Folder> m_folders;
    std::atomic<std::size_t> m_counted = 0;
    std::mutex m_oneCount;  ///< held while a folder is counted, so that no two counts of one folder meet
    std::jthread m_thread;
};

}  // namespace tarn::bucketstore
