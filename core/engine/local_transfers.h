#pragma once

#include "core/api/transfers.h"
#include "core/engine/transfer_driver.h"

#include <QHash>

#include <functional>

namespace tarn::engine {

/// The transfer queue as the GUI's thread sees it: a copy of what the engine's thread last told. Thread: the GUI's.
class LocalTransfers final : public api::Transfers {
    Q_OBJECT

public:
    /// Hands work to the transfer driver on the engine's thread.
    using Post = std::function<void(std::function<void(TransferDriver&)>)>;

    explicit LocalTransfers(Post post, QObject* parent = nullptr) : Transfers(parent), m_post(std::move(post)) {}

    [[nodiscard]] QList<api::TransferSnapshot> snapshots() const override { return m_snapshots; }
    void upload(const QStringList& paths) override;
    void saveCopy(api::TransferId finished, const QString& targetPath) override;
    void download(const QString& capability, const QString& targetPath) override;
    void cancel(api::TransferId id) override;
    void retry(api::TransferId id) override;
    void remove(api::TransferId id) override;
    void requestCapability(api::TransferId id) override;

    // What the engine's thread tells; each updates the copy and then says so.
    void takeAdded(const QList<api::TransferSnapshot>& snapshots);
    void takeChanged(const QList<api::TransferSnapshot>& snapshots);
    void takeRemoved(api::TransferId id);

private:
    Post m_post;
    QList<api::TransferSnapshot> m_snapshots;
    QHash<api::TransferId, qsizetype> m_places;  // in m_snapshots
};

}  // namespace tarn::engine
