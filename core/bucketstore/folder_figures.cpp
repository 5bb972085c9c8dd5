#include "core/bucketstore/folder_figures.h"

#include "core/bucketstore/share_tree.h"

namespace tarn::bucketstore {

FolderFigures countFolder(const std::filesystem::path& folder, std::chrono::milliseconds patience) {
    namespace fs = std::filesystem;
    constexpr int shareDepth = 3;  // shares/ab/cd/<storage index>/<number>
    const auto until = std::chrono::steady_clock::now() + patience;
    FolderFigures figures;
    std::error_code error;
    auto each =
        fs::recursive_directory_iterator(folder / "shares", fs::directory_options::skip_permission_denied, error);
    for (; !error && each != fs::recursive_directory_iterator(); each.increment(error)) {
        if (std::chrono::steady_clock::now() >= until) {
            figures.complete = false;
            break;
        }
        if (each.depth() != shareDepth || !shareNumOf(each->path().filename().string())) {
            continue;
        }
        std::error_code unread;
        if (const auto size = each->file_size(unread); !unread) {
            ++figures.shares;
            figures.bytes += size;
        }
    }
    return figures;
}

}  // namespace tarn::bucketstore
