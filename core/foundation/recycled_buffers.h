#pragma once

#include "core/foundation/bytes.h"

#include <memory>
#include <mutex>
#include <vector>

namespace tarn {

/// Buffers that go round: when the last holder lets one go, it waits here for the next run of segments.
///
/// A long transfer takes and frees megabytes a hundred times a second, on one thread and another. Left to the
/// allocator, twice as much memory stays in its arenas as is ever in use, and every page of it is faulted in anew.
/// Thread: any. Buffers may outlive this; they are then freed.
class RecycledBuffers : public std::enable_shared_from_this<RecycledBuffers> {
public:
    [[nodiscard]] static std::shared_ptr<RecycledBuffers> make();

    /// A buffer of `size` bytes, whatever stands in them, and room for `more`: one that was let go, if it was of about
    /// that size. Small ones do not get buffers that held much more, for those take that much memory yet.
    [[nodiscard]] std::shared_ptr<Bytes> take(std::size_t size, std::size_t more);
    /// How many bytes wait to be taken.
    [[nodiscard]] std::size_t waiting() const;

private:
    struct Free {
        Bytes bytes;
        std::size_t used;  ///< the most that it ever held: what it takes of memory
    };

    RecycledBuffers() = default;
    void giveBack(Bytes bytes, std::size_t used);

    mutable std::mutex m_mutex;
    std::vector<Free> m_free;
};

}  // namespace tarn
