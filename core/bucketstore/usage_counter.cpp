#include "core/bucketstore/usage_counter.h"

#include "core/bucketstore/share_tree.h"
#include "core/foundation/base32.h"

#include <array>
#include <limits>

namespace tarn::bucketstore {

namespace {

/// First-level folders are named by a storage index's first ten bits.
constexpr std::uint32_t folderCount = 1024;

std::uint32_t folderNumber(StorageIndex index) noexcept {
    return std::uint32_t{index.bytes()[0]} << 2U | std::uint32_t{index.bytes()[1]} >> 6U;
}

std::string folderName(std::uint32_t number) {
    const std::array<Byte, 2> bits{static_cast<Byte>(number >> 2U), static_cast<Byte>(number << 6U)};
    return toBase32(bits).substr(0, 2);
}

}  // namespace

UsageCounter::UsageCounter(std::shared_ptr<FileSystem> files, std::string root, std::uint64_t atOnce)
    : m_files(std::move(files)), m_root(std::move(root)) {
    count(atOnce, {});
    if (m_next < folderCount) {
        m_thread = std::jthread(
            [this](const std::stop_token& stop) { count(std::numeric_limits<std::uint64_t>::max(), stop); });
    }
}

std::unique_lock<std::mutex> UsageCounter::hold() const {
    return m_counted ? std::unique_lock<std::mutex>() : std::unique_lock(m_mutex);
}

void UsageCounter::add(const std::unique_lock<std::mutex>& held, StorageIndex index, std::int64_t shares,
                       std::int64_t bytes) {
    const auto own = held.owns_lock() ? std::unique_lock<std::mutex>() : std::unique_lock(m_mutex);
    const std::uint32_t folder = folderNumber(index);
    if (folder < m_next) {
        // Two's complement makes adding a negative number the subtraction it should be.
        m_total.shares += static_cast<std::uint64_t>(shares);
        m_total.bytes += static_cast<std::uint64_t>(bytes);
    } else if (folder == m_next && m_counting) {
        m_disturbed = true;
    }
}

UsageCounter::Count UsageCounter::now() const {
    const std::lock_guard lock(m_mutex);
    return m_total;
}

void UsageCounter::count(std::uint64_t enough, const std::stop_token& stop) {
    std::unique_lock lock(m_mutex);
    std::uint64_t seen = 0;
    while (m_next < folderCount && seen < enough && !stop.stop_requested()) {
        m_counting = true;
        m_disturbed = false;
        const std::string folder = m_root + '/' + folderName(m_next);
        lock.unlock();
        const Count found = countFolder(folder, stop);
        lock.lock();
        m_counting = false;
        seen += found.shares + 1;
        if (m_disturbed || stop.stop_requested()) {
            continue;
        }
        m_total.shares += found.shares;
        m_total.bytes += found.bytes;
        ++m_next;
    }
    m_counted = m_next == folderCount;
}

UsageCounter::Count UsageCounter::countFolder(const std::string& folder, const std::stop_token& stop) const {
    // What cannot be read counts as nothing: it must not keep the store from starting.
    const auto pathsIn = [this](const std::string& path) {
        auto found = m_files->names(path).value_or(std::vector<std::string>());
        for (std::string& name : found) {
            name.insert(0, path + '/');
        }
        return found;
    };
    Count count;
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
