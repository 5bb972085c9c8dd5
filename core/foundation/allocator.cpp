#include "core/foundation/allocator.h"

#include <cstdlib>  // says whose C library it is

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace tarn {

void prepareAllocator() noexcept {
#ifdef __GLIBC__
    // A pool for every thread keeps what that thread freed; few threads here compute at once.
    ::mallopt(M_ARENA_MAX, 2);
    // Pieces of shares stay below the first; what is larger goes round in RecycledBuffers where it is often needed.
    ::mallopt(M_MMAP_THRESHOLD, straightFromSystem);
    ::mallopt(M_TRIM_THRESHOLD, keptByAllocator);
#endif
}

void giveFreedMemoryBack() noexcept {
#ifdef __GLIBC__
    ::malloc_trim(0);
#endif
}

}  // namespace tarn
