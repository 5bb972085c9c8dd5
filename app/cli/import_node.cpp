#include "app/cli/import_node.h"

#include "app/cli/output.h"
#include "app/cli/stop_signals.h"
#include "core/bucketstore/tahoe_import.h"
#include "core/server/tahoe_identity.h"

#include <QCoreApplication>

#include <atomic>
#include <chrono>

namespace tarn::cli {

namespace {

constexpr std::uint64_t mostNamed = 20;
constexpr std::chrono::seconds betweenNotes{5};

void tell(const bucketstore::ImportSummary& summary) {
    printNote(QStringLiteral("Taken over: %1 shares (%2 linked, %3 copied), %4 bytes, %5 leases. There already: %6.")
                  .arg(summary.linked + summary.copied)
                  .arg(summary.linked)
                  .arg(summary.copied)
                  .arg(summary.bytes.value())
                  .arg(summary.leases)
                  .arg(summary.alreadyThere));
    if (summary.linked > 0) {
        printNote(QStringLiteral("Linked shares are the same files in both folders: do not start the old node again."));
    }
    if (summary.leftOutCount > 0) {
        printNote(QStringLiteral("Left out: %1.").arg(summary.leftOutCount));
    }
    for (std::size_t i = 0; i < summary.leftOut.size() && i < mostNamed; ++i) {
        printNote(QStringLiteral("  %1: %2")
                      .arg(QString::fromStdString(summary.leftOut[i].name),
                           QString::fromStdString(summary.leftOut[i].reason)));
    }
}

Result<void> importIdentity(const std::filesystem::path& node, const std::filesystem::path& folder,
                            ImportIdentity how) {
    const auto found = server::readTahoeIdentity(node);
    if (!found) {
        return failure(found.error().code, found.error().detail + "; --keep-identity takes the shares alone");
    }
    if (!*found) {
        printNote(QStringLiteral("That is a storage folder, which has no identity: only its shares are taken over."));
        return {};
    }
    const auto taken = server::adoptIdentity(folder, (*found)->parts,
                                             how == ImportIdentity::Replaces ? server::OldIdentity::IsReplaced
                                                                             : server::OldIdentity::Stays);
    if (!taken) {
        const bool clash = taken.error().code == ErrorCode::ProfileExists;
        return failure(
            taken.error().code,
            taken.error().detail +
                (clash ? "; --keep-identity takes the shares alone, --replace-identity makes it the old node" : ""));
    }
    QStringList places;
    for (const std::string& place : (*found)->locations) {
        places << printable(place);
    }
    printNote(QStringLiteral("The node's identity %1. Its clients look for it at %2: have it --listen there, or "
                             "--advertise that.")
                  .arg(*taken ? QStringLiteral("is taken over") : QStringLiteral("was taken over before"),
                       places.isEmpty() ? QStringLiteral("no address") : places.join(QStringLiteral(", "))));
    return {};
}

}  // namespace

Result<bool> importNode(const Globals& globals, const std::filesystem::path& node, const bucketstore::Options& options,
                        ImportIdentity identity) {
    const auto storage = bucketstore::findTahoeStorage(node);
    if (!storage) {
        return failure(storage.error());
    }
    auto store =
        bucketstore::openDiskStore(options, std::make_shared<SystemClock>(), bucketstore::makePosixFileSystem());
    if (!store) {
        return failure(store.error());
    }
    if (identity != ImportIdentity::LeftOut) {
        if (auto taken = importIdentity(node, options.folder, identity); !taken) {
            return failure(taken.error());
        }
    }
    auto stopped = std::make_shared<std::atomic<bool>>(false);
    const StopSignals signals([stopped] { *stopped = true; });
    auto noted = std::chrono::steady_clock::now();
    const auto summary =
        bucketstore::importTahoeShares(**store, *storage, [&](const bucketstore::ImportProgress& progress) {
            QCoreApplication::processEvents();
            const auto now = std::chrono::steady_clock::now();
            if (!globals.json && now - noted >= betweenNotes) {
                noted = now;
                printNote(
                    QStringLiteral("%1 shares, %2 bytes so far").arg(progress.shares).arg(progress.bytes.value()));
            }
            return !*stopped;
        });
    if (!summary) {
        return failure(summary.error());
    }
    tell(*summary);
    if (summary->cancelled) {
        printNote(QStringLiteral("Stopped. What was taken over is kept; the same command goes on."));
    }
    return !summary->cancelled;
}

}  // namespace tarn::cli
