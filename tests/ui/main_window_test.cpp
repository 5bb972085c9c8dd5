#include "core/api/error_text.h"
#include "tests/ui/fake_engine.h"
#include "ui/widgets/language.h"
#include "ui/widgets/main_window.h"
#include "ui/widgets/notice_bar.h"
#include "ui/widgets/switch_button.h"
#include "ui/widgets/transfer_view.h"
#include "ui/widgets/transfers_page.h"
#include "ui/widgets/tray.h"

#include <QAbstractButton>
#include <QAccessible>
#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QDir>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QLabel>
#include <QLineEdit>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QScrollBar>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTemporaryDir>
#include <QTest>
#include <QUrl>

#include <memory>

namespace tarn::ui_test {

using api::Engine;
using ui::MainWindow;
using ui::TransferAction;

namespace {

/// The window over a fake engine, with settings of its own.
struct Stage {
    QTemporaryDir folder;
    QSettings settings{folder.filePath(QStringLiteral("desktop.ini")), QSettings::IniFormat};
    FakeEngine engine;
    bool hasTray = true;
    std::unique_ptr<MainWindow> window;

    explicit Stage(Engine::State state = Engine::State::Ready) {
        engine.become(fiveServerGrid());
        engine.homeServer().become(runningServer());
        openWindow();
        engine.become(state);
    }

    void openWindow() {
        window = std::make_unique<MainWindow>(engine, settings, [this] { return hasTray; });
        window->show();
        (void)QTest::qWaitForWindowExposed(window.get());
    }

    FakeTransfers& transfers() { return engine.transfers(); }
    ui::TransferView& view() { return window->transfersPage().view(); }

    void select(const QList<int>& rows) {
        view().selectionModel()->clear();
        for (const int row : rows) {
            view().selectionModel()->select(window->model().index(row), QItemSelectionModel::Select);
        }
        QCoreApplication::processEvents();
    }

    void press(TransferAction action) {
        QCoreApplication::processEvents();
        window->transfersPage().action(action)->trigger();
    }

    void clickButton(int row, TransferAction action) {
        const QRect rect = view().buttonRect(window->model().index(row), action);
        QTest::mouseClick(view().viewport(), Qt::LeftButton, {}, rect.center());
    }

    QMessageBox* question() const { return window->findChild<QMessageBox*>(); }

    static void answer(QMessageBox* box, QMessageBox::ButtonRole role) {
        const QList<QAbstractButton*> buttons = box->buttons();
        for (QAbstractButton* button : buttons) {
            if (box->buttonRole(button) == role) {
                button->click();
                return;
            }
        }
        QFAIL("no such button");
    }

    bool drop(const QList<QUrl>& urls) {
        QMimeData data;
        data.setUrls(urls);
        QDragEnterEvent enter(QPoint(200, 200), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(window.get(), &enter);
        QDropEvent event(QPointF(200, 200), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(window.get(), &event);
        return enter.isAccepted();
    }
};

QString clipboard() {
    return QApplication::clipboard()->text();
}

}  // namespace

class MainWindowTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        // Qt's file dialog keeps notes of its own; they do not belong among those of the person who runs the tests.
        QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, m_folder.path());
        m_language = std::make_unique<ui::Language>(QLocale(QLocale::English, QLocale::UnitedStates));
    }
    void cleanupTestCase() { m_language.reset(); }
    void init() { QApplication::clipboard()->clear(); }

    void thePagesFollowTheEngine() {
        Stage stage(Engine::State::Opening);
        QVERIFY(!stage.view().isVisible());
        auto* start = stage.window->findChild<QPushButton*>(QStringLiteral("startHere"));
        QVERIFY(!start->isVisible());
        stage.engine.become(Engine::State::NoProfile);
        QVERIFY(start->isVisible());
        QTest::mouseClick(start, Qt::LeftButton);
        QCOMPARE(stage.engine.profilesWanted, 1);
        stage.engine.become(Engine::State::Ready);
        QVERIFY(!start->isVisible());
        QVERIFY(stage.window->transfersPage().isVisible());
    }

