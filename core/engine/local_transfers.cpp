#include "core/engine/local_transfers.h"

#include <utility>

namespace tarn::engine {

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

void LocalTransfers::cancel(api::TransferId id) {
    m_post([id](TransferDriver& transfers) { transfers.cancel(id); });
}

void LocalTransfers::retry(api::TransferId id) {
    m_post([id](TransferDriver& transfers) { transfers.retry(id); });
}

void LocalTransfers::remove(api::TransferId id) {
    m_post([id](TransferDriver& transfers) { transfers.remove(id); });
}

void LocalTransfers::requestCapability(api::TransferId id) {
    m_post([id](TransferDriver& transfers) { transfers.requestCapability(id); });
}

void LocalTransfers::takeAdded(const QList<api::TransferSnapshot>& snapshots) {
    for (const auto& snapshot : snapshots) {
        m_places.insert(snapshot.id, m_snapshots.size());
        m_snapshots.push_back(snapshot);
    }
    Q_EMIT added(snapshots);
}

void LocalTransfers::takeChanged(const QList<api::TransferSnapshot>& snapshots) {
    for (const auto& snapshot : snapshots) {
        if (const auto place = m_places.constFind(snapshot.id); place != m_places.constEnd()) {
            m_snapshots[*place] = snapshot;
        }
    }
    Q_EMIT changed(snapshots);
}

void LocalTransfers::takeRemoved(api::TransferId id) {
    const auto place = m_places.constFind(id);
    if (place == m_places.constEnd()) {
        return;
    }
    const auto gone = *place;
    m_places.erase(place);
    m_snapshots.removeAt(gone);
    for (auto later = gone; later < m_snapshots.size(); ++later) {
        m_places[m_snapshots.at(later).id] = later;
    }
    Q_EMIT removed(id);
}

}  // namespace tarn::engine
