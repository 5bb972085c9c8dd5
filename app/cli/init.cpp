#include "app/cli/arguments.h"
#include "app/cli/output.h"
#include "app/cli/stdin_spool.h"
#include "app/cli/verbs.h"
#include "core/engine/grid_source.h"
#include "core/engine/private_file.h"
#include "core/engine/profile.h"

#include <utility>

namespace tarn::cli {

namespace {

Exit describe(const Globals& globals, const engine::NewProfile& profile) {
    const auto& encoding = profile.settings.encoding;
    const auto folder = QString::fromStdString(globals.profile.string());
    const int servers = profile.settings.home ? 1 : static_cast<int>(profile.servers.size());
    if (globals.json) {
        printResult(
            QJsonObject{{QStringLiteral("profile"), folder},
                        {QStringLiteral("home"), profile.settings.home},
                        {QStringLiteral("servers"), servers},
                        {QStringLiteral("required"), static_cast<int>(encoding.required)},
                        {QStringLiteral("happy"), static_cast<int>(encoding.happy)},
                        {QStringLiteral("total"), static_cast<int>(encoding.total)},
                        {QStringLiteral("segmentSize"), static_cast<qint64>(encoding.maximumSegmentSize.value())}});
        return Exit::Done;
    }
    printResult(folder.toStdString());
    if (profile.settings.home) {
        printNote(QStringLiteral(
                      "Files are kept on this computer, in %1. There is one copy: if this disk dies, they are lost.")
                      .arg(QString::fromStdString(profile.settings.serverFolder.string())));
        return Exit::Done;
    }
    printNote(QStringLiteral("Any %1 of %2 pieces rebuild a file; %3 server(s) must hold pieces of their own.")
                  .arg(encoding.required)
                  .arg(encoding.total)
                  .arg(encoding.happy));
    return Exit::Done;
}

/// Says what a person should know of the grid before the first file is on it.
void warn(const engine::GridSource& grid, const formats::EncodingParameters& encoding) {
    for (const auto& reason : grid.leftOut) {
        printNote(QStringLiteral("left out: ") + printable(reason));
    }
    const auto servers = grid.servers.size();
    if (servers < encoding.happy) {
        printNote(
            QStringLiteral("Warning: the grid has %1 server(s), but %2 must take a part of each file: uploads will "
                           "fail until more servers are there, or --happy is smaller.")
                .arg(servers)
                .arg(encoding.happy));
    } else if (servers == 1 || encoding.happy == 1) {
        printNote(
            QStringLiteral("Warning: all pieces of a file may end up on one server. If it dies, the file is lost."));
    }
    if (grid.convergence) {
        printNote(
            QStringLiteral("The node's convergence secret was taken over: the same files give the same capabilities."));
    }
}

Result<engine::GridSource> readOne(const QString& place) {
    if (place == QLatin1String("-")) {
        const auto spool = StdinSpool::read();
        if (!spool) {
            return failure(spool.error());
        }
        const auto text = engine::readWholeFile(spool->file(), formats::mostGridFile);
        return text ? engine::parseGrid(*text) : failure(text.error());
    }
    if (place.startsWith(QLatin1String("pb://"))) {
        return engine::parseGrid(place.toStdString());
    }
    return engine::readGrid(pathOf(place));
}

Exit joinGrids(const Globals& globals, const VerbParser& parser) {
    engine::GridSource grid;
    for (const auto& place : parser.values(QStringLiteral("grid"))) {
        auto more = readOne(place);
        auto joined = more ? engine::joinGrid(grid, std::move(*more)) : Result<void>(failure(more.error()));
        if (!joined) {
            return fail(globals, joined.error());
        }
    }
    formats::EncodingParameters encoding;
    encoding.required = grid.required.value_or(encoding.required);
    encoding.happy = grid.happy.value_or(encoding.happy);
    encoding.total = grid.total.value_or(encoding.total);
    const auto chosen = parser.encoding(encoding);
    if (!chosen) {
        return wrongUsage(QString::fromStdString(chosen.error().detail));
    }
    if (grid.servers.empty()) {
        warn(grid, *chosen);
        return fail(globals, {ErrorCode::InvalidGrid, "it names no server that can be used", false});
    }
    engine::NewProfile profile;
    profile.settings.encoding = *chosen;
    profile.settings.serverFolder = engine::defaultServerFolder(globals.profile);
    profile.servers = grid.servers;
    profile.convergence = grid.convergence;
    SystemRandom random;
    if (const auto created = engine::createProfile(globals.profile, profile, random); !created) {
        return fail(globals, created.error());
    }
    warn(grid, *chosen);
    return describe(globals, profile);
}

Exit startAtHome(const Globals& globals, const VerbParser& parser) {
    engine::NewProfile profile;
    profile.settings = engine::homeSettings(globals.profile);
    if (parser.has(QStringLiteral("dir"))) {
        profile.settings.serverFolder = std::filesystem::absolute(pathOf(parser.value(QStringLiteral("dir"))));
    }
    SystemRandom random;
    if (const auto created = engine::createProfile(globals.profile, profile, random); !created) {
        return fail(globals, created.error());
    }
    return describe(globals, profile);
}

}  // namespace

Exit runInit(Globals globals, const QStringList& arguments) {
    VerbParser parser(QStringLiteral("init"), QStringLiteral("Makes a profile: a place on a grid."));
    parser.addFlag(QStringLiteral("home"), QStringLiteral("Store on this computer alone."));
    parser.addValue(QStringLiteral("dir"), QStringLiteral("With --home: where to keep the shares."),
                    QStringLiteral("DIR"));
    parser.addValue(QStringLiteral("grid"),
                    QStringLiteral("A servers.yaml or a Tahoe-LAFS node folder; - is stdin. Several are joined."),
                    QStringLiteral("FILE"));
    parser.addEncoding();
    if (const auto exit = parser.parse(arguments, globals)) {
        return *exit;
    }
    const bool home = parser.has(QStringLiteral("home"));
    const bool grid = parser.has(QStringLiteral("grid"));
    if (!parser.positional().isEmpty()) {
        return wrongUsage(QStringLiteral("init takes no \"%1\"").arg(parser.positional().first()));
    }
    if (home == grid) {
        return wrongUsage(QStringLiteral("init wants either --home or --grid FILE"));
    }
    if (home && parser.hasEncoding()) {
        return wrongUsage(QStringLiteral("--home keeps one whole copy: there is nothing to spread"));
    }
    if (parser.has(QStringLiteral("dir")) && (!home || parser.value(QStringLiteral("dir")).isEmpty())) {
        return wrongUsage(QStringLiteral("--dir DIR goes with --home"));
    }
    if (parser.values(QStringLiteral("grid")).count(QStringLiteral("-")) > 1) {
        return wrongUsage(QStringLiteral("- can be given only once: there is one stdin"));
    }
    return home ? startAtHome(globals, parser) : joinGrids(globals, parser);
}

}  // namespace tarn::cli
