#include "ui/widgets/main_window.h"

#include "ui/widgets/drop_overlay.h"
#include "ui/widgets/first_run_page.h"
#include "ui/widgets/mark.h"
#include "ui/widgets/opening_page.h"
#include "ui/widgets/settings_page.h"
#include "ui/widgets/tone_colours.h"
#include "ui/widgets/transfers_page.h"
#include "ui/widgets/trouble_page.h"

#include <QCloseEvent>
#include <QDragEnterEvent>
#include <QDropEvent>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QMenuBar>
#include <QMessageBox>
#include <QMimeData>
#include <QStackedWidget>
#include <QUrl>

namespace tarn::ui {
namespace {

constexpr QSize kFirstSize(980, 640);
constexpr QSize kSmallest(740, 460);

QString geometryKey() {
    return QStringLiteral("window/geometry");
}

struct Dragged {
    QStringList files;
    int elsewhere = 0;  ///< addresses that are not files on this computer
};

Dragged draggedIn(const QMimeData& data) {
    Dragged dragged;
    const QList<QUrl> urls = data.urls();
    for (const QUrl& url : urls) {
        if (url.isLocalFile()) {
            dragged.files.append(url.toLocalFile());
        } else {
            ++dragged.elsewhere;
        }
    }
    return dragged;
}

}  // namespace

MainWindow::MainWindow(api::Engine& engine, QSettings& settings, std::function<bool()> trayShown, QWidget* parent)
    : QMainWindow(parent), m_engine(engine), m_settings(settings), m_notices(settings),
      m_trayShown(std::move(trayShown)), m_model(engine.transfers()), m_pages(new QStackedWidget(this)),
      m_openingPage(new OpeningPage(this)), m_firstRunPage(new FirstRunPage(this)),
      m_troublePage(new TroublePage(this)), m_mainPage(new QWidget(this)), m_sidebar(new Sidebar(this)),
      m_sections(new QStackedWidget(this)),
      m_transfersPage(new TransfersPage(engine.transfers(), m_model, m_notices, this)),
      m_settingsPage(new SettingsPage(engine, this)), m_overlay(nullptr) {
    setWindowTitle(QStringLiteral("Tarn"));
    setWindowIcon(markIcon());
    setMinimumSize(kSmallest);
    resize(kFirstSize);
    restoreGeometry(m_settings.value(geometryKey()).toByteArray());
    setAcceptDrops(true);

    auto* columns = new QHBoxLayout(m_mainPage);
    columns->setContentsMargins(0, 0, 0, 0);
    columns->setSpacing(0);
    columns->addWidget(m_sidebar);
    columns->addWidget(m_sections, 1);
    m_sections->addWidget(m_transfersPage);
    m_sections->addWidget(m_settingsPage);
    m_settingsPage->setAutoFillBackground(true);
    m_settingsPage->setBackgroundRole(QPalette::Base);
    for (QWidget* page : {static_cast<QWidget*>(m_openingPage), static_cast<QWidget*>(m_firstRunPage),
                          static_cast<QWidget*>(m_troublePage), m_mainPage}) {
        m_pages->addWidget(page);
    }
    setCentralWidget(m_pages);
    m_overlay = new DropOverlay(m_pages);
    makeMenus();

    connect(m_sidebar, &Sidebar::sectionWanted, this, &MainWindow::setSection);
    connect(m_firstRunPage, &FirstRunPage::startHereWanted, this, [this] { m_engine.createHomeProfile(); });
    connect(m_troublePage, &TroublePage::retryWanted, this, &MainWindow::retryWanted);
    connect(m_troublePage, &TroublePage::quitWanted, this, &MainWindow::quitWanted);
    connect(&m_engine, &api::Engine::stateChanged, this, &MainWindow::showState);
    connect(&m_engine, &api::Engine::failed, m_troublePage, &TroublePage::setTrouble);
    connect(&m_engine, &api::Engine::gridChanged, m_transfersPage, &TransfersPage::setGrid);
    const api::Engine::State state = m_engine.state();
    showState(state == api::Engine::State::NoProfile ? api::Engine::State::Opening : state);
}

void MainWindow::makeMenus() {
    QMenu* file = menuBar()->addMenu(tr("&File"));
    file->addAction(m_transfersPage->addAction());
    file->addSeparator();
    QAction* quit = file->addAction(tr("&Quit"), QKeySequence(Qt::CTRL | Qt::Key_Q), this, &MainWindow::quitWanted);
    quit->setMenuRole(QAction::QuitRole);
    m_transferMenu = menuBar()->addMenu(tr("&Transfer"));
    for (const QList<TransferAction>& group : TransfersPage::actionGroups()) {
        for (const TransferAction kind : group) {
            m_transferMenu->addAction(m_transfersPage->action(kind));
        }
        m_transferMenu->addSeparator();
    }
    m_transferMenu->addAction(m_transfersPage->holdAction());
    m_transferMenu->addAction(m_transfersPage->selectAllAction());
    QMenu* view = menuBar()->addMenu(tr("&View"));
    view->addAction(tr("&Transfers"), QKeySequence(Qt::CTRL | Qt::Key_1), this,
                    [this] { setSection(Sidebar::Section::Transfers); });
    view->addAction(tr("&Settings"), QKeySequence(Qt::CTRL | Qt::Key_2), this,
                    [this] { setSection(Sidebar::Section::Settings); });
    QMenu* help = menuBar()->addMenu(tr("&Help"));
    help->addAction(tr("&About Tarn"), this, &MainWindow::showAbout)->setMenuRole(QAction::AboutRole);
}

void MainWindow::showState(api::Engine::State state) {
    const bool ready = state == api::Engine::State::Ready;
    switch (state) {
    case api::Engine::State::Opening: m_pages->setCurrentWidget(m_openingPage); break;
    case api::Engine::State::NoProfile:
        m_pages->setCurrentWidget(m_firstRunPage);
        m_firstRunPage->setFocus();
        break;
    case api::Engine::State::Failed:
        m_pages->setCurrentWidget(m_troublePage);
        m_troublePage->setFocus();
        break;
    case api::Engine::State::Ready:
        m_pages->setCurrentWidget(m_mainPage);
        m_transfersPage->setGrid(m_engine.grid());
        m_transfersPage->upload(takeWaitingFiles());
        break;
    }
    menuBar()->setVisible(ready);
    m_transfersPage->addAction()->setEnabled(ready);
}

void MainWindow::open() {
    setWindowState(windowState() & ~Qt::WindowMinimized);
    show();
    raise();
    activateWindow();
}

void MainWindow::addFiles(const QStringList& paths) {
    if (m_engine.state() == api::Engine::State::Ready) {
        setSection(Sidebar::Section::Transfers);
        m_transfersPage->upload(paths);
    } else {
        m_waitingFiles += paths;
    }
}

void MainWindow::setSection(Sidebar::Section section) {
    m_sidebar->setSection(section);
    m_sections->setCurrentIndex(static_cast<int>(section));
}

void MainWindow::closeEvent(QCloseEvent* event) {
    m_settings.setValue(geometryKey(), saveGeometry());
    if (m_mayClose || qGuiApp->isSavingSession()) {
        event->accept();
        return;
    }
    event->ignore();
    if (!m_trayShown()) {
        showMinimized();
        return;
    }
    hide();
    const bool first = !m_notices.seen(SeenNotices::Notice::KeepsRunningInTray);
    m_notices.remember(SeenNotices::Notice::KeepsRunningInTray);
    Q_EMIT wentToTray(first);
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
    if (m_engine.state() != api::Engine::State::Ready || !event->mimeData()->hasUrls()) {
        return;
    }
    const Dragged dragged = draggedIn(*event->mimeData());
    if (dragged.files.isEmpty() && dragged.elsewhere == 0) {
        return;
    }
    event->setDropAction(Qt::CopyAction);
    event->accept();
    m_overlay->cover(static_cast<int>(dragged.files.size()));
}

void MainWindow::dragLeaveEvent(QDragLeaveEvent* /*event*/) {
    m_overlay->hide();
}

void MainWindow::dropEvent(QDropEvent* event) {
    m_overlay->hide();
    if (m_engine.state() != api::Engine::State::Ready || !event->mimeData()->hasUrls()) {
        return;
    }
    const Dragged dragged = draggedIn(*event->mimeData());
    event->setDropAction(Qt::CopyAction);
    event->accept();
    addFiles(dragged.files);
    if (dragged.elsewhere > 0) {
        setSection(Sidebar::Section::Transfers);
        m_transfersPage->tell(
            tr("%n item(s) left out: only files on this computer can be stored. Save them here first.", nullptr,
               dragged.elsewhere),
            Tone::Caution);
    }
}

void MainWindow::showAbout() {
    auto* about = new QMessageBox(QMessageBox::NoIcon, tr("About Tarn"),
                                  QStringLiteral("Tarn %1").arg(QCoreApplication::applicationVersion()),
                                  QMessageBox::Close, this);
    about->setIconPixmap(markIcon().pixmap(QSize(64, 64), devicePixelRatioF()));
    about->setInformativeText(tr("Files, encrypted on this computer and kept on Tahoe-LAFS storage servers."));
    about->setAttribute(Qt::WA_DeleteOnClose);
    about->open();
}

}  // namespace tarn::ui
