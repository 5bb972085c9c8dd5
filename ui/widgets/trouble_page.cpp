#include "ui/widgets/trouble_page.h"

#include "core/api/error_text.h"
#include "ui/widgets/glyphs.h"
#include "ui/widgets/tone_colours.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace tarn::ui {
namespace {

constexpr int kPageWidth = 560;

QLabel* wrapped(QWidget* parent) {
    auto* label = new QLabel(parent);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    return label;
}

}  // namespace

TroublePage::TroublePage(QWidget* parent)
    : QWidget(parent), m_what(wrapped(this)), m_kept(wrapped(this)), m_advice(wrapped(this)), m_detail(wrapped(this)) {
    auto* sign = new QLabel(this);
    sign->setPixmap(glyphDisc(Glyph::Exclamation, toneColour(Tone::Bad, palette()), 56, devicePixelRatioF()));
    QFont large = m_what->font();
    large.setPointSizeF(large.pointSizeF() * 1.5);
    large.setWeight(QFont::DemiBold);
    m_what->setFont(large);
    tint(*m_detail, secondaryText(palette()));

    auto* retry = new QPushButton(tr("Try again"), this);
    retry->setMinimumHeight(36);
    retry->setDefault(true);
    connect(retry, &QPushButton::clicked, this, &TroublePage::retryWanted);
    auto* quit = new QPushButton(tr("Quit"), this);
    quit->setMinimumHeight(36);
    connect(quit, &QPushButton::clicked, this, &TroublePage::quitWanted);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(retry);
    buttons->addWidget(quit);
    buttons->addStretch();
    setFocusProxy(retry);

    auto* column = new QVBoxLayout;
    column->setSpacing(10);
    column->addWidget(sign);
    column->addWidget(m_what);
    column->addWidget(m_kept);
    column->addWidget(m_advice);
    column->addWidget(m_detail);
    column->addSpacing(10);
    column->addLayout(buttons);
    auto* frame = new QWidget(this);
    frame->setLayout(column);
    frame->setMaximumWidth(kPageWidth);
    auto* middle = new QHBoxLayout;
    middle->addStretch(1);
    middle->addWidget(frame, 100);
    middle->addStretch(1);
    auto* page = new QVBoxLayout(this);
    page->addStretch(2);
    page->addLayout(middle);
    page->addStretch(3);
}

void TroublePage::setTrouble(const QString& errorCode, const QString& detail) {
    const api::ErrorText text = api::errorText(errorCode);
    m_what->setText(text.what);
    m_kept->setText(text.kept);
    m_kept->setVisible(!text.kept.isEmpty());
    m_advice->setText(text.advice);
    m_detail->setText(detail.isEmpty() ? QString() : tr("Detail: %1").arg(detail));
    m_detail->setVisible(!detail.isEmpty());
}

}  // namespace tarn::ui
