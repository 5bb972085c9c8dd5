#include "ui/widgets/tray.h"

#include "ui/models/home_server_words.h"

#include <QLocale>
#include <QSignalBlocker>

#include <chrono>

namespace tarn::ui {
namespace {

using namespace std::chrono_literals;
constexpr auto kBusyInterval = 400ms;

}  // namespace

Tray::Tray(api::Engine& engine, TransferModel& model, QObject* parent)
    : QObject(parent), m_engine(engine), m_model(model), m_serverAction(nullptr) {
    QAction* open = m_menu.addAction(tr("Open Tarn"), this, &Tray::openWanted);
    m_menu.setDefaultAction(open);
    m_serverAction = m_menu.addAction(tr("Storage server on this computer"));
    m_serverAction->setCheckable(true);
    connect(m_serverAction, &QAction::triggered, this, [this](bool on) { m_engine.homeServer().setEnabled(on); });
    m_menu.addSeparator();
    m_menu.addAction(tr("Quit"), this, &Tray::quitWanted);

    m_icon.setContextMenu(&m_menu);
    connect(&m_icon, &QSystemTrayIcon::activated, this, [this](QSystemTrayIcon::ActivationReason reason) {
        if (reason == QSystemTrayIcon::Trigger || reason == QSystemTrayIcon::DoubleClick) {
            Q_EMIT openWanted();
        }
    });
    connect(&m_icon, &QSystemTrayIcon::messageClicked, this, &Tray::openWanted);
    m_busyTimer.setInterval(kBusyInterval);
    connect(&m_busyTimer, &QTimer::timeout, this, [this] {
        m_busyStep = (m_busyStep + 1) % kBusySteps;
        m_icon.setIcon(trayIcon(m_state, m_busyStep));
    });
    connect(&m_model, &TransferModel::totalsChanged, this, &Tray::update);
    connect(&m_engine, &api::Engine::stateChanged, this, &Tray::update);
    connect(&m_engine.homeServer(), &api::HomeServer::changed, this, &Tray::update);
    m_icon.setIcon(trayIcon(m_state, 0));
    update();
    m_icon.show();
}

bool Tray::isShown() const {
    return QSystemTrayIcon::isSystemTrayAvailable() && m_icon.isVisible();
}

void Tray::tellThatItStays() {
    m_icon.showMessage(tr("Tarn goes on here"),
                       tr("Transfers continue with the window closed. Quit from this icon's menu."), m_icon.icon());
}

void Tray::update() {
    const api::HomeServerSnapshot server = m_engine.homeServer().snapshot();
    const TransferTotals& totals = m_model.totals();
    const bool ready = m_engine.state() == api::Engine::State::Ready;
    {
        const QSignalBlocker quiet(m_serverAction);
        m_serverAction->setChecked(HomeServerWords::showsOn(server));
        m_serverAction->setEnabled(ready && HomeServerWords::canSwitch(server));
    }
    const bool trouble = totals.figures().failed > 0 || m_engine.state() == api::Engine::State::Failed ||
                         server.state == api::HomeServerSnapshot::State::Failed;
    setState(trouble ? MarkState::Attention : totals.figures().running > 0 ? MarkState::Busy : MarkState::Idle);
    const QString pace = totals.paceWords(QLocale());
    const QString words = ready ? totals.countWords() : QString();
    QStringList lines{QStringLiteral("Tarn"), words, pace};
    lines.removeAll(QString());
    m_icon.setToolTip(lines.join(QLatin1Char('\n')));
}

void Tray::setState(MarkState state) {
    if (state == m_state) {
        return;
    }
    m_state = state;
    m_busyStep = 0;
    m_icon.setIcon(trayIcon(state, 0));
    state == MarkState::Busy ? m_busyTimer.start() : m_busyTimer.stop();
}

}  // namespace tarn::ui
