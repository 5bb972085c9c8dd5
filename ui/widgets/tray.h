#pragma once

#include "core/api/engine.h"
#include "ui/models/transfer_model.h"
#include "ui/widgets/mark.h"

#include <QAction>
#include <QMenu>
#include <QObject>
#include <QSystemTrayIcon>
#include <QTimer>

namespace tarn::ui {

/// Tarn in the desktop's tray: what it is doing at a glance, and a menu to open it, switch the storage server and quit.
class Tray : public QObject {
    Q_OBJECT

public:
    /// Both outlive the tray.
    Tray(api::Engine& engine, TransferModel& model, QObject* parent = nullptr);

    /// Whether the desktop has a tray and our icon is in it; asked anew each time, for a tray may come and go.
    [[nodiscard]] bool isShown() const;
    /// Says that Tarn goes on with its window closed.
    void tellThatItStays();
    [[nodiscard]] MarkState state() const { return m_state; }
    [[nodiscard]] QMenu& menu() { return m_menu; }

Q_SIGNALS:
    void openWanted();
    void quitWanted();

private:
    void update();
    void setState(MarkState state);

    api::Engine& m_engine;
    TransferModel& m_model;
    QMenu m_menu;
    QAction* m_serverAction;
    QSystemTrayIcon m_icon;
    QTimer m_busyTimer;
    MarkState m_state = MarkState::Idle;
    int m_busyStep = 0;
};

}  // namespace tarn::ui
