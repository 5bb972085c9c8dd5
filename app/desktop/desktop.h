#pragma once

#include "app/desktop/memory_keeper.h"
#include "core/api/engine.h"
#include "ui/widgets/main_window.h"
#include "ui/widgets/tray.h"

#include <QObject>
#include <QSettings>
#include <QStringList>

#include <functional>
#include <memory>

namespace tarn::desktop {

/// The desktop program: one engine, one window, one tray icon, and what goes between them. Thread: GUI.
class Desktop : public QObject {
    Q_OBJECT

public:
    /// Makes an engine and has it begin to open its profile.
    using EngineMaker = std::function<std::unique_ptr<api::Engine>()>;

    Desktop(EngineMaker makeEngine, const QString& settingsFile, QObject* parent = nullptr);
    ~Desktop() override;

    /// Where the desktop's own settings are kept: the XDG configuration folder.
    [[nodiscard]] static QString defaultSettingsFile();

    /// Shows the window and brings it to the front; queues the files, now or when the profile is open.
    void open(const QStringList& absolutePaths);
    /// Ends it all: transfers that were not finished go on at the next start.
    void quit();

    [[nodiscard]] ui::MainWindow& window() { return *m_window; }
    [[nodiscard]] ui::Tray& tray() { return *m_tray; }
    [[nodiscard]] api::Engine& engine() { return *m_engine; }

Q_SIGNALS:
    /// The window is closed for good.
    void ended();

private:
    void start();
    void stop();
    void startAgain();

    EngineMaker m_makeEngine;
    QSettings m_settings;
    std::unique_ptr<api::Engine> m_engine;
    std::unique_ptr<ui::MainWindow> m_window;
    std::unique_ptr<ui::Tray> m_tray;
    std::unique_ptr<MemoryKeeper> m_memoryKeeper;
};

}  // namespace tarn::desktop
