#include "ui/widgets/share_strip.h"

#include "ui/widgets/tone_colours.h"

#include <algorithm>

namespace tarn::ui {
namespace {

constexpr int kWidestCell = 14;
constexpr qreal kGap = 3;
constexpr qreal kLeastFill = 0.25;  // so that a cell on its way is seen to be
constexpr qreal kNarrowestWithGap = 5;

}  // namespace

int ShareStrip::preferredWidth(int count, int available) {
    return std::clamp(count * kWidestCell - static_cast<int>(kGap), 0, std::max(available, 0));
}

ShareStrip::ShareStrip(const QRect& rect, int count, bool rightToLeft)
    : m_rect(rect), m_count(std::max(count, 0)), m_rightToLeft(rightToLeft) {
    if (m_count > 0) {
        const qreal each = m_rect.width() / m_count;
        m_gap = each >= kNarrowestWithGap ? std::min(kGap, each / 4) : 0;
        m_step = std::min<qreal>((m_rect.width() + m_gap) / m_count, kWidestCell);  // no gap behind the last
    }
}

QRectF ShareStrip::cell(int shareNumber) const {
    const qreal offset = shareNumber * m_step;
    const qreal left = m_rightToLeft ? m_rect.right() - offset - (m_step - m_gap) : m_rect.left() + offset;
    return {left, m_rect.top(), m_step - m_gap, m_rect.height()};
}

int ShareStrip::at(const QPointF& point) const {
    if (m_count == 0 || !m_rect.contains(point)) {
        return -1;
    }
    const qreal offset = m_rightToLeft ? m_rect.right() - point.x() : point.x() - m_rect.left();
    return std::min(static_cast<int>(offset / m_step), m_count - 1);
}

void ShareStrip::paint(QPainter& painter, const QList<api::ShareCell>& cells, qreal progress,
                       const QPalette& palette) const {
    using Where = api::ShareCell::Where;
    const QColor accent = palette.color(QPalette::Highlight);
    const QColor good = toneColour(Tone::Good, palette);
    const QColor bad = toneColour(Tone::Bad, palette);
    const QColor empty = quietLine(palette);
    const qreal filled = std::clamp<qreal>(progress, kLeastFill, 1);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing, m_step >= kNarrowestWithGap);
    painter.setPen(Qt::NoPen);
    const int count = std::min(static_cast<int>(cells.size()), m_count);
    for (int number = 0; number < count; ++number) {
        const QRectF area = cell(number);
        const qreal radius = m_step >= kNarrowestWithGap ? 2 : 0;
        painter.setBrush(empty);
        painter.drawRoundedRect(area, radius, radius);
        // Told apart by shape as well as by colour: partly full, full, full with a dot, crossed out.
        switch (cells.at(number).where) {
        case Where::Waiting: break;
        case Where::Sending:
            painter.setBrush(accent);
            painter.drawRoundedRect(area.adjusted(0, area.height() * (1 - filled), 0, 0), radius, radius);
            break;
        case Where::Placed:
            painter.setBrush(good);
            painter.drawRoundedRect(area, radius, radius);
            break;
        case Where::FoundThere:
            painter.setBrush(good);
            painter.drawRoundedRect(area, radius, radius);
            if (m_step >= kNarrowestWithGap) {
                painter.setBrush(palette.color(QPalette::Base));
                painter.drawEllipse(area.center(), 1.6, 1.6);
            }
            break;
        case Where::Lost:
            painter.setPen(QPen(bad, 1.5));
            painter.drawLine(area.bottomLeft(), area.topRight());
            painter.setPen(Qt::NoPen);
            break;
        }
    }
    painter.restore();
}

}  // namespace tarn::ui
