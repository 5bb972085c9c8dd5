#include "app/cli/progress_bar.h"

#include <QLocale>

#include <algorithm>
#include <cstdio>

#include <unistd.h>

namespace tarn::cli {

namespace {

constexpr std::chrono::milliseconds interval{100};
constexpr int width = 24;

QString timeText(std::uint64_t seconds) {
    const auto two = [](std::uint64_t number) {
        return QStringLiteral("%1").arg(number, 2, 10, QLatin1Char('0'));
    };
    const auto minutes = QStringLiteral("%1:%2").arg(seconds / 60 % 60).arg(two(seconds % 60));
    return seconds < 3600
               ? minutes
               : QStringLiteral("%1:%2:%3").arg(seconds / 3600).arg(two(seconds / 60 % 60), two(seconds % 60));
}

}  // namespace

ProgressBar::ProgressBar() : m_terminal(::isatty(STDERR_FILENO) == 1) {}

ProgressBar::~ProgressBar() {
    clear();
}

void ProgressBar::show(const QString& what, std::uint64_t done, std::uint64_t total) {
    if (!m_terminal) {
        return;
    }
    const auto now = std::chrono::steady_clock::now();
    if (m_drawn && now - m_last < interval) {
        return;
    }
    m_last = now;
    if (what != m_what) {
        m_what = what;
        m_meter = {};
    }
    m_meter.update(now, done);
    const auto part = total == 0 ? 0.0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    const auto filled = static_cast<int>(part * width);
    auto line = QStringLiteral("[%1%2] %3%  %4")
                    .arg(QString(filled, QLatin1Char('#')))
                    .arg(QString(width - filled, QLatin1Char('.')))
                    .arg(static_cast<int>(part * 100), 3)
                    .arg(what);
    if (const auto rate = m_meter.bytesPerSecond(); rate > 0) {
        line += QStringLiteral("  %1/s").arg(sizeText(static_cast<std::uint64_t>(rate)));
    }
    if (const auto left = m_meter.secondsFor(total - std::min(done, total))) {
        line += QStringLiteral("  %1 left").arg(timeText(*left));
    }
    // Back to the line's start, and away with what stood there.
    std::fprintf(stderr, "\r\x1b[K%s", line.toUtf8().constData());
    std::fflush(stderr);
    m_drawn = true;
}

void ProgressBar::clear() {
    if (m_drawn) {
        std::fprintf(stderr, "\r\x1b[K");
        std::fflush(stderr);
        m_drawn = false;
    }
}

QString sizeText(std::uint64_t bytes) {
    const auto most = static_cast<std::uint64_t>(std::numeric_limits<qint64>::max());
    return QLocale::c().formattedDataSize(static_cast<qint64>(std::min(bytes, most)), 1, QLocale::DataSizeSIFormat);
}

}  // namespace tarn::cli
