#include "ui/widgets/notice_bar.h"

#include "ui/widgets/glyphs.h"
#include "ui/widgets/tone_colours.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QToolButton>

namespace tarn::ui {
namespace {

constexpr int kShownLines = 3;
constexpr int kSign = 20;
constexpr int kMargin = 12;

Glyph glyphOf(Tone tone) {
    return tone == Tone::Good || tone == Tone::Plain ? Glyph::Check : Glyph::Exclamation;
}

}  // namespace

NoticeBar::NoticeBar(QWidget* parent) : QFrame(parent), m_label(new QLabel(this)) {
    m_label->setTextFormat(Qt::PlainText);
    m_label->setWordWrap(true);
    m_label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto* close = new QToolButton(this);
    close->setAutoRaise(true);
    close->setIcon(glyphIcon(Glyph::Cross, secondaryText(palette())));
    close->setToolTip(tr("Close this notice"));
    close->setAccessibleName(close->toolTip());
    connect(close, &QToolButton::clicked, this, &NoticeBar::forget);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(2 * kMargin + kSign, kMargin - 2, kMargin, kMargin - 2);
    layout->addWidget(m_label, 1);
    layout->addWidget(close, 0, Qt::AlignTop);
    hide();
}

void NoticeBar::tell(const QString& text, Tone tone) {
    // Troubles add up; of good news the last is enough.
    if (tone != m_tone || tone == Tone::Good || tone == Tone::Plain) {
        m_lines.clear();
        m_tone = tone;
    }
    m_lines.removeAll(text);
    m_lines.append(text);
    QStringList shown = m_lines.mid(0, kShownLines);
    if (const auto more = static_cast<int>(m_lines.size()) - kShownLines; more > 0) {
        shown.append(tr("And %n more.", nullptr, more));
    }
    m_label->setText(shown.join(QLatin1Char('\n')));
    show();
    update();
}

QString NoticeBar::text() const {
    return m_label->text();
}

void NoticeBar::forget() {
    m_lines.clear();
    hide();
}

void NoticeBar::paintEvent(QPaintEvent* /*event*/) {
    QPainter painter(this);
    const QColor colour = toneColour(m_tone == Tone::Plain ? Tone::Good : m_tone, palette());
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(blend(palette().color(QPalette::Base), colour, 0.13));
    painter.drawRoundedRect(rect(), 8, 8);
    QRect sign(kMargin, kMargin, kSign, kSign);
    if (layoutDirection() == Qt::RightToLeft) {
        sign.moveRight(width() - kMargin);
    }
    paintGlyph(painter, glyphOf(m_tone), sign, colour);
}

}  // namespace tarn::ui
