#include "ui/widgets/transfer_row.h"

#include "ui/models/transfer_words.h"

#include <QFontMetrics>
#include <QStyle>

#include <algorithm>

namespace tarn::ui {
namespace {

constexpr int kMarginX = 16;
constexpr int kMarginY = 11;
constexpr int kGap = 12;
constexpr int kLineGap = 4;
constexpr int kSign = 36;
constexpr int kBarHeight = 6;
constexpr int kStripHeight = 10;
constexpr int kStripWidest = 168;
constexpr int kButtonPadding = 12;
constexpr int kButtonGap = 6;
constexpr int kRoomyText = 400;
constexpr int kPaceWidest = 170;

QFont smaller(const QFont& font) {
    QFont small = font;
    if (font.pointSizeF() > 0) {
        small.setPointSizeF(font.pointSizeF() * 0.92);
    }
    return small;
}

QFont bold(const QFont& font) {
    QFont strong = font;
    strong.setWeight(QFont::DemiBold);
    return strong;
}

int buttonWidth(const QFontMetrics& metrics, TransferAction action) {
    return metrics.horizontalAdvance(TransferRow::actionText(action)) + 2 * kButtonPadding;
}

int lineHeight(const QFont& font) {
    return QFontMetrics(font).height();
}

}  // namespace

TransferRow::TransferRow(const QStyleOptionViewItem& option, const api::TransferSnapshot& transfer)
    : nameFont(bold(option.font)), smallFont(smaller(option.font)), m_shares(static_cast<int>(transfer.shares.size())),
      m_rightToLeft(option.direction == Qt::RightToLeft) {
    const bool active = transfer.state == api::TransferState::Queued || transfer.state == api::TransferState::Running ||
                        transfer.state == api::TransferState::Paused;
    const QRect content = option.rect.adjusted(kMarginX, kMarginY, -kMarginX, -kMarginY);
    const QFontMetrics metrics(option.font);
    const int first = lineHeight(nameFont);
    const int other = lineHeight(smallFont);

    sign = QRect(content.left(), content.top() + (content.height() - kSign) / 2, kSign, kSign);

    // Buttons from the right edge inwards, in the middle.
    const int buttonHeight = metrics.height() + 10;
    const int buttonsMiddle = content.top() + content.height() / 2;
    int right = content.right() + 1;
    const QList<TransferAction> actions = rowActions(transfer);
    for (auto action = actions.crbegin(); action != actions.crend(); ++action) {
        const int width = buttonWidth(metrics, *action);
        buttons.prepend({*action, actionText(*action),
                         QRect(right - width, buttonsMiddle - buttonHeight / 2, width, buttonHeight)});
        right -= width + kButtonGap;
    }

    const int left = sign.right() + 1 + kGap;
    // Where there is room the text ends at one edge in all rows, whatever buttons a row has.
    const int widest =
        buttonWidth(metrics, TransferAction::CopyLink) + kButtonGap + buttonWidth(metrics, TransferAction::SaveCopy);
    const int sharedEdge = content.right() + 1 - widest - kGap;
    int textRight = buttons.isEmpty() ? right : right + kButtonGap - kGap;
    if (sharedEdge - left >= kRoomyText) {
        textRight = std::min(textRight, sharedEdge);
    }
    const int width = std::max(textRight - left, 0);
    int y = content.top();
    const int amountWidth = std::min(
        width / 2, QFontMetrics(smallFont).horizontalAdvance(TransferWords::amount(transfer, option.locale)) + 2);
    amount = QRect(left + width - amountWidth, y, amountWidth, first);
    name = QRect(left, y, width - amountWidth - kGap, first);
    y += first + kLineGap;

    const QRect second(left, y, width, other);
    if (active) {
        const int paceWidth = std::min(width / 2, kPaceWidest);
        bar = QRect(left, second.center().y() - kBarHeight / 2 + 1, width - paceWidth - kGap, kBarHeight);
        pace = QRect(left + width - paceWidth, y, paceWidth, other);
    } else {
        outcome = second;
    }
    y += other + kLineGap;

    const int stripWidth = ShareStrip::preferredWidth(m_shares, std::min(kStripWidest, width / 3));
    if (stripWidth > 0) {
        strip = QRect(left + width - stripWidth, y + (other - kStripHeight) / 2, stripWidth, kStripHeight);
    }
    status = QRect(left, y, width - (stripWidth > 0 ? stripWidth + kGap : 0), other);

    for (QRect* rect : {&sign, &name, &amount, &bar, &pace, &outcome, &status, &strip}) {
        if (!rect->isNull()) {
            *rect = QStyle::visualRect(option.direction, option.rect, *rect);
        }
    }
    for (Button& button : buttons) {
        button.rect = QStyle::visualRect(option.direction, option.rect, button.rect);
    }
}

ShareStrip TransferRow::shareStrip() const {
    return {strip, m_shares, m_rightToLeft};
}

std::optional<TransferAction> TransferRow::buttonAt(const QPoint& point) const {
    for (const Button& button : buttons) {
        if (button.rect.contains(point)) {
            return button.action;
        }
    }
    return std::nullopt;
}

int TransferRow::height(const QFont& font) {
    return 2 * kMarginY + lineHeight(bold(font)) + 2 * lineHeight(smaller(font)) + 2 * kLineGap;
}

QString TransferRow::actionText(TransferAction action) {
    switch (action) {
    case TransferAction::Cancel: return tr("Cancel");
    case TransferAction::Retry: return tr("Retry");
    case TransferAction::CopyLink: return tr("Copy link");
    case TransferAction::SaveCopy: return tr("Save a copy…");
    case TransferAction::Remove: return tr("Remove");
    case TransferAction::Pause: return tr("Pause");
    case TransferAction::Resume: return tr("Resume");
    default: break;  // the others have no button in a row
    }
    return {};
}

}  // namespace tarn::ui
