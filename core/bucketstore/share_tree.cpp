#include "core/bucketstore/share_tree.h"

#include "core/foundation/base32.h"

#include <array>
#include <charconv>

namespace tarn::bucketstore {

namespace {

constexpr std::uint16_t mostShareNumber = 255;

/// The folders from `root` down to a bucket, deepest first; the last is `root` itself.
std::array<std::string, 4> foldersOf(const std::string& root, StorageIndex index) {
    const std::string name = toBase32(index.bytes());
    const std::string first = root + '/' + name.substr(0, 2);
    const std::string second = first + '/' + name.substr(2, 2);
    return {second + '/' + name, second, first, root};
}

}  // namespace

std::uint32_t firstFolderOf(StorageIndex index) noexcept {
    return std::uint32_t{index.bytes()[0]} << 2U | std::uint32_t{index.bytes()[1]} >> 6U;
}

std::string folderName(std::uint32_t tenBits) {
    const std::array<Byte, 2> bits{static_cast<Byte>(tenBits >> 2U), static_cast<Byte>(tenBits << 6U)};
    return toBase32(bits).substr(0, 2);
}

std::optional<std::uint32_t> folderNumber(std::string_view name) {
    // Six more bits make whole bytes of it.
    const auto bytes = name.size() == 2 ? fromBase32(std::string(name) + "aa") : std::nullopt;
    if (!bytes || bytes->size() < 2) {
        return std::nullopt;
    }
    return std::uint32_t{(*bytes)[0]} << 2U | std::uint32_t{(*bytes)[1]} >> 6U;
}

std::optional<StorageIndex> bucketOf(std::string_view name) {
    const auto bytes = fromBase32(name);
    return bytes ? StorageIndex::fromBytes(*bytes) : std::nullopt;
}

std::optional<ShareNum> shareNumOf(std::string_view name) {
    std::uint16_t number = 0;
    const char* const end = name.data() + name.size();
    const auto [stopped, error] = std::from_chars(name.data(), end, number);
    if (error != std::errc() || stopped != end || number > mostShareNumber ||
        (name.size() > 1 && name.front() == '0')) {
        return std::nullopt;
    }
    return ShareNum(number);
}

ShareTree::ShareTree(std::shared_ptr<FileSystem> files, std::string root)
    : m_files(std::move(files)), m_root(std::move(root)) {}

std::string ShareTree::bucketPath(StorageIndex index) const {
    return foldersOf(m_root, index).front();
}

std::string ShareTree::sharePath(StorageIndex index, ShareNum share) const {
    return bucketPath(index) + '/' + std::to_string(share.value());
}

Result<std::set<ShareNum>> ShareTree::shares(StorageIndex index) const {
    const auto names = m_files->names(bucketPath(index));
    std::set<ShareNum> found;
    if (!names) {
        if (names.error().code == ErrorCode::NotFound) {
            return found;
        }
        return failure(names.error());
    }
    for (const std::string& name : *names) {
        if (const auto share = shareNumOf(name)) {
            found.insert(*share);
        }
    }
    return found;
}

Result<void> ShareTree::makeFolders(StorageIndex index) {
    const std::lock_guard lock(m_mutex);
    return makeFoldersHere(index);
}

Result<void> ShareTree::makeFoldersHere(StorageIndex index) {
    const auto folders = foldersOf(m_root, index);
    std::size_t level = 0;
    while (true) {
        const auto made = m_files->makeFolder(folders[level]);
        if (made) {
            if (*made) {
                m_unsettled.insert(folders[level]);
            }
            if (level == 0) {
                return {};
            }
            --level;
        } else if (made.error().code == ErrorCode::NotFound && level + 2 < folders.size()) {
            ++level;
        } else {
            return failure(made.error());
        }
    }
}

Result<void> ShareTree::place(const std::string& from, StorageIndex index, ShareNum share) {
    return putInPlace(&FileSystem::rename, from, index, share);
}

Result<void> ShareTree::replace(const std::string& from, StorageIndex index, ShareNum share) {
    return putInPlace(&FileSystem::replace, from, index, share);
}

Result<void> ShareTree::putInPlace(Move move, const std::string& from, StorageIndex index, ShareNum share) {
    const std::string to = sharePath(index, share);
    auto placed = (m_files.get()->*move)(from, to);
    if (placed || placed.error().code != ErrorCode::NotFound) {
        return placed;
    }
    // The lock makes "made" and "noted as unsettled" one step: nobody can find a folder there without the note. And no
    // emptied bucket goes between its making and the share's coming.
    const std::lock_guard lock(m_mutex);
    if (auto made = makeFoldersHere(index); !made) {
        return made;
    }
    placed = (m_files.get()->*move)(from, to);
    if (!placed && placed.error().code == ErrorCode::NotFound) {
        return failure(ErrorCode::ServerFailed, "a begun share's file is gone");
    }
    return placed;
}

Result<void> ShareTree::settleAll() {
    std::set<std::string> settling;
    {
        const std::lock_guard lock(m_mutex);
        settling = m_unsettled;
    }
    auto synced = m_files->syncAll(m_root);
    if (synced) {
        const std::lock_guard lock(m_mutex);
        for (const std::string& folder : settling) {
            m_unsettled.erase(folder);
        }
    }
    return synced;
}

Result<void> ShareTree::remove(StorageIndex index, ShareNum share) {
    if (auto removed = m_files->remove(sharePath(index, share)); !removed) {
        return removed;
    }
    const std::string bucket = bucketPath(index);
    const std::lock_guard lock(m_mutex);
    if (m_files->removeFolder(bucket)) {
        m_unsettled.erase(bucket);
    }
    return {};
}

Result<void> ShareTree::settle(StorageIndex index) {
    const auto folders = foldersOf(m_root, index);
    if (auto synced = m_files->syncFolder(folders[0]); !synced) {
        return synced;
    }
    for (std::size_t level = 0; level + 1 < folders.size(); ++level) {
        {
            const std::lock_guard lock(m_mutex);
            if (!m_unsettled.contains(folders[level])) {
                continue;
            }
        }
        if (auto synced = m_files->syncFolder(folders[level + 1]); !synced) {
            return synced;
        }
        const std::lock_guard lock(m_mutex);
        m_unsettled.erase(folders[level]);
    }
    return {};
}

}  // namespace tarn::bucketstore
