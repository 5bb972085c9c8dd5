#pragma once

#include "ui/models/transfer_model.h"

#include <QObject>
#include <QTimer>

namespace tarn::desktop {

/// Gives memory back to the system once the transfers have come to rest: what an upload's segments took, or a change of
/// a long queue, would otherwise stay with the program for as long as it sits in the tray.
class MemoryKeeper : public QObject {
    Q_OBJECT

public:
    /// `model` outlives this.
    explicit MemoryKeeper(const ui::TransferModel& model, QObject* parent = nullptr);

private:
    void look();

    const ui::TransferModel& m_model;
    QTimer m_timer;
};

}  // namespace tarn::desktop
