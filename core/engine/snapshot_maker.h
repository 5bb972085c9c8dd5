#pragma once

#include "core/api/transfers.h"
#include "core/engine/live_transfer.h"
#include "core/journal/journal.h"

#include <QHash>
#include <QList>
#include <QString>

#include <string>

namespace tarn::engine {

/// Makes what a person is shown of a transfer out of its row and, while it runs, of what is known beyond it.
/// Thread: one at a time.
class SnapshotMaker {
public:
    [[nodiscard]] api::TransferSnapshot make(const journal::Row& row, const LiveTransfer* live = nullptr);
    [[nodiscard]] QList<api::TransferSnapshot> makeAll(const std::vector<journal::Row>& rows);

    /// A server's name, kept once: thousands of rows name the same few servers.
    [[nodiscard]] QString nameOf(const std::string& server);

private:
    [[nodiscard]] QList<api::ShareCell> cellsOf(const std::string& shares);

    QHash<QByteArray, QString> m_names;
};

}  // namespace tarn::engine