    void anEngineThatHasSaidNothingYetDoesNotLookLikeAFirstRun() {
        QTemporaryDir folder;
        QSettings settings(folder.filePath(QStringLiteral("desktop.ini")), QSettings::IniFormat);
        FakeEngine engine;
        MainWindow window(engine, settings, [] { return false; });
        window.show();
        QVERIFY(!window.findChild<QPushButton*>(QStringLiteral("startHere"))->isVisible());
    }

    void theFirstRunNeedsOnlyTheKeyboard() {
        Stage stage(Engine::State::NoProfile);
        stage.window->activateWindow();
        QTest::keyClick(stage.window->findChild<QPushButton*>(QStringLiteral("startHere")), Qt::Key_Space);
        QCOMPARE(stage.engine.profilesWanted, 1);
    }

    void aTroubledProfileShowsItsSentencesOnAPage() {
        Stage stage(Engine::State::Opening);
        QSignalSpy retries(stage.window.get(), &MainWindow::retryWanted);
        stage.engine.fail(QStringLiteral("ProfileLocked"), QStringLiteral("held by process 7"));
        QStringList shown;
        for (const QLabel* label : stage.window->findChildren<QLabel*>()) {
            if (label->isVisible()) {
                shown.append(label->text());
            }
        }
        const api::ErrorText text = api::errorText(QStringLiteral("ProfileLocked"));
        QVERIFY(shown.contains(text.what));
        QVERIFY(shown.contains(text.kept));
        QVERIFY(shown.contains(text.advice));
        QVERIFY(stage.question() == nullptr);
        for (QPushButton* button : stage.window->findChildren<QPushButton*>()) {
            if (button->isVisible() && button->isDefault()) {
                button->click();
                break;
            }
        }
        QCOMPARE(retries.size(), 1);
    }

    void filesDroppedAnywhereAreUploaded() {
        Stage stage;
        stage.window->setSection(ui::Sidebar::Section::Settings);
        const QString odd = QStringLiteral("/tmp/ein Ördner/файл #1 100%.txt");
        QVERIFY(stage.drop({QUrl::fromLocalFile(odd), QUrl::fromLocalFile(QStringLiteral("/tmp/b"))}));
        QCOMPARE(stage.transfers().uploaded, (QStringList{odd, QStringLiteral("/tmp/b")}));
        QVERIFY(stage.window->transfersPage().isVisible());
    }

    void thingsFromElsewhereAreLeftOutAndSaidSo() {
        Stage stage;
        QVERIFY(
            stage.drop({QUrl(QStringLiteral("https://example.org/x")), QUrl::fromLocalFile(QStringLiteral("/tmp/b"))}));
        QCOMPARE(stage.transfers().uploaded, QStringList{QStringLiteral("/tmp/b")});
        QVERIFY(stage.window->transfersPage().notices().text().contains(QStringLiteral("1 item left out")));
    }

    void nothingIsTakenBeforeTheEngineIsReady() {
        Stage stage(Engine::State::NoProfile);
        QVERIFY(!stage.drop({QUrl::fromLocalFile(QStringLiteral("/tmp/b"))}));
        QVERIFY(stage.transfers().uploaded.isEmpty());
    }

    void filesOfTheCommandLineWaitForTheEngine() {
        Stage stage(Engine::State::NoProfile);
        stage.window->addFiles({QStringLiteral("/tmp/a")});
        QVERIFY(stage.transfers().uploaded.isEmpty());
        stage.engine.become(Engine::State::Ready);
        QCOMPARE(stage.transfers().uploaded, QStringList{QStringLiteral("/tmp/a")});
    }

