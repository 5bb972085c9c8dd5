#pragma once

#include "core/api/transfers.h"

namespace tarn::ui {

/// What a stored file survives, counted from where its shares are.
struct Safety {
    int pieces = 0;          ///< shares that a server holds
    int needed = 0;          ///< k: shares that rebuild the file
    int servers = 0;         ///< servers that hold at least one
    int serversMayFail = 0;  ///< how many of them, whichever they are, may be lost with the file still there
    bool operator==(const Safety&) const = default;
};

[[nodiscard]] Safety safetyOf(const QList<api::ShareCell>& cells, int needed);

}  // namespace tarn::ui
