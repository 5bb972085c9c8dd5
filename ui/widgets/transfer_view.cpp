#include "ui/widgets/transfer_view.h"

#include "ui/widgets/transfer_delegate.h"
#include "ui/widgets/transfer_row.h"

#include <QHoverEvent>
#include <QMouseEvent>
#include <QPaintEvent>
#include <QPainter>
#include <QScrollBar>
#include <QSignalBlocker>

#include <algorithm>
#include <utility>
#include <vector>

namespace tarn::ui {
namespace {

/// Of a selection of many, so many are looked at to see what can be done with it.
constexpr int kMostLookedAt = 200;

}  // namespace

TransferView::TransferView(TransferModel& model, QWidget* parent)
    : QAbstractItemView(parent), m_model(model), m_delegate(new TransferDelegate(this)) {
    setModel(&model);
    connect(&model, &TransferModel::rearranging, this, &TransferView::putSelectionAside);
    connect(&model, &TransferModel::rearranged, this, &TransferView::takeSelectionBack);
    setItemDelegate(m_delegate);
    setSelectionMode(QAbstractItemView::ExtendedSelection);
    setEditTriggers(QAbstractItemView::NoEditTriggers);
    setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFrameShape(QFrame::NoFrame);
    setMouseTracking(true);
    viewport()->setAttribute(Qt::WA_Hover);
    setAccessibleName(tr("Transfers"));
}

QList<api::TransferId> TransferView::selectedIds() const {
    QList<QItemSelectionRange> ranges = selectionModel()->selection();
    std::sort(ranges.begin(), ranges.end(),
              [](const QItemSelectionRange& a, const QItemSelectionRange& b) { return a.top() < b.top(); });
    QList<api::TransferId> ids;
    for (const QItemSelectionRange& range : std::as_const(ranges)) {
        ids.reserve(ids.size() + range.height());
        for (int row = range.top(); row <= range.bottom(); ++row) {
            ids.append(m_model.idAt(row));
        }
    }
    return ids;
}

void TransferView::putSelectionAside() {
    const QSignalBlocker sameAfterwards(selectionModel());
    m_aside = selectedIds();
    selectionModel()->clearSelection();
}

void TransferView::takeSelectionBack() {
    std::vector<int> rows;
    rows.reserve(static_cast<std::size_t>(m_aside.size()));
    for (const api::TransferId id : std::exchange(m_aside, {})) {
        rows.push_back(m_model.rowOf(id));
    }
    std::sort(rows.begin(), rows.end());
    QItemSelection selection;
    for (auto first = rows.cbegin(); first != rows.cend();) {
        auto last = first;
        while (last + 1 != rows.cend() && *(last + 1) == *last + 1) {
            ++last;
        }
        selection.append(QItemSelectionRange(m_model.index(*first), m_model.index(*last)));
        first = last + 1;
    }
    const QSignalBlocker sameAsBefore(selectionModel());
    selectionModel()->select(selection, QItemSelectionModel::Select);
}

bool TransferView::selectionAllows(TransferAction action) const {
    int looked = 0;
    const QItemSelection selection = selectionModel()->selection();
    for (const QItemSelectionRange& range : selection) {
        for (int row = range.top(); row <= range.bottom(); ++row) {
            const api::TransferSnapshot* transfer = m_model.known(m_model.idAt(row));
            if (transfer == nullptr || ++looked > kMostLookedAt || allows(*transfer, action)) {
                return true;
            }
        }
    }
    return false;
}

int TransferView::rowHeight() const {
    if (m_rowHeight == 0) {
        m_rowHeight = TransferRow::height(font());
    }
    return m_rowHeight;
}

int TransferView::verticalOffset() const {
    return verticalScrollBar()->value();
}

bool TransferView::isIndexHidden(const QModelIndex& index) const {
    Q_UNUSED(index)
    return false;
}

QRect TransferView::visualRect(const QModelIndex& index) const {
    if (!index.isValid()) {
        return {};
    }
    return {0, index.row() * rowHeight() - verticalOffset(), viewport()->width(), rowHeight()};
}

QModelIndex TransferView::indexAt(const QPoint& point) const {
    const int row = (point.y() + verticalOffset()) / rowHeight();
    return point.y() + verticalOffset() >= 0 && row < m_model.rowCount() ? m_model.index(row) : QModelIndex();
}

TransferView::Rows TransferView::rowsIn(int top, int bottom) const {
    return {std::max(0, (top + verticalOffset()) / rowHeight()),
            std::min(m_model.rowCount() - 1, (bottom + verticalOffset()) / rowHeight())};
}

void TransferView::scrollTo(const QModelIndex& index, ScrollHint hint) {
    if (!index.isValid()) {
        return;
    }
    const int top = index.row() * rowHeight();
    const int room = viewport()->height() - rowHeight();
    const int now = verticalOffset();
    switch (hint) {
    case EnsureVisible: verticalScrollBar()->setValue(std::clamp(now, top - std::max(room, 0), top)); break;
    case PositionAtTop: verticalScrollBar()->setValue(top); break;
    case PositionAtBottom: verticalScrollBar()->setValue(top - room); break;
    case PositionAtCenter: verticalScrollBar()->setValue(top - room / 2); break;
    }
}

void TransferView::keyboardSearch(const QString& search) {
    Q_UNUSED(search)
}

void TransferView::updateGeometries() {
    QScrollBar* bar = verticalScrollBar();
    const int content = m_model.rowCount() * rowHeight();
    bar->setSingleStep(rowHeight() / 2);
    bar->setPageStep(viewport()->height());
    bar->setRange(0, std::max(0, content - viewport()->height()));
    QAbstractItemView::updateGeometries();
}

void TransferView::resizeEvent(QResizeEvent* event) {
    QAbstractItemView::resizeEvent(event);
    updateGeometries();
}

void TransferView::changeEvent(QEvent* event) {
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange) {
        m_rowHeight = 0;
        scheduleDelayedItemsLayout();
    }
    QAbstractItemView::changeEvent(event);
}