    void aRefusedFolderIsSaidPolitelyAndStopsNothing() {
        Stage stage;
        const QString code = QStringLiteral("FileUnreadable");
        const ui::NoticeBar& notices = stage.window->transfersPage().notices();
        QVERIFY(QDir(stage.folder.path()).mkdir(QStringLiteral("Photos <b>")));
        stage.transfers().refuse(stage.folder.filePath(QStringLiteral("Photos <b>")), code);
        QTRY_VERIFY(notices.text().startsWith(QStringLiteral("“Photos <b>” is a folder that could not be read")));
        stage.transfers().refuse(QStringLiteral("/not/there.txt"), code);
        QTRY_VERIFY(notices.text().contains(QStringLiteral("“there.txt”: ") + api::errorText(code).what));
        QVERIFY(notices.text().contains(api::errorText(code).advice));
        QVERIFY(stage.question() == nullptr);
        for (int i = 0; i < 500; ++i) {
            stage.transfers().refuse(QStringLiteral("/not/there %1").arg(i), code);
        }
        QTRY_VERIFY(notices.text().contains(QStringLiteral("And 499 more.")));
    }

    void theRowsOwnButtonsActOnTheirRowAlone() {
        Stage stage;
        stage.transfers().add({sending(1, QStringLiteral("a"), 100, 1), stored(2, QStringLiteral("b"), 5000),
                               broken(3, QStringLiteral("c"), 5000, QStringLiteral("TimedOut"))});
        stage.select({0, 1, 2});
        stage.clickButton(0, TransferAction::Cancel);
        QCOMPARE(stage.transfers().cancelled, QList<api::TransferId>{1});
        stage.clickButton(2, TransferAction::Retry);
        QCOMPARE(stage.transfers().retried, QList<api::TransferId>{3});
        stage.clickButton(2, TransferAction::Remove);
        QCOMPARE(stage.transfers().removedIds, QList<api::TransferId>{3});
    }

    void aPressThatEndsElsewhereDoesNothing() {
        Stage stage;
        stage.transfers().add({sending(1, QStringLiteral("a"), 100, 1)});
        const QRect button = stage.view().buttonRect(stage.window->model().index(0), TransferAction::Cancel);
        QTest::mousePress(stage.view().viewport(), Qt::LeftButton, {}, button.center());
        QTest::mouseRelease(stage.view().viewport(), Qt::LeftButton, {}, QPoint(60, 20));
        QVERIFY(stage.transfers().cancelled.isEmpty());
    }

    void actionsServeManyAndOnlyThoseTheyFit() {
        Stage stage;
        stage.transfers().add({sending(1, QStringLiteral("a"), 100, 1), waiting(2, QStringLiteral("b"), 10),
                               stored(3, QStringLiteral("c"), 5000),
                               broken(4, QStringLiteral("d"), 10, QStringLiteral("DiskFull"))});
        stage.select({0, 1, 2, 3});
        stage.press(TransferAction::Cancel);
        QCOMPARE(stage.transfers().cancelled, (QList<api::TransferId>{1, 2}));
        stage.press(TransferAction::Retry);
        QCOMPARE(stage.transfers().retried, QList<api::TransferId>{4});
        stage.select({2});
        QVERIFY(!stage.window->transfersPage().action(TransferAction::Cancel)->isEnabled());
        QVERIFY(stage.window->transfersPage().action(TransferAction::CopyLink)->isEnabled());
        stage.select({});
        for (const auto action : {TransferAction::Cancel, TransferAction::Retry, TransferAction::CopyLink,
                                  TransferAction::SaveCopy, TransferAction::Remove}) {
            QVERIFY(!stage.window->transfersPage().action(action)->isEnabled());
        }
    }

    void theKeysWork() {
        Stage stage;
        stage.transfers().add(
            {sending(1, QStringLiteral("a"), 100, 1), broken(2, QStringLiteral("b"), 10, QStringLiteral("DiskFull"))});
        stage.window->activateWindow();
        stage.view().setFocus();
        stage.select({1});
        QTest::keyClick(&stage.view(), Qt::Key_F5);
        QCOMPARE(stage.transfers().retried, QList<api::TransferId>{2});
        QTest::keyClick(&stage.view(), Qt::Key_A, Qt::ControlModifier);
        QCOMPARE(stage.view().selectedIds().size(), 2);
        QTest::keyClick(&stage.view(), Qt::Key_Delete);
        QCOMPARE(stage.transfers().cancelled, QList<api::TransferId>{1});
        QVERIFY(stage.transfers().removedIds.isEmpty());
        stage.select({1});
        QTest::keyClick(&stage.view(), Qt::Key_Delete);
        QCOMPARE(stage.transfers().removedIds, QList<api::TransferId>{2});
        QTest::keyClick(&stage.view(), Qt::Key_O, Qt::ControlModifier);
        auto* dialog = stage.window->findChild<QFileDialog*>();
        QVERIFY(dialog != nullptr);
        dialog->reject();
    }

