#pragma once

#include "core/api/transfers.h"

#include <QList>

namespace tarn::ui {

/// What a person can do with a transfer.
enum class TransferAction : std::uint8_t {
    Cancel,
    Retry,
    CopyLink,
    SaveCopy,
    Remove,
    Pause,
    Resume,
    ToTop,
    Up,
    Down,
    ToBottom,
    FirstAmongAll,  ///< high priority
    AsOthers,
    AfterOthers,  ///< low priority
};

[[nodiscard]] bool allows(const api::TransferSnapshot& transfer, TransferAction action);

/// The ones shown in the row itself, the likeliest first.
[[nodiscard]] QList<TransferAction> rowActions(const api::TransferSnapshot& transfer);

}  // namespace tarn::ui
