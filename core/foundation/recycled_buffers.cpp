#include "core/foundation/recycled_buffers.h"

#include <algorithm>
#include <utility>

namespace tarn {

std::shared_ptr<RecycledBuffers> RecycledBuffers::make() {
    return std::shared_ptr<RecycledBuffers>(new RecycledBuffers());
}

std::shared_ptr<Bytes> RecycledBuffers::take(std::size_t size, std::size_t more) {
    const std::size_t capacity = size + more;
    Bytes bytes;
    {
        const std::lock_guard lock(m_mutex);
        const auto found = std::ranges::find_if(m_free, [capacity](const Bytes& free) {
            return free.capacity() >= capacity - capacity / 3 && free.capacity() <= capacity + capacity / 3;
        });
        if (found != m_free.end()) {
            bytes = std::move(*found);
            m_free.erase(found);
        }
    }
    if (bytes.capacity() < capacity) {
        bytes = Bytes();  // it makes way, so that the sum does not grow
        bytes.reserve(capacity);
    }
    bytes.resize(size);
    auto giveBack = [weak = weak_from_this()](Bytes* held) {
        if (const auto pool = weak.lock()) {
            pool->giveBack(std::move(*held));
        }
        delete held;
    };
    return {new Bytes(std::move(bytes)), std::move(giveBack)};
}

void RecycledBuffers::giveBack(Bytes bytes) {
    const std::lock_guard lock(m_mutex);
    m_free.push_back(std::move(bytes));
}

}  // namespace tarn
