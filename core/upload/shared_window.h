#pragma once

#include "core/foundation/recycled_buffers.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace tarn::upload {

/// What the uploads of one program hold of bytes on their way, counted together: each may hold a window of them, and
/// all together no more than that. Who holds nothing yet comes before those that want more. Thread: engine.
class SharedWindow {
public:
    /// One upload's part; it is given back when it goes. The window must outlive it.
    class Part {
    public:
        /// `roomCame` is called, as long as this waits, whenever others have let go of something.
        Part(SharedWindow& window, std::function<void()> roomCame)
            : m_window(window), m_roomCame(std::move(roomCame)) {}
        Part(const Part&) = delete;
        Part& operator=(const Part&) = delete;
        ~Part() {
            stopWaiting();
            letGo(m_held);
        }

        [[nodiscard]] std::uint64_t held() const noexcept { return m_held; }
        void hold(std::uint64_t bytes) noexcept {
            m_held += bytes;
            m_window.m_held += bytes;
        }
        void letGo(std::uint64_t bytes) {
            m_held -= bytes;
            m_window.m_held -= bytes;
            // Whoever is called may take room, wait anew or go, on the spot.
            std::vector<std::function<void()>> called;
            if (bytes > 0) {
                for (const auto& [part, roomCame] : m_window.m_waiting) {
                    called.push_back(roomCame);
                }
            }
            for (const auto& roomCame : called) {
                roomCame();
            }
        }
        /// Whether so much more may be held, where `most` may be by all together. Where not, who holds nothing waits.
        [[nodiscard]] bool askForRoom(std::uint64_t bytes, std::uint64_t most) {
            const bool othersFirst = m_held > 0 && !m_window.m_waiting.empty();
            const bool fits = m_window.m_held == 0 || m_window.m_held + bytes <= most;
            if (fits && !othersFirst) {
                stopWaiting();
                return true;
            }
            if (m_held == 0) {
                m_window.m_waiting.insert_or_assign(this, m_roomCame);
            }
            return false;
        }
        void stopWaiting() noexcept { m_window.m_waiting.erase(this); }

    private:
        SharedWindow& m_window;
        std::function<void()> m_roomCame;
        std::uint64_t m_held = 0;
    };

    /// What the uploads' bytes stand in. They go round from one upload to the other, and go with the last.
    [[nodiscard]] std::shared_ptr<RecycledBuffers> buffers() {
        auto buffers = m_buffers.lock();
        if (!buffers) {
            m_buffers = buffers = RecycledBuffers::make();
        }
        return buffers;
    }

private:
    std::uint64_t m_held = 0;
    std::map<const Part*, std::function<void()>> m_waiting;
    std::weak_ptr<RecycledBuffers> m_buffers;
};

}  // namespace tarn::upload
