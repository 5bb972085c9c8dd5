#include "app/cli/queue_table.h"

#include "app/cli/output.h"
#include "app/cli/progress_bar.h"

#include <array>
#include <chrono>

namespace tarn::cli {

namespace {

constexpr std::array<const char*, journal::stateCount> stateNames{"queued", "running",   "done",
                                                                  "failed", "cancelled", "paused"};

QString nameOf(journal::State state) {
    return QLatin1String(stateNames.at(static_cast<std::size_t>(state)));
}

qint64 secondsOf(WallTime time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

std::optional<journal::State> stateNamed(const QString& name) {
    for (std::size_t state = 0; state < stateNames.size(); ++state) {
        if (name == QLatin1String(stateNames.at(state))) {
            return static_cast<journal::State>(state);
        }
    }
    return std::nullopt;
}

void printQueueHead() {
    printResult(QStringLiteral("%1  %2  %3  NAME")
                    .arg(QStringLiteral("NUMBER"), 8)
                    .arg(QStringLiteral("STATE"), -9)
                    .arg(QStringLiteral("SIZE"), 10)
                    .toStdString());
}

void printQueueRow(const Globals& globals, const journal::Row& row, bool capability) {
    if (globals.json) {
        QJsonObject object{{QStringLiteral("number"), static_cast<qint64>(row.id)},
                           {QStringLiteral("state"), nameOf(row.state)},
                           {QStringLiteral("direction"), row.direction == journal::Direction::Upload
                                                             ? QStringLiteral("upload")
                                                             : QStringLiteral("download")},
                           {QStringLiteral("priority"), static_cast<int>(row.priority)},
                           {QStringLiteral("name"), QString::fromStdString(row.name)},
                           {QStringLiteral("path"), QString::fromStdString(row.localPath)},
                           {QStringLiteral("size"), static_cast<qint64>(row.size)}};
        if (!row.errorName.empty()) {
            object.insert(QStringLiteral("error"), QString::fromStdString(row.errorName));
            object.insert(QStringLiteral("detail"), printable(row.errorDetail));
        }
        if (row.attempts > 0) {
            object.insert(QStringLiteral("attempts"), static_cast<qint64>(row.attempts));
        }
        if (row.state == journal::State::Queued && row.notBefore > WallTime()) {
            object.insert(QStringLiteral("retryAt"), secondsOf(row.notBefore));
        }
        if (capability && !row.capability.empty()) {
            object.insert(QStringLiteral("cap"), QString::fromStdString(row.capability));
        }
        printResult(object);
        return;
    }
    auto line = QStringLiteral("%1  %2  %3  %4")
                    .arg(static_cast<qint64>(row.id), 8)
                    .arg(nameOf(row.state), -9)
                    .arg(sizeText(row.size), 10)
                    .arg(printable(row.name));
    if (!row.errorName.empty()) {
        line += QStringLiteral("  (%1)").arg(QString::fromStdString(row.errorName));
    }
    if (capability && !row.capability.empty()) {
        line += QStringLiteral("  ") + QString::fromStdString(row.capability);
    }
    printResult(line.toStdString());
}

void printSettings(const Globals& globals, const api::QueueSettings& settings) {
    const auto text = [](quint64 limit) {
        return limit == 0 ? QStringLiteral("none") : QString::number(limit);
    };
    if (globals.json) {
        printResult(QJsonObject{{QStringLiteral("held"), settings.held},
                                {QStringLiteral("up"), static_cast<qint64>(settings.totalUp)},
                                {QStringLiteral("down"), static_cast<qint64>(settings.totalDown)},
                                {QStringLiteral("serverUp"), static_cast<qint64>(settings.serverUp)},
                                {QStringLiteral("serverDown"), static_cast<qint64>(settings.serverDown)},
                                {QStringLiteral("pauseOnMetered"), settings.pauseOnMetered}});
        return;
    }
    printResult(QStringLiteral("up=%1 down=%2 server-up=%3 server-down=%4 metered=%5")
                    .arg(text(settings.totalUp), text(settings.totalDown), text(settings.serverUp),
                         text(settings.serverDown),
                         settings.pauseOnMetered ? QStringLiteral("pause") : QStringLiteral("go-on"))
                    .toStdString());
}

QString totalsText(const journal::Totals& totals, const api::QueueSettings& settings) {
    QStringList parts;
    for (std::size_t state = 0; state < stateNames.size(); ++state) {
        if (const auto& part = totals.states.at(state); part.count > 0) {
            parts << QStringLiteral("%1 %2 (%3)")
                         .arg(part.count)
                         .arg(QLatin1String(stateNames.at(state)), sizeText(part.bytes));
        }
    }
    const auto text = parts.isEmpty() ? QStringLiteral("No transfers") : parts.join(QStringLiteral(", "));
    return settings.held ? text + QStringLiteral("; the queue is held") : text;
}

}  // namespace tarn::cli
