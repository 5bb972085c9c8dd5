#pragma once

#include "core/api/engine.h"
#include "core/api/transfers.h"
#include "ui/models/transfer_totals.h"

#include <QAbstractListModel>
#include <QCache>
#include <QHash>
#include <QList>
#include <QSet>

#include <vector>

namespace tarn::ui {

/// The transfer queue, one row a transfer, in the list's order.
///
/// Follows `api::Transfers` by its signals alone: no call here waits for the engine. Of every row only its number is
/// kept; what rows say is kept for the last ones that somebody looked at, and asked for when it is not there. So a list
/// of a hundred thousand costs a few bytes a row, and a change costs the same in a long list as in a short one.
/// Removals that come together are taken out together.
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

    /// Rows of which it is kept what they say.
    static constexpr int mostKept = 1024;
    /// Rows that are taken out in one go; of more, the others follow one go after the other.
    static constexpr int mostTakenOut = 8192;

    /// `transfers` outlives the model.
    explicit TransferModel(api::Transfers& transfers, QObject* parent = nullptr);

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QHash<int, QByteArray> roleNames() const override;

    [[nodiscard]] api::TransferId idAt(int row) const { return m_ids.at(static_cast<std::size_t>(row)); }
    /// What a row says. Where that is not known yet it is asked for, and comes by `dataChanged`; until then all but the
    /// number is empty.
    [[nodiscard]] api::TransferSnapshot at(int row) const;
    /// What is known of a transfer now; null where that is nothing. Good until the next call.
    [[nodiscard]] const api::TransferSnapshot* known(api::TransferId id) const { return m_known.object(id); }
    /// -1 when there is none.
    [[nodiscard]] int rowOf(api::TransferId id) const;
    [[nodiscard]] const TransferTotals& totals() const { return m_totals; }

    /// What the words about safety are measured against.
    void setGrid(const api::GridSnapshot& grid);
    [[nodiscard]] const api::GridSnapshot& grid() const { return m_grid; }

Q_SIGNALS:
    void totalsChanged();
    /// Around a change of the order. Qt keeps an index for every selected row over such a change, one by one: whoever
    /// holds a selection, which may be of a hundred thousand, puts it aside meanwhile.
    void rearranging();
    void rearranged();

private:
    void onListed(const QList<api::TransferId>& ids);
    void onAdded(const QList<api::TransferSnapshot>& snapshots);
    void onChanged(const QList<api::TransferSnapshot>& snapshots);
    void onStale();
    void onMoved(const QList<api::TransferId>& ids, api::TransferId before);
    void onRemoved(const QList<api::TransferId>& ids);
    void rearrange(int first, const std::vector<api::TransferId>& order);
    void takeOutRemoved();
    void announceRows(std::vector<int> rows);
    void keep(const api::TransferSnapshot& snapshot);
    void renumber(int first, int last);
    void want(api::TransferId id) const;
    void askForWanted();

    api::Transfers& m_transfers;
    std::vector<api::TransferId> m_ids;
    QHash<api::TransferId, int> m_rowOf;
    mutable QCache<api::TransferId, api::TransferSnapshot> m_known{mostKept};
    mutable QSet<api::TransferId> m_wanted;  ///< somebody looked at them and they are not known
    QSet<api::TransferId> m_asked;           ///< of these, the ones that were asked for
    QSet<api::TransferId> m_outdated;        ///< known, and shown until there is better
    mutable bool m_askingSoon = false;
    QSet<api::TransferId> m_removed;  ///< still shown until `takeOutRemoved`
    TransferTotals m_totals;
    api::GridSnapshot m_grid;
};

}  // namespace tarn::ui
