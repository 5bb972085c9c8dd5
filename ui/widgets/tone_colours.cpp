#include "ui/widgets/tone_colours.h"

namespace tarn::ui {

bool isDark(const QPalette& palette) {
    return palette.color(QPalette::Base).lightness() < palette.color(QPalette::Text).lightness();
}

QColor toneColour(Tone tone, const QPalette& palette) {
    const bool dark = isDark(palette);
    switch (tone) {
    case Tone::Plain: return palette.color(QPalette::Text);
    case Tone::Good: return dark ? QColor(0x6f, 0xcf, 0x84) : QColor(0x1d, 0x7a, 0x36);
    case Tone::Caution: return dark ? QColor(0xe9, 0xb4, 0x4c) : QColor(0x94, 0x5f, 0x00);
    case Tone::Bad: return dark ? QColor(0xff, 0x8a, 0x80) : QColor(0xb3, 0x26, 0x1e);
    }
    return palette.color(QPalette::Text);
}

QColor secondaryText(const QPalette& palette) {
    return blend(palette.color(QPalette::Base), palette.color(QPalette::Text), 0.66);
}

QColor quietLine(const QPalette& palette) {
    return blend(palette.color(QPalette::Base), palette.color(QPalette::Text), 0.16);
}

QColor blend(const QColor& under, const QColor& over, qreal share) {
    const auto mix = [share](float a, float b) {
        return static_cast<float>(a + (b - a) * share);
    };
    return QColor::fromRgbF(mix(under.redF(), over.redF()), mix(under.greenF(), over.greenF()),
                            mix(under.blueF(), over.blueF()));
}

void tint(QWidget& label, const QColor& colour) {
    // A label on a Base ground takes its colour from Text, on a Window ground from WindowText.
    QPalette palette = label.palette();
    palette.setColor(QPalette::WindowText, colour);
    palette.setColor(QPalette::Text, colour);
    label.setPalette(palette);
}

}  // namespace tarn::ui
