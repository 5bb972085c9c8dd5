#include "ui/models/transfer_model.h"

#include "ui/models/transfer_words.h"

#include <QLocale>

#include <algorithm>

namespace tarn::ui {

TransferModel::TransferModel(api::Transfers& transfers, QObject* parent)
    : QAbstractListModel(parent), m_transfers(transfers), m_totals(transfers.totals()) {
    connect(&transfers, &api::Transfers::listed, this, &TransferModel::onListed);
    connect(&transfers, &api::Transfers::added, this, &TransferModel::onAdded);
    connect(&transfers, &api::Transfers::changed, this, &TransferModel::onChanged);
    connect(&transfers, &api::Transfers::stale, this, &TransferModel::onStale);
    connect(&transfers, &api::Transfers::moved, this, &TransferModel::onMoved);
    connect(&transfers, &api::Transfers::removed, this, &TransferModel::onRemoved);
    connect(&transfers, &api::Transfers::totalsChanged, this, [this](const api::QueueTotals& totals) {
        m_totals = TransferTotals(totals);
        Q_EMIT totalsChanged();
    });
}

int TransferModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_ids.size());
}

QVariant TransferModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) {
        return {};
    }
    const api::TransferSnapshot transfer = at(index.row());
    switch (role) {
    case Qt::DisplayRole:
    case NameRole: return transfer.name;
    case Qt::AccessibleTextRole: return TransferWords::spoken(transfer, m_grid, QLocale());
    case IdRole: return transfer.id;
    case SizeRole: return transfer.size;
    case DoneRole: return transfer.done;
    case DirectionRole: return static_cast<int>(transfer.direction);
    case StateRole: return static_cast<int>(transfer.state);
    case PhaseRole: return static_cast<int>(transfer.phase);
    case SpeedRole: return transfer.bytesPerSecond;
    case SecondsLeftRole: return transfer.secondsLeft ? QVariant(*transfer.secondsLeft) : QVariant();
    case CellsRole: return QVariant::fromValue(transfer.shares);
    case ErrorRole: return transfer.errorCode;
    case SnapshotRole: return QVariant::fromValue(transfer);
    default: return {};
    }
}

QHash<int, QByteArray> TransferModel::roleNames() const {
    QHash<int, QByteArray> names = QAbstractListModel::roleNames();
    names.insert(IdRole, "id");
    names.insert(NameRole, "name");
    names.insert(SizeRole, "size");
    names.insert(DoneRole, "done");
    names.insert(DirectionRole, "direction");
    names.insert(StateRole, "state");
    names.insert(PhaseRole, "phase");
    names.insert(SpeedRole, "speed");
    names.insert(SecondsLeftRole, "secondsLeft");
    names.insert(CellsRole, "cells");
    names.insert(ErrorRole, "error");
    names.insert(SnapshotRole, "snapshot");
    return names;
}

api::TransferSnapshot TransferModel::at(int row) const {
    const api::TransferId id = idAt(row);
    if (const api::TransferSnapshot* transfer = m_known.object(id)) {
        if (m_outdated.contains(id)) {
            want(id);
        }
        return *transfer;
    }
    want(id);
    api::TransferSnapshot unknown;
    unknown.id = id;
    return unknown;
}

void TransferModel::want(api::TransferId id) const {
    m_wanted.insert(id);
    if (!m_askingSoon) {
        // Many rows are looked at in one go, when a page is painted: they are asked for in one go.
        m_askingSoon = true;
        QMetaObject::invokeMethod(const_cast<TransferModel*>(this), &TransferModel::askForWanted, Qt::QueuedConnection);
    }
}

void TransferModel::askForWanted() {
    m_askingSoon = false;
    QList<api::TransferId> ids;
    for (const api::TransferId id : std::as_const(m_wanted)) {
        if (!m_asked.contains(id) && m_rowOf.contains(id)) {
            ids.append(id);
        }
    }
    m_wanted.clear();
    // Somebody may have looked at more than is kept: then the first ones would be gone before the last ones came.
    ids.resize(std::min<qsizetype>(ids.size(), mostKept / 4));
    m_asked.unite(QSet<api::TransferId>(ids.begin(), ids.end()));
    if (!ids.isEmpty()) {
        m_transfers.load(ids);
    }
}

