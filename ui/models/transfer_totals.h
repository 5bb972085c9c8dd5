#pragma once

#include "core/api/transfers.h"

#include <QCoreApplication>
#include <QLocale>
#include <QString>

#include <optional>

namespace tarn::ui {

/// The queue's totals, kept in step one transfer at a time, so that a change costs the same in a long list as in a
/// short one.
class TransferTotals {
    Q_DECLARE_TR_FUNCTIONS(TransferTotals)

public:
    void add(const api::TransferSnapshot& transfer);
    /// Takes off exactly what `add` of an equal snapshot put on.
    void take(const api::TransferSnapshot& transfer);

    [[nodiscard]] int running() const { return m_running; }
    [[nodiscard]] int waiting() const { return m_waiting; }
    [[nodiscard]] int done() const { return m_done; }
    [[nodiscard]] int failed() const { return m_failed; }
    [[nodiscard]] int cancelled() const { return m_cancelled; }
    /// Of what runs or waits, in bytes of the files.
    [[nodiscard]] quint64 activeBytes() const { return m_activeBytes; }
    [[nodiscard]] quint64 activeDone() const { return m_activeDone; }
    [[nodiscard]] quint64 bytesPerSecond() const { return m_bytesPerSecond; }
    /// For all that runs and waits, at the present speed.
    [[nodiscard]] std::optional<quint64> secondsLeft() const;

    /// "2 running, 14 waiting, 120 done, 1 failed"
    [[nodiscard]] QString countWords() const;
    /// "34 MB of 120 MB · 12 MB/s · 8 s left"; empty while nothing is under way.
    [[nodiscard]] QString paceWords(const QLocale& locale) const;

    bool operator==(const TransferTotals&) const = default;

private:
    void count(const api::TransferSnapshot& transfer, int sign);

    int m_running = 0;
    int m_waiting = 0;
    int m_done = 0;
    int m_failed = 0;
    int m_cancelled = 0;
    quint64 m_activeBytes = 0;
    quint64 m_activeDone = 0;
    quint64 m_bytesPerSecond = 0;  ///< whole numbers, so that adding and taking leave no remainder
};

}  // namespace tarn::ui
