#include "app/desktop/desktop.h"

#include <QDir>
#include <QStandardPaths>

namespace tarn::desktop {

Desktop::Desktop(EngineMaker makeEngine, const QString& settingsFile, QObject* parent)
    : QObject(parent), m_makeEngine(std::move(makeEngine)), m_settings(settingsFile, QSettings::IniFormat) {
    start();
}

Desktop::~Desktop() {
    stop();
}

QString Desktop::defaultSettingsFile() {
    return QDir(QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation))
        .filePath(QStringLiteral("tarn/desktop.ini"));
}

void Desktop::start() {
    m_engine = m_makeEngine();
    m_window = std::make_unique<ui::MainWindow>(*m_engine, m_settings, [this] { return m_tray && m_tray->isShown(); });
    m_tray = std::make_unique<ui::Tray>(*m_engine, m_window->model());
    m_memoryKeeper = std::make_unique<MemoryKeeper>(m_window->model());
    connect(m_window.get(), &ui::MainWindow::quitWanted, this, &Desktop::quit);
    // The window asks for its own end here: let it come back from its handlers first.
    connect(m_window.get(), &ui::MainWindow::retryWanted, this, &Desktop::startAgain, Qt::QueuedConnection);
    connect(m_window.get(), &ui::MainWindow::wentToTray, this, [this](bool first) {
        if (first) {
            m_tray->tellThatItStays();
        }
    });
    connect(m_tray.get(), &ui::Tray::openWanted, m_window.get(), &ui::MainWindow::open);
    connect(m_tray.get(), &ui::Tray::quitWanted, this, &Desktop::quit);
}

void Desktop::stop() {
    // The window and the tray look at the engine, so they go first.
    m_memoryKeeper.reset();
    m_tray.reset();
    m_window.reset();
    m_engine.reset();
}

void Desktop::startAgain() {
    const QStringList waiting = m_window->takeWaitingFiles();
    stop();
    start();
    open(waiting);
}

void Desktop::open(const QStringList& absolutePaths) {
    m_window->open();
    m_window->addFiles(absolutePaths);
}

void Desktop::quit() {
    m_window->allowClose();
    m_window->close();
    Q_EMIT ended();
}

}  // namespace tarn::desktop
