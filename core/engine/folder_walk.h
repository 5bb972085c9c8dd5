#pragma once

#include "core/foundation/clock.h"
#include "core/foundation/error.h"
#include "core/journal/journal.h"

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace tarn::engine {

/// Goes through the paths that a person named, and through folders among them to the bottom, a piece at a time: memory
/// holds one open folder a level, never a folder's whole content.
///
/// A symbolic link that was named itself is followed to a file; one inside a folder is left out, as is everything that
/// is neither file nor folder. Thread: disk pool, one call at a time.
class FolderWalk {
public:
    explicit FolderWalk(std::vector<std::string> paths);

    struct LeftOut {
        std::string path;
        Error error;
    };
    struct Found {
        std::vector<journal::Row> rows;  ///< files to be uploaded, in the order found; a name in a folder is relative
        std::vector<LeftOut> leftOut;
        bool over = false;  ///< there is nothing behind these
    };
    /// The next ones, some `most` in all. Blocks.
    [[nodiscard]] Found next(std::size_t most, WallTime now);

private:
    struct Level {
        std::filesystem::directory_iterator entries;
        std::filesystem::path name;  ///< of the folder, from the named one on
    };

    void visitNamed(const std::string& given, WallTime now, Found& found);
    void visitEntry(const std::filesystem::path& path, const std::filesystem::path& name, WallTime now, Found& found);
    void openFolder(const std::filesystem::path& path, const std::filesystem::path& name, Found& found);
    static void takeFile(const std::filesystem::path& path, const std::filesystem::path& name, WallTime now,
                         Found& found);

    std::vector<std::string> m_paths;
    std::size_t m_nextPath = 0;
    std::vector<Level> m_levels;
};

}  // namespace tarn::engine
