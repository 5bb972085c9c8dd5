#include "ui/widgets/first_run_page.h"

#include "ui/widgets/glyphs.h"
#include "ui/widgets/mark.h"
#include "ui/widgets/tone_colours.h"

#include <QFrame>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>

namespace tarn::ui {
namespace {

constexpr int kPageWidth = 620;

QLabel* text(const QString& words, QWidget* parent, qreal scale = 1.0, bool strong = false) {
    auto* label = new QLabel(words, parent);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    QFont font = label->font();
    font.setPointSizeF(font.pointSizeF() * scale);
    if (strong) {
        font.setWeight(QFont::DemiBold);
    }
    label->setFont(font);
    return label;
}

/// A raised ground for one choice.
class Card : public QFrame {
public:
    using QFrame::QFrame;

protected:
    void paintEvent(QPaintEvent* /*event*/) override {
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(quietLine(palette()));
        painter.setBrush(palette().color(QPalette::Base));
        painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 10, 10);
    }
};

QLabel* sign(Glyph glyph, const QColor& colour, QWidget* parent) {
    auto* label = new QLabel(parent);
    label->setPixmap(glyphIcon(glyph, colour).pixmap(QSize(16, 16), parent->devicePixelRatioF()));
    return label;
}

}  // namespace

FirstRunPage::FirstRunPage(QWidget* parent) : QWidget(parent) {
    auto* column = new QWidget(this);
    column->setMaximumWidth(kPageWidth);
    auto* mark = new QLabel(column);
    mark->setPixmap(markIcon().pixmap(QSize(64, 64), devicePixelRatioF()));
    auto* welcome = text(tr("Welcome to Tarn"), column, 1.9, true);
    auto* what = text(tr("Tarn encrypts your files on this computer and keeps them on storage servers that cannot read "
                         "them. Where shall they be kept?"),
                      column);
    tint(*what, secondaryText(palette()));

    auto* card = new Card(column);
    auto* title = text(tr("This computer"), card, 1.25, true);
    auto* meaning = text(tr("Tarn runs a storage server of its own here. There is nothing to set up."), card);
    const QColor caution = toneColour(Tone::Caution, palette());
    const QColor good = toneColour(Tone::Good, palette());
    auto* here = text(tr("Here: 1 copy, on this computer. If its disk fails, the files are gone."), card);
    tint(*here, caution);
    auto* elsewhere =
        text(tr("On a grid of ten servers, for comparison: any 3 of 10 pieces rebuild a file, so 7 servers "
                "may fail."),
             card);
    tint(*elsewhere, secondaryText(palette()));
    auto* start = new QPushButton(tr("Start on this computer"), card);
    start->setObjectName(QStringLiteral("startHere"));
    start->setDefault(true);
    start->setAutoDefault(true);
    start->setMinimumHeight(40);
    start->setMinimumWidth(240);
    QFont strong = start->font();
    strong.setWeight(QFont::DemiBold);
    start->setFont(strong);
    QPalette primary = start->palette();
    // Darkened, for the style lights a button up and the text on it must stay readable.
    primary.setColor(QPalette::Button, primary.color(QPalette::Highlight).darker(isDark(palette()) ? 200 : 155));
    primary.setColor(QPalette::ButtonText, Qt::white);
    start->setPalette(primary);
    connect(start, &QPushButton::clicked, this, &FirstRunPage::startHereWanted);
    setFocusProxy(start);

    auto* safety = new QGridLayout;
    safety->setHorizontalSpacing(10);
    safety->setVerticalSpacing(8);
    safety->addWidget(sign(Glyph::Exclamation, caution, card), 0, 0, Qt::AlignTop);
    safety->addWidget(here, 0, 1);
    safety->addWidget(sign(Glyph::Check, good, card), 1, 0, Qt::AlignTop);
    safety->addWidget(elsewhere, 1, 1);
    safety->setColumnStretch(1, 1);

    auto* inside = new QVBoxLayout(card);
    inside->setContentsMargins(24, 20, 24, 24);
    inside->setSpacing(10);
    inside->addWidget(title);
    inside->addWidget(meaning);
    inside->addSpacing(4);
    inside->addLayout(safety);
    inside->addSpacing(10);
    inside->addWidget(start, 0, Qt::AlignLeading);

    auto* grid =
        text(tr("Are you part of a Tahoe-LAFS grid already? Run “tarn init --grid FILE” in a terminal, then start "
                "this program again."),
             column, 0.95);
    tint(*grid, secondaryText(palette()));

    auto* rows = new QVBoxLayout(column);
    rows->setContentsMargins(24, 24, 24, 24);
    rows->setSpacing(8);
    rows->addWidget(mark);
    rows->addSpacing(4);
    rows->addWidget(welcome);
    rows->addWidget(what);
    rows->addSpacing(14);
    rows->addWidget(card);
    rows->addSpacing(8);
    rows->addWidget(grid);

    auto* middle = new QHBoxLayout;
    middle->addStretch(1);
    middle->addWidget(column, 100);
    middle->addStretch(1);
    auto* page = new QVBoxLayout(this);
    page->addStretch(2);
    page->addLayout(middle);
    page->addStretch(3);
}

}  // namespace tarn::ui
