#include "ui/models/home_server_words.h"

#include "ui/models/quantity_words.h"

#include <limits>

namespace tarn::ui {

using State = api::HomeServerSnapshot::State;

Sentence HomeServerWords::state(const api::HomeServerSnapshot& server) {
    switch (server.state) {
    case State::Off: return {tr("Off"), Tone::Plain};
    case State::Starting: return {tr("Starting…"), Tone::Plain};
    case State::On: return {tr("On"), Tone::Good};
    case State::Stopping: return {tr("Stopping…"), Tone::Plain};
    case State::Failed: return {tr("Could not start"), Tone::Bad};
    case State::ElsewhereOnThisComputer: return {tr("Run by another program"), Tone::Good};
    }
    return {};
}

QString HomeServerWords::meaning(const api::HomeServerSnapshot& server, bool onlyServer) {
    switch (server.state) {
    case State::On: return tr("It takes and hands out pieces of files while Tarn runs.");
    case State::Starting: return tr("It opens its store. This takes a moment.");
    case State::Stopping: return tr("It finishes what it is doing.");
    case State::Off:
        return onlyServer ? tr("Files cannot be stored or fetched until it is on again. What it holds is kept.")
                          : tr("It takes and hands out nothing. What it holds is kept.");
    case State::Failed: return TransferWords::failure(server.errorCode, server.errorDetail);
    case State::ElsewhereOnThisComputer:
        return tr("Another program on this computer, such as “tarn serve”, runs the server. Stop it there to switch it "
                  "here.");
    }
    return {};
}

QString HomeServerWords::holding(const api::HomeServerSnapshot& server, const QLocale& locale) {
    constexpr auto most = static_cast<quint64>(std::numeric_limits<int>::max());
    const QString pieces = tr("%Ln piece(s)", nullptr, static_cast<int>(std::min(server.shares, most)));
    return tr("%1, %2", "so many pieces, their size").arg(pieces, QuantityWords::size(server.bytesStored, locale));
}

bool HomeServerWords::showsOn(const api::HomeServerSnapshot& server) {
    return server.state == State::On || server.state == State::Starting ||
           server.state == State::ElsewhereOnThisComputer;
}

bool HomeServerWords::canSwitch(const api::HomeServerSnapshot& server) {
    return server.state == State::On || server.state == State::Off || server.state == State::Failed;
}

}  // namespace tarn::ui
