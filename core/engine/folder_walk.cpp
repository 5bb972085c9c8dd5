#include "core/engine/folder_walk.h"

#include <system_error>
#include <utility>

namespace tarn::engine {

namespace {

namespace fs = std::filesystem;

/// Deeper than any folder of a person's; a tree without end (a mount inside itself) must not take the program with it.
constexpr std::size_t mostLevels = 256;

}  // namespace

FolderWalk::FolderWalk(std::vector<std::string> paths) : m_paths(std::move(paths)) {}

FolderWalk::Found FolderWalk::next(std::size_t most, WallTime now) {
    Found found;
    while (found.rows.size() + found.leftOut.size() < most) {
        if (m_levels.empty()) {
            if (m_nextPath == m_paths.size()) {
                found.over = true;
                break;
            }
            visitNamed(m_paths[m_nextPath++], now, found);
            continue;
        }
        auto& level = m_levels.back();
        if (level.entries == fs::directory_iterator()) {
            m_levels.pop_back();
            continue;
        }
        const auto path = level.entries->path();
        const auto name = level.name / path.filename();
        std::error_code error;
        level.entries.increment(error);  // before the entry is visited: that may add a level, and move this one
        if (error) {
            found.leftOut.push_back({path.parent_path().string(), {ErrorCode::FileUnreadable, error.message(), false}});
            m_levels.pop_back();
        }
        visitEntry(path, name, now, found);
    }
    return found;
}

void FolderWalk::visitNamed(const std::string& given, WallTime now, Found& found) {
    std::error_code error;
    auto path = fs::absolute(given, error).lexically_normal();
    if (!path.has_filename()) {
        path = path.parent_path();  // "folder/"
    }
    const auto status = fs::status(path, error);
    if (!fs::exists(status)) {
        found.leftOut.push_back({given, {ErrorCode::FileNotFound, path.string(), false}});
    } else if (fs::is_directory(status)) {
        openFolder(path, path.filename(), found);
    } else if (fs::is_regular_file(status)) {
        takeFile(path, path.filename(), now, found);
    } else {
        found.leftOut.push_back({given, {ErrorCode::FileUnreadable, path.string() + ": is not a file", false}});
    }
}

void FolderWalk::visitEntry(const fs::path& path, const fs::path& name, WallTime now, Found& found) {
    std::error_code error;
    const auto status = fs::symlink_status(path, error);
    if (fs::is_symlink(status)) {
        found.leftOut.push_back(
            {path.string(), {ErrorCode::FileUnreadable, path.string() + ": is a symbolic link, left out", false}});
    } else if (fs::is_directory(status)) {
        openFolder(path, name, found);
    } else if (fs::is_regular_file(status)) {
        takeFile(path, name, now, found);
    } else if (fs::exists(status)) {
        found.leftOut.push_back(
            {path.string(), {ErrorCode::FileUnreadable, path.string() + ": is not a file, left out", false}});
    }
    // What has gone since the folder was read is not there: nothing to say.
}

void FolderWalk::openFolder(const fs::path& path, const fs::path& name, Found& found) {
    if (m_levels.size() == mostLevels) {
        found.leftOut.push_back(
            {path.string(), {ErrorCode::FileUnreadable, path.string() + ": is too deep, left out", false}});
        return;
    }
    std::error_code error;
    fs::directory_iterator entries(path, error);
    if (error) {
        found.leftOut.push_back({path.string(), {ErrorCode::FileUnreadable, path.string(), false}});
        return;
    }
    m_levels.push_back({std::move(entries), name});
}

void FolderWalk::takeFile(const fs::path& path, const fs::path& name, WallTime now, Found& found) {
    std::error_code error;
    const auto size = fs::file_size(path, error);
    if (error) {
        found.leftOut.push_back({path.string(), {ErrorCode::FileUnreadable, path.string(), false}});
        return;
    }
    journal::Row row;
    row.direction = journal::Direction::Upload;
    row.name = name.string();
    row.localPath = path.string();
    row.size = size;
    row.added = now;
    found.rows.push_back(std::move(row));
}

}  // namespace tarn::engine
