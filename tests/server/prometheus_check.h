#pragma once

#include <QByteArray>
#include <QMap>
#include <QRegularExpression>
#include <QSet>
#include <QStringList>

namespace tarn::server::test {

/// What is wrong with a page in Prometheus's text format 0.0.4, as `promtool check metrics` would find it: names,
/// labels and values that do not parse, samples without a family or of a second one, families apart or told twice,
/// counters without `_total`, histograms whose buckets fall, or end before +Inf, or do not agree with their count.
inline QStringList prometheusFaults(const QByteArray& page) {
    QStringList faults;
    if (!page.endsWith('\n')) {
        faults << QStringLiteral("the last line has no end");
    }
    static const QRegularExpression comment(QStringLiteral("^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$"));
    static const QRegularExpression sample(QStringLiteral(
        "^([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{((?:[a-zA-Z_][a-zA-Z0-9_]*=\"(?:[^\"\\\\\\n]|\\\\[\\\\\"n])*\",?)*)\\})? "
        "([-+]?(?:[0-9.]+(?:e[-+]?[0-9]+)?|Inf)|NaN)$"));
    static const QSet<QString> kinds{QStringLiteral("counter"), QStringLiteral("gauge"), QStringLiteral("histogram"),
                                     QStringLiteral("summary"), QStringLiteral("untyped")};
    struct Histogram {
        double last = -1;
        QString lastEnd;
    };
    QSet<QString> told;
    QSet<QString> seen;
    QMap<QString, Histogram> histograms;
    QString family;
    QString kind;
    for (const QString& line : QString::fromUtf8(page).split(QLatin1Char('\n'), Qt::SkipEmptyParts)) {
        if (line.startsWith(QLatin1Char('#'))) {
            const auto match = comment.match(line);
            const QString name = match.captured(2);
            if (!match.hasMatch()) {
                faults << QStringLiteral("no comment of the format: ") + line;
            } else if (match.captured(1) == QLatin1String("HELP")) {
                if (told.contains(name)) {
                    faults << QStringLiteral("told twice: ") + line;
                }
                told << name;
                family = name;
                kind.clear();
            } else {
                kind = match.captured(3);
                if (family != name || !kinds.contains(kind)) {
                    faults << QStringLiteral("a type out of place, or none: ") + line;
                }
                if ((kind == QLatin1String("counter")) != name.endsWith(QLatin1String("_total"))) {
                    faults << QStringLiteral("a name unlike its type: ") + line;
                }
            }
            continue;
        }
        const auto match = sample.match(line);
        if (!match.hasMatch()) {
            faults << QStringLiteral("no sample: ") + line;
            continue;
        }
        QString name = match.captured(1);
        QString labels = match.captured(3);
        if (seen.contains(name + labels)) {
            faults << QStringLiteral("the same sample again: ") + line;
        }
        seen << name + labels;
        if (kind == QLatin1String("histogram")) {
            static const QRegularExpression end(QStringLiteral(",?le=\"([^\"]*)\""));
            const double value = match.captured(4).toDouble();
            const bool bucket = name == family + QLatin1String("_bucket");
            const QString upTo = end.match(labels).captured(1);
            auto& histogram = histograms[family + labels.remove(end)];
            if (bucket) {
                if (value < histogram.last || upTo.isEmpty()) {
                    faults << QStringLiteral("a bucket that falls: ") + line;
                }
                histogram = {value, upTo};
            } else if (name == family + QLatin1String("_count") &&
                       (histogram.lastEnd != QLatin1String("+Inf") || histogram.last != value)) {
                faults << QStringLiteral("a count unlike its buckets: ") + line;
            }
            for (const char* const part : {"_bucket", "_sum", "_count"}) {
                if (name == family + QLatin1String(part)) {
                    name = family;
                }
            }
        }
        if (name != family || kind.isEmpty()) {
            faults << QStringLiteral("a sample out of its family: ") + line;
        }
    }
    return faults;
}

}  // namespace tarn::server::test