    void theFirstLinkComesWithAWarningTheNextOnesDoNot() {
        Stage stage;
        stage.transfers().add({stored(1, QStringLiteral("a"), 5000), stored(2, QStringLiteral("b"), 5000)});
        stage.select({0});
        stage.press(TransferAction::CopyLink);
        QVERIFY(stage.question() != nullptr);
        QVERIFY(stage.transfers().capabilityRequests.isEmpty());
        Stage::answer(stage.question(), QMessageBox::RejectRole);
        QVERIFY(clipboard().isEmpty());
        QTRY_VERIFY(stage.question() == nullptr);

        stage.press(TransferAction::CopyLink);  // not yet accepted: asked again
        Stage::answer(stage.question(), QMessageBox::AcceptRole);
        QCOMPARE(clipboard(), FakeTransfers::capabilityOf(1));
        QTRY_VERIFY(stage.question() == nullptr);

        stage.select({0, 1});
        stage.press(TransferAction::CopyLink);
        QVERIFY(stage.question() == nullptr);
        QCOMPARE(clipboard(), FakeTransfers::capabilityOf(1) + QLatin1Char('\n') + FakeTransfers::capabilityOf(2));
        QCOMPARE(stage.window->transfersPage().notices().text(), QStringLiteral("2 links copied."));
    }

    void aLinkThatNobodyAskedForStaysOutOfTheClipboard() {
        Stage stage;
        stage.transfers().add({stored(1, QStringLiteral("a"), 5000)});
        Q_EMIT stage.transfers().capabilityReady(1, QStringLiteral("URI:TEST:unasked"));
        QVERIFY(clipboard().isEmpty());
    }

    void removingAStoredFileWarnsThatItsLinkGoesToo() {
        Stage stage;
        stage.transfers().add({stored(1, QStringLiteral("a"), 5000)});
        stage.select({0});
        stage.press(TransferAction::Remove);
        QVERIFY(stage.question() != nullptr);
        Stage::answer(stage.question(), QMessageBox::RejectRole);
        QVERIFY(stage.transfers().removedIds.isEmpty());
        QTRY_VERIFY(stage.question() == nullptr);
        stage.press(TransferAction::Remove);
        Stage::answer(stage.question(), QMessageBox::DestructiveRole);
        QCOMPARE(stage.transfers().removedIds, QList<api::TransferId>{1});
        QTRY_COMPARE(stage.window->model().rowCount(), 0);
    }

    void aCopyIsSavedWhereAPersonSays() {
        Stage stage;
        stage.transfers().add({stored(1, QStringLiteral("film.mkv"), 5000)});
        stage.clickButton(0, TransferAction::SaveCopy);
        auto* dialog = stage.window->findChild<QFileDialog*>();
        QVERIFY(dialog != nullptr);
        const QString target = stage.folder.filePath(QStringLiteral("copy.mkv"));
        dialog->findChild<QLineEdit*>()->setText(target);
        QMetaObject::invokeMethod(dialog, "accept");
        QCOMPARE(stage.transfers().copies, (QList<QPair<api::TransferId, QString>>{{1, target}}));
    }

    void closingGoesToTheTrayAndSaysSoOnce() {
        Stage stage;
        QSignalSpy went(stage.window.get(), &MainWindow::wentToTray);
        stage.window->close();
        QVERIFY(!stage.window->isVisible());
        QCOMPARE(went.size(), 1);
        QCOMPARE(went.at(0).at(0).toBool(), true);
        stage.window->open();
        QVERIFY(stage.window->isVisible());
        stage.window->close();
        QCOMPARE(went.at(1).at(0).toBool(), false);
        stage.openWindow();  // the next start remembers
        QSignalSpy again(stage.window.get(), &MainWindow::wentToTray);
        stage.window->close();
        QCOMPARE(again.at(0).at(0).toBool(), false);
    }

