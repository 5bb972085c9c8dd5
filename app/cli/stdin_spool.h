#pragma once

#include "core/foundation/result.h"

#include <filesystem>

namespace tarn::cli {

/// All of stdin in a temporary file (0600), since an upload reads its file twice. The file goes with this object.
class StdinSpool {
public:
    /// Blocks until stdin ends. Fails: FileUnreadable, FileUnwritable, DiskFull.
    [[nodiscard]] static Result<StdinSpool> read();
    StdinSpool(StdinSpool&& other) noexcept;
    StdinSpool& operator=(StdinSpool&& other) noexcept;
    ~StdinSpool();

    [[nodiscard]] const std::filesystem::path& file() const noexcept { return m_file; }

private:
    explicit StdinSpool(std::filesystem::path file) : m_file(std::move(file)) {}

    std::filesystem::path m_file;
};

}  // namespace tarn::cli
