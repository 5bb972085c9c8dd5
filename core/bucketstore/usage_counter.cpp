#include "core/bucketstore/usage_counter.h"

#include "core/bucketstore/share_tree.h"

#include <limits>

namespace tarn::bucketstore {

UsageCounter::UsageCounter(std::shared_ptr<FileSystem> files, std::string root,
                           const std::optional<std::vector<ShareSum>>& known, std::uint64_t atOnce)
    : m_files(std::move(files)), m_root(std::move(root)), m_folders(firstFolders) {
    if (known && known->size() == m_folders.size()) {
        for (std::size_t i = 0; i < m_folders.size(); ++i) {
            m_folders[i].sum = (*known)[i];
            m_folders[i].counted = true;
            m_total.shares += (*known)[i].shares;
            m_total.bytes += (*known)[i].bytes;
        }
        m_counted = m_folders.size();
    }
    count(atOnce, {});
    if (!certain()) {
        m_thread = std::jthread(
            [this](const std::stop_token& stop) { count(std::numeric_limits<std::uint64_t>::max(), stop); });
    }
}

std::unique_lock<std::mutex> UsageCounter::hold() const {
    return std::unique_lock(m_mutex);
}

void UsageCounter::add(const std::unique_lock<std::mutex>& held, StorageIndex index, std::int64_t shares,
                       std::int64_t bytes) {
    const auto own = held.owns_lock() ? std::unique_lock<std::mutex>() : std::unique_lock(m_mutex);
    Folder& folder = m_folders[firstFolderOf(index)];
    folder.disturbed = folder.counting;
    if (folder.counted) {
        // Two's complement makes adding a negative number the subtraction it should be.
        for (ShareSum* const sum : {&folder.sum, &m_total}) {
            sum->shares += static_cast<std::uint64_t>(shares);
            sum->bytes += static_cast<std::uint64_t>(bytes);
        }
    }
}

ShareSum UsageCounter::now() const {
    const std::lock_guard lock(m_mutex);
    return m_total;
}

std::optional<std::vector<ShareSum>> UsageCounter::folders() const {
    if (!certain()) {
        return std::nullopt;
    }
    const std::lock_guard lock(m_mutex);
    std::vector<ShareSum> sums;
    sums.reserve(m_folders.size());
    for (const Folder& folder : m_folders) {
        sums.push_back(folder.sum);
    }
    return sums;
}

void UsageCounter::recount(std::uint32_t folder) {
    countOne(m_folders[folder], folder, {});
}

void UsageCounter::count(std::uint64_t enough, const std::stop_token& stop) {
    std::uint64_t seen = 0;
    for (std::uint32_t number = 0; number < m_folders.size() && seen < enough && !stop.stop_requested(); ++number) {
        Folder& folder = m_folders[number];
        {
            const std::lock_guard lock(m_mutex);
            if (folder.counted) {
                continue;
            }
        }
        countOne(folder, number, stop);
        const std::lock_guard lock(m_mutex);
        seen += folder.sum.shares + 1;
    }
}

void UsageCounter::countOne(Folder& folder, std::uint32_t number, const std::stop_token& stop) {
    const std::lock_guard one(m_oneCount);
    std::unique_lock lock(m_mutex);
    do {
        folder.counting = true;
        folder.disturbed = false;
        lock.unlock();
        const ShareSum found = countFolder(m_root + '/' + folderName(number), stop);
        lock.lock();
        folder.counting = false;
        if (stop.stop_requested()) {
            return;
        }
        if (!folder.disturbed) {
            m_total.shares += found.shares - folder.sum.shares;
            m_total.bytes += found.bytes - folder.sum.bytes;
            folder.sum = found;
            m_counted += folder.counted ? 0 : 1;
            folder.counted = true;
        }
    } while (folder.disturbed);
}

ShareSum UsageCounter::countFolder(const std::string& folder, const std::stop_token& stop) const {
    // What cannot be read counts as nothing: it must not keep the store from starting.
    const auto pathsIn = [this](const std::string& path) {
        auto found = m_files->names(path).value_or(std::vector<std::string>());
        for (std::string& name : found) {
            name.insert(0, path + '/');
        }
        return found;
    };
    ShareSum count;
    for (const std::string& second : pathsIn(folder)) {
        for (const std::string& bucket : pathsIn(second)) {
            if (stop.stop_requested()) {
                return count;
            }
            for (const std::string& share : pathsIn(bucket)) {
                if (!shareNumOf(std::string_view(share).substr(bucket.size() + 1))) {
                    continue;
                }
                if (const auto size = m_files->fileSize(share)) {
                    ++count.shares;
                    count.bytes += *size;
                }
            }
        }
    }
    return count;
}

}  // namespace tarn::bucketstore
