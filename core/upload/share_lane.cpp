#include "core/upload/share_lane.h"

#include <algorithm>
#include <utility>

namespace tarn::upload {

namespace {

/// So few that the server has are written once more along with what comes behind them, which else would be copied.
constexpr std::uint64_t fewBytes = 4096;

}  // namespace

void ShareLane::push(SharedBytes bytes, bool last) {
    m_ready.push_back(std::move(bytes));
    m_complete = last;
}

ByteCount ShareLane::passOver() {
    std::uint64_t gone = 0;
    while (!m_writing && !m_ready.empty() && m_offset < m_start) {
        const std::uint64_t rest = m_ready.front()->size() - m_takenOfFront;
        const std::uint64_t known = std::min(rest, m_start - m_offset);
        if (known < rest && known <= fewBytes) {
            break;
        }
        m_takenOfFront += known;
        m_offset += known;
        gone += known;
        if (known == rest) {
            m_ready.pop_front();
            m_takenOfFront = 0;
        }
    }
    m_confirmed += gone;
    return ByteCount(gone);
}

std::optional<ShareLane::Write> ShareLane::next() {
    if (m_closed || m_writing || m_ready.empty()) {
        return std::nullopt;
    }
    Write write{ByteOffset(m_offset), takeFront()};
    m_offset += write.data->size();
    m_writing = write.data;
    return write;
}

/// A buffer goes out as it is, without a copy, unless it is larger than a write may be.
SharedBytes ShareLane::takeFront() {
    SharedBytes front = m_ready.front();
    const std::size_t rest = front->size() - m_takenOfFront;
    if (m_takenOfFront == 0 && rest <= mostWriteSize) {
        m_ready.pop_front();
        return front;
    }
    const std::size_t size = std::min(rest, mostWriteSize);
    auto part = std::make_shared<const Bytes>(copyOf(ByteView(*front).subspan(m_takenOfFront, size)));
    m_takenOfFront += size;
    if (m_takenOfFront == front->size()) {
        m_ready.pop_front();
        m_takenOfFront = 0;
    }
    return part;
}

ByteCount ShareLane::writeEnded() {
    const SharedBytes written = std::exchange(m_writing, nullptr);
    return ByteCount(written ? written->size() : 0);
}

ByteCount ShareLane::writeAgain() {
    m_ready.push_front(std::exchange(m_writing, nullptr));
    m_offset = 0;
    return ByteCount(m_ready.front()->size());
}

ByteCount ShareLane::close() {
    std::uint64_t letGo = 0;
    for (const SharedBytes& bytes : m_ready) {
        letGo += bytes->size();
    }
    letGo -= m_takenOfFront;
    m_ready.clear();
    m_takenOfFront = 0;
    m_closed = true;
    m_stop.request_stop();
    return ByteCount(letGo);
}

}  // namespace tarn::upload
