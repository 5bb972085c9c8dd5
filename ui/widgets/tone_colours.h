#pragma once

#include "ui/models/transfer_words.h"

#include <QColor>
#include <QPalette>
#include <QWidget>

namespace tarn::ui {

/// Whether the palette is a dark one: light text on dark ground.
[[nodiscard]] bool isDark(const QPalette& palette);

/// The colour of a sentence and its sign, readable on the palette's ground whether light or dark.
[[nodiscard]] QColor toneColour(Tone tone, const QPalette& palette);

/// Text of second rank on the palette's ground.
[[nodiscard]] QColor secondaryText(const QPalette& palette);

/// Lines and borders that separate without drawing the eye.
[[nodiscard]] QColor quietLine(const QPalette& palette);

/// `share` of `over` laid on `under`; 0 gives `under`, 1 gives `over`.
[[nodiscard]] QColor blend(const QColor& under, const QColor& over, qreal share);

/// Gives a label's text a colour, whatever ground it stands on.
void tint(QWidget& label, const QColor& colour);

}  // namespace tarn::ui