int TransferModel::rowOf(api::TransferId id) const {
    return m_rowOf.value(id, -1);
}

void TransferModel::setGrid(const api::GridSnapshot& grid) {
    if (m_grid == grid) {
        return;
    }
    m_grid = grid;
    if (!m_ids.empty()) {
        Q_EMIT dataChanged(index(0), index(rowCount() - 1));
    }
}

void TransferModel::onListed(const QList<api::TransferId>& ids) {
    QList<api::TransferId> fresh;
    fresh.reserve(ids.size());
    std::copy_if(ids.begin(), ids.end(), std::back_inserter(fresh),
                 [this](api::TransferId id) { return !m_rowOf.contains(id); });
    if (fresh.isEmpty()) {
        return;
    }
    const int first = rowCount();
    beginInsertRows({}, first, first + static_cast<int>(fresh.size()) - 1);
    for (const api::TransferId id : std::as_const(fresh)) {
        m_rowOf.insert(id, rowCount());
        m_ids.push_back(id);
    }
    endInsertRows();
}

void TransferModel::onAdded(const QList<api::TransferSnapshot>& snapshots) {
    QList<api::TransferId> ids;
    QSet<api::TransferId> seen;
    for (const api::TransferSnapshot& snapshot : snapshots) {
        if (!seen.contains(snapshot.id)) {
            seen.insert(snapshot.id);
            ids.append(snapshot.id);
        }
        if (!m_rowOf.contains(snapshot.id)) {
            keep(snapshot);
        }
    }
    const QSet<api::TransferId> knownBefore = [&] {
        QSet<api::TransferId> there;
        for (const api::TransferId id : std::as_const(ids)) {
            if (m_rowOf.contains(id)) {
                there.insert(id);
            }
        }
        return there;
    }();
    onListed(ids);
    if (!knownBefore.isEmpty()) {
        // One that is there already is news about it.
        QList<api::TransferSnapshot> news;
        std::copy_if(snapshots.begin(), snapshots.end(), std::back_inserter(news),
                     [&](const api::TransferSnapshot& snapshot) { return knownBefore.contains(snapshot.id); });
        onChanged(news);
    }
}

void TransferModel::keep(const api::TransferSnapshot& snapshot) {
    m_asked.remove(snapshot.id);
    m_outdated.remove(snapshot.id);
    m_known.insert(snapshot.id, new api::TransferSnapshot(snapshot));  // the cache owns it
}

void TransferModel::onChanged(const QList<api::TransferSnapshot>& snapshots) {
    std::vector<int> rows;
    for (const api::TransferSnapshot& snapshot : snapshots) {
        const int row = rowOf(snapshot.id);
        if (row < 0) {
            continue;
        }
        const api::TransferSnapshot* kept = m_known.object(snapshot.id);
        if (kept != nullptr && *kept == snapshot) {
            m_asked.remove(snapshot.id);
            m_outdated.remove(snapshot.id);
            continue;
        }
        keep(snapshot);
        rows.push_back(row);
    }
    announceRows(std::move(rows));
}

void TransferModel::onStale() {
    const QList<api::TransferId> known = m_known.keys();
    m_outdated = QSet<api::TransferId>(known.begin(), known.end());
    m_asked.clear();
    if (!m_ids.empty()) {
        Q_EMIT dataChanged(index(0), index(rowCount() - 1));
    }
}

