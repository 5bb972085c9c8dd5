#include "core/foundation/bytes.h"

namespace tarn {

bool equalConstantTime(ByteView a, ByteView b) noexcept {
    if (a.size() != b.size()) {
        return false;
    }
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        difference |= static_cast<unsigned>(a[i] ^ b[i]);
    }
    return difference == 0;
}

void wipe(MutableByteView bytes) noexcept {
    volatile Byte* p = bytes.data();
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        p[i] = 0;
    }
}

}  // namespace tarn
