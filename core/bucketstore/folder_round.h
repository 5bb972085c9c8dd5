#pragma once

#include "core/bucketstore/file_system.h"
#include "core/bucketstore/share_index.h"
#include "core/bucketstore/share_tree.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tarn::bucketstore {

/// Walks the folders of complete shares beside the index, one second-level folder at a time, and names each share of
/// which the two say something else. Holds no more than one second-level folder's names. Thread: one.
class FolderRound {
public:
    /// Called for each share whose row and file differ.
    using Differs = std::function<Result<void>(const ShareKey&)>;

    /// `folders`: the first-level folders to walk, in this order.
    void begin(std::vector<std::uint32_t> folders);
    /// Walks this folder as well, before the others.
    void add(std::uint32_t folder) { m_folders.push_front(folder); }
    [[nodiscard]] bool done() const noexcept { return !m_folder && m_folders.empty(); }
    [[nodiscard]] std::size_t left() const noexcept { return m_folders.size() + (m_folder ? 1 : 0); }

    struct Finished {
        std::uint32_t folder = 0;
        bool differed = false;
    };
    /// Compares one second-level folder. Gives a first-level folder that is done with. Fails: as the index.
    [[nodiscard]] Result<std::optional<Finished>> step(FileSystem& files, const std::string& root, ShareIndex& index,
                                                       const Differs& differs);
    /// Puts the folder in hand back, to be walked from its beginning.
    void restart();

private:
    std::deque<std::uint32_t> m_folders;
    std::optional<std::uint32_t> m_folder;  ///< the one in hand
    std::vector<std::uint32_t> m_seconds;   ///< its second-level folders still to come, the last first
    std::uint32_t m_nextSecond = 0;         ///< rows up to before this one have been compared
    bool m_differed = false;
};

}  // namespace tarn::bucketstore
