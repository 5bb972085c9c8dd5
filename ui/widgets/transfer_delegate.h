#pragma once

#include "ui/models/transfer_actions.h"
#include "ui/models/transfer_model.h"

#include <QPersistentModelIndex>
#include <QStyledItemDelegate>

#include <optional>

namespace tarn::ui {

/// Paints a transfer's row and answers its tooltips. Rows are of a `TransferModel`.
class TransferDelegate : public QStyledItemDelegate {
    Q_OBJECT

public:
    /// The button under the mouse, if any.
    struct Hot {
        QPersistentModelIndex index;
        std::optional<TransferAction> action;
        bool pressed = false;
    };

    using QStyledItemDelegate::QStyledItemDelegate;

    void setHot(const Hot& hot) { m_hot = hot; }
    void paint(QPainter* painter, const QStyleOptionViewItem& given, const QModelIndex& index) const override;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    bool helpEvent(QHelpEvent* event, QAbstractItemView* view, const QStyleOptionViewItem& given,
                   const QModelIndex& index) override;

private:
    Hot m_hot;
};

}  // namespace tarn::ui
