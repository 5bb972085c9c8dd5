#pragma once

#include "core/foundation/clock.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace tarn::engine {

/// Finds how many of one kind of work are best done at the same time, by trying a step up or down now and then: more at
/// once stays when it gets more done, fewer at once stays when it gets as much done; else it goes back. Pure.
///
/// Work is counted in whatever unit the owner likes; only its rate matters. A time in which not all places were taken
/// says nothing about the number of places, and is left out.
class ThroughputClimber {
public:
    ThroughputClimber(std::size_t least, std::size_t first, std::size_t most)
        : m_least(least), m_most(most), m_level(first) {}

    [[nodiscard]] std::size_t level() const noexcept { return m_level; }

    /// Starts where a round trip of this length, with `each` of the machine's time for one, would keep it busy.
    void startFor(std::chrono::nanoseconds roundTrip, std::chrono::nanoseconds each);

    void worked(std::uint64_t amount) noexcept { m_work += amount; }
    /// Looks at what was done since the last look that lasted at least `span`. `full`: all places were taken.
    /// `busy`: the part of the machine's computing time that was used, 0 to 1.
    void look(SteadyTime now, std::chrono::nanoseconds span, bool full, double busy);

private:
    void tryStep(double busy);

    std::size_t m_least;
    std::size_t m_most;
    std::size_t m_level;
    std::size_t m_base = 0;  // to go back to
    int m_direction = 1;     // of the next try, or of the one that is under way
    bool m_trying = false;
    unsigned m_rest = 0;  // looks to sit still for
    std::uint64_t m_work = 0;
    std::optional<SteadyTime> m_since;
    bool m_full = true;
    double m_rate = 0;  // at the base
};

/// How many transfers may run at the same time, chosen by what is measured: the round trip (the shortest time in which
/// a small file was stored), the rate at each level, and how busy the processors are.
///
/// Small files spend their time waiting for answers, large ones fill the line and hold a window of memory each: so the
/// two are counted apart. Pure; thread: one at a time.
class ConcurrencyPlanner {
public:
    explicit ConcurrencyPlanner(unsigned processors) : m_processors(processors) {}

    /// Files of up to so many bytes are small.
    static constexpr std::uint64_t smallUpTo = 1024 * 1024;
    static constexpr std::size_t mostSmall = 48;
    /// One is sent while the key of the next is hashed; they share one window.
    static constexpr std::size_t mostLarge = 2;

    [[nodiscard]] std::size_t small() const noexcept { return m_small.level(); }
    [[nodiscard]] std::size_t large() const noexcept { return m_large.level(); }
    /// Nothing before the first small file was stored.
    [[nodiscard]] std::optional<std::chrono::nanoseconds> roundTrip() const noexcept { return m_roundTrip; }

    void smallDone(std::chrono::nanoseconds took);
    void largeMoved(std::uint64_t bytes) { m_large.worked(bytes); }
    /// Called about once a second. `processorTime`: what this program has used in all.
    void look(SteadyTime now, std::chrono::nanoseconds processorTime, bool smallFull, bool largeFull);

private:
    unsigned m_processors;
    ThroughputClimber m_small{2, 8, mostSmall};
    ThroughputClimber m_large{1, mostLarge, mostLarge};
    std::optional<std::chrono::nanoseconds> m_roundTrip;
    std::optional<SteadyTime> m_lookedAt;
    std::chrono::nanoseconds m_processorTime{0};
};

}  // namespace tarn::engine
