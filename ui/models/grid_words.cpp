#include "ui/models/grid_words.h"

namespace tarn::ui {

QString GridWords::servers(const api::GridSnapshot& grid) {
    return grid.homeOnly ? tr("1 server: this computer") : tr("%n server(s)", nullptr, grid.servers);
}

Sentence GridWords::promise(const api::GridSnapshot& grid) {
    if (grid.homeOnly) {
        return {tr("Each file is encrypted and kept once, on this computer. If its disk fails, the files are gone."),
                Tone::Caution};
    }
    const QString pieces = tr("Each file is encrypted and cut into %1 pieces; any %2 of them rebuild it.")
                               .arg(grid.total)
                               .arg(grid.required);
    if (grid.servers == 1) {
        return {pieces + QLatin1Char(' ') + tr("All of them are on one server: if it fails, the files are gone."),
                Tone::Caution};
    }
    // An upload counts as done only when its pieces are on `happy` servers in such a way that any k of those servers
    // rebuild the file: so this many of them may be lost, whatever the rest of the placement is.
    const int mayFail = grid.happy - grid.required;
    if (mayFail <= 0) {
        return {pieces + QLatin1Char(' ') + tr("One server that fails may take files with it."), Tone::Caution};
    }
    return {pieces + QLatin1Char(' ') + tr("At least %n server(s) may fail.", nullptr, mayFail), Tone::Good};
}

}  // namespace tarn::ui
