#pragma once

#include "core/foundation/result.h"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace tarn::engine {

/// Reads a whole file. Fails: FileNotFound, FileUnreadable (also for folders and for more than `most` bytes).
[[nodiscard]] Result<std::string> readWholeFile(const std::filesystem::path& path, std::size_t most);

enum class IfPresent : std::uint8_t { Replace, Fail };

/// Writes a whole file that its owner alone may read (0600): first beside `path`, then, when it has reached the disk,
/// under its name. Whoever looks sees the old content or the new, also after a power cut. Fails: ProfileExists
/// (IfPresent::Fail, and it is there), FileUnwritable, DiskFull.
[[nodiscard]] Result<void> writePrivateFile(const std::filesystem::path& path, std::string_view content,
                                            IfPresent ifPresent);

/// Makes a folder that its owner alone may enter (0700), and those above it. One that is there stays as it is.
/// Fails: FileUnwritable, DiskFull.
[[nodiscard]] Result<void> makePrivateFolder(const std::filesystem::path& path);

}  // namespace tarn::engine
