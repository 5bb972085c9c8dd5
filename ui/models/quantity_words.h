#pragma once

#include <QCoreApplication>
#include <QLocale>
#include <QString>

namespace tarn::ui {

/// Sizes, speeds and times as a person reads them: "12.3 MB", "4.2 MB/s", "3 min left". Decimal units, as on a disk's
/// label.
class QuantityWords {
    Q_DECLARE_TR_FUNCTIONS(QuantityWords)

public:
    [[nodiscard]] static QString size(quint64 bytes, const QLocale& locale);
    /// Empty while the speed is unknown (0).
    [[nodiscard]] static QString speed(double bytesPerSecond, const QLocale& locale);
    /// Rounded up, so that it never promises too little.
    [[nodiscard]] static QString timeLeft(quint64 seconds);
};

}  // namespace tarn::ui
