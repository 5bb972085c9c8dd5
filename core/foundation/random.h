#pragma once

#include "core/foundation/bytes.h"

#include <array>

namespace tarn {

/// Where secrets and nonces come from. Injected, so that tests repeat. Thread: any.
class Random {
public:
    virtual ~Random() = default;
    /// Fills `out` with unpredictable bytes.
    virtual void fill(MutableByteView out) = 0;

    /// A fresh secret or id: `random.make<UploadSecret>()`.
    template <typename Fixed>
    [[nodiscard]] Fixed make() {
        std::array<Byte, Fixed::size> bytes;
        fill(bytes);
        Fixed value(bytes);
        wipe(bytes);
        return value;
    }
};

/// The operating system's generator. Aborts the program if the system has none: no secret is ever made without it.
class SystemRandom final : public Random {
public:
    void fill(MutableByteView out) override;
};

}  // namespace tarn
