#include "app/cli/arguments.h"
#include "app/cli/output.h"
#include "app/cli/progress_bar.h"
#include "app/cli/server_folder.h"
#include "app/cli/verbs.h"
#include "core/bucketstore/advice_reader.h"
#include "core/bucketstore/folder_figures.h"
#include "core/server/status_channel.h"
#include "core/server/status_document.h"

#include <QDateTime>
#include <QJsonArray>
#include <QJsonDocument>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace tarn::cli {

namespace {

constexpr std::chrono::milliseconds askPatience{10'000};
constexpr std::chrono::milliseconds countPatience{10'000};
constexpr std::size_t adviceShown = 10;
constexpr std::size_t clientsShown = 10;

void printFact(const char* name, const QString& value) {
    printResult(QStringLiteral("%1 %2").arg(QLatin1String(name), -13).arg(value).toStdString());
}

QString timeText(qint64 seconds) {
    return QDateTime::fromSecsSinceEpoch(seconds).toString(QStringLiteral("yyyy-MM-dd hh:mm"));
}

QString durationText(std::chrono::seconds time) {
    constexpr std::int64_t day = 86400;
    const std::int64_t days = time.count() / day;
    const std::int64_t rest = time.count() % day;
    if (days > 0) {
        return QStringLiteral("%1 d %2 h").arg(days).arg(rest / 3600);
    }
    return rest >= 3600 ? QStringLiteral("%1 h %2 min").arg(rest / 3600).arg(rest % 3600 / 60)
                        : QStringLiteral("%1 min %2 s").arg(rest / 60).arg(rest % 60);
}

QString errorsText(const server::MetricsSnapshot& metrics) {
    QStringList errors;
    for (const auto& one : metrics.answers) {
        if (one.status >= 400) {
            errors << QStringLiteral("%1 %2: %3")
                          .arg(one.endpoint == "none" ? QStringLiteral("refused") : printable(one.endpoint))
                          .arg(one.status)
                          .arg(one.count);
        }
    }
    for (std::size_t kind = 0; kind < server::troubleKinds; ++kind) {
        if (metrics.troubles[kind] > 0) {
            errors << QStringLiteral("%1: %2")
                          .arg(QLatin1String(server::troubleName(static_cast<server::Trouble>(kind))))
                          .arg(metrics.troubles[kind]);
        }
    }
    return errors.isEmpty() ? QStringLiteral("none") : errors.join(QStringLiteral(", "));
}

void printServer(const server::Status& status) {
    QStringList addresses;
    for (const std::string& address : status.addresses) {
        addresses << printable(address);
    }
    const auto& usage = status.usage;
    const auto& metrics = status.metrics;
    printFact("Running",
              QStringLiteral("for %1, since %2; %3")
                  .arg(durationText(status.uptime), timeText(std::chrono::system_clock::to_time_t(status.started)),
                       printable(status.version)));
    printFact("Listening on", addresses.join(QStringLiteral(", ")));
    printFact("Shares", QStringLiteral("%1, taking %2; %3 held for uploads")
                            .arg(usage.shares)
                            .arg(sizeText(usage.bytes.value()), sizeText(usage.incomingBytes.value())));
    printFact("Room",
              QStringLiteral("%1%2%3").arg(
                  sizeText(usage.available.value()),
                  status.maximumSize
                      ? QStringLiteral(", of %1 that all shares may take").arg(sizeText(status.maximumSize->value()))
                      : QString(),
                  status.readOnly ? QStringLiteral("; read-only: takes no new shares") : QString()));
    printFact("Connections", QStringLiteral("%1 now, %2 so far").arg(metrics.connections).arg(metrics.connectionsEver));
    printFact("Requests", QStringLiteral("%1; %2 received, %3 sent")
                              .arg(metrics.requests())
                              .arg(sizeText(metrics.bytesReceived), sizeText(metrics.bytesSent)));
    printFact("Errors", errorsText(metrics));
    printFact("Certificate",
              QStringLiteral("until %1").arg(timeText(std::chrono::system_clock::to_time_t(status.certificateUntil))));
    if (status.metricsPort != 0) {
        printFact("Metrics", QStringLiteral("on port %1 of this computer, /metrics").arg(status.metricsPort));
    }
    printFact("Clients", metrics.clients.empty() ? QStringLiteral("none yet") : QString());
    for (std::size_t i = 0; i < std::min(metrics.clients.size(), clientsShown); ++i) {
        const auto& client = metrics.clients[i];
        printResult(
            QStringLiteral("  %1  %2 connected, %3 requests (%4 failed), %5 received, %6 sent, last seen %7")
                .arg(printable(client.address), -15)
                .arg(client.connections)
                .arg(client.requests)
                .arg(client.failed)
                .arg(sizeText(client.bytesReceived), sizeText(client.bytesSent), timeText(client.lastSeen.count()))
                .toStdString());
    }
    if (metrics.clients.size() > clientsShown) {
        printResult(QStringLiteral("  and %1 more").arg(metrics.clients.size() - clientsShown).toStdString());
    }
}

/// What expiry does, and who holds leases, where the server told.
void printStore(const QJsonObject& store) {
    const auto bytes = [](const QJsonObject& object, const char* name) {
        return sizeText(static_cast<std::uint64_t>(std::max<qint64>(object.value(QLatin1String(name)).toInteger(), 0)));
    };
    if (store.isEmpty()) {
        return;
    }
    const auto expiry = store.value(QLatin1String("expiry")).toObject();
    const auto mode = printable(expiry.value(QLatin1String("mode")).toString());
    const auto due =
        QStringLiteral("%1 in %2 shares, from %3%4 client(s)")
            .arg(bytes(expiry, "dueBytes"))
            .arg(expiry.value(QLatin1String("dueShares")).toInteger())
            .arg(expiry.value(QLatin1String("dueClientsAtLeast")).toBool() ? QStringLiteral("at least ") : QString())
            .arg(expiry.value(QLatin1String("dueClients")).toInteger());
    printFact("Expiry",
              QStringLiteral("%1%2; %3 free %4; freed so far %5")
                  .arg(mode, expiry.value(QLatin1String("paused")).toBool() ? QStringLiteral(", paused") : QString(),
                       mode == QLatin1String("off") ? QStringLiteral("would") : QStringLiteral("will"), due,
                       bytes(expiry, "freedBytes")));
    const auto index = printable(store.value(QLatin1String("index")).toString());
    printFact(
        "Index",
        index == QLatin1String("mending")
            ? QStringLiteral("mending, %1% compared").arg(store.value(QLatin1String("comparedPercent")).toInteger())
            : index);
    const auto holders = store.value(QLatin1String("holders")).toArray();
    printFact("Leases", holders.isEmpty() ? QStringLiteral("none") : QStringLiteral("by the address that took them:"));
    for (const QJsonValue one : holders) {
        const auto holder = one.toObject();
        const auto address = printable(holder.value(QLatin1String("address")).toString());
        printResult(QStringLiteral("  %1  %2 shares, %3")
                        .arg(address.isEmpty() ? QStringLiteral("unknown") : address, -15)
                        .arg(holder.value(QLatin1String("shares")).toInteger())
                        .arg(bytes(holder, "bytes"))
                        .toStdString());
    }
}

void printAdvice(const bucketstore::AdviceList& advice, const std::filesystem::path& folder) {
    if (advice.total == 0) {
        printFact("Damage", QStringLiteral("no client complained"));
        return;
    }
    printFact("Damage", QStringLiteral("clients complained %1 time(s); the newest first, all in %2")
                            .arg(advice.total)
                            .arg(printable((folder / "corruption-advisories").string())));
    for (const auto& one : advice.newest) {
        printResult(QStringLiteral("  %1  share %2 of %3: %4")
                        .arg(printable(one.time), printable(one.share), printable(one.storageIndex),
                             printable(one.reason).simplified())
                        .toStdString());
    }
}

QJsonArray adviceDocument(const bucketstore::AdviceList& advice) {
    QJsonArray array;
    for (const auto& one : advice.newest) {
        array.append(QJsonObject{{QStringLiteral("time"), printable(one.time)},
                                 {QStringLiteral("storageIndex"), printable(one.storageIndex)},
                                 {QStringLiteral("share"), printable(one.share)},
                                 {QStringLiteral("reason"), printable(one.reason)}});
    }
    return array;
}

/// What the folder alone tells.
Exit showFolder(const Globals& globals, const std::filesystem::path& folder, const Error& why) {
    const auto figures = bucketstore::countFolder(folder, countPatience);
    const auto advice = bucketstore::readAdvice(folder, adviceShown);
    if (globals.json) {
        printResult(QJsonObject{{QStringLiteral("running"), false},
                                {QStringLiteral("folder"), QString::fromStdString(folder.string())},
                                {QStringLiteral("shares"), static_cast<qint64>(figures.shares)},
                                {QStringLiteral("bytes"), static_cast<qint64>(figures.bytes)},
                                {QStringLiteral("counted"), figures.complete},
                                {QStringLiteral("adviceTotal"), static_cast<qint64>(advice.total)},
                                {QStringLiteral("advice"), adviceDocument(advice)}});
    } else {
        printFact("Running", QStringLiteral("no"));
        printFact("Shares", QStringLiteral("%1%2, taking %3")
                                .arg(figures.complete ? QString() : QStringLiteral("at least "))
                                .arg(figures.shares)
                                .arg(sizeText(figures.bytes)));
        printAdvice(advice, folder);
    }
    printNote(QStringLiteral("tarn: %1; this is what the folder tells.").arg(printable(why.detail)));
    return Exit::Failed;
}

}  // namespace

Exit runServeStatus(Globals globals, const QStringList& arguments) {
    VerbParser parser(QStringLiteral("serve status"),
                      QStringLiteral("Says how the storage server of a folder is. Exit code 1 where none runs."));
    parser.addValue(QStringLiteral("dir"), QStringLiteral("Where it keeps the shares."), QStringLiteral("DIR"));
    if (const auto exit = parser.parse(arguments, globals)) {
        return *exit;
    }
    if (!parser.positional().isEmpty()) {
        return wrongUsage(QStringLiteral("serve status takes no \"%1\"").arg(parser.positional().first()));
    }
    const auto folder = serverFolder(globals, parser);
    if (!folder) {
        return fail(globals, folder.error());
    }
    std::error_code unread;
    if (!std::filesystem::is_directory(*folder, unread)) {
        return fail(globals, Error{ErrorCode::FileNotFound, folder->string(), false});
    }
    const auto answer = server::askStatus(*folder, askPatience);
    if (!answer && answer.error().code == ErrorCode::NotFound) {
        return showFolder(globals, *folder, answer.error());
    }
    const Result<server::Status> status = answer ? server::parseStatusDocument(*answer) : failure(answer.error());
    if (!status) {
        return fail(globals, status.error());
    }
    const auto advice = bucketstore::readAdvice(*folder, adviceShown);
    if (globals.json) {
        QJsonObject object = QJsonDocument::fromJson(*answer).object();
        object.insert(QStringLiteral("running"), true);
        object.insert(QStringLiteral("folder"), QString::fromStdString(folder->string()));
        object.insert(QStringLiteral("adviceTotal"), static_cast<qint64>(advice.total));
        object.insert(QStringLiteral("advice"), adviceDocument(advice));
        printResult(object);
        return Exit::Done;
    }
    printServer(*status);
    printStore(QJsonDocument::fromJson(*answer).object().value(QLatin1String("store")).toObject());
    printAdvice(advice, *folder);
    return Exit::Done;
}

}  // namespace tarn::cli
