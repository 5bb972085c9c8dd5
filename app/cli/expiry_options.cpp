#include "app/cli/expiry_options.h"

#include <QDateTime>
#include <QRegularExpression>

#include <algorithm>

namespace tarn::cli {

namespace {

/// Reads "60 days", "2 months" or "1year": a month is 31 days and a year 365, as Tahoe-LAFS counts them.
std::optional<std::chrono::seconds> parseDuration(const QString& text) {
    static const QRegularExpression form(QStringLiteral("^\\s*(\\d{1,6})\\s*(d|day|mo|month|y|year)s?\\s*$"),
                                         QRegularExpression::CaseInsensitiveOption);
    const auto match = form.match(text);
    if (!match.hasMatch()) {
        return std::nullopt;
    }
    const QString unit = match.captured(2).toLower();
    const int days = unit.startsWith(QLatin1Char('d')) ? 1 : unit.startsWith(QLatin1Char('m')) ? 31 : 365;
    const std::chrono::hours duration{24 * days * match.captured(1).toLongLong()};
    return duration.count() > 0 ? std::optional<std::chrono::seconds>(duration) : std::nullopt;
}

}  // namespace

void addExpiryOptions(VerbParser& parser) {
    parser.addValue(QStringLiteral("expire"),
                    QStringLiteral("Removes shares whose leases are over: by age, or not renewed since cutoff-date. "
                                   "Without it nothing is ever removed."),
                    QStringLiteral("age|cutoff-date"));
    parser.addValue(QStringLiteral("lease-duration"),
                    QStringLiteral("With age: how long a lease lives instead of 31 days, as in \"60 days\"."),
                    QStringLiteral("DURATION"));
    parser.addValue(QStringLiteral("cutoff-date"), QStringLiteral("With cutoff-date: the day, in UTC."),
                    QStringLiteral("YYYY-MM-DD"));
    parser.addValue(QStringLiteral("expire-kind"), QStringLiteral("Removes shares of this kind only."),
                    QStringLiteral("immutable|mutable"));
}

std::optional<QString> readExpiryOptions(const VerbParser& parser, WallTime now, bucketstore::ExpiryPolicy& policy) {
    using Mode = bucketstore::ExpiryPolicy::Mode;
    const QString mode = parser.value(QStringLiteral("expire"));
    const bool on = parser.has(QStringLiteral("expire"));
    if (on && mode != QStringLiteral("age") && mode != QStringLiteral("cutoff-date")) {
        return QStringLiteral("--expire is age or cutoff-date");
    }
    const bool byAge = on && mode == QStringLiteral("age");
    const bool byDate = on && !byAge;
    policy.mode = byAge ? Mode::Age : byDate ? Mode::CutoffDate : Mode::Off;
    if (parser.has(QStringLiteral("lease-duration"))) {
        policy.leaseDuration = parseDuration(parser.value(QStringLiteral("lease-duration")));
        if (!byAge || !policy.leaseDuration) {
            return QStringLiteral("--lease-duration goes with --expire age and is as \"60 days\", \"2 months\" or "
                                  "\"1 year\"");
        }
    }
    if (byDate != parser.has(QStringLiteral("cutoff-date"))) {
        return QStringLiteral("--expire cutoff-date and --cutoff-date YYYY-MM-DD go together");
    }
    if (byDate) {
        const QDate date = QDate::fromString(parser.value(QStringLiteral("cutoff-date")), Qt::ISODate);
        if (!date.isValid()) {
            return QStringLiteral("--cutoff-date is a day, as in 2026-03-01");
        }
        // Compared in seconds: the clock's own unit overflows in the year 2262.
        const std::chrono::seconds begin(date.startOfDay(Qt::UTC).toSecsSinceEpoch());
        if (begin > std::chrono::floor<std::chrono::seconds>(now.time_since_epoch())) {
            return QStringLiteral("--cutoff-date must not lie in the future: every lease would be older");
        }
        policy.cutoff = WallTime(std::max(begin, std::chrono::seconds(0)));
    }
    if (parser.has(QStringLiteral("expire-kind"))) {
        const QString kind = parser.value(QStringLiteral("expire-kind"));
        if (!on || (kind != QStringLiteral("immutable") && kind != QStringLiteral("mutable"))) {
            return QStringLiteral("--expire-kind goes with --expire and is immutable or mutable");
        }
        policy.immutableShares = kind == QStringLiteral("immutable");
        policy.mutableShares = !policy.immutableShares;
    }
    return std::nullopt;
}

}  // namespace tarn::cli
