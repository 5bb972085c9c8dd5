#include "app/cli/arguments.h"
#include "app/cli/expiry_options.h"
#include "app/cli/import_node.h"
#include "app/cli/output.h"
#include "app/cli/server_folder.h"
#include "app/cli/stop_signals.h"
#include "app/cli/systemd_service.h"
#include "app/cli/verbs.h"
#include "core/foundation/log.h"
#include "core/server/metrics_port.h"
#include "core/server/server.h"

#include <QCoreApplication>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <vector>

#include <unistd.h>

namespace tarn::cli {

namespace {

std::optional<std::vector<server::HostPort>> readAddresses(const QStringList& texts) {
    std::vector<server::HostPort> addresses;
    for (const QString& text : texts) {
        const auto address = parseHostAndPort(text);
        if (!address) {
            return std::nullopt;
        }
        addresses.push_back({address->host.toStdString(), address->port});
    }
    return addresses;
}

/// A port of this computer's own, or an address of its own and a port.
std::optional<server::HostPort> readMetrics(const QString& text) {
    const auto address = parseHostAndPort(text.contains(QLatin1Char(':')) ? text : QStringLiteral("127.0.0.1:") + text);
    if (!address || !server::isLoopback(address->host.toStdString())) {
        return std::nullopt;
    }
    return server::HostPort{address->host.toStdString(), address->port};
}

/// Puts the options in place; says what is wrong with them where something is.
std::optional<QString> readOptions(const VerbParser& parser, server::Options& options) {
    const auto listen = readAddresses(parser.values(QStringLiteral("listen")));
    if (!listen) {
        return QStringLiteral("--listen is ADDR:PORT, as in 127.0.0.1:4711 or [::1]:0");
    }
    if (!listen->empty()) {
        options.listen = *listen;
    }
    const auto advertise = readAddresses(parser.values(QStringLiteral("advertise")));
    if (!advertise) {
        return QStringLiteral("--advertise is HOST:PORT, as others reach this computer");
    }
    options.advertise = *advertise;
    if (parser.has(QStringLiteral("max-size"))) {
        const auto size = parseSize(parser.value(QStringLiteral("max-size")));
        if (!size) {
            return QStringLiteral("--max-size is a number of bytes, perhaps with K, M, G or T");
        }
        options.store.maximumSize = ByteCount(*size);
    }
    if (parser.has(QStringLiteral("reserve"))) {
        const auto size = parseSize(parser.value(QStringLiteral("reserve")));
        if (!size) {
            return QStringLiteral("--reserve is a number of bytes, perhaps with K, M, G or T");
        }
        options.store.reservedSpace = ByteCount(*size);
    }
    if (parser.has(QStringLiteral("metrics"))) {
        options.metrics = readMetrics(parser.value(QStringLiteral("metrics")));
        if (!options.metrics) {
            return QStringLiteral("--metrics is PORT or ADDR:PORT, and ADDR one that only this computer reaches");
        }
    }
    options.renewCertificate = parser.has(QStringLiteral("renew-certificate"));
    options.store.readOnly = parser.has(QStringLiteral("read-only"));
    return readExpiryOptions(parser, SystemClock().wallNow(), options.store.expiry);
}

/// An address that means all of a computer's own is none to anybody else.
void warnOfWildcards(const server::Server& server) {
    for (const std::string& address : server.status().addresses) {
        if (address.starts_with("0.0.0.0:") || address.starts_with("[::]:")) {
            printNote(QStringLiteral("Warning: nobody can reach a server at %1; say how others reach it by "
                                     "--advertise HOST:PORT.")
                          .arg(QString::fromStdString(address)));
            return;
        }
    }
}

void announce(const Globals& globals, const server::Server& server, const std::filesystem::path& folder) {
    if (!globals.json) {
        printResult(server.nurl());
        return;
    }
    printResult(
        QJsonObject{{QStringLiteral("nurl"), QString::fromStdString(server.nurl())},
                    {QStringLiteral("port"), server.port()},
                    {QStringLiteral("folder"), QString::fromStdString(folder.string())},
                    {QStringLiteral("announcement"), QString::fromStdString(server.announcementFile().string())}});
}

}  // namespace

Exit runServe(Globals globals, const QStringList& arguments) {
    if (!arguments.isEmpty() && arguments.first() == QLatin1String("status")) {
        return runServeStatus(std::move(globals), arguments.mid(1));
    }
    if (!arguments.isEmpty() && arguments.first() == QLatin1String("expiry")) {
        return runServeExpiry(std::move(globals), arguments.mid(1));
    }
    VerbParser parser(QStringLiteral("serve"),
                      QStringLiteral("Runs a storage server. Prints its NURL, which lets whoever has it store here. "
                                     "\"tarn serve status\" says how the one that runs is, "
                                     "\"tarn serve expiry pause\" keeps it from removing what has expired."));
    parser.addValue(QStringLiteral("dir"), QStringLiteral("Where to keep the shares."), QStringLiteral("DIR"));
    parser.addValue(QStringLiteral("listen"),
                    QStringLiteral("127.0.0.1 and a free port where not given. May be given several times."),
                    QStringLiteral("ADDR:PORT"));
    parser.addValue(QStringLiteral("advertise"), QStringLiteral("How others reach it. May be given several times."),
                    QStringLiteral("HOST:PORT"));
    parser.addValue(QStringLiteral("max-size"), QStringLiteral("The most that all shares may take."),
                    QStringLiteral("BYTES"));
    parser.addValue(QStringLiteral("reserve"), QStringLiteral("Space on the disk that is left for others."),
                    QStringLiteral("BYTES"));
    parser.addFlag(QStringLiteral("read-only"), QStringLiteral("Takes no new shares."));
    parser.addValue(QStringLiteral("metrics"),
                    QStringLiteral("Figures for Prometheus, on this computer alone: http://127.0.0.1:PORT/metrics."),
                    QStringLiteral("PORT"));
    parser.addValue(QStringLiteral("log-level"),
                    QStringLiteral("What is written to stderr: error, warning, info (as usual) or debug."),
                    QStringLiteral("LEVEL"));
    parser.addFlag(QStringLiteral("renew-certificate"),
                   QStringLiteral("Shows a new certificate, for the same key: clients see no change."));
    addExpiryOptions(parser);
    parser.addValue(QStringLiteral("import"),
                    QStringLiteral("First takes over the identity, shares and leases of a stopped Tahoe-LAFS node: its "
                                   "folder, or its storage folder, which has no identity. Neither is changed."),
                    QStringLiteral("NODE"));
    parser.addFlag(QStringLiteral("keep-identity"),
                   QStringLiteral("With --import: takes the shares and leases alone."));
    parser.addFlag(QStringLiteral("replace-identity"),
                   QStringLiteral("With --import: the node's identity takes the place of this server's own."));
    if (const auto exit = parser.parse(arguments, globals)) {
        return *exit;
    }
    if (!parser.positional().isEmpty()) {
        return wrongUsage(QStringLiteral("serve takes no \"%1\"").arg(parser.positional().first()));
    }
    if (parser.has(QStringLiteral("dir")) && parser.value(QStringLiteral("dir")).isEmpty()) {
        return wrongUsage(QStringLiteral("--dir wants a folder"));
    }
    const auto level = parser.has(QStringLiteral("log-level"))
                           ? logLevelOf(parser.value(QStringLiteral("log-level")).toStdString())
                           : LogLevel::Info;
    if (!level) {
        return wrongUsage(QStringLiteral("--log-level is error, warning, info or debug"));
    }
    server::Options options;
    if (const auto wrong = readOptions(parser, options)) {
        return wrongUsage(*wrong);
    }
    const bool keeps = parser.has(QStringLiteral("keep-identity"));
    const bool replaces = parser.has(QStringLiteral("replace-identity"));
    if ((keeps || replaces) && (keeps == replaces || !parser.has(QStringLiteral("import")))) {
        return wrongUsage(QStringLiteral("--keep-identity or --replace-identity go with --import, one of them"));
    }
    const auto folder = serverFolder(globals, parser);
    if (!folder) {
        return fail(globals, folder.error());
    }
    options.store.folder = *folder;
    if (parser.has(QStringLiteral("import"))) {
        const auto imported = importNode(globals, pathOf(parser.value(QStringLiteral("import"))), options.store,
                                         keeps      ? ImportIdentity::LeftOut
                                         : replaces ? ImportIdentity::Replaces
                                                    : ImportIdentity::Taken);
        if (!imported) {
            return fail(globals, imported.error());
        }
        if (!*imported) {
            return Exit::Failed;
        }
    }
    auto sockets = socketsFromServiceManager();
    if (!sockets) {
        return fail(globals, sockets.error());
    }
    options.sockets = std::move(*sockets);
    const char* const journal = std::getenv("JOURNAL_STREAM");
    const auto log = makeDescriptorLog(STDERR_FILENO, *level, logStyleOf(STDERR_FILENO, journal));
    options.log = log;
    const bool advertises = !options.advertise.empty();

    const StopSignals signals([] {
        notifyServiceManager("STOPPING=1");
        QCoreApplication::quit();
    });
    auto server =
        server::Server::start(std::move(options), std::make_shared<SystemClock>(), std::make_shared<SystemRandom>());
    if (!server) {
        return fail(globals, server.error());
    }
    if (!advertises) {
        warnOfWildcards(**server);
    }
    // The NURL is a secret, and a journal is read by others than the server's owner.
    if (logStyleOf(STDOUT_FILENO, journal) == LogStyle::Plain) {
        announce(globals, **server, *folder);
    }
    if (!flushResults()) {
        return Exit::Failed;
    }
    log->write(LogLevel::Info, "keeping shares in " + folder->string() + "; its announcement is " +
                                   (*server)->announcementFile().string());
    notifyServiceManager("READY=1\nSTATUS=Serving " + folder->string());
    QCoreApplication::exec();
    return Exit::Done;
}

}  // namespace tarn::cli