    void closingWithoutATrayMinimises() {
        Stage stage;
        stage.hasTray = false;
        stage.window->close();
        QVERIFY(stage.window->isVisible());
        QVERIFY(stage.window->isMinimized());
        stage.window->open();
        QVERIFY(!stage.window->isMinimized());
    }

    void quittingClosesForGood() {
        Stage stage;
        stage.window->allowClose();
        QVERIFY(stage.window->close());
        QVERIFY(!stage.window->isVisible());
    }

    void theSwitchAsksTheServerAndShowsWhatItSays() {
        Stage stage;
        stage.window->setSection(ui::Sidebar::Section::Settings);
        auto* toggle = stage.window->findChild<ui::SwitchButton*>(QStringLiteral("homeServerSwitch"));
        auto* state = stage.window->findChild<QLabel*>(QStringLiteral("homeServerState"));
        QVERIFY(toggle->isVisible() && toggle->isChecked());
        QCOMPARE(state->text(), QStringLiteral("On"));
        QTest::mouseClick(toggle, Qt::LeftButton);
        QCOMPARE(stage.engine.homeServer().wishes, QList<bool>{false});
        api::HomeServerSnapshot server = runningServer();
        server.state = api::HomeServerSnapshot::State::Off;
        stage.engine.homeServer().become(server);
        QVERIFY(!toggle->isChecked());
        QCOMPARE(state->text(), QStringLiteral("Off"));
        QTest::keyClick(toggle, Qt::Key_Space);
        QCOMPARE(stage.engine.homeServer().wishes, (QList<bool>{false, true}));
    }

    void theTrayShowsWhatGoesOnAndSwitchesTheServer() {
        Stage stage;
        ui::Tray tray(stage.engine, stage.window->model());
        QCOMPARE(tray.state(), ui::MarkState::Idle);
        stage.transfers().add({sending(1, QStringLiteral("a"), 100, 1)});
        QCOMPARE(tray.state(), ui::MarkState::Busy);
        stage.transfers().change(broken(1, QStringLiteral("a"), 100, QStringLiteral("DiskFull")));
        QCOMPARE(tray.state(), ui::MarkState::Attention);
        stage.transfers().remove({1});
        QTRY_COMPARE(tray.state(), ui::MarkState::Idle);
        QList<QAction*> actions = tray.menu().actions();
        actions.removeIf([](const QAction* action) { return action->isSeparator(); });
        QCOMPARE(actions.size(), 3);
        QSignalSpy opened(&tray, &ui::Tray::openWanted);
        QSignalSpy quits(&tray, &ui::Tray::quitWanted);
        actions.at(0)->trigger();
        QCOMPARE(opened.size(), 1);
        QVERIFY(actions.at(1)->isChecked());
        actions.at(1)->trigger();
        QCOMPARE(stage.engine.homeServer().wishes, QList<bool>{false});
        actions.at(2)->trigger();
        QCOMPARE(quits.size(), 1);
    }

    void anEngineThatNeverAnswersHoldsNothingUp() {
        // Every call to the engine returns at once and no answer ever comes. The window must take each press without a
        // wait or an event loop of its own, and go on painting.
        Stage stage;
        stage.transfers().add({sending(1, QStringLiteral("a"), 100, 1), stored(2, QStringLiteral("b"), 5000)});
        stage.transfers().answers = false;
        stage.settings.setValue(QStringLiteral("seen/linkGivesAccess"), true);
        int loopsInside = 0;
        QTimer probe;  // fires only inside an event loop
        probe.setInterval(0);
        connect(&probe, &QTimer::timeout, this, [&loopsInside] { ++loopsInside; });
        probe.start();
        stage.drop({QUrl::fromLocalFile(QStringLiteral("/tmp/a"))});
        stage.window->addFiles({QStringLiteral("/tmp/b")});
        stage.view().selectAll();
        for (const auto action : {TransferAction::Cancel, TransferAction::CopyLink, TransferAction::SaveCopy}) {
            stage.window->transfersPage().action(action)->setEnabled(true);
            stage.window->transfersPage().action(action)->trigger();
        }
        stage.engine.homeServer().setEnabled(false);
        QCOMPARE(loopsInside, 0);
        probe.stop();
        QCOMPARE(stage.transfers().uploaded.size(), 2);
        QCOMPARE(stage.transfers().cancelled.size(), 1);
        QCOMPARE(stage.transfers().capabilityRequests.size(), 1);
        const QImage before = stage.view().grab().toImage();
        stage.view().clearSelection();
        QVERIFY(stage.view().grab().toImage() != before);
    }