void TransferView::rowsInserted(const QModelIndex& parent, int first, int last) {
    QAbstractItemView::rowsInserted(parent, first, last);
    scheduleDelayedItemsLayout();  // the scroll bar's range; many that come together make one
    // Rows that are added below all that is seen change nothing that is seen.
    if (first <= rowsIn(0, viewport()->height()).last + 1) {
        viewport()->update();
    }
}

void TransferView::rowsAboutToBeRemoved(const QModelIndex& parent, int first, int last) {
    QAbstractItemView::rowsAboutToBeRemoved(parent, first, last);
    setHot({}, std::nullopt, false);
    m_hoverRow = -1;
    scheduleDelayedItemsLayout();
}

QModelIndex TransferView::moveCursor(CursorAction action, Qt::KeyboardModifiers modifiers) {
    Q_UNUSED(modifiers)
    if (m_model.rowCount() == 0) {
        return {};
    }
    const int page = std::max(1, viewport()->height() / rowHeight());
    const int now = currentIndex().isValid() ? currentIndex().row() : -1;
    int row = 0;
    switch (action) {
    case MoveUp:
    case MoveLeft:
    case MovePrevious: row = now - 1; break;
    case MoveDown:
    case MoveRight:
    case MoveNext: row = now + 1; break;
    case MovePageUp: row = now - page; break;
    case MovePageDown: row = now + page; break;
    case MoveHome: break;
    case MoveEnd: row = m_model.rowCount() - 1; break;
    }
    return m_model.index(std::clamp(row, 0, m_model.rowCount() - 1));
}

void TransferView::setSelection(const QRect& rect, QItemSelectionModel::SelectionFlags flags) {
    const QRect area = rect.normalized();
    const Rows rows = rowsIn(area.top(), area.bottom());
    if (rows.first > rows.last) {
        selectionModel()->select(QItemSelection(), flags);
        return;
    }
    selectionModel()->select(QItemSelection(m_model.index(rows.first), m_model.index(rows.last)), flags);
}

QRegion TransferView::visualRegionForSelection(const QItemSelection& selection) const {
    const Rows seen = rowsIn(0, viewport()->height());
    QRegion region;
    for (const QItemSelectionRange& range : selection) {
        const int first = std::max(range.top(), seen.first);
        const int last = std::min(range.bottom(), seen.last);
        if (first <= last) {
            region += visualRect(m_model.index(first)).united(visualRect(m_model.index(last)));
        }
    }
    return region;
}

void TransferView::paintEvent(QPaintEvent* event) {
    QPainter painter(viewport());
    const Rows rows = rowsIn(event->rect().top(), event->rect().bottom());
    for (int row = rows.first; row <= rows.last; ++row) {
        const QModelIndex index = m_model.index(row);
        QStyleOptionViewItem option = optionFor(index);
        option.state.setFlag(QStyle::State_Selected, selectionModel()->isSelected(index));
        option.state.setFlag(QStyle::State_MouseOver, row == m_hoverRow);
        option.state.setFlag(QStyle::State_HasFocus, hasFocus() && index == currentIndex());
        m_delegate->paint(&painter, option, index);
        ++m_rowsPainted;
    }
}

void TransferView::setHoverRow(int row) {
    const int before = std::exchange(m_hoverRow, row);
    if (before == row) {
        return;
    }
    for (const int changed : {before, row}) {
        if (changed >= 0 && changed < m_model.rowCount()) {
            update(m_model.index(changed));
        }
    }
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
        QAbstractItemView::mouseMoveEvent(event);
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
    QAbstractItemView::mousePressEvent(event);
}

void TransferView::mouseReleaseEvent(QMouseEvent* event) {
    if (!m_pressed) {
        QAbstractItemView::mouseReleaseEvent(event);
        return;
    }
    const QPoint point = event->position().toPoint();
    const QPersistentModelIndex index = m_hotIndex;
    const auto action = m_hot;
    const bool hit = index.isValid() && indexAt(point) == index && buttonAt(point) == action;
    setHot(hit ? QModelIndex(index) : QModelIndex(), hit ? action : std::nullopt, false);
    event->accept();
    if (hit && action) {
        Q_EMIT actionPressed(*action, m_model.idAt(index.row()));
    }
}

void TransferView::mouseDoubleClickEvent(QMouseEvent* event) {
    if (buttonAt(event->position().toPoint())) {
        mousePressEvent(event);  // two quick presses of a button are two presses
        return;
    }
    QAbstractItemView::mouseDoubleClickEvent(event);
}

bool TransferView::viewportEvent(QEvent* event) {
    if (event->type() == QEvent::Leave) {
        setHoverRow(-1);
        if (!m_pressed) {
            setHot({}, std::nullopt, false);
        }
    } else if (event->type() == QEvent::HoverMove || event->type() == QEvent::HoverEnter) {
        setHoverRow(indexAt(static_cast<QHoverEvent*>(event)->position().toPoint()).row());
    }
    return QAbstractItemView::viewportEvent(event);
}

void TransferView::selectionChanged(const QItemSelection& selected, const QItemSelection& deselected) {
    QAbstractItemView::selectionChanged(selected, deselected);
    Q_EMIT selectionTurned();
}

}  // namespace tarn::ui
