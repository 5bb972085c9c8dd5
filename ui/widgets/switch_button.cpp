#include "ui/widgets/switch_button.h"

#include "ui/widgets/tone_colours.h"

#include <QPainter>

namespace tarn::ui {
namespace {

constexpr QSize kSize(46, 26);
constexpr qreal kRim = 3;

}  // namespace

SwitchButton::SwitchButton(QWidget* parent) : QAbstractButton(parent) {
    setCheckable(true);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    setCursor(Qt::PointingHandCursor);
}

QSize SwitchButton::sizeHint() const {
    return kSize;
}

void SwitchButton::paintEvent(QPaintEvent* /*event*/) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QPalette& colours = palette();
    const QColor ground = colours.color(QPalette::Window);
    QColor track =
        isChecked() ? colours.color(QPalette::Highlight) : blend(ground, colours.color(QPalette::Text), 0.38);
    if (!isEnabled()) {
        track = blend(ground, track, 0.45);
    }
    const QRectF outer = QRectF(rect()).adjusted(kRim, kRim, -kRim, -kRim);
    if (hasFocus()) {
        painter.setPen(QPen(colours.color(QPalette::Highlight), 1.5));
        painter.setBrush(Qt::NoBrush);
        const QRectF ring = outer.adjusted(-2, -2, 2, 2);
        painter.drawRoundedRect(ring, ring.height() / 2, ring.height() / 2);
    }
    painter.setPen(Qt::NoPen);
    painter.setBrush(track);
    painter.drawRoundedRect(outer, outer.height() / 2, outer.height() / 2);
    const bool right = isChecked() != (layoutDirection() == Qt::RightToLeft);
    QRectF knob(0, 0, outer.height() - 4, outer.height() - 4);
    knob.moveCenter(outer.center());
    right ? knob.moveRight(outer.right() - 2) : knob.moveLeft(outer.left() + 2);
    painter.setBrush(Qt::white);
    painter.drawEllipse(knob);
}

}  // namespace tarn::ui