    void everythingThatCanBeUsedHasANameForAScreenReader() {
        Stage stage;
        stage.transfers().add({stored(1, QStringLiteral("a"), 5000)});
        for (const auto section : {ui::Sidebar::Section::Transfers, ui::Sidebar::Section::Settings}) {
            stage.window->setSection(section);
            for (QWidget* widget : stage.window->findChildren<QWidget*>()) {
                if (!widget->isVisible() || widget->focusPolicy() == Qt::NoFocus ||
                    qobject_cast<QLabel*>(widget) != nullptr) {
                    continue;
                }
                QAccessibleInterface* face = QAccessible::queryAccessibleInterface(widget);
                QVERIFY(face != nullptr);
                QVERIFY2(!face->text(QAccessible::Name).isEmpty(), widget->metaObject()->className());
            }
        }
    }

    void rowsArePausedMovedAndPreferred() {
        Stage stage;
        api::TransferSnapshot paused = waiting(3, QStringLiteral("c"), 10);
        paused.state = api::TransferState::Paused;
        api::TransferSnapshot later = waiting(4, QStringLiteral("d"), 10);
        later.retryAt = 1'700'000'000;
        later.errorCode = QStringLiteral("NotEnoughServers");
        stage.transfers().add(
            {sending(1, QStringLiteral("a"), 100, 1), waiting(2, QStringLiteral("b"), 10), paused, later});
        stage.select({0, 1, 2, 3});
        stage.press(TransferAction::Pause);
        QCOMPARE(stage.transfers().paused, (QList<api::TransferId>{1, 2, 4}));
        stage.press(TransferAction::Resume);
        QCOMPARE(stage.transfers().resumed, QList<api::TransferId>{3});
        stage.press(TransferAction::Retry);
        QCOMPARE(stage.transfers().retried, QList<api::TransferId>{4});
        stage.clickButton(2, TransferAction::Resume);
        QCOMPARE(stage.transfers().resumed.size(), 2);
        stage.select({2, 1});
        stage.press(TransferAction::ToTop);
        stage.view().setFocus();
        QTest::keyClick(&stage.view(), Qt::Key_Down, Qt::AltModifier);
        stage.press(TransferAction::FirstAmongAll);
        using Moved = QPair<QList<api::TransferId>, api::QueueStep>;
        QCOMPARE(stage.transfers().moves,
                 (QList<Moved>{{{2, 3}, api::QueueStep::Top}, {{2, 3}, api::QueueStep::Down}}));
        QCOMPARE(stage.transfers().priorities.size(), 1);
    }

    void whatIsSelectedStaysSelectedWhereverItMoves() {
        Stage stage;
        QList<api::TransferSnapshot> rows;
        for (int id = 1; id <= 6; ++id) {
            rows.append(waiting(id, QStringLiteral("file %1").arg(id), 100));
        }
        stage.transfers().add(rows);
        stage.select({1, 4, 5});
        stage.view().selectionModel()->setCurrentIndex(stage.window->model().index(4), QItemSelectionModel::NoUpdate);
        Q_EMIT stage.transfers().moved({2, 5, 6}, 1);
        QCOMPARE(stage.view().selectedIds(), (QList<api::TransferId>{2, 5, 6}));
        QCOMPARE(stage.view().currentIndex().row(), 1);
        Q_EMIT stage.transfers().moved({3, 5}, 0);
        QCOMPARE(stage.view().selectedIds(), (QList<api::TransferId>{2, 6, 5}));
        QVERIFY(!stage.view().selectionModel()->isSelected(stage.window->model().index(4)));
    }

