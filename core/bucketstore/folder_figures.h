#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>

namespace tarn::bucketstore {

/// What the files of a store's folder add up to.
struct FolderFigures {
    std::uint64_t shares = 0;
    std::uint64_t bytes = 0;
    bool complete = true;  ///< false when there was no time for all of it: there are at least so many
};

/// Counts the complete shares in a store's FOLDER without opening it, for at most `patience`. What cannot be read
/// counts as nothing. Blocks on the disk. Thread: any.
[[nodiscard]] FolderFigures countFolder(const std::filesystem::path& folder, std::chrono::milliseconds patience);

}  // namespace tarn::bucketstore
