#pragma once

#include "core/api/transfers.h"

#include <QWidget>

#include <array>

class QCheckBox;
class QSpinBox;

namespace tarn::ui {

/// How fast transfers may go, and whether they go on where bytes cost money. What is changed is good at once.
class LimitsPanel : public QWidget {
    Q_OBJECT

public:
    /// `transfers` outlives the panel.
    explicit LimitsPanel(api::Transfers& transfers, QWidget* parent = nullptr);

private:
    struct Limit {
        QSpinBox* box = nullptr;
        quint64 api::QueueSettings::*value = nullptr;
    };

    void show(const api::QueueSettings& settings);
    void apply();

    api::Transfers& m_transfers;
    std::array<Limit, 4> m_limits;
    QCheckBox* m_metered;
};

}  // namespace tarn::ui
