#pragma once

#include "core/foundation/result.h"

#include <filesystem>

namespace tarn::journal {

/// Holds a file for one program alone, until it goes or the program dies.
class FileLock {
public:
    /// Makes `file` (0600) if need be. Never waits. Fails: ProfileLocked, FileUnwritable, DiskFull.
    [[nodiscard]] static Result<FileLock> take(const std::filesystem::path& file);

    FileLock(FileLock&& other) noexcept;
    FileLock& operator=(FileLock&& other) noexcept;
    ~FileLock();

private:
    explicit FileLock(int descriptor) noexcept : m_descriptor(descriptor) {}

    int m_descriptor = -1;
};

}  // namespace tarn::journal
