#include "core/engine/local_transfers.h"

#include <utility>

namespace tarn::engine {

namespace {

std::vector<journal::RowId> rowIds(const QList<api::TransferId>& ids) {
    return {ids.begin(), ids.end()};
}

}  // namespace

void LocalTransfers::load(const QList<api::TransferId>& ids) {
    m_post([asked = rowIds(ids)](TransferDriver& transfers) { transfers.load(asked); });
}

void LocalTransfers::upload(const QStringList& paths) {
    std::vector<std::string> files;
    files.reserve(static_cast<std::size_t>(paths.size()));
    for (const auto& path : paths) {
        files.push_back(path.toStdString());
    }
    m_post([given = std::move(files)](TransferDriver& transfers) { transfers.upload(given); });
}

void LocalTransfers::saveCopy(api::TransferId finished, const QString& targetPath) {
    m_post([finished, target = targetPath.toStdString()](TransferDriver& transfers) {
        transfers.saveCopy(finished, target);
    });
}

void LocalTransfers::download(const QString& capability, const QString& targetPath) {
    m_post([secret = capability.toStdString(), target = targetPath.toStdString()](TransferDriver& transfers) {
        transfers.download(secret, target);
    });
}

void LocalTransfers::apply(const QList<api::TransferId>& ids, journal::Change change) {
    m_post([asked = rowIds(ids), change](TransferDriver& transfers) { transfers.apply(asked, change); });
}

void LocalTransfers::remove(const QList<api::TransferId>& ids) {
    m_post([asked = rowIds(ids)](TransferDriver& transfers) { transfers.remove(asked); });
}

void LocalTransfers::move(const QList<api::TransferId>& ids, api::QueueStep step) {
    m_post([asked = rowIds(ids), step](TransferDriver& transfers) {
        transfers.move(asked, static_cast<journal::Step>(step));
    });
}

void LocalTransfers::prioritise(const QList<api::TransferId>& ids, api::Priority priority) {
    m_post([asked = rowIds(ids), priority](TransferDriver& transfers) {
        transfers.prioritise(asked, static_cast<journal::Priority>(priority));
    });
}

void LocalTransfers::setSettings(const api::QueueSettings& settings) {
    m_post([settings](TransferDriver& transfers) { transfers.setSettings(settings); });
}

void LocalTransfers::requestCapability(api::TransferId id) {
    m_post([id](TransferDriver& transfers) { transfers.requestCapability(id); });
}

void LocalTransfers::take(const api::QueueTotals& totals) {
    m_totals = totals;
    Q_EMIT totalsChanged(totals);
}

void LocalTransfers::take(const api::QueueSettings& settings) {
    m_settings = settings;
    Q_EMIT settingsChanged(settings);
}

}  // namespace tarn::engine