    void theWholeQueueIsHeldByOnePress() {
        Stage stage;
        stage.transfers().add({waiting(1, QStringLiteral("a"), 10)});
        QAction* hold = stage.window->transfersPage().holdAction();
        const QString before = hold->text();
        hold->trigger();
        QVERIFY(stage.transfers().set.held);
        QVERIFY(hold->text() != before);
        hold->trigger();
        QVERIFY(!stage.transfers().set.held);
    }

    void limitsAreSetWhereTheyAreShown() {
        Stage stage;
        stage.window->setSection(ui::Sidebar::Section::Settings);
        auto* up = stage.window->findChild<QSpinBox*>(QStringLiteral("limitUp"));
        QVERIFY(up != nullptr && up->isVisible());
        QCOMPARE(up->text(), QStringLiteral("no limit"));
        up->setValue(250);
        QCOMPARE(stage.transfers().set.totalUp, 250'000U);
        auto* metered = stage.window->findChild<QCheckBox*>(QStringLiteral("pauseOnMetered"));
        metered->click();
        QVERIFY(stage.transfers().set.pauseOnMetered);
        api::QueueSettings settings;
        settings.totalUp = 1;
        stage.transfers().setSettings(settings);
        QCOMPARE(up->value(), 1);
        QVERIFY(!metered->isChecked());
    }

    void aHundredThousandRowsCostNoMoreThanThoseThatAreSeen() {
        Stage stage;
        constexpr int count = 100'000;
        QList<api::TransferSnapshot> many;
        for (int i = 0; i < count; ++i) {
            many.append(waiting(i + 1, QStringLiteral("file %1").arg(i), 1000));
        }
        stage.transfers().list(many);
        QCoreApplication::processEvents();
        ui::TransferView& view = stage.view();
        const int seen = view.viewport()->height() / view.visualRect(stage.window->model().index(0)).height() + 2;
        // What each thing that a person does or sees may look at: a few pages of rows, never the list.
        const auto cost = [&](const auto& act) {
            const auto painted = view.rowsPainted();
            const auto loaded = stage.transfers().loaded;
            act();
            for (int i = 0; i < 20; ++i) {
                QCoreApplication::processEvents();
            }
            return (view.rowsPainted() - painted) + (stage.transfers().loaded - loaded);
        };
        QVERIFY(cost([&] { view.scrollToBottom(); }) <= 6 * seen);
        QCOMPARE(view.indexAt(view.viewport()->rect().bottomLeft() - QPoint(-30, 10)).row(), count - 1);
        QVERIFY(cost([&] { view.verticalScrollBar()->setValue(view.verticalScrollBar()->maximum() / 2); }) <= 6 * seen);
        QVERIFY(cost([&] { stage.transfers().change(sending(77'777, QStringLiteral("x"), 1000, 5)); }) <= 2 * seen);
        QVERIFY(cost([&] { view.selectAll(); }) <= 4 * seen);
        QVERIFY(stage.window->transfersPage().action(TransferAction::Cancel)->isEnabled());
        QVERIFY(cost([&] { Q_EMIT stage.transfers().stale(); }) <= 6 * seen);
        QVERIFY(cost([&] { Q_EMIT stage.transfers().moved({count}, 1); }) <= 6 * seen);
        QCOMPARE(stage.window->model().idAt(0), count);
        QVERIFY(cost([&] { stage.transfers().add({waiting(count + 1, QStringLiteral("new"), 1)}); }) <= 4 * seen);
        stage.press(TransferAction::Cancel);
        QCOMPARE(stage.transfers().cancelled.size(), count);
    }

private:
    QTemporaryDir m_folder;
    std::unique_ptr<ui::Language> m_language;
};

}  // namespace tarn::ui_test

QTEST_MAIN(tarn::ui_test::MainWindowTest)
#include "main_window_test.moc"
