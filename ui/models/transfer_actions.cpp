#include "ui/models/transfer_actions.h"

namespace tarn::ui {

bool allows(const api::TransferSnapshot& transfer, TransferAction action) {
    using api::TransferState;
    const bool active = transfer.state == TransferState::Queued || transfer.state == TransferState::Running;
    switch (action) {
    case TransferAction::Cancel: return active;
    case TransferAction::Retry:
        return transfer.state == TransferState::Failed || transfer.state == TransferState::Cancelled;
    case TransferAction::CopyLink: return transfer.hasCapability;
    case TransferAction::SaveCopy:
        return transfer.hasCapability && transfer.state == TransferState::Done &&
               transfer.direction == api::Direction::Upload;
    case TransferAction::Remove: return !active;
    }
    return false;
}

QList<TransferAction> rowActions(const api::TransferSnapshot& transfer) {
    QList<TransferAction> actions;
    switch (transfer.state) {
    case api::TransferState::Queued:
    case api::TransferState::Running: actions = {TransferAction::Cancel}; break;
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
