#pragma once

#include <QColor>
#include <QIcon>
#include <QPainter>
#include <QPixmap>
#include <QRectF>

namespace tarn::ui {

/// The few signs of the window, drawn as strokes: sharp at any scale, in any colour, with no image files to load.
enum class Glyph : std::uint8_t { Up, Down, Check, Exclamation, Cross, Clock, Pause, Transfers, Settings, File };

void paintGlyph(QPainter& painter, Glyph glyph, const QRectF& rect, const QColor& colour);

/// The glyph in a tinted disc, as at the head of a row.
void paintGlyphDisc(QPainter& painter, Glyph glyph, const QRectF& rect, const QColor& colour);

/// The same as a picture, for a label. `size` in device-independent pixels.
[[nodiscard]] QPixmap glyphDisc(Glyph glyph, const QColor& colour, int size, qreal devicePixelRatio);

/// For menus and buttons.
[[nodiscard]] QIcon glyphIcon(Glyph glyph, const QColor& colour);

}  // namespace tarn::ui
