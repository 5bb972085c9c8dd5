#pragma once

#include <cstdint>

namespace tarn {

/// To be called after bytes [begin, end) of a file were written. Where they pass the end of a large piece of it, the
/// system is told to bring that piece to the disk. Left to itself it begins at gigabytes, and the sync of a large file
/// would wait for all of it. Does not wait, and tells no error: what it cannot do, the sync does or tells.
void writeBehind(int descriptor, std::uint64_t begin, std::uint64_t end) noexcept;

}  // namespace tarn
