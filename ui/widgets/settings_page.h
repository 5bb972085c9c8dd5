#pragma once

#include "core/api/engine.h"

#include <QWidget>

class QLabel;

namespace tarn::ui {

class SwitchButton;

/// Settings: the grid as it is, and the storage server on this computer with its switch.
class SettingsPage : public QWidget {
    Q_OBJECT

public:
    /// `engine` outlives the page.
    explicit SettingsPage(api::Engine& engine, QWidget* parent = nullptr);

private:
    void showGrid(const api::GridSnapshot& grid);
    void showServer(const api::HomeServerSnapshot& server);

    api::Engine& m_engine;
    QLabel* m_servers;
    QLabel* m_promise;
    SwitchButton* m_switch;
    QLabel* m_state;
    QLabel* m_meaning;
    QLabel* m_holding;
    QLabel* m_available;
    QLabel* m_folder;
    QLabel* m_address;
};

}  // namespace tarn::ui
