#pragma once

#include "core/api/engine.h"
#include "core/foundation/error.h"

#include <QList>
#include <QString>

namespace tarn::engine {

/// Is told what happens on the engine's thread. Thread: calls come on the engine's; they must return at once.
class EngineListener {
public:
    virtual ~EngineListener() = default;

    virtual void onState(api::Engine::State state) = 0;
    virtual void onGrid(const api::GridSnapshot& grid) = 0;
    virtual void onFailed(const Error& error) = 0;
    virtual void onListed(const QList<api::TransferId>& ids) = 0;
    virtual void onAdded(const QList<api::TransferSnapshot>& snapshots) = 0;
    virtual void onChanged(const QList<api::TransferSnapshot>& snapshots) = 0;
    virtual void onStale() = 0;
    virtual void onMoved(const QList<api::TransferId>& ids, api::TransferId before) = 0;
    virtual void onRemoved(const QList<api::TransferId>& ids) = 0;
    virtual void onTotals(const api::QueueTotals& totals) = 0;
    virtual void onSettings(const api::QueueSettings& settings) = 0;
    virtual void onCapability(api::TransferId id, const QString& capability) = 0;
    virtual void onRefused(const QString& what, const Error& error) = 0;
    virtual void onHomeServer(const api::HomeServerSnapshot& snapshot) = 0;
};

}  // namespace tarn::engine
