#include "ui/models/transfer_totals.h"

#include "ui/models/quantity_words.h"

#include <QStringList>

#include <algorithm>
#include <cmath>

namespace tarn::ui {
namespace {

quint64 wholeSpeed(double bytesPerSecond) {
    constexpr double largest = 1e15;
    return bytesPerSecond > 0 ? static_cast<quint64>(std::llround(std::min(bytesPerSecond, largest))) : 0;
}

}  // namespace

void TransferTotals::add(const api::TransferSnapshot& transfer) {
    count(transfer, 1);
}

void TransferTotals::take(const api::TransferSnapshot& transfer) {
    count(transfer, -1);
}

void TransferTotals::count(const api::TransferSnapshot& transfer, int sign) {
    // Unsigned arithmetic wraps, so adding a negative and taking are the same thing.
    const auto signedBytes = [sign](quint64 bytes) {
        return sign > 0 ? bytes : quint64{0} - bytes;
    };
    switch (transfer.state) {
    case api::TransferState::Running:
        m_running += sign;
        m_bytesPerSecond += signedBytes(wholeSpeed(transfer.bytesPerSecond));
        break;
    case api::TransferState::Queued: m_waiting += sign; break;
    case api::TransferState::Done: m_done += sign; return;
    case api::TransferState::Failed: m_failed += sign; return;
    case api::TransferState::Cancelled: m_cancelled += sign; return;
    }
    m_activeBytes += signedBytes(transfer.size);
    m_activeDone += signedBytes(std::min(transfer.done, transfer.size));
}

std::optional<quint64> TransferTotals::secondsLeft() const {
    if (m_bytesPerSecond == 0) {
        return std::nullopt;
    }
    return (m_activeBytes - m_activeDone + m_bytesPerSecond - 1) / m_bytesPerSecond;
}

QString TransferTotals::countWords() const {
    QStringList parts;
    const auto append = [&parts](int number, const QString& words) {
        if (number > 0) {
            parts.append(words);
        }
    };
    append(m_running, tr("%n running", nullptr, m_running));
    append(m_waiting, tr("%n waiting", nullptr, m_waiting));
    append(m_done, tr("%n done", nullptr, m_done));
    append(m_failed, tr("%n failed", nullptr, m_failed));
    append(m_cancelled, tr("%n cancelled", nullptr, m_cancelled));
    return parts.isEmpty() ? tr("No transfers") : parts.join(QStringLiteral(", "));
}

QString TransferTotals::paceWords(const QLocale& locale) const {
    if (m_running == 0 && m_waiting == 0) {
        return {};
    }
    QStringList parts{tr("%1 of %2", "sizes: done of all")
                          .arg(QuantityWords::size(m_activeDone, locale), QuantityWords::size(m_activeBytes, locale))};
    if (m_bytesPerSecond > 0) {
        parts << QuantityWords::speed(static_cast<double>(m_bytesPerSecond), locale)
              << QuantityWords::timeLeft(secondsLeft().value_or(0));
    }
    return parts.join(QStringLiteral(" · "));
}

}  // namespace tarn::ui
