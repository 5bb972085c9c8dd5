#include "ui/models/quantity_words.h"

#include <cmath>
#include <limits>

namespace tarn::ui {
namespace {

constexpr quint64 kMinute = 60;
constexpr quint64 kHour = 60 * kMinute;
constexpr quint64 kDay = 24 * kHour;

quint64 roundedUp(quint64 value, quint64 unit) {
    return value / unit + (value % unit == 0 ? 0 : 1);
}

}  // namespace

QString QuantityWords::size(quint64 bytes, const QLocale& locale) {
    if (bytes < 1000) {
        return tr("%n byte(s)", nullptr, static_cast<int>(bytes));
    }
    constexpr auto largest = static_cast<quint64>(std::numeric_limits<qint64>::max());
    return locale.formattedDataSize(static_cast<qint64>(std::min(bytes, largest)), 1, QLocale::DataSizeSIFormat);
}

QString QuantityWords::speed(double bytesPerSecond, const QLocale& locale) {
    constexpr double largest = 1e18;  // beyond any network, inside the range of the cast
    if (!(bytesPerSecond >= 1.0)) {
        return {};
    }
    const auto whole = static_cast<quint64>(std::llround(std::min(bytesPerSecond, largest)));
    return tr("%1/s", "a speed: %1 is a size").arg(size(whole, locale));
}

QString QuantityWords::timeLeft(quint64 seconds) {
    if (seconds < 90) {
        return tr("%1 s left").arg(seconds);
    }
    if (seconds <= 90 * kMinute) {
        return tr("%1 min left").arg(roundedUp(seconds, kMinute));
    }
    if (seconds < 36 * kHour) {
        const quint64 minutes = roundedUp(seconds, kMinute);
        return tr("%1 h %2 min left").arg(minutes / kMinute).arg(minutes % kMinute);
    }
    const quint64 days = std::min<quint64>(roundedUp(seconds, kDay), 9999);
    return tr("%n day(s) left", nullptr, static_cast<int>(days));
}

}  // namespace tarn::ui
