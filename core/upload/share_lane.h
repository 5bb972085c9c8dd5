#pragma once

#include "core/foundation/bytes.h"
#include "core/foundation/units.h"

#include <deque>
#include <optional>
#include <stop_token>

namespace tarn::upload {

/// The most bytes of one write; a whole share of up to so many is a single write.
inline constexpr std::size_t mostWriteSize = 1024 * 1024 + 256 * 1024;

/// One share on its way to its server: what is ready to be written, in order, one write at a time.
///
/// Bytes are counted as held from `push` until the server has confirmed them or the lane is closed to them.
/// Thread: engine.
class ShareLane {
public:
    struct Write {
        ByteOffset offset;
        SharedBytes data;
    };

    /// The next bytes of the share. `last` says that nothing comes behind them.
    void push(SharedBytes bytes, bool last);
    /// The server has all before `offset` already: that is not handed out. Before anything else is.
    void startAt(ByteOffset offset) { m_start = offset.value(); }
    /// Lets go of what is ready and lies before the start, all but a few bytes; gives the bytes let go.
    ByteCount passOver();
    /// The next write, if there is one and none is under way.
    [[nodiscard]] std::optional<Write> next();
    /// The write that is under way has ended; gives its size.
    ByteCount writeEnded();
    /// The server has so many more of the bytes that were handed out.
    void confirm(ByteCount bytes) { m_confirmed += bytes.value(); }
    /// What it has, with what it had before.
    [[nodiscard]] ByteCount confirmed() const noexcept { return ByteCount(m_confirmed); }
    /// The same, but its bytes are to be written once more, and are held on. For a write of a whole share only.
    ByteCount writeAgain();

    /// The share is not sent (any further): what waits is let go, a write under way is stopped. Gives the bytes let go.
    ByteCount close();

    [[nodiscard]] bool closed() const noexcept { return m_closed; }
    [[nodiscard]] bool writing() const noexcept { return m_writing != nullptr; }
    /// Every byte of the share has been handed out as a write.
    [[nodiscard]] bool allHandedOut() const noexcept { return m_complete && m_ready.empty(); }
    /// All of the share is here, none of it handed out, and it makes one write.
    [[nodiscard]] bool holdsWhole() const noexcept {
        return m_complete && m_offset == 0 && m_ready.size() == 1 && m_ready.front()->size() <= mostWriteSize;
    }
    [[nodiscard]] std::stop_token stopToken() const { return m_stop.get_token(); }

private:
    [[nodiscard]] SharedBytes takeFront();

    std::deque<SharedBytes> m_ready;
    std::size_t m_takenOfFront = 0;
    std::uint64_t m_offset = 0;
    std::uint64_t m_start = 0;
    std::uint64_t m_confirmed = 0;
    SharedBytes m_writing;
    bool m_complete = false;
    bool m_closed = false;
    std::stop_source m_stop;
};

}  // namespace tarn::upload
