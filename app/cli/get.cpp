#include "app/cli/arguments.h"
#include "app/cli/event_loop.h"
#include "app/cli/open_session.h"
#include "app/cli/output.h"
#include "app/cli/progress_bar.h"
#include "app/cli/stdout_sink.h"
#include "app/cli/stop_signals.h"
#include "app/cli/verbs.h"
#include "core/caps/capability.h"

#include <limits>
#include <optional>
#include <stop_token>

namespace tarn::cli {

namespace {

constexpr int mostAttempts = 5;

/// `FROM-TO`: the bytes FROM to TO, both of them too, as in HTTP and curl; `FROM-` goes on to the file's end.
std::optional<download::Range> parseRange(const QString& text) {
    const auto dash = text.indexOf(QLatin1Char('-'));
    if (dash < 0) {
        return std::nullopt;
    }
    const auto from = parseNumber(text.left(dash));
    constexpr auto farthest = std::numeric_limits<std::uint64_t>::max();
    const auto to = dash + 1 == text.size() ? std::optional(farthest) : parseNumber(text.mid(dash + 1));
    if (!from || !to || *from > *to) {
        return std::nullopt;
    }
    return download::Range{ByteOffset(*from), ByteOffset(*to == farthest ? farthest : *to + 1)};
}

/// Literals are read without a profile: the file is in the capability.
std::shared_ptr<const engine::Session> sessionWithoutServers() {
    auto session = std::make_shared<engine::Session>();
    session->uploads = engine::systemEnvironment();
    session->downloads = std::make_shared<const download::Environment>(
        download::Environment{session->uploads->pools, session->uploads->timers, session->uploads->clock});
    return session;
}

/// One download as it was asked for. Where it goes to stdout, what stands there already is not fetched again.
struct Fetch {
    caps::Capability capability;
    std::optional<download::Range> range;
    std::filesystem::path target;  ///< empty: stdout
    std::shared_ptr<StdoutSink> toStdout = std::make_shared<StdoutSink>();

    [[nodiscard]] std::optional<download::Range> rest() const {
        const auto written = ByteCount(toStdout->written());
        if (written == ByteCount(0)) {
            return range;
        }
        const auto whole = download::Range{ByteOffset(0), ByteOffset(std::numeric_limits<std::uint64_t>::max())};
        const auto asked = range.value_or(whole);
        return download::Range{asked.begin + written, asked.end};
    }

    [[nodiscard]] engine::OpenSink openSink() const {
        if (target.empty()) {
            return [sink = toStdout] {
                return Result<std::shared_ptr<download::Sink>>(sink);
            };
        }
        return [file = target] {
            return download::fileSink(file);
        };
    }
};

/// Downloads in `open`'s session; again in another, where the first one's server went away.
Result<void> fetchFromGrid(const Fetch& fetch, OpenSession& open, const download::Watch& watch, std::stop_token stop) {
    for (int attempt = 1;; ++attempt) {
        const auto used = open.session;
        auto got = runToEnd(engine::getFile(used, fetch.capability, fetch.rest(), {}, fetch.openSink(), watch, stop));
        if (got || attempt == mostAttempts || !renew(open, *used, got.error())) {
            return got;
        }
    }
}

Result<void> fetch(const Globals& globals, const Fetch& fetch, const download::Watch& watch) {
    std::stop_source stop;
    const StopSignals signals([&stop] { stop.request_stop(); });
    if (std::holds_alternative<caps::Literal>(fetch.capability)) {
        return runToEnd(engine::getFile(sessionWithoutServers(), fetch.capability, fetch.range, {}, fetch.openSink(),
                                        watch, stop.get_token()));
    }
    auto open = openSession(globals.profile);
    if (!open) {
        return failure(std::move(open.error()));
    }
    return fetchFromGrid(fetch, *open, watch, stop.get_token());
}

}  // namespace

Exit runGet(Globals globals, const QStringList& arguments) {
    VerbParser parser(QStringLiteral("get"), QStringLiteral("Fetches a file by its capability."));
    parser.addPositional(QStringLiteral("CAP"),
                         QStringLiteral("The capability; - reads it from stdin, @FILE from a file."));
    parser.addValue(QStringLiteral("o"), QStringLiteral("Where to write it; stdout otherwise."),
                    QStringLiteral("FILE"));
    parser.addValue(QStringLiteral("range"),
                    QStringLiteral("Only the bytes FROM to TO, counted from 0, both included."),
                    QStringLiteral("FROM-TO"));
    if (const auto exit = parser.parse(arguments, globals)) {
        return *exit;
    }
    if (parser.positional().size() != 1) {
        return wrongUsage(QStringLiteral("get wants one CAP"));
    }
    if (parser.has(QStringLiteral("o")) && parser.value(QStringLiteral("o")).isEmpty()) {
        return wrongUsage(QStringLiteral("-o wants a file"));
    }
    std::optional<download::Range> range;
    if (parser.has(QStringLiteral("range"))) {
        range = parseRange(parser.value(QStringLiteral("range")));
        if (!range) {
            return wrongUsage(QStringLiteral("--range is FROM-TO in bytes, FROM not above TO"));
        }
    }
    const auto text = readSecretArgument(parser.positional().first());
    if (!text) {
        return fail(globals, text.error());
    }
    auto capability = caps::parse(*text);
    if (!capability) {
        return fail(globals, capability.error());
    }
    if (const auto checked = engine::checkDownloadable(*capability); !checked) {
        return fail(globals, checked.error());
    }
    const auto output = parser.value(QStringLiteral("o"));
    const bool toFile = !output.isEmpty() && output != QLatin1String("-");
    Fetch request{std::move(*capability), range, {}};
    if (toFile) {
        request.target = std::filesystem::absolute(pathOf(output));
    }
    ProgressBar bar;
    const auto got = fetch(globals, request, [&bar, name = printable(output)](const download::Progress& progress) {
        const auto phase = progress.phase == download::Phase::FindingShares ? QStringLiteral("finding shares")
                                                                            : QStringLiteral("reading");
        bar.show(name.isEmpty() ? phase : QStringLiteral("%1 (%2)").arg(name, phase), progress.delivered.value(),
                 progress.total.value());
    });
    bar.clear();
    if (!got) {
        return fail(globals, got.error(), toFile ? output : QString());
    }
    if (globals.json && toFile) {
        std::error_code error;
        const auto size = std::filesystem::file_size(request.target, error);
        printResult(
            QJsonObject{{QStringLiteral("file"), output}, {QStringLiteral("bytes"), static_cast<qint64>(size)}});
    }
    return Exit::Done;
}

}  // namespace tarn::cli
