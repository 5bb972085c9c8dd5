#include "ui/models/transfer_totals.h"

#include "ui/models/quantity_words.h"

#include <QStringList>

#include <algorithm>

namespace tarn::ui {

std::optional<quint64> TransferTotals::secondsLeft() const {
    if (m_figures.bytesPerSecond == 0) {
        return std::nullopt;
    }
    const quint64 left = m_figures.activeBytes - std::min(m_figures.activeDone, m_figures.activeBytes);
    return (left + m_figures.bytesPerSecond - 1) / m_figures.bytesPerSecond;
}

QString TransferTotals::countWords() const {
    QStringList parts;
    const auto append = [&parts](qint64 number, const QString& words) {
        if (number > 0) {
            parts.append(words);
        }
    };
    append(m_figures.running, tr("%n running", nullptr, static_cast<int>(m_figures.running)));
    append(m_figures.waiting, tr("%n waiting", nullptr, static_cast<int>(m_figures.waiting)));
    append(m_figures.paused, tr("%n paused", nullptr, static_cast<int>(m_figures.paused)));
    append(m_figures.done, tr("%n done", nullptr, static_cast<int>(m_figures.done)));
    append(m_figures.failed, tr("%n failed", nullptr, static_cast<int>(m_figures.failed)));
    append(m_figures.cancelled, tr("%n cancelled", nullptr, static_cast<int>(m_figures.cancelled)));
    return parts.isEmpty() ? tr("No transfers") : parts.join(QStringLiteral(", "));
}

QString TransferTotals::paceWords(const QLocale& locale) const {
    if (m_figures.running == 0 && m_figures.waiting == 0) {
        return {};
    }
    QStringList parts{tr("%1 of %2", "sizes: done of all")
                          .arg(QuantityWords::size(m_figures.activeDone, locale),
                               QuantityWords::size(m_figures.activeBytes, locale))};
    if (m_figures.bytesPerSecond > 0) {
        parts << QuantityWords::speed(static_cast<double>(m_figures.bytesPerSecond), locale)
              << QuantityWords::timeLeft(secondsLeft().value_or(0));
    }
    return parts.join(QStringLiteral(" · "));
}

}  // namespace tarn::ui
