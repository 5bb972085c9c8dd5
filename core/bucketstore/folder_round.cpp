#include "core/bucketstore/folder_round.h"

#include <algorithm>
#include <map>

namespace tarn::bucketstore {

namespace {

/// Second-level folders of a first-level one.
constexpr std::uint32_t secondFolders = 1024;

/// The smallest storage index of a second-level folder; none behind the last.
std::optional<StorageIndex> firstOf(std::uint32_t folder, std::uint32_t second) {
    const std::uint32_t bits = folder * secondFolders + second;
    if (bits >= firstFolders * secondFolders) {
        return std::nullopt;
    }
    std::array<Byte, StorageIndex::size> bytes{};
    bytes[0] = static_cast<Byte>(bits >> 12U);
    bytes[1] = static_cast<Byte>(bits >> 4U);
    bytes[2] = static_cast<Byte>(bits << 4U);
    return StorageIndex(bytes);
}

/// The shares' files below a second-level folder. What cannot be read is not there.
std::map<ShareKey, EntryStatus> filesIn(FileSystem& files, const std::string& folder) {
    std::map<ShareKey, EntryStatus> found;
    for (const std::string& name : files.names(folder).value_or(std::vector<std::string>())) {
        const auto bucket = bucketOf(name);
        if (!bucket) {
            continue;
        }
        const std::string path = std::string(folder).append(1, '/').append(name);
        for (const std::string& file : files.names(path).value_or(std::vector<std::string>())) {
            const auto share = shareNumOf(file);
            if (!share) {
                continue;
            }
            const auto status = files.status(std::string(path).append(1, '/').append(file));
            if (status && status->isFile) {
                found.emplace(ShareKey(*bucket, *share), *status);
            }
        }
    }
    return found;
}

}  // namespace

void FolderRound::begin(std::vector<std::uint32_t> folders) {
    m_folders.assign(folders.begin(), folders.end());
    m_folder.reset();
}

void FolderRound::restart() {
    if (m_folder) {
        m_folders.push_front(*m_folder);
        m_folder.reset();
    }
}

Result<std::optional<FolderRound::Finished>> FolderRound::step(FileSystem& files, const std::string& root,
                                                               ShareIndex& index, const Differs& differs) {
    std::optional<Finished> finished;
    if (!m_folder) {
        if (m_folders.empty()) {
            return finished;
        }
        m_folder = m_folders.front();
        m_folders.pop_front();
        m_nextSecond = 0;
        m_differed = false;
        m_seconds.clear();
        for (const std::string& name :
             files.names(root + '/' + folderName(*m_folder)).value_or(std::vector<std::string>())) {
            if (const auto second = folderNumber(name)) {
                m_seconds.push_back(*second);
            }
        }
        std::ranges::sort(m_seconds, std::greater<>());
    }
    // Rows of second-level folders that are not there are compared together with the next one that is.
    const bool last = m_seconds.empty();
    const std::uint32_t end = last ? secondFolders : m_seconds.back() + 1;
    std::map<ShareKey, EntryStatus> there;
    if (!last) {
        there = filesIn(files, root + '/' + folderName(*m_folder) + '/' + folderName(m_seconds.back()));
    }
    // Behind the last second-level folder of the last first-level one there is no row.
    Result<std::vector<IndexedFile>> rows;
    if (const auto first = firstOf(*m_folder, m_nextSecond)) {
        rows = index.between(*first, firstOf(*m_folder, end));
    }
    if (!rows) {
        return failure(rows.error());
    }
    std::vector<ShareKey> different;
    for (const IndexedFile& row : *rows) {
        const auto file = there.find(row.key);
        if (file == there.end()) {
            different.push_back(row.key);
            continue;
        }
        if (file->second.size != row.bytes || file->second.modified != row.modified) {
            different.push_back(row.key);
        }
        there.erase(file);
    }
    for (const auto& [key, status] : there) {
        different.push_back(key);
    }
    for (const ShareKey& key : different) {
        if (auto told = differs(key); !told) {
            return failure(told.error());
        }
    }
    m_differed = m_differed || !different.empty();
    m_nextSecond = end;
    if (last) {
        finished = Finished{*m_folder, m_differed};
        m_folder.reset();
    } else {
        m_seconds.pop_back();
    }
    return finished;
}

}  // namespace tarn::bucketstore
