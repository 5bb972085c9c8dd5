#include "ui/widgets/drop_area.h"

#include "ui/widgets/glyphs.h"
#include "ui/widgets/tone_colours.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>

namespace tarn::ui {
namespace {

constexpr int kSign = 72;
constexpr int kTextWidth = 460;

}  // namespace

DropArea::DropArea(QWidget* parent) : QWidget(parent), m_promise(new QLabel(this)) {
    auto* title = new QLabel(tr("Drop files here"), this);
    QFont large = title->font();
    large.setPointSizeF(large.pointSizeF() * 1.6);
    large.setWeight(QFont::DemiBold);
    title->setFont(large);
    title->setAlignment(Qt::AlignCenter);
    auto* button = new QPushButton(tr("Add files…"), this);
    button->setMinimumHeight(36);
    button->setMinimumWidth(160);
    connect(button, &QPushButton::clicked, this, &DropArea::addFilesWanted);
    m_promise->setAlignment(Qt::AlignCenter);
    m_promise->setWordWrap(true);
    tint(*m_promise, secondaryText(palette()));

    auto* layout = new QVBoxLayout(this);
    layout->addStretch();
    layout->addSpacing(kSign + 16);
    layout->addWidget(title);
    layout->addSpacing(6);
    // Between stretches, not aligned: an aligned label does not get the height that its wrapped text needs.
    auto* promiseRow = new QHBoxLayout;
    promiseRow->addStretch(1);
    promiseRow->addWidget(m_promise, 100);
    promiseRow->addStretch(1);
    m_promise->setMaximumWidth(kTextWidth);
    layout->addLayout(promiseRow);
    layout->addSpacing(18);
    layout->addWidget(button, 0, Qt::AlignHCenter);
    layout->addStretch();
    title->setObjectName(QStringLiteral("dropTitle"));
}

void DropArea::setPromise(const QString& promise) {
    m_promise->setText(promise);
}

void DropArea::paintEvent(QPaintEvent* /*event*/) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QColor accent = palette().color(QPalette::Highlight);
    painter.setBrush(blend(palette().color(QPalette::Base), accent, 0.04));
    painter.setPen(QPen(blend(palette().color(QPalette::Base), accent, 0.55), 1.5, Qt::CustomDashLine));
    QPen pen = painter.pen();
    pen.setDashPattern({5, 4});
    painter.setPen(pen);
    painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 12, 12);
    // The sign stands above the title, wherever the layout has put that.
    if (const auto* title = findChild<QLabel*>(QStringLiteral("dropTitle"))) {
        paintGlyphDisc(painter, Glyph::Up, QRectF((width() - kSign) / 2.0, title->y() - kSign - 16, kSign, kSign),
                       accent);
    }
}

}  // namespace tarn::ui
