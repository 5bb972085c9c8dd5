#include "ui/widgets/drop_overlay.h"

#include "ui/widgets/glyphs.h"
#include "ui/widgets/tone_colours.h"

#include <QPainter>

namespace tarn::ui {

DropOverlay::DropOverlay(QWidget* parent) : QWidget(parent) {
    setAttribute(Qt::WA_TransparentForMouseEvents);
    hide();
}

void DropOverlay::cover(int files) {
    m_text = tr("Drop to store %n file(s)", nullptr, files);
    setAccessibleName(m_text);
    setGeometry(parentWidget()->rect());
    raise();
    show();
    update();
}

void DropOverlay::paintEvent(QPaintEvent* /*event*/) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QColor accent = palette().color(QPalette::Highlight);
    painter.fillRect(rect(), blend(palette().color(QPalette::Base), accent, 0.10));
    painter.setPen(QPen(accent, 2.5));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(QRectF(rect()).adjusted(12, 12, -12, -12), 12, 12);

    constexpr int sign = 72;
    const QPointF centre = QRectF(rect()).center();
    paintGlyphDisc(painter, Glyph::Up, QRectF(centre.x() - sign / 2.0, centre.y() - sign, sign, sign), accent);
    QFont large = font();
    large.setPointSizeF(large.pointSizeF() * 1.6);
    large.setWeight(QFont::DemiBold);
    painter.setFont(large);
    painter.setPen(palette().color(QPalette::Text));
    painter.drawText(QRectF(0, centre.y() + 16, width(), 40), Qt::AlignCenter, m_text);
}

}  // namespace tarn::ui
