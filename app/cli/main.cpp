#include "app/cli/arguments.h"
#include "app/cli/output.h"
#include "app/cli/verbs.h"
#include "core/engine/profile.h"
#include "core/foundation/allocator.h"

#include <QCoreApplication>
#include <QStringList>

#include <array>
#include <csignal>
#include <optional>

namespace tarn::cli {

namespace {

struct Verb {
    const char* name;
    const char* summary;
    Exit (*run)(Globals globals, const QStringList& arguments);
};

constexpr std::array verbs{
    Verb{"init", "makes a profile: on this computer (--home) or on a grid (--grid FILE)", runInit},
    Verb{"put", "stores files; prints one capability a line", runPut},
    Verb{"get", "fetches a file by its capability", runGet},
    Verb{"cap", "says what a capability is", runCap},
    Verb{"queue", "lists, changes and runs the transfer queue", runQueue},
    Verb{"serve", "runs a storage server", runServe},
    Verb{"servers", "asks every server of the grid how it is", runServers},
};

void printHelp() {
    printResult("Usage: tarn [--profile DIR] [--json] VERB …\n");
    for (const auto& verb : verbs) {
        printResult(
            QStringLiteral("  %1 %2").arg(QLatin1String(verb.name), -8).arg(QLatin1String(verb.summary)).toStdString());
    }
    printResult(
        "\n  --profile DIR  the profile's folder, where it is not the usual one\n"
        "  --json         results as JSON, one object a line\n"
        "  --version      the version\n"
        "\n\"tarn VERB --help\" says more. A CAP is a secret: give it as - (stdin) or @FILE to keep it out of the\n"
        "list of processes. Exit codes: 0 done, 1 failed, 2 asked for wrongly.");
}

/// Reads what stands before the verb; leaves the verb and its arguments. An exit code where nothing is left to do.
std::optional<Exit> readGlobals(QStringList& arguments, Globals& globals) {
    const auto prefix = QStringLiteral("--profile=");
    while (!arguments.isEmpty() && arguments.first().startsWith(QLatin1Char('-'))) {
        const auto option = arguments.takeFirst();
        if (option == QLatin1String("--json")) {
            globals.json = true;
        } else if (option == QLatin1String("--help") || option == QLatin1String("-h")) {
            printHelp();
            return Exit::Done;
        } else if (option == QLatin1String("--version") || option == QLatin1String("-v")) {
            printResult(QStringLiteral("tarn %1").arg(QCoreApplication::applicationVersion()).toStdString());
            return Exit::Done;
        } else if (option == QLatin1String("--profile") || option.startsWith(prefix)) {
            const bool inside = option.startsWith(prefix);
            if (!inside && arguments.isEmpty()) {
                return wrongUsage(QStringLiteral("--profile wants a folder"));
            }
            const auto folder = inside ? option.mid(prefix.size()) : arguments.takeFirst();
            if (folder.isEmpty()) {
                return wrongUsage(QStringLiteral("--profile wants a folder"));
            }
            globals.profile = std::filesystem::absolute(pathOf(folder));
        } else {
            return wrongUsage(QStringLiteral("there is no option \"%1\"").arg(option));
        }
    }
    return std::nullopt;
}

Exit run(QStringList arguments) {
    Globals globals;
    globals.profile = engine::defaultProfileFolder();
    if (const auto exit = readGlobals(arguments, globals)) {
        return *exit;
    }
    if (arguments.isEmpty()) {
        return wrongUsage(QStringLiteral("what shall be done? (init, put, get, cap, queue, serve, servers)"));
    }
    const auto name = arguments.takeFirst();
    for (const auto& verb : verbs) {
        if (name == QLatin1String(verb.name)) {
            return verb.run(std::move(globals), arguments);
        }
    }
    return wrongUsage(QStringLiteral("there is no verb \"%1\"").arg(name));
}

}  // namespace

}  // namespace tarn::cli

int main(int argc, char** argv) {
    tarn::prepareAllocator();
    // A reader of our stdout, or a server, that goes away is an ordinary failure.
    std::signal(SIGPIPE, SIG_IGN);
    // Qt's own event loop costs a tenth less of a small request than GLib's, and with a thousand connections a third.
    qputenv("QT_NO_GLIB", "1");
    QCoreApplication application(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("tarn"));
    QCoreApplication::setApplicationVersion(QStringLiteral(TARN_VERSION));
    auto exit = tarn::cli::run(QCoreApplication::arguments().mid(1));
    if (!tarn::cli::flushResults()) {
        tarn::cli::printNote(QStringLiteral("tarn: the results could not be written to standard output."));
        exit = tarn::cli::Exit::Failed;
    }
    return static_cast<int>(exit);
}
