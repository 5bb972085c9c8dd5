#include "app/cli/arguments.h"
#include "app/cli/open_session.h"
#include "app/cli/output.h"
#include "app/cli/progress_bar.h"
#include "app/cli/put_queue.h"
#include "app/cli/stdin_spool.h"
#include "app/cli/stop_signals.h"
#include "app/cli/verbs.h"
#include "core/foundation/base32.h"

#include <QCoreApplication>

#include <optional>
#include <vector>

namespace tarn::cli {

namespace {

/// What the person named, and where it is read from: stdin is spooled first.
struct Inputs {
    QStringList names;
    std::vector<std::filesystem::path> files;
    std::optional<StdinSpool> spool;
};

Result<Inputs> gather(const QStringList& names) {
    Inputs inputs;
    inputs.names = names;
    for (const auto& name : names) {
        if (name != QLatin1String("-")) {
            inputs.files.push_back(pathOf(name));
            continue;
        }
        auto spool = StdinSpool::read();
        if (!spool) {
            return failure(std::move(spool.error()));
        }
        inputs.files.push_back(spool->file());
        inputs.spool.emplace(std::move(*spool));
    }
    return inputs;
}

void printCapability(const Globals& globals, const QString& name, const std::string& capability) {
    if (!globals.json) {
        printResult(capability);
        return;
    }
    printResult(
        QJsonObject{{QStringLiteral("file"), name}, {QStringLiteral("cap"), QString::fromStdString(capability)}});
}

void printStored(const Globals& globals, const QString& name, const upload::Outcome& outcome) {
    const auto capability = caps::reveal(outcome.capability);
    if (!globals.json) {
        printResult(capability);
        return;
    }
    printResult(QJsonObject{{QStringLiteral("file"), name},
                            {QStringLiteral("cap"), QString::fromStdString(capability)},
                            {QStringLiteral("sharesSent"), static_cast<int>(outcome.sharesSent)},
                            {QStringLiteral("sharesFound"), static_cast<int>(outcome.sharesFound)},
                            {QStringLiteral("happiness"), static_cast<int>(outcome.happiness)}});
}

/// The convergence secret and the encoding of a dry run: from the profile, or, where the secret is given, from the
/// options alone.
struct DryRun {
    std::optional<crypto::ConvergenceSecret> convergence;
    formats::EncodingParameters encoding;
};

Exit runDry(const Globals& globals, const VerbParser& parser) {
    DryRun dry;
    if (parser.has(QStringLiteral("convergence"))) {
        const auto text = readSecretArgument(parser.value(QStringLiteral("convergence")));
        if (!text) {
            return fail(globals, text.error());
        }
        auto bytes = fromBase32(*text);
        if (!bytes || bytes->empty()) {
            return wrongUsage(QStringLiteral("--convergence is a secret in base32"));
        }
        dry.convergence.emplace(std::move(*bytes));
    } else {
        const auto profile = engine::loadProfile(globals.profile);
        if (!profile) {
            return fail(globals, profile.error());
        }
        dry.convergence.emplace(profile->secrets->convergence);
        dry.encoding = profile->settings.encoding;
    }
    const auto encoding = parser.encoding(dry.encoding);
    if (!encoding) {
        return wrongUsage(QString::fromStdString(encoding.error().detail));
    }
    const auto inputs = gather(parser.positional());
    if (!inputs) {
        return fail(globals, inputs.error());
    }
    auto end = Exit::Done;
    for (std::size_t i = 0; i < inputs->files.size(); ++i) {
        const auto& name = inputs->names.at(static_cast<qsizetype>(i));
        const auto source = upload::openFile(inputs->files[i]);
        const auto capability = source ? upload::dryRun(**source, *encoding, *dry.convergence)
                                       : Result<caps::Capability>(failure(source.error()));
        if (capability) {
            printCapability(globals, name, caps::reveal(*capability));
        } else {
            end = fail(globals, capability.error(), name);
        }
    }
    return end;
}

QString phaseText(upload::Phase phase) {
    switch (phase) {
    case upload::Phase::Hashing: return QStringLiteral("hashing");
    case upload::Phase::Allocate: return QStringLiteral("allocate");
    case upload::Phase::Shares: return QStringLiteral("shares");
    case upload::Phase::HashTrees: return QStringLiteral("hash trees");
    case upload::Phase::Ueb: return QStringLiteral("UEB");
    case upload::Phase::Close: return QStringLiteral("close");
    case upload::Phase::Done: return QStringLiteral("done");
    }
    return {};
}

Exit runOnGrid(const Globals& globals, const VerbParser& parser) {
    const auto inputs = gather(parser.positional());
    if (!inputs) {
        return fail(globals, inputs.error());
    }
    PutQueue* running = nullptr;
    const StopSignals signals([&running] {  // from before any thread starts
        if (running != nullptr) {
            running->stop();
        }
    });
    auto open = openSession(globals.profile);
    if (!open) {
        return fail(globals, open.error());
    }
    const auto encoding = parser.encoding(open->session->encoding);
    if (!encoding) {
        return wrongUsage(QString::fromStdString(encoding.error().detail));
    }
    auto end = Exit::Done;
    ProgressBar bar;
    PutQueue queue(
        *open, *encoding, inputs->files,
        [&](std::size_t file, const Result<upload::Outcome>& outcome) {
            bar.clear();
            const auto& name = inputs->names.at(static_cast<qsizetype>(file));
            if (!outcome) {
                end = fail(globals, outcome.error(), name);
                return;
            }
            printStored(globals, name, *outcome);
            if (!flushResults()) {
                end = Exit::Failed;
            }
        },
        [&](std::size_t file, const upload::Progress& progress) {
            const auto what = QStringLiteral("%1 (%2)").arg(printable(inputs->names.at(static_cast<qsizetype>(file))),
                                                            phaseText(progress.phase));
            if (progress.phase == upload::Phase::Hashing) {
                bar.show(what, progress.hashed.value(), progress.fileSize.value());
            } else {
                bar.show(what, progress.acknowledged.value(), progress.toSend.value());
            }
        },
        [] { QMetaObject::invokeMethod(QCoreApplication::instance(), &QCoreApplication::quit, Qt::QueuedConnection); });
    running = &queue;
    queue.start();
    QCoreApplication::exec();
    running = nullptr;
    return end;
}

}  // namespace

Exit runPut(Globals globals, const QStringList& arguments) {
    VerbParser parser(QStringLiteral("put"), QStringLiteral("Stores files; prints one capability a line."));
    parser.addPositional(QStringLiteral("FILE"), QStringLiteral("What to store; - is stdin."),
                         QStringLiteral("FILE…|-"));
    parser.addFlag(QStringLiteral("dry-run"), QStringLiteral("Prints the capability that storing would give."));
    parser.addValue(QStringLiteral("convergence"),
                    QStringLiteral("With --dry-run: the convergence secret, in base32 (or @FILE)."),
                    QStringLiteral("BASE32"));
    parser.addValue(QStringLiteral("format"), QStringLiteral("chk: a file that never changes."),
                    QStringLiteral("FORMAT"));
    parser.addValue(QStringLiteral("to"), QStringLiteral("Where to link it (not in this version)."),
                    QStringLiteral("PATH"));
    parser.addEncoding();
    if (const auto exit = parser.parse(arguments, globals)) {
        return *exit;
    }
    if (parser.has(QStringLiteral("to"))) {
        return wrongUsage(
            QStringLiteral("--to: this version stores files, and does not link them into directories yet"));
    }
    const auto format =
        parser.has(QStringLiteral("format")) ? parser.value(QStringLiteral("format")) : QStringLiteral("chk");
    if (format == QLatin1String("sdmf") || format == QLatin1String("mdmf")) {
        return wrongUsage(QStringLiteral("--format %1: this version does not write files that can change").arg(format));
    }
    if (format != QLatin1String("chk")) {
        return wrongUsage(QStringLiteral("--format is chk, not \"%1\"").arg(format));
    }
    const auto files = parser.positional();
    if (files.isEmpty()) {
        return wrongUsage(QStringLiteral("put wants at least one FILE (or - for stdin)"));
    }
    if (files.count(QStringLiteral("-")) > 1) {
        return wrongUsage(QStringLiteral("- can be given only once: there is one stdin"));
    }
    const bool dry = parser.has(QStringLiteral("dry-run"));
    if (parser.has(QStringLiteral("convergence")) && !dry) {
        return wrongUsage(QStringLiteral("--convergence goes with --dry-run"));
    }
    return dry ? runDry(globals, parser) : runOnGrid(globals, parser);
}

}  // namespace tarn::cli
