#include "ui/models/transfer_words.h"

#include "core/api/error_text.h"
#include "ui/models/quantity_words.h"
#include "ui/models/safety.h"

#include <QDateTime>
#include <QSet>
#include <QStringList>

#include <algorithm>
#include <array>

namespace tarn::ui {
namespace {

using api::Direction;
using api::Phase;
using api::ShareCell;
using api::TransferState;

// The largest file that fits whole into a literal capability (Tahoe-LAFS, uri.rst).
constexpr quint64 kLargestLiteral = 55;

QString joined(const QStringList& parts) {
    QStringList filled;
    for (const QString& part : parts) {
        if (!part.isEmpty()) {
            filled.append(part);
        }
    }
    return filled.join(QStringLiteral(" · "));
}

/// The place of a phase among those that an upload or a download goes through.
struct Step {
    int number = 0;
    int of = 0;
};

Step stepOf(Phase phase) {
    constexpr std::array upload{Phase::Hashing,   Phase::Allocate, Phase::Shares,
                                Phase::HashTrees, Phase::Ueb,      Phase::Close};
    constexpr std::array download{Phase::FindingShares, Phase::Reading};
    const auto placeIn = [phase](const auto& phases) {
        const auto place = std::find(phases.begin(), phases.end(), phase);
        return place == phases.end()
                   ? Step{}
                   : Step{static_cast<int>(place - phases.begin()) + 1, static_cast<int>(phases.size())};
    };
    const Step step = placeIn(upload);
    return step.number > 0 ? step : placeIn(download);
}

int serversIn(const QList<ShareCell>& cells) {
    QSet<QString> servers;
    for (const ShareCell& cell : cells) {
        if (cell.where != ShareCell::Where::Lost && !cell.server.isEmpty()) {
            servers.insert(cell.server);
        }
    }
    return static_cast<int>(servers.size());
}

}  // namespace

QString TransferWords::phaseName(Phase phase) {
    switch (phase) {
    case Phase::Waiting: return {};
    case Phase::Hashing: return tr("Hashing", "phase");
    case Phase::Allocate: return tr("Allocate", "phase");
    case Phase::Shares: return tr("Shares", "phase");
    case Phase::HashTrees: return tr("Hash trees", "phase");
    case Phase::Ueb: return tr("UEB", "phase: URI extension block");
    case Phase::Close: return tr("Close", "phase");
    case Phase::FindingShares: return tr("Finding shares", "phase");
    case Phase::Reading: return tr("Reading", "phase");
    case Phase::Done: return tr("Done", "phase");
    }
    return {};
}

QString TransferWords::phase(const api::TransferSnapshot& transfer, const api::GridSnapshot& grid) {
    const int servers = serversIn(transfer.shares);
    QString plain;
    switch (transfer.phase) {
    case Phase::Waiting: return tr("Waiting for its turn");
    case Phase::Hashing: plain = tr("Reading the file to make its key"); break;
    case Phase::Allocate: plain = grid.homeOnly ? tr("Making room") : tr("Asking servers for room"); break;
    case Phase::Shares:
        plain = grid.homeOnly  ? tr("Storing it on this computer")
                : servers == 0 ? tr("Sending pieces")
                               : tr("Sending pieces to %n server(s)", nullptr, servers);
        break;
    case Phase::HashTrees: plain = tr("Sealing the pieces with checksums"); break;
    case Phase::Ueb: plain = tr("Adding the summary that checks them all"); break;
    case Phase::Close:
        plain = grid.homeOnly ? tr("Making sure it is on the disk") : tr("Servers make sure their pieces are on disk");
        break;
    case Phase::FindingShares: plain = tr("Looking for the pieces"); break;
    case Phase::Reading:
        plain = servers > 1 ? tr("Fetching and checking pieces from %n server(s)", nullptr, servers)
                            : tr("Fetching and checking the pieces");
        break;
    case Phase::Done: return phaseName(Phase::Done);
    }
    const Step step = stepOf(transfer.phase);
    return joined({plain, tr("%1 (%2/%3)", "the phase's name, its place among the phases")
                              .arg(phaseName(transfer.phase), QString::number(step.number), QString::number(step.of))});
}

Sentence TransferWords::outcome(const api::TransferSnapshot& transfer, const api::GridSnapshot& grid) {
    switch (transfer.state) {
    case TransferState::Queued: return waiting(transfer);
    case TransferState::Paused: return {tr("Paused. It goes on where it stopped."), Tone::Plain};
    case TransferState::Running: return {phase(transfer, grid), Tone::Plain};
    case TransferState::Cancelled: return {tr("Cancelled. Your own file is untouched."), Tone::Plain};
    case TransferState::Failed: return {api::errorText(transfer.errorCode).what, Tone::Bad};
    case TransferState::Done: break;
    }
    if (transfer.direction == Direction::Download) {
        return {tr("Saved. Every byte was checked."), Tone::Good};
    }
    const Safety safety = safetyOf(transfer.shares, transfer.sharesNeeded);
    if (safety.servers == 0) {
        if (transfer.size <= kLargestLiteral) {
            return {tr("So small that its link holds all of it: no server has it. Keep the link."), Tone::Caution};
        }
        return {tr("Stored."), Tone::Plain};
    }
    if (safety.servers == 1 && grid.homeOnly) {
        return {tr("Stored on this computer only: 1 copy."), Tone::Caution};
    }
    if (safety.servers == 1) {
        return {tr("Stored on one server only. If it fails, the file is lost."), Tone::Caution};
    }
    if (safety.serversMayFail == 0) {
        return {tr("Stored on %n server(s), but losing one of them loses the file.", nullptr, safety.servers),
                Tone::Caution};
    }
    const QString pieces = tr("Safe: any %n of %1 piece(s) rebuild it.", nullptr, safety.needed).arg(safety.pieces);
    const QString servers = tr("%n of %1 server(s) may fail.", nullptr, safety.serversMayFail).arg(safety.servers);
    return {pieces + QLatin1Char(' ') + servers, Tone::Good};
}

Sentence TransferWords::waiting(const api::TransferSnapshot& transfer) {
    if (transfer.retryAt != 0) {
        const QString when =
            QLocale().toString(QDateTime::fromSecsSinceEpoch(transfer.retryAt).time(), QLocale::ShortFormat);
        return {tr("Tries again at %1: %2", "time of day, what went wrong")
                    .arg(when, api::errorText(transfer.errorCode).what),
                Tone::Caution};
    }
    switch (transfer.priority) {
    case api::Priority::High: return {tr("Waiting for its turn, before others"), Tone::Plain};
    case api::Priority::Low: return {tr("Waiting for its turn, after others"), Tone::Plain};
    case api::Priority::Normal: break;
    }
    return {tr("Waiting for its turn"), Tone::Plain};
}

QString TransferWords::whereabouts(const api::TransferSnapshot& transfer, const api::GridSnapshot& grid) {
    const Safety safety = safetyOf(transfer.shares, transfer.sharesNeeded);
    if (safety.pieces == 0) {
        return {};
    }
    const QString pieces = tr("%n piece(s)", nullptr, safety.pieces);
    if (grid.homeOnly && safety.servers == 1) {
        return tr("%1 on this computer", "%1: so many pieces").arg(pieces);
    }
    return tr("%1 on %n server(s)", "%1: so many pieces", safety.servers).arg(pieces);
}

QString TransferWords::amount(const api::TransferSnapshot& transfer, const QLocale& locale) {
    if (transfer.state == TransferState::Running && transfer.done > 0 && transfer.done < transfer.size) {
        return tr("%1 of %2", "sizes: done of all")
            .arg(QuantityWords::size(transfer.done, locale), QuantityWords::size(transfer.size, locale));
    }
    if (transfer.direction == Direction::Download && transfer.size == 0 && transfer.state != TransferState::Done) {
        return {};  // not known before the first share was found
    }
    return QuantityWords::size(transfer.size, locale);
}

QString TransferWords::pace(const api::TransferSnapshot& transfer, const QLocale& locale) {
    if (transfer.state != TransferState::Running) {
        return {};
    }
    return joined({QuantityWords::speed(transfer.bytesPerSecond, locale),
                   transfer.secondsLeft ? QuantityWords::timeLeft(*transfer.secondsLeft) : QString()});
}

QString TransferWords::cell(int shareNumber, const ShareCell& cell) {
    switch (cell.where) {
    case ShareCell::Where::Waiting:
        return cell.server.isEmpty() ? tr("Piece %1: waiting").arg(shareNumber)
                                     : tr("Piece %1: waiting for %2").arg(shareNumber).arg(cell.server);
    case ShareCell::Where::Sending: return tr("Piece %1: on its way to %2").arg(shareNumber).arg(cell.server);
    case ShareCell::Where::Placed: return tr("Piece %1: stored on %2").arg(shareNumber).arg(cell.server);
    case ShareCell::Where::FoundThere: return tr("Piece %1: was already on %2").arg(shareNumber).arg(cell.server);
    case ShareCell::Where::Lost:
        return cell.server.isEmpty() ? tr("Piece %1: lost").arg(shareNumber)
                                     : tr("Piece %1: lost with %2").arg(shareNumber).arg(cell.server);
    }
    return {};
}

QString TransferWords::spoken(const api::TransferSnapshot& transfer, const api::GridSnapshot& grid,
                              const QLocale& locale) {
    const QString direction = transfer.direction == Direction::Upload ? tr("Upload") : tr("Download");
    QStringList parts{tr("%1 of %2", "direction and file name").arg(direction, transfer.name), amount(transfer, locale),
                      outcome(transfer, grid).text, pace(transfer, locale)};
    if (transfer.state == TransferState::Failed) {
        const api::ErrorText text = api::errorText(transfer.errorCode);
        parts << text.kept << text.advice;
    }
    parts.removeAll(QString());
    return parts.join(QStringLiteral(", "));
}

QString TransferWords::failure(const QString& errorCode, const QString& detail) {
    const api::ErrorText text = api::errorText(errorCode);
    QStringList lines{text.what, text.kept, text.advice, detail.isEmpty() ? QString() : tr("Detail: %1").arg(detail)};
    lines.removeAll(QString());
    return lines.join(QLatin1Char('\n'));
}

}  // namespace tarn::ui