void TransferModel::onMoved(const QList<api::TransferId>& ids, api::TransferId before) {
    const int to = before == 0 ? rowCount() : rowOf(before);
    if (to < 0) {
        return;
    }
    // Of the rows between the first and the last that change, however many move: those that stay, in two parts, and
    // between these the ones that move.
    int first = to;
    int last = to - 1;
    for (const api::TransferId id : ids) {
        if (const int row = rowOf(id); row >= 0) {
            first = std::min(first, row);
            last = std::max(last, row);
        }
    }
    std::vector<bool> moves(static_cast<std::size_t>(last - first + 1));
    std::vector<api::TransferId> moving;
    moving.reserve(static_cast<std::size_t>(ids.size()));
    for (const api::TransferId id : ids) {
        const int row = rowOf(id);
        if (row >= 0 && !moves.at(static_cast<std::size_t>(row - first))) {
            moves.at(static_cast<std::size_t>(row - first)) = true;
            moving.push_back(id);
        }
    }
    std::vector<api::TransferId> order;
    order.reserve(moves.size());
    const auto appendStaying = [&](int from, int end) {
        for (int row = from; row < end; ++row) {
            if (!moves.at(static_cast<std::size_t>(row - first))) {
                order.push_back(idAt(row));
            }
        }
    };
    appendStaying(first, to);
    order.insert(order.end(), moving.begin(), moving.end());
    appendStaying(to, last + 1);
    rearrange(first, order);
}

/// The rows from `first` on are these now, which stood there in another order.
void TransferModel::rearrange(int first, const std::vector<api::TransferId>& order) {
    const auto begin = m_ids.begin() + first;
    if (std::equal(order.begin(), order.end(), begin)) {
        return;
    }
    Q_EMIT rearranging();
    Q_EMIT layoutAboutToBeChanged({}, VerticalSortHint);
    const QModelIndexList before = persistentIndexList();
    QList<api::TransferId> held;
    held.reserve(before.size());
    for (const QModelIndex& index : before) {
        held.append(idAt(index.row()));
    }
    std::copy(order.begin(), order.end(), begin);
    renumber(first, first + static_cast<int>(order.size()) - 1);
    QModelIndexList after;
    after.reserve(before.size());
    for (const api::TransferId id : std::as_const(held)) {
        after.append(index(rowOf(id)));
    }
    changePersistentIndexList(before, after);
    Q_EMIT layoutChanged({}, VerticalSortHint);
    Q_EMIT rearranged();
}

void TransferModel::renumber(int first, int last) {
    for (int row = first; row <= last; ++row) {
        m_rowOf[idAt(row)] = row;
    }
}

void TransferModel::announceRows(std::vector<int> rows) {
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    for (std::size_t i = 0; i < rows.size();) {
        std::size_t last = i;
        while (last + 1 < rows.size() && rows[last + 1] == rows[last] + 1) {
            ++last;
        }
        Q_EMIT dataChanged(index(rows[i]), index(rows[last]));
        i = last + 1;
    }
}

void TransferModel::onRemoved(const QList<api::TransferId>& ids) {
    for (const api::TransferId id : ids) {
        if (!m_rowOf.contains(id)) {
            continue;
        }
        // Each removal moves every row behind it, so a thousand that come in one go are gathered into one pass.
        if (m_removed.isEmpty()) {
            QMetaObject::invokeMethod(this, &TransferModel::takeOutRemoved, Qt::QueuedConnection);
        }
        m_removed.insert(id);
    }
}

void TransferModel::takeOutRemoved() {
    int lowest = rowCount();
    int left = mostTakenOut;
    for (int last = rowCount() - 1; last >= 0 && left > 0; --last) {
        if (!m_removed.contains(idAt(last))) {
            continue;
        }
        int first = last;
        while (first > 0 && last - first + 1 < left && m_removed.contains(idAt(first - 1))) {
            --first;
        }
        left -= last - first + 1;
        beginRemoveRows({}, first, last);
        for (int row = first; row <= last; ++row) {
            const api::TransferId id = idAt(row);
            m_rowOf.remove(id);
            m_known.remove(id);
            m_asked.remove(id);
            m_outdated.remove(id);
            m_removed.remove(id);
        }
        m_ids.erase(m_ids.begin() + first, m_ids.begin() + last + 1);
        endRemoveRows();
        last = lowest = first;
    }
    renumber(lowest, rowCount() - 1);
    if (!m_removed.isEmpty()) {
        QMetaObject::invokeMethod(this, &TransferModel::takeOutRemoved, Qt::QueuedConnection);
    } else if (m_ids.empty()) {
        m_rowOf.squeeze();  // neither gives anything back by itself
        m_ids.shrink_to_fit();
    }
}

}  // namespace tarn::ui
