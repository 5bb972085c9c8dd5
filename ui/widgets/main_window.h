#pragma once

#include "core/api/engine.h"
#include "ui/models/seen_notices.h"
#include "ui/models/transfer_model.h"
#include "ui/widgets/sidebar.h"

#include <QMainWindow>
#include <QSettings>

#include <functional>
#include <utility>

class QStackedWidget;

namespace tarn::ui {

class DropOverlay;
class FirstRunPage;
class OpeningPage;
class SettingsPage;
class TransfersPage;
class TroublePage;

/// The one window: shows what the engine's state asks for, and takes files dropped anywhere on it.
///
/// Closing it ends nothing: it goes to the tray, or is minimised where there is none. It closes for good once
/// `allowClose` was called.
class MainWindow : public QMainWindow {
    Q_OBJECT

public:
    /// `engine` and `settings` outlive the window. The engine is about to open its profile: until it has said that
    /// there is none, the window does not take it so. `trayShown` says whether the tray holds our icon at this moment.
    MainWindow(api::Engine& engine, QSettings& settings, std::function<bool()> trayShown, QWidget* parent = nullptr);

    /// Brings the window to the front from wherever it is.
    void open();
    /// Queues files now, or as soon as the engine is ready.
    void addFiles(const QStringList& paths);
    /// Files that wait for an engine that is not ready; they are the caller's then.
    [[nodiscard]] QStringList takeWaitingFiles() { return std::exchange(m_waitingFiles, {}); }
    void allowClose() { m_mayClose = true; }
    void setSection(Sidebar::Section section);

    [[nodiscard]] TransferModel& model() { return m_model; }
    [[nodiscard]] TransfersPage& transfersPage() { return *m_transfersPage; }

Q_SIGNALS:
    void quitWanted();
    /// The profile could not be opened and a person wants it tried again.
    void retryWanted();
    /// The window went to the tray; `first` is true the first time ever, when that wants saying.
    void wentToTray(bool first);

protected:
    void closeEvent(QCloseEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dragLeaveEvent(QDragLeaveEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    void makeMenus();
    void showState(api::Engine::State state);
    void showAbout();

    api::Engine& m_engine;
    QSettings& m_settings;
    SeenNotices m_notices;
    std::function<bool()> m_trayShown;
    TransferModel m_model;
    QStackedWidget* m_pages;
    OpeningPage* m_openingPage;
    FirstRunPage* m_firstRunPage;
    TroublePage* m_troublePage;
    QWidget* m_mainPage;
    Sidebar* m_sidebar;
    QStackedWidget* m_sections;
    TransfersPage* m_transfersPage;
    SettingsPage* m_settingsPage;
    DropOverlay* m_overlay;
    QMenu* m_transferMenu = nullptr;
    QStringList m_waitingFiles;  ///< given before the engine was ready
    bool m_mayClose = false;
};

}  // namespace tarn::ui
