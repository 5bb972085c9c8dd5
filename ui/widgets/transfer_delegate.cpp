#include "ui/widgets/transfer_delegate.h"

#include "core/api/error_text.h"
#include "ui/models/transfer_words.h"
#include "ui/widgets/glyphs.h"
#include "ui/widgets/tone_colours.h"
#include "ui/widgets/transfer_row.h"

#include <QAbstractItemView>
#include <QApplication>
#include <QDir>
#include <QHelpEvent>
#include <QPainter>
#include <QStyle>
#include <QToolTip>

#include <algorithm>

namespace tarn::ui {
namespace {

using api::TransferSnapshot;
using api::TransferState;

struct Sign {
    Glyph glyph;
    QColor colour;
};

Sign signOf(const TransferSnapshot& transfer, Tone tone, const QPalette& palette) {
    const Glyph arrow = transfer.direction == api::Direction::Upload ? Glyph::Up : Glyph::Down;
    switch (transfer.state) {
    case TransferState::Queued:
        return {Glyph::Clock, tone == Tone::Plain ? secondaryText(palette) : toneColour(tone, palette)};
    case TransferState::Running: return {arrow, palette.color(QPalette::Highlight)};
    case TransferState::Done:
        // Stored, yet with a reservation: still a check, in the colour of the reservation.
        return {Glyph::Check, toneColour(tone == Tone::Plain ? Tone::Good : tone, palette)};
    case TransferState::Failed: return {Glyph::Exclamation, toneColour(Tone::Bad, palette)};
    case TransferState::Cancelled: return {Glyph::Cross, secondaryText(palette)};
    case TransferState::Paused: return {Glyph::Pause, secondaryText(palette)};
    }
    return {arrow, secondaryText(palette)};
}

/// From 0 to 1, by bytes.
qreal progressOf(const TransferSnapshot& transfer) {
    if (transfer.size == 0) {
        return 0;
    }
    return std::min(1.0, static_cast<double>(transfer.done) / static_cast<double>(transfer.size));
}

void paintBar(QPainter& painter, const QRect& rect, const TransferSnapshot& transfer, const QPalette& palette,
              bool rightToLeft) {
    painter.setPen(Qt::NoPen);
    painter.setBrush(quietLine(palette));
    const qreal radius = rect.height() / 2.0;
    painter.drawRoundedRect(rect, radius, radius);
    const qreal share = progressOf(transfer);
    if (share <= 0) {
        return;
    }
    QRectF filled(rect);
    filled.setWidth(std::max<qreal>(rect.height(), rect.width() * share));
    if (rightToLeft) {
        filled.moveRight(QRectF(rect).right());
    }
    painter.setBrush(palette.color(QPalette::Highlight));
    painter.drawRoundedRect(filled, radius, radius);
}

void paintLine(QPainter& painter, const QRect& rect, const QString& text, const QFont& font, const QColor& colour,
               Qt::Alignment alignment, Qt::TextElideMode elide = Qt::ElideRight) {
    if (rect.width() <= 0 || text.isEmpty()) {
        return;
    }
    painter.setFont(font);
    painter.setPen(colour);
    painter.drawText(rect, static_cast<int>(alignment | Qt::AlignVCenter) | Qt::TextSingleLine,
                     QFontMetrics(font).elidedText(text, elide, rect.width()));
}

/// The last line of a row that is at rest: second-rank facts.
QString restingStatus(const TransferSnapshot& transfer, const api::GridSnapshot& grid) {
    if (transfer.state == TransferState::Failed) {
        const api::ErrorText text = api::errorText(transfer.errorCode);
        return text.kept.isEmpty() ? text.advice : text.kept + QLatin1Char(' ') + text.advice;
    }
    if (transfer.state == TransferState::Done && transfer.direction == api::Direction::Upload) {
        const QString where = TransferWords::whereabouts(transfer, grid);
        return where.isEmpty() ? QDir::toNativeSeparators(transfer.localPath) : where;
    }
    return QDir::toNativeSeparators(transfer.localPath);
}

}  // namespace

void TransferDelegate::paint(QPainter* painter, const QStyleOptionViewItem& given, const QModelIndex& index) const {
    QStyleOptionViewItem option = given;
    initStyleOption(&option, index);
    const auto* model = qobject_cast<const TransferModel*>(index.model());
    if (model == nullptr) {
        return;
    }
    const TransferSnapshot transfer = model->at(index.row());
    const TransferRow row(option, transfer);
    const QPalette& palette = option.palette;
    const QLocale& locale = option.locale;
    const bool rightToLeft = option.direction == Qt::RightToLeft;

    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setClipRect(option.rect);

    // A selected row is tinted, not flooded: its own colours keep their meaning.
    const QColor highlight = palette.color(QPalette::Highlight);
    QColor ground = palette.color(QPalette::Base);
    if (option.state.testFlag(QStyle::State_Selected)) {
        ground = blend(ground, highlight, isDark(palette) ? 0.30 : 0.16);
    } else if (option.state.testFlag(QStyle::State_MouseOver)) {
        ground = blend(ground, palette.color(QPalette::Text), 0.035);
    }
    painter->fillRect(option.rect, ground);
    painter->fillRect(QRect(option.rect.left(), option.rect.bottom(), option.rect.width(), 1), quietLine(palette));

    const Sentence outcome = TransferWords::outcome(transfer, model->grid());
    const QColor second = secondaryText(palette);
    const Sign sign = signOf(transfer, outcome.tone, palette);
    paintGlyphDisc(*painter, sign.glyph, row.sign, sign.colour);
    paintLine(*painter, row.name, transfer.name, row.nameFont, palette.color(QPalette::Text), Qt::AlignLeading,
              Qt::ElideMiddle);
    paintLine(*painter, row.amount, TransferWords::amount(transfer, locale), row.smallFont, second, Qt::AlignTrailing);
    if (!row.bar.isNull()) {
        painter->setRenderHint(QPainter::Antialiasing);
        paintBar(*painter, row.bar, transfer, palette, rightToLeft);
        paintLine(*painter, row.pace, TransferWords::pace(transfer, locale), row.smallFont, second, Qt::AlignTrailing);
        paintLine(*painter, row.status, outcome.text, row.smallFont,
                  outcome.tone == Tone::Plain ? second : toneColour(outcome.tone, palette), Qt::AlignLeading);
    } else {
        const QColor colour = transfer.state == TransferState::Cancelled ? second : toneColour(outcome.tone, palette);
        paintLine(*painter, row.outcome, outcome.text, row.smallFont, colour, Qt::AlignLeading);
        const QString status = restingStatus(transfer, model->grid());
        paintLine(*painter, row.status, status, row.smallFont, second, Qt::AlignLeading,
                  transfer.state == TransferState::Failed ? Qt::ElideRight : Qt::ElideMiddle);
    }
    if (!row.strip.isNull()) {
        row.shareStrip().paint(*painter, transfer.shares, progressOf(transfer), palette);
    }

    const QStyle* style = option.widget != nullptr ? option.widget->style() : QApplication::style();
    for (const TransferRow::Button& button : row.buttons) {
        QStyleOptionButton look;
        look.initFrom(option.widget);
        look.direction = option.direction;
        look.rect = button.rect;
        look.text = button.text;
        look.palette = palette;
        const bool hot = m_hot.index == index && m_hot.action == button.action;
        look.state = QStyle::State_Enabled | QStyle::State_Active;
        look.state |= hot && m_hot.pressed ? QStyle::State_Sunken : QStyle::State_Raised;
        look.state.setFlag(QStyle::State_MouseOver, hot);
        painter->setFont(option.font);
        style->drawControl(QStyle::CE_PushButton, &look, painter, option.widget);
    }

    if (option.state.testFlag(QStyle::State_HasFocus) && option.state.testFlag(QStyle::State_KeyboardFocusChange)) {
        painter->setRenderHint(QPainter::Antialiasing, false);
        painter->setBrush(Qt::NoBrush);
        painter->setPen(highlight);
        painter->drawRect(option.rect.adjusted(0, 0, -1, -2));
    }
    painter->restore();
}

QSize TransferDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
    Q_UNUSED(index)
    return {320, TransferRow::height(option.font)};
}

