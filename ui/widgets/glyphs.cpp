#include "ui/widgets/glyphs.h"

#include <QPainterPath>

#include <cmath>
#include <numbers>

namespace tarn::ui {
namespace {

// Each glyph is drawn in a square of 24 units, as strokes of one width.
constexpr qreal kGrid = 24;
constexpr qreal kStroke = 2.2;

QPainterPath lines(std::initializer_list<std::initializer_list<QPointF>> strokes) {
    QPainterPath path;
    for (const auto& stroke : strokes) {
        bool first = true;
        for (const QPointF& point : stroke) {
            first ? path.moveTo(point) : path.lineTo(point);
            first = false;
        }
    }
    return path;
}

QPainterPath cogwheel() {
    constexpr int teeth = 8;
    constexpr qreal inner = 6.2;
    constexpr qreal outer = 9.0;
    constexpr qreal step = 2 * std::numbers::pi / teeth;
    QPainterPath path;
    for (int tooth = 0; tooth < teeth; ++tooth) {
        const qreal middle = tooth * step;
        const auto at = [](qreal radius, qreal angle) {
            return QPointF(12 + radius * std::cos(angle), 12 + radius * std::sin(angle));
        };
        const QPointF corners[] = {at(inner, middle - step * 0.30), at(outer, middle - step * 0.19),
                                   at(outer, middle + step * 0.19), at(inner, middle + step * 0.30)};
        for (const QPointF& corner : corners) {
            path.elementCount() == 0 ? path.moveTo(corner) : path.lineTo(corner);
        }
    }
    path.closeSubpath();
    path.addEllipse(QPointF(12, 12), 2.6, 2.6);
    return path;
}

QPainterPath pathOf(Glyph glyph) {
    switch (glyph) {
    case Glyph::Up: return lines({{{12, 19}, {12, 5.5}}, {{6, 11.5}, {12, 5.5}, {18, 11.5}}});
    case Glyph::Down: return lines({{{12, 5}, {12, 18.5}}, {{6, 12.5}, {12, 18.5}, {18, 12.5}}});
    case Glyph::Check: return lines({{{5.5, 12.5}, {10, 17}, {18.5, 7.5}}});
    case Glyph::Exclamation: return lines({{{12, 5}, {12, 13.5}}, {{12, 18.4}, {12, 18.6}}});
    case Glyph::Cross: return lines({{{6.5, 6.5}, {17.5, 17.5}}, {{17.5, 6.5}, {6.5, 17.5}}});
    case Glyph::Clock: {
        QPainterPath path = lines({{{12, 7.5}, {12, 12}, {15.2, 14}}});
        path.addEllipse(QPointF(12, 12), 8, 8);
        return path;
    }
    case Glyph::Pause: return lines({{{9, 6.5}, {9, 17.5}}, {{15, 6.5}, {15, 17.5}}});
    case Glyph::Transfers:
        return lines(
            {{{8, 19}, {8, 5}}, {{4, 9}, {8, 5}, {12, 9}}, {{16, 5}, {16, 19}}, {{12, 15}, {16, 19}, {20, 15}}});
    case Glyph::Settings: return cogwheel();
    case Glyph::File: return lines({{{14, 3}, {6, 3}, {6, 21}, {18, 21}, {18, 7}, {14, 3}, {14, 7}, {18, 7}}});
    }
    return {};
}

}  // namespace

void paintGlyph(QPainter& painter, Glyph glyph, const QRectF& rect, const QColor& colour) {
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.translate(rect.topLeft());
    painter.scale(rect.width() / kGrid, rect.height() / kGrid);
    painter.setPen(QPen(colour, kStroke, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.setBrush(Qt::NoBrush);
    painter.drawPath(pathOf(glyph));
    painter.restore();
}

void paintGlyphDisc(QPainter& painter, Glyph glyph, const QRectF& rect, const QColor& colour) {
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    QColor ground = colour;
    ground.setAlphaF(0.14F);
    painter.setPen(Qt::NoPen);
    painter.setBrush(ground);
    painter.drawEllipse(rect);
    painter.restore();
    const qreal inset = rect.width() * 0.22;
    paintGlyph(painter, glyph, rect.adjusted(inset, inset, -inset, -inset), colour);
}

QPixmap glyphDisc(Glyph glyph, const QColor& colour, int size, qreal devicePixelRatio) {
    QPixmap pixmap(QSize(size, size) * devicePixelRatio);
    pixmap.setDevicePixelRatio(devicePixelRatio);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    paintGlyphDisc(painter, glyph, QRectF(0, 0, size, size), colour);
    return pixmap;
}

QIcon glyphIcon(Glyph glyph, const QColor& colour) {
    QIcon icon;
    for (const int size : {16, 32}) {
        QPixmap pixmap(size, size);
        pixmap.fill(Qt::transparent);
        QPainter painter(&pixmap);
        paintGlyph(painter, glyph, pixmap.rect(), colour);
        painter.end();
        icon.addPixmap(pixmap);
    }
    return icon;
}

}  // namespace tarn::ui
