#include "ui/models/transfer_actions.h"

namespace tarn::ui {

bool allows(const api::TransferSnapshot& transfer, TransferAction action) {
    using api::TransferState;
    const bool active = transfer.state == TransferState::Queued || transfer.state == TransferState::Running;
    const bool paused = transfer.state == TransferState::Paused;
    switch (action) {
    case TransferAction::Cancel: return active || paused;
    case TransferAction::Retry:
        return transfer.state == TransferState::Failed || transfer.state == TransferState::Cancelled ||
               (transfer.state == TransferState::Queued && transfer.retryAt != 0);
    case TransferAction::CopyLink: return transfer.hasCapability;
    case TransferAction::SaveCopy:
        return transfer.hasCapability && transfer.state == TransferState::Done &&
               transfer.direction == api::Direction::Upload;
    case TransferAction::Remove: return !active && !paused;
    case TransferAction::Pause: return active;
    case TransferAction::Resume: return paused;
    case TransferAction::ToTop:
    case TransferAction::Up:
    case TransferAction::Down:
    case TransferAction::ToBottom: return true;
    case TransferAction::FirstAmongAll: return (active || paused) && transfer.priority != api::Priority::High;
    case TransferAction::AsOthers: return (active || paused) && transfer.priority != api::Priority::Normal;
    case TransferAction::AfterOthers: return (active || paused) && transfer.priority != api::Priority::Low;
    }
    return false;
}

QList<TransferAction> rowActions(const api::TransferSnapshot& transfer) {
    QList<TransferAction> actions;
    switch (transfer.state) {
    case api::TransferState::Queued:
        actions = transfer.retryAt != 0 ? QList{TransferAction::Retry, TransferAction::Cancel}
                                        : QList{TransferAction::Pause, TransferAction::Cancel};
        break;
    case api::TransferState::Running: actions = {TransferAction::Pause, TransferAction::Cancel}; break;
    case api::TransferState::Paused: actions = {TransferAction::Resume, TransferAction::Cancel}; break;
    case api::TransferState::Done:
        actions = transfer.direction == api::Direction::Upload
                      ? QList{TransferAction::CopyLink, TransferAction::SaveCopy}
                      : QList{TransferAction::Remove};
        break;
    case api::TransferState::Failed:
    case api::TransferState::Cancelled: actions = {TransferAction::Retry, TransferAction::Remove}; break;
    }
    actions.removeIf([&transfer](TransferAction action) { return !allows(transfer, action); });
    return actions;
}

}  // namespace tarn::ui
