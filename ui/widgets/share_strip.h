#pragma once

#include "core/api/transfers.h"

#include <QPainter>
#include <QPalette>
#include <QRect>

namespace tarn::ui {

/// The strip of n cells, one a share, that fills server by server. Up to 256 cells fit in any width: they grow narrow.
class ShareStrip {
public:
    /// As wide as `count` cells like to be, at most `available`.
    [[nodiscard]] static int preferredWidth(int count, int available);

    /// `rect` in pixels; `rightToLeft` puts share 0 at the right.
    ShareStrip(const QRect& rect, int count, bool rightToLeft);
    [[nodiscard]] QRectF cell(int shareNumber) const;
    /// The share number under a point, or -1.
    [[nodiscard]] int at(const QPointF& point) const;
    /// Cells on their way fill from below with `progress` (0 to 1): all shares grow together, segment by segment.
    void paint(QPainter& painter, const QList<api::ShareCell>& cells, qreal progress, const QPalette& palette) const;

private:
    QRectF m_rect;
    int m_count;
    bool m_rightToLeft;
    qreal m_step = 0;
    qreal m_gap = 0;
};

}  // namespace tarn::ui
