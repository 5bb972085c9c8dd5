#pragma once

#include "core/journal/journal.h"

#include <cstddef>
#include <set>

namespace tarn::engine {

/// Knows of which uploads servers may hold a part already: of those that an earlier run of the program may have begun,
/// and of those that were stopped or have failed since.
///
/// Which of them ran when the program ended without a word is not written down, since that would be one more write to
/// disk for each transfer. But as they came first then, they come first now, and are no more than can run at the same
/// time. Pure; thread: one at a time.
class EarlierAttempts {
public:
    struct Begun {
        bool perhaps = false;  ///< servers may hold a part
        bool likely = false;   ///< and it may well have been cut off in the midst
        bool operator==(const Begun&) const = default;
    };

    /// The row was in the journal when it was opened.
    void found(journal::RowId id);
    /// It was stopped before its end.
    void stopped(journal::RowId id) { m_stopped.insert(id); }
    /// To be asked once each time that an upload starts, in that order.
    [[nodiscard]] Begun starts(const journal::Row& row);

private:
    journal::RowId m_lastFound = 0;
    std::size_t m_smallStarted = 0;  ///< of those found
    std::set<journal::RowId> m_stopped;
};

}  // namespace tarn::engine
