#pragma once

#include "core/api/engine.h"
#include "core/api/transfers.h"
#include "ui/models/transfer_totals.h"

#include <QAbstractListModel>
#include <QHash>
#include <QSet>

#include <vector>

namespace tarn::ui {

/// The transfer queue, one row a transfer, in queue order.
///
/// Follows `api::Transfers` by its signals alone: no call here waits for the engine. A row is found by its id in
/// constant time; neighbouring changes go to the views as one range; removals that come together are taken out
/// together.
class TransferModel : public QAbstractListModel {
    Q_OBJECT

public:
    enum Role : int {
        IdRole = Qt::UserRole + 1,
        NameRole,
        SizeRole,
        DoneRole,
        DirectionRole,
        StateRole,
        PhaseRole,
        SpeedRole,
        SecondsLeftRole,  ///< invalid while unknown
        CellsRole,        ///< QVariant of QList<api::ShareCell>
        ErrorRole,        ///< errorName of a failed one
        SnapshotRole,     ///< the whole api::TransferSnapshot
    };

    /// `transfers` outlives the model.
    explicit TransferModel(api::Transfers& transfers, QObject* parent = nullptr);

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QHash<int, QByteArray> roleNames() const override;

    [[nodiscard]] const api::TransferSnapshot& at(int row) const;
    /// -1 when there is none.
    [[nodiscard]] int rowOf(api::TransferId id) const;
    [[nodiscard]] const TransferTotals& totals() const { return m_totals; }

    /// What the words about safety are measured against.
    void setGrid(const api::GridSnapshot& grid);
    [[nodiscard]] const api::GridSnapshot& grid() const { return m_grid; }

Q_SIGNALS:
    void totalsChanged();

private:
    void onAdded(const QList<api::TransferSnapshot>& snapshots);
    void onChanged(const QList<api::TransferSnapshot>& snapshots);
    void onRemoved(api::TransferId id);
    void takeOutRemoved();
    void announceRows(std::vector<int> rows);

    std::vector<api::TransferSnapshot> m_rows;
    QHash<api::TransferId, int> m_rowOf;
    QSet<api::TransferId> m_removed;  ///< still shown until `takeOutRemoved`
    TransferTotals m_totals;
    api::GridSnapshot m_grid;
};

}  // namespace tarn::ui
