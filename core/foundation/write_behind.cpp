#include "core/foundation/write_behind.h"

#include <fcntl.h>

namespace tarn {

void writeBehind(int descriptor, std::uint64_t begin, std::uint64_t end) noexcept {
    constexpr std::uint64_t piece = 4UL * 1024 * 1024;
    const std::uint64_t last = end / piece * piece;
    if (last > begin) {
        const std::uint64_t from = begin / piece * piece;
        (void)::sync_file_range(descriptor, static_cast<off64_t>(from), static_cast<off64_t>(last - from),
                                SYNC_FILE_RANGE_WRITE);
    }
}

}  // namespace tarn
