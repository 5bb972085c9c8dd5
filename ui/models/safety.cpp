#include "ui/models/safety.h"

#include <QHash>

#include <algorithm>

namespace tarn::ui {

Safety safetyOf(const QList<api::ShareCell>& cells, int needed) {
    QHash<QString, int> held;
    Safety safety;
    safety.needed = needed;
    for (const api::ShareCell& cell : cells) {
        if (cell.where == api::ShareCell::Where::Placed || cell.where == api::ShareCell::Where::FoundThere) {
            ++held[cell.server];
            ++safety.pieces;
        }
    }
    safety.servers = static_cast<int>(held.size());
    // The worst luck takes the servers that hold the most; what the others hold must still reach k.
    QList<int> counts = held.values();
    std::sort(counts.begin(), counts.end(), std::greater<>());
    int left = safety.pieces;
    for (const int count : counts) {
        left -= count;
        if (left < std::max(needed, 1)) {
            break;
        }
        ++safety.serversMayFail;
    }
    return safety;
}

}  // namespace tarn::ui
