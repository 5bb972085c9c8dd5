#include "ui/models/transfer_model.h"

#include "ui/models/transfer_words.h"

#include <QLocale>

#include <algorithm>

namespace tarn::ui {

TransferModel::TransferModel(api::Transfers& transfers, QObject* parent) : QAbstractListModel(parent) {
    connect(&transfers, &api::Transfers::added, this, &TransferModel::onAdded);
    connect(&transfers, &api::Transfers::changed, this, &TransferModel::onChanged);
    connect(&transfers, &api::Transfers::removed, this, &TransferModel::onRemoved);
    onAdded(transfers.snapshots());
}

int TransferModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

QVariant TransferModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) {
        return {};
    }
    const api::TransferSnapshot& transfer = at(index.row());
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

const api::TransferSnapshot& TransferModel::at(int row) const {
    return m_rows.at(static_cast<std::size_t>(row));
}

int TransferModel::rowOf(api::TransferId id) const {
    return m_rowOf.value(id, -1);
}

void TransferModel::setGrid(const api::GridSnapshot& grid) {
    if (m_grid == grid) {
        return;
    }
    m_grid = grid;
    if (!m_rows.empty()) {
        Q_EMIT dataChanged(index(0), index(rowCount() - 1));
    }
}

void TransferModel::onAdded(const QList<api::TransferSnapshot>& snapshots) {
    // One that is known already is news about it: the first list and the first signal may overlap.
    QList<api::TransferSnapshot> fresh;
    QList<api::TransferSnapshot> known;
    QSet<api::TransferId> seen;
    for (const api::TransferSnapshot& snapshot : snapshots) {
        const bool isKnown = m_rowOf.contains(snapshot.id) || seen.contains(snapshot.id);
        (isKnown ? known : fresh).append(snapshot);
        seen.insert(snapshot.id);
    }
    if (!fresh.isEmpty()) {
        const int first = static_cast<int>(m_rows.size());
        beginInsertRows({}, first, first + static_cast<int>(fresh.size()) - 1);
        m_rows.reserve(m_rows.size() + static_cast<std::size_t>(fresh.size()));
        for (const api::TransferSnapshot& snapshot : std::as_const(fresh)) {
            m_rowOf.insert(snapshot.id, static_cast<int>(m_rows.size()));
            m_rows.push_back(snapshot);
            m_totals.add(snapshot);
        }
        endInsertRows();
        Q_EMIT totalsChanged();
    }
    onChanged(known);
}

void TransferModel::onChanged(const QList<api::TransferSnapshot>& snapshots) {
    std::vector<int> rows;
    const TransferTotals before = m_totals;
    for (const api::TransferSnapshot& snapshot : snapshots) {
        const int row = rowOf(snapshot.id);
        if (row < 0 || at(row) == snapshot) {
            continue;
        }
        api::TransferSnapshot& kept = m_rows[static_cast<std::size_t>(row)];
        m_totals.take(kept);
        m_totals.add(snapshot);
        kept = snapshot;
        rows.push_back(row);
    }
    announceRows(std::move(rows));
    if (m_totals != before) {
        Q_EMIT totalsChanged();
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

void TransferModel::onRemoved(api::TransferId id) {
    if (!m_rowOf.contains(id)) {
        return;
    }
    // Each removal moves every row behind it, so a thousand that come in one go are gathered into one pass.
    if (m_removed.isEmpty()) {
        QMetaObject::invokeMethod(this, &TransferModel::takeOutRemoved, Qt::QueuedConnection);
    }
    m_removed.insert(id);
}

void TransferModel::takeOutRemoved() {
    for (int last = rowCount() - 1; last >= 0; --last) {
        if (!m_removed.contains(at(last).id)) {
            continue;
        }
        int first = last;
        while (first > 0 && m_removed.contains(at(first - 1).id)) {
            --first;
        }
        beginRemoveRows({}, first, last);
        for (int row = first; row <= last; ++row) {
            m_totals.take(at(row));
            m_rowOf.remove(at(row).id);
        }
        m_rows.erase(m_rows.begin() + first, m_rows.begin() + last + 1);
        endRemoveRows();
        last = first;
    }
    m_removed.clear();
    for (int row = 0; row < rowCount(); ++row) {
        m_rowOf[at(row).id] = row;
    }
    Q_EMIT totalsChanged();
}

}  // namespace tarn::ui
