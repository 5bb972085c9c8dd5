#include "core/foundation/recycled_buffers.h"

#include "core/foundation/allocator.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace tarn {

namespace {

constexpr std::size_t large = 256UL * 1024;

/// Large ones come straight from the system. One file's would leave holes among smaller things that the next one's do
/// not fit into; and room that is not used takes no memory there.
std::size_t capacityFor(std::size_t size) noexcept {
    return size < large ? size : std::max<std::size_t>(size, straightFromSystem);
}

}  // namespace

std::shared_ptr<RecycledBuffers> RecycledBuffers::make() {
    return std::shared_ptr<RecycledBuffers>(new RecycledBuffers());
}

std::shared_ptr<Bytes> RecycledBuffers::take(std::size_t size, std::size_t more) {
    const std::size_t wanted = size + more;
    Free taken{{}, 0};
    {
        const std::lock_guard lock(m_mutex);
        const auto found = std::ranges::find_if(m_free, [wanted](const Free& free) {
            return free.bytes.capacity() >= wanted && free.used <= wanted + wanted / 3;
        });
        if (found != m_free.end()) {
            taken = std::move(*found);
            m_free.erase(found);
        }
        // Others make way for a new one, so that the sum does not grow.
        for (std::size_t gone = taken.used; gone < wanted - wanted / 3 && !m_free.empty();) {
            gone += m_free.front().used;
            m_free.erase(m_free.begin());
        }
    }
    taken.bytes.reserve(capacityFor(wanted));
    taken.bytes.resize(size);
    auto giveBack = [weak = weak_from_this(), used = taken.used](Bytes* held) {
        if (const auto pool = weak.lock()) {
            pool->giveBack(std::move(*held), used);
        }
        delete held;
    };
    return {new Bytes(std::move(taken.bytes)), std::move(giveBack)};
}

void RecycledBuffers::giveBack(Bytes bytes, std::size_t used) {
    const std::size_t most = std::max(used, bytes.size());
    const std::lock_guard lock(m_mutex);
    m_free.push_back({std::move(bytes), most});
}

std::size_t RecycledBuffers::waiting() const {
    const std::lock_guard lock(m_mutex);
    return std::accumulate(m_free.begin(), m_free.end(), std::size_t(0),
                           [](std::size_t sum, const Free& free) { return sum + free.used; });
}

}  // namespace tarn
