#pragma once

#include "ui/models/transfer_actions.h"
#include "ui/models/transfer_model.h"

#include <QListView>

#include <optional>

namespace tarn::ui {

class TransferDelegate;

/// The list of transfers: many can be selected, each row has its own buttons.
class TransferView : public QListView {
    Q_OBJECT

public:
    explicit TransferView(TransferModel& model, QWidget* parent = nullptr);

    /// The ids of the selected rows, in queue order.
    [[nodiscard]] QList<api::TransferId> selectedIds() const;
    /// Where a row's button is, in the viewport; empty when the row has no such button.
    [[nodiscard]] QRect buttonRect(const QModelIndex& index, TransferAction action) const;

Q_SIGNALS:
    /// A row's own button was pressed.
    void actionPressed(tarn::ui::TransferAction action, tarn::api::TransferId id);
    void selectionTurned();

protected:
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    bool viewportEvent(QEvent* event) override;
    void selectionChanged(const QItemSelection& selected, const QItemSelection& deselected) override;
    void dataChanged(const QModelIndex& topLeft, const QModelIndex& bottomRight, const QList<int>& roles) override;

private:
    [[nodiscard]] QStyleOptionViewItem optionFor(const QModelIndex& index) const;
    [[nodiscard]] std::optional<TransferAction> buttonAt(const QPoint& point) const;
    void setHot(const QModelIndex& index, std::optional<TransferAction> action, bool pressed);

    TransferModel& m_model;
    TransferDelegate* m_delegate;
    QPersistentModelIndex m_hotIndex;
    std::optional<TransferAction> m_hot;
    bool m_pressed = false;
};

}  // namespace tarn::ui
