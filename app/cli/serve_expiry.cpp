#include "app/cli/arguments.h"
#include "app/cli/output.h"
#include "app/cli/server_folder.h"
#include "app/cli/verbs.h"
#include "core/server/order_channel.h"

#include <chrono>

namespace tarn::cli {

namespace {

/// A removal under way is waited for.
constexpr std::chrono::milliseconds orderPatience{60'000};

}  // namespace

Exit runServeExpiry(Globals globals, const QStringList& arguments) {
    VerbParser parser(QStringLiteral("serve expiry"),
                      QStringLiteral("pause: the server of a folder removes no expired shares, over restarts too, "
                                     "until it is told to resume."));
    parser.addValue(QStringLiteral("dir"), QStringLiteral("Where it keeps the shares."), QStringLiteral("DIR"));
    if (const auto exit = parser.parse(arguments, globals)) {
        return *exit;
    }
    const QStringList words = parser.positional();
    const bool pause = words == QStringList{QStringLiteral("pause")};
    if (!pause && words != QStringList{QStringLiteral("resume")}) {
        return wrongUsage(QStringLiteral("serve expiry wants pause or resume"));
    }
    const auto folder = serverFolder(globals, parser);
    if (!folder) {
        return fail(globals, folder.error());
    }
    auto done = server::giveOrder(*folder, pause ? server::pauseExpiryOrder : server::resumeExpiryOrder, orderPatience);
    if (!done) {
        // Nothing was looked for but a server.
        if (done.error().code == ErrorCode::NotFound) {
            done.error().code = ErrorCode::Unreachable;
        }
        return fail(globals, done.error());
    }
    if (globals.json) {
        printResult(QJsonObject{{QStringLiteral("paused"), pause}});
    } else {
        printNote(pause
                      ? QStringLiteral("Nothing that expired is removed any more, until \"tarn serve expiry resume\".")
                      : QStringLiteral("What has expired is removed again, if the server was started with --expire."));
    }
    return Exit::Done;
}

}  // namespace tarn::cli
