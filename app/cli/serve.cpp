#include "app/cli/arguments.h"
#include "app/cli/output.h"
#include "app/cli/stop_signals.h"
#include "app/cli/verbs.h"
#include "core/engine/profile.h"
#include "core/server/server.h"

#include <QCoreApplication>

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

namespace tarn::cli {

namespace {

/// The folder that was named, else the one of the profile, else the one that a profile here would have.
Result<std::filesystem::path> folderFor(const Globals& globals, const VerbParser& parser) {
    if (parser.has(QStringLiteral("dir"))) {
        return std::filesystem::absolute(pathOf(parser.value(QStringLiteral("dir"))));
    }
    const auto profile = engine::loadProfile(globals.profile);
    if (profile) {
        return profile->settings.serverFolder;
    }
    if (profile.error().code == ErrorCode::ProfileMissing) {
        return engine::defaultServerFolder(globals.profile);
    }
    return failure(profile.error());
}

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
    options.store.readOnly = parser.has(QStringLiteral("read-only"));
    return std::nullopt;
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
    VerbParser parser(QStringLiteral("serve"),
                      QStringLiteral("Runs a storage server. Prints its NURL, which lets whoever has it store here."));
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
    if (const auto exit = parser.parse(arguments, globals)) {
        return *exit;
    }
    if (!parser.positional().isEmpty()) {
        return wrongUsage(QStringLiteral("serve takes no \"%1\"").arg(parser.positional().first()));
    }
    if (parser.has(QStringLiteral("dir")) && parser.value(QStringLiteral("dir")).isEmpty()) {
        return wrongUsage(QStringLiteral("--dir wants a folder"));
    }
    server::Options options;
    if (const auto wrong = readOptions(parser, options)) {
        return wrongUsage(*wrong);
    }
    const auto folder = folderFor(globals, parser);
    if (!folder) {
        return fail(globals, folder.error());
    }
    options.store.folder = *folder;
    const auto everywhere = std::ranges::find_if(options.listen, [](const server::HostPort& address) {
        return address.host == "0.0.0.0" || address.host == "::";
    });
    if (everywhere != options.listen.end() && options.advertise.empty()) {
        printNote(QStringLiteral(
                      "Warning: nobody can reach a server at %1; say how others reach it by --advertise HOST:PORT.")
                      .arg(QString::fromStdString(everywhere->host)));
    }

    const StopSignals signals([] { QCoreApplication::quit(); });
    auto server =
        server::Server::start(std::move(options), std::make_shared<SystemClock>(), std::make_shared<SystemRandom>());
    if (!server) {
        return fail(globals, server.error());
    }
    announce(globals, **server, *folder);
    if (!flushResults()) {
        return Exit::Failed;
    }
    printNote(QStringLiteral("Keeping shares in %1. Ctrl-C stops.").arg(QString::fromStdString(folder->string())));
    QCoreApplication::exec();
    return Exit::Done;
}

}  // namespace tarn::cli
