#include "app/cli/arguments.h"
#include "app/cli/event_loop.h"
#include "app/cli/open_session.h"
#include "app/cli/output.h"
#include "app/cli/progress_bar.h"
#include "app/cli/stop_signals.h"
#include "app/cli/verbs.h"

#include <chrono>
#include <memory>
#include <stop_token>
#include <vector>

namespace tarn::cli {

namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;

struct Answer {
    Result<storage::ServerVersion> version = failure(ErrorCode::Internal);
    Milliseconds roundTrip{0};
};

/// Asks twice: the first answer comes after the connection and its keys were set up, the second shows the line alone.
async::Task<Answer> ask(std::shared_ptr<storage::StorageServer> server, std::shared_ptr<Clock> clock,
                        std::stop_token stop) {
    Answer answer;
    answer.version = co_await server->version(stop);
    if (answer.version) {
        const auto begin = clock->steadyNow();
        const auto again = co_await server->version(stop);
        answer.roundTrip = clock->steadyNow() - begin;
        if (!again) {
            answer.version = failure(again.error());
        }
    }
    co_return answer;
}

async::Task<std::vector<Answer>> askAll(storage::ServerList servers, std::shared_ptr<Clock> clock,
                                        std::stop_token stop) {
    std::vector<async::Task<Answer>> tasks;
    tasks.reserve(servers.size());
    for (const auto& server : servers) {
        tasks.push_back(ask(server, clock, stop));
    }
    auto results = co_await async::all(std::move(tasks));
    std::vector<Answer> answers;
    answers.reserve(results.size());
    for (auto& result : results) {
        answers.push_back(std::move(*result));
    }
    co_return answers;
}

void printRow(const QString& name, const QString& state, const QString& roundTrip, const QString& space,
              const QString& rest) {
    printResult(QStringLiteral("%1  %2  %3  %4  %5")
                    .arg(name.left(24), -24)
                    .arg(state, -16)
                    .arg(roundTrip, 8)
                    .arg(space, 10)
                    .arg(rest)
                    .trimmed()
                    .toStdString());
}

void printServer(const Globals& globals, const formats::ServerAnnouncement& announcement, const Answer& answer) {
    const auto address =
        announcement.nurls.empty() ? QString() : QString::fromStdString(announcement.nurls.front().address());
    const auto& version = answer.version;
    if (globals.json) {
        QJsonObject object{{QStringLiteral("id"), QString::fromStdString(announcement.id.text())},
                           {QStringLiteral("nickname"), QString::fromStdString(announcement.nickname)},
                           {QStringLiteral("address"), address},
                           {QStringLiteral("reachable"), version.has_value()}};
        if (version) {
            object.insert(QStringLiteral("roundTripMs"), answer.roundTrip.count());
            object.insert(QStringLiteral("version"), QString::fromStdString(version->application));
            object.insert(QStringLiteral("availableSpace"), static_cast<qint64>(version->availableSpace.value()));
        } else {
            object.insert(QStringLiteral("error"), nameOf(version.error().code));
            object.insert(QStringLiteral("detail"), printable(version.error().detail));
        }
        printResult(object);
        return;
    }
    const auto name = printable(announcement.nickname.empty() ? announcement.id.text() : announcement.nickname);
    if (version) {
        printRow(name, QStringLiteral("reachable"),
                 QString::number(answer.roundTrip.count(), 'f', 1) + QStringLiteral(" ms"),
                 sizeText(version->availableSpace.value()),
                 address + QStringLiteral("  ") + printable(version->application));
    } else {
        printRow(name, nameOf(version.error().code), QStringLiteral("-"), QStringLiteral("-"),
                 address + QStringLiteral("  ") + printable(version.error().detail));
    }
}

}  // namespace

Exit runServers(Globals globals, const QStringList& arguments) {
    VerbParser parser(QStringLiteral("servers"), QStringLiteral("Asks every server of the grid how it is."));
    if (const auto exit = parser.parse(arguments, globals)) {
        return *exit;
    }
    if (!parser.positional().isEmpty()) {
        return wrongUsage(QStringLiteral("servers takes no \"%1\"").arg(parser.positional().first()));
    }
    std::stop_source stop;
    const StopSignals signals([&stop] { stop.request_stop(); });
    auto open = openSession(globals.profile);
    if (!open) {
        return fail(globals, open.error());
    }
    const auto& session = *open->session;
    const auto answers = runToEnd(askAll(session.servers, session.uploads->clock, stop.get_token()));
    if (!answers) {
        return fail(globals, answers.error());
    }
    if (!globals.json) {
        printRow(QStringLiteral("SERVER"), QStringLiteral("STATE"), QStringLiteral("ROUND TRIP"),
                 QStringLiteral("SPACE"), QStringLiteral("ADDRESS"));
    }
    for (std::size_t i = 0; i < answers->size(); ++i) {
        printServer(globals, open->servers[i], (*answers)[i]);
    }
    return stop.stop_requested() ? Exit::Failed : Exit::Done;
}

}  // namespace tarn::cli
