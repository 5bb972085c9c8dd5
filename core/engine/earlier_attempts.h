#pragma once

#include "core/journal/journal.h"

#include <cstddef>
#include <set>

namespace tarn::engine {

/// Knows of which uploads servers may hold a part already: of those that an earlier run of the program may have begun,
/// and of those that were stopped or have failed since.
///
/// Which of them ran when the program ended without a word is not written down, since that would be one more write to
/// disk for each transfer; only that there were any is (`setting`). But as they came first then, they come first now,
/// and are no more than can run at the same time. Pure; thread: one at a time.
class EarlierAttempts {
public:
    struct Begun {
        bool perhaps = false;  ///< servers may hold a part
        bool likely = false;   ///< and it may well have been cut off in the midst
        bool operator==(const Begun&) const = default;
    };

    /// The queue's setting that is 1 from the first upload of a run of the program until that run ends in order, with
    /// nothing under way.
    static constexpr const char* setting = "cut-off";

    /// What it was when the journal was opened.
    void cutOff(bool before) { m_cutOff = before; }
    /// The row was in the journal when it was opened.
    void found(journal::RowId id);
    /// It was stopped before its end.
    void stopped(journal::RowId id) { m_stopped.insert(id); }
    /// To be asked once each time that an upload starts, in that order.
    [[nodiscard]] Begun starts(const journal::Row& row);
    /// Whether all that may have been cut off before this run have started.
    [[nodiscard]] bool allStarted() const noexcept;

private:
    bool m_cutOff = false;
    journal::RowId m_lastFound = 0;
    std::size_t m_smallStarted = 0;  ///< of those found
    std::set<journal::RowId> m_stopped;
};

}  // namespace tarn::engine
