#pragma once

#include "core/api/transfers.h"
#include "core/engine/transfer_driver.h"

#include <functional>

namespace tarn::engine {

/// The transfer queue as the GUI's thread sees it: passes on what is asked and what is told; keeps no row.
/// Thread: the GUI's.
class LocalTransfers final : public api::Transfers {
    Q_OBJECT

public:
    /// Hands work to the transfer driver on the engine's thread.
    using Post = std::function<void(std::function<void(TransferDriver&)>)>;

    explicit LocalTransfers(Post post, QObject* parent = nullptr) : Transfers(parent), m_post(std::move(post)) {}

    [[nodiscard]] api::QueueTotals totals() const override { return m_totals; }
    [[nodiscard]] api::QueueSettings settings() const override { return m_settings; }
    void load(const QList<api::TransferId>& ids) override;
    void upload(const QStringList& paths) override;
    void saveCopy(api::TransferId finished, const QString& targetPath) override;
    void download(const QString& capability, const QString& targetPath) override;
    void pause(const QList<api::TransferId>& ids) override { apply(ids, journal::Change::Pause); }
    void resume(const QList<api::TransferId>& ids) override { apply(ids, journal::Change::Resume); }
    void cancel(const QList<api::TransferId>& ids) override { apply(ids, journal::Change::Cancel); }
    void retry(const QList<api::TransferId>& ids) override { apply(ids, journal::Change::Retry); }
    void remove(const QList<api::TransferId>& ids) override;
    void move(const QList<api::TransferId>& ids, api::QueueStep step) override;
    void prioritise(const QList<api::TransferId>& ids, api::Priority priority) override;
    void setSettings(const api::QueueSettings& settings) override;
    void requestCapability(api::TransferId id) override;

    // What the engine's thread tells; each is kept and then said.
    void take(const api::QueueTotals& totals);
    void take(const api::QueueSettings& settings);

private:
    void apply(const QList<api::TransferId>& ids, journal::Change change);

    Post m_post;
    api::QueueTotals m_totals;
    api::QueueSettings m_settings;
};

}  // namespace tarn::engine
