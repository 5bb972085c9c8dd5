#pragma once

#include "core/api/home_server.h"

#include <functional>

namespace tarn::engine {

/// This computer's storage server as the GUI's thread sees it. Thread: the GUI's.
class LocalHomeServer final : public api::HomeServer {
    Q_OBJECT

public:
    /// Hands the wish to the engine's thread.
    using SetEnabled = std::function<void(bool)>;

    explicit LocalHomeServer(SetEnabled setEnabled, QObject* parent = nullptr)
        : HomeServer(parent), m_setEnabled(std::move(setEnabled)) {}

    [[nodiscard]] api::HomeServerSnapshot snapshot() const override { return m_snapshot; }
    void setEnabled(bool enabled) override { m_setEnabled(enabled); }

    /// What the engine's thread tells.
    void take(const api::HomeServerSnapshot& snapshot) {
        m_snapshot = snapshot;
        Q_EMIT changed(m_snapshot);
    }

private:
    SetEnabled m_setEnabled;
    api::HomeServerSnapshot m_snapshot;
};

}  // namespace tarn::engine
