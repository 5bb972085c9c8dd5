#pragma once

#include "ui/models/transfer_actions.h"
#include "ui/models/transfer_model.h"

#include <QAbstractItemView>

#include <optional>

namespace tarn::ui {

class TransferDelegate;

/// The list of transfers: many can be selected, each row has its own buttons.
///
/// Every row is of one height, so where a row is follows from its number: whatever happens, only the rows that are seen
/// cost anything, in a list of ten as in one of a hundred thousand.
class TransferView : public QAbstractItemView {
    Q_OBJECT

public:
    explicit TransferView(TransferModel& model, QWidget* parent = nullptr);

    /// The ids of the selected rows, in queue order.
    [[nodiscard]] QList<api::TransferId> selectedIds() const;
    /// Whether there is one among the selected that the action fits. Looks at no more than a few hundred of them; of
    /// the rest it takes it that there is.
    [[nodiscard]] bool selectionAllows(TransferAction action) const;
    /// Rows that were painted since it was made: what a person's look costs.
    [[nodiscard]] qint64 rowsPainted() const { return m_rowsPainted; }
    [[nodiscard]] QRect visualRect(const QModelIndex& index) const override;
    [[nodiscard]] QModelIndex indexAt(const QPoint& point) const override;
    void scrollTo(const QModelIndex& index, ScrollHint hint = EnsureVisible) override;
    /// Names are known of the rows that are seen alone, so typing looks for nothing.
    void keyboardSearch(const QString& search) override;
    /// Where a row's button is, in the viewport; empty when the row has no such button.
    [[nodiscard]] QRect buttonRect(const QModelIndex& index, TransferAction action) const;

Q_SIGNALS:
    /// A row's own button was pressed.
    void actionPressed(tarn::ui::TransferAction action, tarn::api::TransferId id);
    void selectionTurned();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    void updateGeometries() override;
    void rowsInserted(const QModelIndex& parent, int first, int last) override;
    void rowsAboutToBeRemoved(const QModelIndex& parent, int first, int last) override;
    [[nodiscard]] QModelIndex moveCursor(CursorAction action, Qt::KeyboardModifiers modifiers) override;
    [[nodiscard]] int horizontalOffset() const override { return 0; }
    [[nodiscard]] int verticalOffset() const override;
    [[nodiscard]] bool isIndexHidden(const QModelIndex& index) const override;
    void setSelection(const QRect& rect, QItemSelectionModel::SelectionFlags flags) override;
    [[nodiscard]] QRegion visualRegionForSelection(const QItemSelection& selection) const override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    bool viewportEvent(QEvent* event) override;
    void selectionChanged(const QItemSelection& selected, const QItemSelection& deselected) override;

private:
    void putSelectionAside();
    void takeSelectionBack();
    [[nodiscard]] int rowHeight() const;
    /// The rows that lie in a band of the viewport, cut to those that there are; first > last when there is none.
    struct Rows {
        int first = 0;
        int last = -1;
    };
    [[nodiscard]] Rows rowsIn(int top, int bottom) const;
    void setHoverRow(int row);
    [[nodiscard]] QStyleOptionViewItem optionFor(const QModelIndex& index) const;
    [[nodiscard]] std::optional<TransferAction> buttonAt(const QPoint& point) const;
    void setHot(const QModelIndex& index, std::optional<TransferAction> action, bool pressed);

    TransferModel& m_model;
    TransferDelegate* m_delegate;
    QList<api::TransferId> m_aside;  ///< selected, while the order changes
    QPersistentModelIndex m_hotIndex;
    std::optional<TransferAction> m_hot;
    bool m_pressed = false;
    int m_hoverRow = -1;
    mutable int m_rowHeight = 0;  ///< 0: to be measured
    qint64 m_rowsPainted = 0;
};

}  // namespace tarn::ui