bool TransferDelegate::helpEvent(QHelpEvent* event, QAbstractItemView* view, const QStyleOptionViewItem& given,
                                 const QModelIndex& index) {
    const auto* model = qobject_cast<const TransferModel*>(index.model());
    if (model == nullptr || event->type() != QEvent::ToolTip) {
        return QStyledItemDelegate::helpEvent(event, view, given, index);
    }
    QStyleOptionViewItem option = given;
    initStyleOption(&option, index);
    const TransferSnapshot transfer = model->at(index.row());
    const TransferRow row(option, transfer);
    QString text;
    if (const int share = row.shareStrip().at(event->pos()); share >= 0) {
        text = TransferWords::cell(share, transfer.shares.at(share));
    } else if (transfer.state == TransferState::Failed || transfer.retryAt != 0) {
        text = TransferWords::failure(transfer.errorCode, transfer.errorDetail);
    } else if (row.name.contains(event->pos())) {
        text = QDir::toNativeSeparators(transfer.localPath);
    } else {
        text = TransferWords::outcome(transfer, model->grid()).text;
    }
    // A file's name may look like markup; a tooltip must show it as it is.
    QToolTip::showText(event->globalPos(), text.toHtmlEscaped().replace(QLatin1Char('\n'), QStringLiteral("<br>")),
                       view);
    return true;
}

}  // namespace tarn::ui
