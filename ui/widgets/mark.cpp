#include "ui/widgets/mark.h"

#include <QLinearGradient>
#include <QPainterPath>
#include <QPixmap>

namespace tarn::ui {
namespace {

// Drawn in a square of 64 units.
constexpr qreal kGrid = 64;

QPainterPath polygon(std::initializer_list<QPointF> corners) {
    QPainterPath path;
    for (const QPointF& corner : corners) {
        path.elementCount() == 0 ? path.moveTo(corner) : path.lineTo(corner);
    }
    path.closeSubpath();
    return path;
}

void paintBadge(QPainter& painter, MarkState state, int step) {
    // A badge in the lower right corner, cut out of the mark so that it reads at 16 pixels.
    const QRectF badge(32, 32, 32, 32);
    painter.setCompositionMode(QPainter::CompositionMode_Clear);
    painter.drawEllipse(badge.adjusted(-3, -3, 3, 3));
    painter.setCompositionMode(QPainter::CompositionMode_SourceOver);
    if (state == MarkState::Attention) {
        painter.setBrush(QColor(0xd9, 0x3a, 0x2f));
        painter.drawEllipse(badge);
        painter.setBrush(Qt::white);
        painter.drawRoundedRect(QRectF(45.5, 37, 5, 13), 2, 2);
        painter.drawEllipse(QRectF(45.25, 53, 5.5, 5.5));
        return;
    }
    // Busy: three quarters of a ring that turns by a quarter each step.
    painter.setBrush(Qt::white);
    painter.drawEllipse(badge);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(QColor(0x1f, 0x6f, 0xa8), 6, Qt::SolidLine, Qt::FlatCap));
    constexpr int sixteenths = 16;
    const int start = -(step % kBusySteps) * (360 / kBusySteps);
    painter.drawArc(badge.adjusted(7, 7, -7, -7), start * sixteenths, 250 * sixteenths);
}

QPixmap drawn(int size, MarkState state, int step) {
    QPixmap pixmap(size, size);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    paintMark(painter, pixmap.rect());
    if (state != MarkState::Idle) {
        painter.setRenderHint(QPainter::Antialiasing);
        painter.scale(size / kGrid, size / kGrid);
        painter.setPen(Qt::NoPen);
        paintBadge(painter, state, step);
    }
    return pixmap;
}

}  // namespace

void paintMark(QPainter& painter, const QRectF& rect) {
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.translate(rect.topLeft());
    painter.scale(rect.width() / kGrid, rect.height() / kGrid);
    QPainterPath square;
    square.addRoundedRect(QRectF(2, 2, 60, 60), 13, 13);
    QLinearGradient sky(0, 2, 0, 44);
    sky.setColorAt(0, QColor(0x2b, 0x5f, 0x8f));
    sky.setColorAt(1, QColor(0x8f, 0xc3, 0xdf));
    painter.fillPath(square, sky);
    painter.setClipPath(square);
    painter.fillPath(polygon({{30, 44}, {47, 19}, {70, 44}}), QColor(0x3d, 0x5a, 0x6c));
    painter.fillPath(polygon({{-6, 44}, {22, 12}, {46, 44}}), QColor(0x24, 0x3b, 0x4a));
    painter.fillPath(polygon({{14.1, 21}, {22, 12}, {28.8, 21}, {24.5, 24}, {21, 20.5}, {17.5, 24.5}}),
                     QColor(0xf4, 0xf8, 0xfa));
    painter.fillRect(QRectF(0, 43, 64, 21), QColor(0x1f, 0x7f, 0xb8));
    painter.fillRect(QRectF(0, 43, 64, 2.2), QColor(0xd7, 0xee, 0xf8));
    painter.fillRect(QRectF(12, 50, 22, 2.2), QColor(0x7c, 0xc4, 0xe6));
    painter.fillRect(QRectF(28, 55.5, 24, 2.2), QColor(0x7c, 0xc4, 0xe6));
    painter.restore();
}

QIcon markIcon() {
    QIcon icon;
    for (const int size : {16, 24, 32, 48, 64, 128}) {
        icon.addPixmap(drawn(size, MarkState::Idle, 0));
    }
    return icon;
}

QIcon trayIcon(MarkState state, int step) {
    QIcon icon;
    for (const int size : {16, 22, 24, 32, 48}) {
        icon.addPixmap(drawn(size, state, step));
    }
    return icon;
}

}  // namespace tarn::ui
