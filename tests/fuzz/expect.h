#pragma once

#include <cstdlib>

namespace tarn::fuzz {

/// What must hold for every input. Stops the program where the fuzzer sees it, in every kind of build.
inline void expect(bool held) {
    if (!held) {
        std::abort();
    }
}

}  // namespace tarn::fuzz
