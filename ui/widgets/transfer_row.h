#pragma once

#include "core/api/transfers.h"
#include "ui/models/transfer_actions.h"
#include "ui/widgets/share_strip.h"

#include <QCoreApplication>
#include <QFont>
#include <QList>
#include <QRect>
#include <QString>
#include <QStyleOptionViewItem>

#include <optional>

namespace tarn::ui {

/// Where everything in a transfer's row is: for the painter, the mouse and the tooltips alike. Pixels in the view.
class TransferRow {
    Q_DECLARE_TR_FUNCTIONS(TransferRow)

public:
    struct Button {
        TransferAction action = TransferAction::Cancel;
        QString text;
        QRect rect;
    };

    TransferRow(const QStyleOptionViewItem& option, const api::TransferSnapshot& transfer);

    QRect sign;  ///< the disc at the head
    QRect name;
    QRect amount;   ///< right of the name
    QRect bar;      ///< progress, while it waits or runs; else empty
    QRect pace;     ///< right of the bar
    QRect outcome;  ///< second line of one that came to rest
    QRect status;   ///< last line
    QRect strip;    ///< the share cells; empty without shares
    QList<Button> buttons;
    QFont nameFont;
    QFont smallFont;

    [[nodiscard]] ShareStrip shareStrip() const;
    [[nodiscard]] std::optional<TransferAction> buttonAt(const QPoint& point) const;

    /// The height of a row: the same for all, so that where a row is follows from its number.
    [[nodiscard]] static int height(const QFont& font);
    [[nodiscard]] static QString actionText(TransferAction action);

private:
    int m_shares = 0;
    bool m_rightToLeft = false;
};

}  // namespace tarn::ui
