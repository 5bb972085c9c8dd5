#include "ui/widgets/transfer_view.h"

#include "ui/widgets/transfer_delegate.h"
#include "ui/widgets/transfer_row.h"

#include <QMouseEvent>

#include <algorithm>

namespace tarn::ui {

TransferView::TransferView(TransferModel& model, QWidget* parent)
    : QListView(parent), m_model(model), m_delegate(new TransferDelegate(this)) {
    setModel(&model);
    setItemDelegate(m_delegate);
    setSelectionMode(QAbstractItemView::ExtendedSelection);
    setEditTriggers(QAbstractItemView::NoEditTriggers);
    setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setResizeMode(QListView::Adjust);
    setFrameShape(QFrame::NoFrame);
    setMouseTracking(true);
    viewport()->setAttribute(Qt::WA_Hover);
    setAccessibleName(tr("Transfers"));
}

QList<api::TransferId> TransferView::selectedIds() const {
    QModelIndexList indexes = selectionModel()->selectedIndexes();
    std::sort(indexes.begin(), indexes.end());
    QList<api::TransferId> ids;
    ids.reserve(indexes.size());
    for (const QModelIndex& index : std::as_const(indexes)) {
        ids.append(m_model.at(index.row()).id);
    }
    return ids;
}

QStyleOptionViewItem TransferView::optionFor(const QModelIndex& index) const {
    QStyleOptionViewItem option;
    initViewItemOption(&option);
    option.rect = visualRect(index);
    return option;
}

QRect TransferView::buttonRect(const QModelIndex& index, TransferAction action) const {
    const TransferRow row(optionFor(index), m_model.at(index.row()));
    for (const TransferRow::Button& button : row.buttons) {
        if (button.action == action) {
            return button.rect;
        }
    }
    return {};
}

std::optional<TransferAction> TransferView::buttonAt(const QPoint& point) const {
    const QModelIndex index = indexAt(point);
    if (!index.isValid()) {
        return std::nullopt;
    }
    return TransferRow(optionFor(index), m_model.at(index.row())).buttonAt(point);
}

void TransferView::setHot(const QModelIndex& index, std::optional<TransferAction> action, bool pressed) {
    const QPersistentModelIndex hotIndex = action ? QPersistentModelIndex(index) : QPersistentModelIndex();
    if (hotIndex == m_hotIndex && action == m_hot && pressed == m_pressed) {
        return;
    }
    const QPersistentModelIndex before = m_hotIndex;
    m_hotIndex = hotIndex;
    m_hot = action;
    m_pressed = pressed;
    m_delegate->setHot({m_hotIndex, m_hot, m_pressed});
    for (const QPersistentModelIndex& changed : {before, m_hotIndex}) {
        if (changed.isValid()) {
            update(changed);
        }
    }
}

void TransferView::mouseMoveEvent(QMouseEvent* event) {
    const QPoint point = event->position().toPoint();
    if (!m_pressed) {
        setHot(indexAt(point), buttonAt(point), false);
        QListView::mouseMoveEvent(event);
    }
}

void TransferView::mousePressEvent(QMouseEvent* event) {
    const QPoint point = event->position().toPoint();
    if (event->button() == Qt::LeftButton) {
        if (const auto action = buttonAt(point)) {
            // The button belongs to its row alone: a selection of many stays as it is.
            setHot(indexAt(point), action, true);
            event->accept();
            return;
        }
    }
    QListView::mousePressEvent(event);
}

void TransferView::mouseReleaseEvent(QMouseEvent* event) {
    if (!m_pressed) {
        QListView::mouseReleaseEvent(event);
        return;
    }
    const QPoint point = event->position().toPoint();
    const QPersistentModelIndex index = m_hotIndex;
    const auto action = m_hot;
    const bool hit = index.isValid() && indexAt(point) == index && buttonAt(point) == action;
    setHot(hit ? QModelIndex(index) : QModelIndex(), hit ? action : std::nullopt, false);
    event->accept();
    if (hit && action) {
        Q_EMIT actionPressed(*action, m_model.at(index.row()).id);
    }
}

void TransferView::mouseDoubleClickEvent(QMouseEvent* event) {
    if (buttonAt(event->position().toPoint())) {
        mousePressEvent(event);  // two quick presses of a button are two presses
        return;
    }
    QListView::mouseDoubleClickEvent(event);
}

bool TransferView::viewportEvent(QEvent* event) {
    if (event->type() == QEvent::Leave && !m_pressed) {
        setHot({}, std::nullopt, false);
    }
    return QListView::viewportEvent(event);
}

void TransferView::selectionChanged(const QItemSelection& selected, const QItemSelection& deselected) {
    QListView::selectionChanged(selected, deselected);
    Q_EMIT selectionTurned();
}

void TransferView::dataChanged(const QModelIndex& topLeft, const QModelIndex& bottomRight, const QList<int>& roles) {
    QListView::dataChanged(topLeft, bottomRight, roles);
    // A row grows when it fails and shrinks when it is tried again; only then is the list laid out anew.
    for (int row = topLeft.row(); row <= bottomRight.row(); ++row) {
        const QModelIndex index = m_model.index(row);
        if (visualRect(index).height() != sizeHintForIndex(index).height()) {
            scheduleDelayedItemsLayout();
            return;
        }
    }
}

}  // namespace tarn::ui
