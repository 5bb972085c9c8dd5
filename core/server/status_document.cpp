#include "core/server/status_document.h"

#include <QJsonArray>
#include <QJsonDocument>

#include <algorithm>

namespace tarn::server {

namespace {

QString textOf(const std::string& text) {
    return QString::fromStdString(text);
}

QJsonValue numberOf(std::uint64_t number) {
    return static_cast<qint64>(number);
}

std::uint64_t number(const QJsonObject& object, const char* name) {
    return static_cast<std::uint64_t>(std::max<qint64>(object.value(QLatin1String(name)).toInteger(), 0));
}

std::string text(const QJsonObject& object, const char* name) {
    return object.value(QLatin1String(name)).toString().toStdString();
}

qint64 secondsOf(WallTime time) {
    return std::chrono::system_clock::to_time_t(time);
}

WallTime time(const QJsonObject& object, const char* name) {
    return std::chrono::system_clock::from_time_t(object.value(QLatin1String(name)).toInteger());
}

QJsonArray clientsOf(const MetricsSnapshot& metrics) {
    QJsonArray clients;
    for (std::size_t i = 0; i < std::min(metrics.clients.size(), mostClientsTold); ++i) {
        const auto& client = metrics.clients[i];
        clients.append(QJsonObject{{QStringLiteral("address"), textOf(client.address)},
                                   {QStringLiteral("connections"), numberOf(client.connections)},
                                   {QStringLiteral("requests"), numberOf(client.requests)},
                                   {QStringLiteral("failed"), numberOf(client.failed)},
                                   {QStringLiteral("bytesReceived"), numberOf(client.bytesReceived)},
                                   {QStringLiteral("bytesSent"), numberOf(client.bytesSent)},
                                   {QStringLiteral("lastSeen"), static_cast<qint64>(client.lastSeen.count())}});
    }
    return clients;
}

}  // namespace

QJsonObject statusDocument(const Status& status) {
    QJsonArray addresses;
    for (const std::string& address : status.addresses) {
        addresses.append(textOf(address));
    }
    QJsonArray answers;
    for (const auto& one : status.metrics.answers) {
        answers.append(QJsonObject{{QStringLiteral("endpoint"), textOf(one.endpoint)},
                                   {QStringLiteral("status"), one.status},
                                   {QStringLiteral("count"), numberOf(one.count)}});
    }
    QJsonObject troubles;
    for (std::size_t kind = 0; kind < troubleKinds; ++kind) {
        troubles.insert(QLatin1String(troubleName(static_cast<Trouble>(kind))),
                        numberOf(status.metrics.troubles[kind]));
    }
    return {{QStringLiteral("version"), textOf(status.version)},
            {QStringLiteral("started"), secondsOf(status.started)},
            {QStringLiteral("uptime"), static_cast<qint64>(status.uptime.count())},
            {QStringLiteral("addresses"), addresses},
            {QStringLiteral("certificateUntil"), secondsOf(status.certificateUntil)},
            {QStringLiteral("metricsPort"), status.metricsPort},
            {QStringLiteral("readOnly"), status.readOnly},
            {QStringLiteral("maximumSize"), status.maximumSize ? numberOf(status.maximumSize->value()) : QJsonValue()},
            {QStringLiteral("shares"), numberOf(status.usage.shares)},
            {QStringLiteral("bytes"), numberOf(status.usage.bytes.value())},
            {QStringLiteral("incomingBytes"), numberOf(status.usage.incomingBytes.value())},
            {QStringLiteral("available"), numberOf(status.usage.available.value())},
            {QStringLiteral("connections"), numberOf(status.metrics.connections)},
            {QStringLiteral("connectionsEver"), numberOf(status.metrics.connectionsEver)},
            {QStringLiteral("bytesReceived"), numberOf(status.metrics.bytesReceived)},
            {QStringLiteral("bytesSent"), numberOf(status.metrics.bytesSent)},
            {QStringLiteral("bodyBytesReceived"), numberOf(status.metrics.bodyBytesReceived)},
            {QStringLiteral("requests"), numberOf(status.metrics.requests())},
            {QStringLiteral("answers"), answers},
            {QStringLiteral("troubles"), troubles},
            {QStringLiteral("clients"), clientsOf(status.metrics)},
            {QStringLiteral("clientsEver"), numberOf(status.metrics.clients.size())}};
}

QJsonObject storeDocument(const bucketstore::StoreReport& report) {
    using bucketstore::IndexState;
    using Mode = bucketstore::ExpiryPolicy::Mode;
    const auto& expiry = report.expiry;
    QJsonArray holders;
    for (std::size_t i = 0; i < std::min(report.clients.size(), mostClientsTold); ++i) {
        const auto& client = report.clients[i];
        holders.append(QJsonObject{{QStringLiteral("address"), textOf(client.address)},
                                   {QStringLiteral("shares"), numberOf(client.shares)},
                                   {QStringLiteral("bytes"), numberOf(client.bytes.value())}});
    }
    return {{QStringLiteral("index"), report.index == IndexState::Agrees    ? QStringLiteral("agrees")
                                      : report.index == IndexState::Mending ? QStringLiteral("mending")
                                                                            : QStringLiteral("unavailable")},
            {QStringLiteral("comparedPercent"), static_cast<qint64>(report.comparedPercent)},
            {QStringLiteral("counted"), report.counted},
            {QStringLiteral("holders"), holders},
            {QStringLiteral("expiry"),
             QJsonObject{{QStringLiteral("mode"), expiry.policy.mode == Mode::Off   ? QStringLiteral("off")
                                                  : expiry.policy.mode == Mode::Age ? QStringLiteral("age")
                                                                                    : QStringLiteral("cutoff-date")},
                         {QStringLiteral("paused"), expiry.paused},
                         {QStringLiteral("dueShares"), numberOf(expiry.due.shares)},
                         {QStringLiteral("dueBytes"), numberOf(expiry.due.bytes.value())},
                         {QStringLiteral("dueClients"), numberOf(expiry.due.clients)},
                         {QStringLiteral("dueClientsAtLeast"), expiry.due.clientsAtLeast},
                         {QStringLiteral("freedShares"), numberOf(expiry.freedShares)},
                         {QStringLiteral("freedBytes"), numberOf(expiry.freedBytes.value())},
                         {QStringLiteral("nextEnd"),
                          expiry.nextEnd ? QJsonValue(static_cast<qint64>(*expiry.nextEnd)) : QJsonValue()}}}};
}

Result<Status> parseStatusDocument(const QByteArray& json) {
    const auto document = QJsonDocument::fromJson(json);
    if (!document.isObject() || !document.object().contains(QLatin1String("version"))) {
        return failure(ErrorCode::ProtocolViolation, "not a server's status");
    }
    const QJsonObject object = document.object();
    Status status;
    status.version = text(object, "version");
    status.started = time(object, "started");
    status.uptime = std::chrono::seconds(number(object, "uptime"));
    for (const QJsonValue address : object.value(QLatin1String("addresses")).toArray()) {
        status.addresses.push_back(address.toString().toStdString());
    }
    status.certificateUntil = time(object, "certificateUntil");
    status.metricsPort = static_cast<std::uint16_t>(number(object, "metricsPort"));
    status.readOnly = object.value(QLatin1String("readOnly")).toBool();
    if (object.value(QLatin1String("maximumSize")).isDouble()) {
        status.maximumSize = ByteCount(number(object, "maximumSize"));
    }
    status.usage.shares = number(object, "shares");
    status.usage.bytes = ByteCount(number(object, "bytes"));
    status.usage.incomingBytes = ByteCount(number(object, "incomingBytes"));
    status.usage.available = ByteCount(number(object, "available"));
    status.metrics.connections = number(object, "connections");
    status.metrics.connectionsEver = number(object, "connectionsEver");
    status.metrics.bytesReceived = number(object, "bytesReceived");
    status.metrics.bytesSent = number(object, "bytesSent");
    status.metrics.bodyBytesReceived = number(object, "bodyBytesReceived");
    for (const QJsonValue one : object.value(QLatin1String("answers")).toArray()) {
        const QJsonObject answer = one.toObject();
        status.metrics.answers.push_back(
            {text(answer, "endpoint"), static_cast<std::uint16_t>(number(answer, "status")), number(answer, "count")});
    }
    const QJsonObject troubles = object.value(QLatin1String("troubles")).toObject();
    for (std::size_t kind = 0; kind < troubleKinds; ++kind) {
        status.metrics.troubles[kind] = number(troubles, troubleName(static_cast<Trouble>(kind)));
    }
    for (const QJsonValue one : object.value(QLatin1String("clients")).toArray()) {
        const QJsonObject client = one.toObject();
        status.metrics.clients.push_back({text(client, "address"), number(client, "connections"),
                                          number(client, "requests"), number(client, "failed"),
                                          number(client, "bytesReceived"), number(client, "bytesSent"),
                                          std::chrono::seconds(number(client, "lastSeen"))});
    }
    return status;
}

}  // namespace tarn::server
