#pragma once

#include "core/api/transfers.h"

#include <QCoreApplication>
#include <QLocale>
#include <QString>

#include <optional>

namespace tarn::ui {

/// The queue's figures in words.
class TransferTotals {
    Q_DECLARE_TR_FUNCTIONS(TransferTotals)

public:
    TransferTotals() = default;
    explicit TransferTotals(const api::QueueTotals& figures) : m_figures(figures) {}

    [[nodiscard]] const api::QueueTotals& figures() const { return m_figures; }
    /// For all that runs and waits, at the present speed.
    [[nodiscard]] std::optional<quint64> secondsLeft() const;

    /// "2 running, 14 waiting, 120 done, 1 failed"
    [[nodiscard]] QString countWords() const;
    /// "34 MB of 120 MB · 12 MB/s · 8 s left"; empty while nothing is under way.
    [[nodiscard]] QString paceWords(const QLocale& locale) const;

    bool operator==(const TransferTotals&) const = default;

private:
    api::QueueTotals m_figures;
};

}  // namespace tarn::ui
