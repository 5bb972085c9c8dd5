#include "ui/widgets/sidebar.h"

#include "ui/widgets/glyphs.h"
#include "ui/widgets/tone_colours.h"

#include <QPainter>
#include <QStyledItemDelegate>

namespace tarn::ui {
namespace {

constexpr int kWidth = 176;
constexpr int kItemHeight = 40;
constexpr int kGlyph = 18;
constexpr int kGlyphRole = Qt::UserRole;

class SidebarDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        const QPalette& palette = option.palette;
        const bool selected = option.state.testFlag(QStyle::State_Selected);
        const bool hovered = option.state.testFlag(QStyle::State_MouseOver);
        const QColor accent = palette.color(QPalette::Highlight);
        const QRect pill = option.rect.adjusted(8, 2, -8, -2);
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(Qt::NoPen);
        if (selected || hovered) {
            painter->setBrush(blend(palette.color(QPalette::Window), accent, selected ? 0.22 : 0.08));
            painter->drawRoundedRect(pill, 7, 7);
        }
        if (option.state.testFlag(QStyle::State_HasFocus) && option.state.testFlag(QStyle::State_KeyboardFocusChange)) {
            painter->setBrush(Qt::NoBrush);
            painter->setPen(QPen(accent, 1.5));
            painter->drawRoundedRect(QRectF(pill).adjusted(1, 1, -1, -1), 7, 7);
        }
        const QColor text = palette.color(QPalette::WindowText);
        QRect sign(pill.left() + 12, pill.center().y() - kGlyph / 2 + 1, kGlyph, kGlyph);
        QRect words = pill.adjusted(12 + kGlyph + 10, 0, -8, 0);
        sign = QStyle::visualRect(option.direction, pill, sign);
        words = QStyle::visualRect(option.direction, pill, words);
        paintGlyph(*painter, static_cast<Glyph>(index.data(kGlyphRole).toInt()), sign,
                   selected ? text : secondaryText(palette));
        QFont font = option.font;
        font.setWeight(selected ? QFont::DemiBold : QFont::Normal);
        painter->setFont(font);
        painter->setPen(text);
        painter->drawText(words, static_cast<int>(Qt::AlignVCenter | Qt::AlignLeading),
                          QFontMetrics(font).elidedText(index.data().toString(), Qt::ElideRight, words.width()));
        painter->restore();
    }

    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& /*option*/, const QModelIndex& /*index*/) const override {
        return {kWidth, kItemHeight};
    }
};

}  // namespace

Sidebar::Sidebar(QWidget* parent) : QListWidget(parent) {
    setItemDelegate(new SidebarDelegate(this));
    setFrameShape(QFrame::NoFrame);
    setFixedWidth(kWidth);
    setMouseTracking(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setAccessibleName(tr("Sections"));
    viewport()->setBackgroundRole(QPalette::Window);
    setViewportMargins(0, 8, 0, 8);
    const auto add = [this](const QString& name, Glyph glyph) {
        auto* item = new QListWidgetItem(name, this);
        item->setData(kGlyphRole, static_cast<int>(glyph));
    };
    add(tr("Transfers"), Glyph::Transfers);
    add(tr("Settings"), Glyph::Settings);
    setCurrentRow(0);
    connect(this, &QListWidget::currentRowChanged, this,
            [this](int row) { Q_EMIT sectionWanted(static_cast<Section>(row)); });
}

void Sidebar::setSection(Section section) {
    setCurrentRow(static_cast<int>(section));
}

}  // namespace tarn::ui
