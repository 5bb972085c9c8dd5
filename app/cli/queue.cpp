#include "app/cli/arguments.h"
#include "app/cli/output.h"
#include "app/cli/queue_runner.h"
#include "app/cli/queue_table.h"
#include "app/cli/verbs.h"
#include "core/engine/folder_walk.h"
#include "core/engine/profile.h"
#include "core/engine/queue_settings.h"
#include "core/foundation/clock.h"
#include "core/journal/journal.h"

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace tarn::cli {

namespace {

constexpr std::size_t rowsAPage = 1000;

Result<std::unique_ptr<journal::Journal>> openJournal(const Globals& globals) {
    const auto profile = engine::loadProfile(globals.profile);
    if (!profile) {
        return failure(profile.error());
    }
    return journal::Journal::open(profile->journalFile());
}

/// The transfers that the arguments name: their numbers, or all of them.
struct Named {
    bool all = false;
    std::vector<journal::RowId> ids;
};

std::optional<Named> readNames(const QStringList& words) {
    Named named;
    for (const auto& word : words) {
        const auto number = parseNumber(word);
        if (word == QLatin1String("all")) {
            named.all = true;
        } else if (number && *number > 0 && *number <= static_cast<std::uint64_t>(INT64_MAX)) {
            named.ids.push_back(static_cast<journal::RowId>(*number));
        } else {
            return std::nullopt;
        }
    }
    return named;
}

/// Calls `work` with the numbers, a page at a time where it is all of them. The sum of what it gives.
Result<std::size_t> onEach(journal::Journal& journal, const Named& named,
                           const std::function<Result<std::size_t>(const std::vector<journal::RowId>&)>& work) {
    if (!named.all) {
        return work(named.ids);
    }
    std::size_t sum = 0;
    journal::Place after = journal::Journal::firstPlace;
    for (;;) {
        const auto page = journal.list(after, rowsAPage);
        if (!page) {
            return failure(page.error());
        }
        if (page->empty()) {
            return sum;
        }
        std::vector<journal::RowId> ids;
        for (const auto& listed : *page) {
            ids.push_back(listed.id);
        }
        after = page->back().place;
        auto done = work(ids);
        if (!done) {
            return done;
        }
        sum += *done;
    }
}

void printChanged(const Globals& globals, std::size_t changed) {
    if (globals.json) {
        printResult(QJsonObject{{QStringLiteral("changed"), static_cast<qint64>(changed)}});
    } else {
        printNote(QStringLiteral("%1 changed").arg(changed));
    }
}

Exit list(const Globals& globals, journal::Journal& journal, const QStringList& words, bool capabilities) {
    std::optional<journal::State> only;
    for (const auto& word : words) {
        only = stateNamed(word);
        if (!only) {
            return wrongUsage(QStringLiteral("queue list: there is no state \"%1\"").arg(word));
        }
    }
    if (!globals.json) {
        printQueueHead();
    }
    journal::Place after = journal::Journal::firstPlace;
    for (;;) {
        const auto rows = journal.page(after, rowsAPage);
        if (!rows) {
            return fail(globals, rows.error());
        }
        if (rows->empty()) {
            break;
        }
        for (const auto& row : *rows) {
            if (!only || row.state == *only) {
                printQueueRow(globals, row, capabilities);
            }
        }
        after = rows->back().place;
    }
    const auto totals = journal.totals();
    const auto settings = engine::readQueueSettings(journal);
    if (!totals || !settings) {
        return fail(globals, totals ? settings.error() : totals.error());
    }
    if (!globals.json) {
        printNote(totalsText(*totals, *settings));
    }
    return Exit::Done;
}

Exit hold(const Globals& globals, journal::Journal& journal, bool held) {
    auto settings = engine::readQueueSettings(journal);
    if (!settings) {
        return fail(globals, settings.error());
    }
    settings->held = held;
    if (auto written = engine::writeQueueSettings(journal, *settings); !written) {
        return fail(globals, written.error());
    }
    printNote(held ? QStringLiteral("The queue is held: nothing runs until \"tarn queue resume\".")
                   : QStringLiteral("The queue goes on when a program runs it."));
    return Exit::Done;
}

Exit change(const Globals& globals, journal::Journal& journal, journal::Change what, const QStringList& words) {
    const auto named = readNames(words);
    if (!named || (!named->all && named->ids.empty())) {
        return wrongUsage(QStringLiteral("queue: name transfers by their numbers, or say \"all\""));
    }
    const auto now = SystemClock().wallNow();
    const auto done = onEach(journal, *named, [&](const auto& ids) -> Result<std::size_t> {
        const auto changed = journal.apply(ids, what, now);
        return changed ? Result<std::size_t>(changed->size()) : failure(changed.error());
    });
    if (!done) {
        return fail(globals, done.error());
    }
    printChanged(globals, *done);
    return Exit::Done;
}

Exit move(const Globals& globals, journal::Journal& journal, const QStringList& words) {
    static const std::map<QString, journal::Step> steps{{QStringLiteral("top"), journal::Step::Top},
                                                        {QStringLiteral("up"), journal::Step::Up},
                                                        {QStringLiteral("down"), journal::Step::Down},
                                                        {QStringLiteral("bottom"), journal::Step::Bottom}};
    const auto step = words.isEmpty() ? steps.end() : steps.find(words.first());
    const auto named = readNames(words.mid(1));
    if (step == steps.end() || !named || named->ids.empty() || named->all) {
        return wrongUsage(QStringLiteral("queue move: top|up|down|bottom NUMBER…"));
    }
    const auto moves = journal.move(named->ids, step->second);
    if (!moves) {
        return fail(globals, moves.error());
    }
    printChanged(globals, moves->size());
    return Exit::Done;
}

Exit prioritise(const Globals& globals, journal::Journal& journal, const QStringList& words) {
    static const std::map<QString, journal::Priority> priorities{{QStringLiteral("low"), journal::Priority::Low},
                                                                 {QStringLiteral("normal"), journal::Priority::Normal},
                                                                 {QStringLiteral("high"), journal::Priority::High}};
    const auto priority = words.isEmpty() ? priorities.end() : priorities.find(words.first());
    const auto named = readNames(words.mid(1));
    if (priority == priorities.end() || !named || (named->ids.empty() && !named->all)) {
        return wrongUsage(QStringLiteral("queue priority: low|normal|high NUMBER…|all"));
    }
    const auto done = onEach(journal, *named, [&](const auto& ids) -> Result<std::size_t> {
        const auto set = journal.prioritise(ids, priority->second);
        return set ? Result<std::size_t>(ids.size()) : failure(set.error());
    });
    if (!done) {
        return fail(globals, done.error());
    }
    printChanged(globals, *done);
    return Exit::Done;
}

Exit limit(const Globals& globals, journal::Journal& journal, const QStringList& words) {
    auto settings = engine::readQueueSettings(journal);
    if (!settings) {
        return fail(globals, settings.error());
    }
    const std::map<QString, quint64*> limits{{QStringLiteral("up"), &settings->totalUp},
                                             {QStringLiteral("down"), &settings->totalDown},
                                             {QStringLiteral("server-up"), &settings->serverUp},
                                             {QStringLiteral("server-down"), &settings->serverDown}};
    for (const auto& word : words) {
        const auto name = word.section(QLatin1Char('='), 0, 0);
        const auto value = word.section(QLatin1Char('='), 1);
        if (name == QLatin1String("metered") && (value == QLatin1String("pause") || value == QLatin1String("go-on"))) {
            settings->pauseOnMetered = value == QLatin1String("pause");
            continue;
        }
        const auto found = limits.find(name);
        const auto size = value == QLatin1String("none") ? std::optional<std::uint64_t>(0) : parseSize(value);
        if (found == limits.end() || !size) {
            return wrongUsage(QStringLiteral(
                "queue limit: up=BYTES, down=BYTES, server-up=BYTES, server-down=BYTES a second (or none), "
                "metered=pause|go-on"));
        }
        *found->second = *size;
    }
    if (!words.isEmpty()) {
        if (auto written = engine::writeQueueSettings(journal, *settings); !written) {
            return fail(globals, written.error());
        }
    }
    printSettings(globals, *settings);
    return Exit::Done;
}

Exit add(const Globals& globals, journal::Journal& journal, const QStringList& words) {
    if (words.isEmpty()) {
        return wrongUsage(QStringLiteral("queue add wants at least one FILE or FOLDER"));
    }
    std::vector<std::string> paths;
    for (const auto& word : words) {
        paths.push_back(pathOf(word).string());
    }
    engine::FolderWalk walk(std::move(paths));
    auto end = Exit::Done;
    std::size_t added = 0;
    for (bool over = false; !over;) {
        auto found = walk.next(rowsAPage, SystemClock().wallNow());
        over = found.over;
        for (const auto& leftOut : found.leftOut) {
            end = fail(globals, leftOut.error, QString::fromStdString(leftOut.path));
        }
        const auto ids = journal.addAll(found.rows);
        if (!ids) {
            return fail(globals, ids.error());
        }
        added += ids->size();
    }
    if (globals.json) {
        printResult(QJsonObject{{QStringLiteral("added"), static_cast<qint64>(added)}});
    } else {
        printNote(QStringLiteral("%1 queued. \"tarn queue run\" or the desktop stores them.").arg(added));
    }
    return end;
}

Exit remove(const Globals& globals, journal::Journal& journal, const QStringList& words) {
    const auto named = readNames(words);
    if (!named || named->ids.empty() || named->all) {
        return wrongUsage(QStringLiteral("queue remove: name transfers by their numbers"));
    }
    const auto gone = journal.remove(named->ids);
    if (!gone) {
        return fail(globals, gone.error());
    }
    printChanged(globals, gone->size());
    return Exit::Done;
}

}  // namespace

Exit runQueue(Globals globals, const QStringList& arguments) {
    VerbParser parser(QStringLiteral("queue"), QStringLiteral("The transfers that the desktop shows."));
    parser.addPositional(QStringLiteral("COMMAND"),
                         QStringLiteral("list [STATE] | add FILE|FOLDER… | run | pause [NUMBER…|all] | "
                                        "resume [NUMBER…|all] | cancel NUMBER…|all | retry NUMBER…|all | "
                                        "remove NUMBER… | move top|up|down|bottom NUMBER… | "
                                        "priority low|normal|high NUMBER…|all | limit [up=BYTES …]"),
                         QStringLiteral("COMMAND …"));
    parser.addFlag(QStringLiteral("no-wait"),
                   QStringLiteral("run: end when all that is left waits for a next attempt."));
    parser.addFlag(QStringLiteral("caps"), QStringLiteral("list: show the capabilities of stored files. Secrets!"));
    if (const auto exit = parser.parse(arguments, globals)) {
        return *exit;
    }
    auto words = parser.positional();
    const auto command = words.isEmpty() ? QStringLiteral("list") : words.takeFirst();
    if (command == QLatin1String("run")) {
        return words.isEmpty() ? runQueueToItsEnd(globals, !parser.has(QStringLiteral("no-wait")))
                               : wrongUsage(QStringLiteral("queue run takes no \"%1\"").arg(words.first()));
    }
    const bool caps = parser.has(QStringLiteral("caps"));
    const bool known = QStringList{QStringLiteral("list"),   QStringLiteral("add"),    QStringLiteral("pause"),
                                   QStringLiteral("resume"), QStringLiteral("cancel"), QStringLiteral("retry"),
                                   QStringLiteral("remove"), QStringLiteral("move"),   QStringLiteral("priority"),
                                   QStringLiteral("limit")}
                           .contains(command);
    if (!known) {
        return wrongUsage(QStringLiteral("queue: there is no command \"%1\"").arg(command));
    }
    const auto opened = openJournal(globals);
    if (!opened) {
        return fail(globals, opened.error());
    }
    auto& journal = **opened;
    if (command == QLatin1String("list")) {
        return list(globals, journal, words, caps);
    }
    if (command == QLatin1String("add")) {
        return add(globals, journal, words);
    }
    if (command == QLatin1String("move")) {
        return move(globals, journal, words);
    }
    if (command == QLatin1String("priority")) {
        return prioritise(globals, journal, words);
    }
    if (command == QLatin1String("limit")) {
        return limit(globals, journal, words);
    }
    if (command == QLatin1String("remove")) {
        return remove(globals, journal, words);
    }
    if (words.isEmpty() && (command == QLatin1String("pause") || command == QLatin1String("resume"))) {
        return hold(globals, journal, command == QLatin1String("pause"));
    }
    const auto what = command == QLatin1String("pause")    ? journal::Change::Pause
                      : command == QLatin1String("resume") ? journal::Change::Resume
                      : command == QLatin1String("cancel") ? journal::Change::Cancel
                                                           : journal::Change::Retry;
    return change(globals, journal, what, words);
}

}  // namespace tarn::cli
