#include "core/foundation/random.h"

#include <algorithm>
#include <cstdlib>

#include <sys/random.h>

namespace tarn {

void SystemRandom::fill(MutableByteView out) {
    // getentropy gives at most 256 bytes a call.
    constexpr std::size_t mostAtOnce = 256;
    while (!out.empty()) {
        const std::size_t now = std::min(out.size(), mostAtOnce);
        if (::getentropy(out.data(), now) != 0) {
            std::abort();
        }
        out = out.subspan(now);
    }
}

}  // namespace tarn
