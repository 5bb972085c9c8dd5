#include "tests/ui/fake_engine.h"
#include "ui/widgets/language.h"
#include "ui/widgets/main_window.h"
#include "ui/widgets/mark.h"
#include "ui/widgets/transfer_view.h"
#include "ui/widgets/transfers_page.h"

#include <QApplication>
#include <QDir>
#include <QDragEnterEvent>
#include <QMimeData>
#include <QPainter>
#include <QTemporaryDir>
#include <QTest>
#include <QUrl>

#include <memory>
#include <set>

namespace tarn::ui_test {

/// Renders the window in each of its states to TARN_BINARY_DIR/screenshots, for a person to look at. What a program can
/// see of a picture is checked too: that it is not blank, and that it differs from the states around it.
class WindowPicturesTest : public QObject {
    Q_OBJECT

private:
    struct Stage {
        QTemporaryDir folder;
        std::unique_ptr<QSettings> settings;
        FakeEngine engine;
        std::unique_ptr<ui::MainWindow> window;

        explicit Stage(bool ready = true, const api::GridSnapshot& grid = fiveServerGrid()) {
            settings =
                std::make_unique<QSettings>(folder.filePath(QStringLiteral("desktop.ini")), QSettings::IniFormat);
            engine.become(grid);
            engine.homeServer().become(runningServer());
            window = std::make_unique<ui::MainWindow>(engine, *settings, [] { return false; });
            engine.become(ready ? api::Engine::State::Ready : api::Engine::State::NoProfile);
            window->show();
        }
    };

    QImage take(Stage& stage, const QString& name) {
        (void)QTest::qWaitForWindowExposed(stage.window.get());
        QTest::qWait(30);
        const QImage picture = stage.window->grab().toImage();
        QDir(QStringLiteral(TARN_BINARY_DIR)).mkpath(QStringLiteral("screenshots"));
        picture.save(QStringLiteral(TARN_BINARY_DIR "/screenshots/%1.png").arg(name));
        return picture;
    }

    static bool hasPicture(const QImage& image) {
        std::set<QRgb> colours;
        for (int y = 0; y < image.height(); y += 3) {
            for (int x = 0; x < image.width(); x += 3) {
                colours.insert(image.pixel(x, y));
            }
        }
        return colours.size() > 12;
    }

    static QPalette darkPalette() {
        QPalette dark;
        const QColor text(0xe6, 0xe8, 0xea);
        dark.setColor(QPalette::Window, QColor(0x25, 0x28, 0x2c));
        dark.setColor(QPalette::WindowText, text);
        dark.setColor(QPalette::Base, QColor(0x1b, 0x1d, 0x20));
        dark.setColor(QPalette::AlternateBase, QColor(0x22, 0x25, 0x28));
        dark.setColor(QPalette::Text, text);
        dark.setColor(QPalette::Button, QColor(0x33, 0x37, 0x3c));
        dark.setColor(QPalette::ButtonText, text);
        dark.setColor(QPalette::ToolTipBase, QColor(0x33, 0x37, 0x3c));
        dark.setColor(QPalette::ToolTipText, text);
        dark.setColor(QPalette::Highlight, QColor(0x3d, 0xa4, 0xe0));
        dark.setColor(QPalette::HighlightedText, Qt::black);
        dark.setColor(QPalette::Link, QColor(0x6c, 0xb8, 0xea));
        for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText}) {
            dark.setColor(QPalette::Disabled, role, QColor(0x7c, 0x80, 0x85));
        }
        return dark;
    }

    static QList<api::TransferSnapshot> mixed() {
        api::TransferSnapshot hashing = sending(2, QStringLiteral("backup-2024.tar"), 4'700'000'000, 0);
        hashing.phase = api::Phase::Hashing;
        hashing.bytesPerSecond = 0;
        hashing.secondsLeft.reset();
        hashing.shares = cellsOver({}, 10, 0);
        api::TransferSnapshot closing =
            sending(3, QStringLiteral("Vertrag Müller – unterschrieben.pdf"), 2'400'000, 2'400'000);
        closing.phase = api::Phase::Close;
        closing.secondsLeft = 1;
        closing.shares = cellsOver(fiveServers(), 10, 8, 2);
        api::TransferSnapshot copy = stored(5, QStringLiteral("Hochzeit.mov"), 880'000'000);
        copy.direction = api::Direction::Download;
        copy.localPath = QStringLiteral("/home/anna/Downloads/Hochzeit.mov");
        copy.hasCapability = false;
        copy.shares.clear();
        api::TransferSnapshot stopped = waiting(7, QStringLiteral("old-scans.zip"), 92'000'000);
        stopped.state = api::TransferState::Cancelled;
        api::TransferSnapshot tiny = stored(8, QStringLiteral("door-code.txt"), 23);
        tiny.shares.clear();
        return {stored(1, QStringLiteral("holiday-photos.zip"), 312'000'000),
                sending(4, QStringLiteral("family-film-2019.mkv"), 1'850'000'000, 1'120'000'000),
                hashing,
                closing,
                waiting(6, QStringLiteral("piano-recording.flac"), 64'000'000),
                copy,
                broken(9, QStringLiteral("tax-2023.ods"), 780'000, QStringLiteral("NotEnoughServers")),
                stopped,
                tiny};
    }

private Q_SLOTS:
    void initTestCase() {
        m_english = std::make_unique<ui::Language>(QLocale(QLocale::English, QLocale::UnitedStates));
    }
    void cleanupTestCase() { m_english.reset(); }

    void theFirstRunAsksForOnePress() {
        Stage stage(false);
        QVERIFY(hasPicture(take(stage, QStringLiteral("first-run"))));
    }

    void anEmptyListIsAPlaceToDropFiles() {
        Stage stage(true, homeGrid());
        const QImage empty = take(stage, QStringLiteral("empty"));
        QVERIFY(hasPicture(empty));
        QMimeData files;
        files.setUrls({QUrl::fromLocalFile(QStringLiteral("/tmp/a")), QUrl::fromLocalFile(QStringLiteral("/tmp/b"))});
        QDragEnterEvent enter(QPoint(300, 300), Qt::CopyAction, &files, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(stage.window.get(), &enter);
        const QImage dragging = take(stage, QStringLiteral("dragging"));
        QVERIFY(dragging != empty);
    }

    void anUploadShowsItsWay() {
        Stage stage;
        stage.engine.transfers().add({sending(1, QStringLiteral("family-film-2019.mkv"), 1'850'000'000, 740'000'000)});
        const QImage half = take(stage, QStringLiteral("uploading"));
        api::TransferSnapshot further = stage.engine.transfers().rows.first();
        further.done = 1'500'000'000;
        further.shares = cellsOver(fiveServers(), 10, 8, 2);
        stage.engine.transfers().change(further);
        QVERIFY(take(stage, QStringLiteral("uploading-further")) != half);
    }

    void aFinishedOneSaysWhetherItIsSafe() {
        Stage stage;
        stage.engine.transfers().add({stored(1, QStringLiteral("holiday-photos.zip"), 312'000'000)});
        QVERIFY(hasPicture(take(stage, QStringLiteral("done"))));
        Stage home(true, homeGrid());
        home.engine.transfers().add({storedAtHome(1, QStringLiteral("holiday-photos.zip"), 312'000'000)});
        QVERIFY(hasPicture(take(home, QStringLiteral("done-at-home"))));
    }

    void aFailedOneSaysWhatHappened() {
        Stage stage;
        stage.engine.transfers().add(
            {broken(1, QStringLiteral("tax-2023.ods"), 780'000, QStringLiteral("NotEnoughServers")),
             broken(2, QStringLiteral("film.mkv"), 780'000'000, QStringLiteral("FileChanged")),
             broken(3, QStringLiteral("keys.kdbx"), 12'000, QStringLiteral("WrongCertificate"))});
        stage.engine.transfers().refuse(QStringLiteral("Photos"), QStringLiteral("FileUnreadable"));
        QVERIFY(hasPicture(take(stage, QStringLiteral("failed"))));
    }

    void aTroubledProfileHasItsPage() {
        Stage stage(false);
        stage.engine.fail(QStringLiteral("ProfileLocked"), QStringLiteral("profile.lock is held by process 4711"));
        QVERIFY(hasPicture(take(stage, QStringLiteral("trouble"))));
    }

    void manyRows() {
        Stage stage;
        stage.engine.transfers().add(mixed());
        QList<api::TransferSnapshot> more;
        for (int i = 0; i < 5000; ++i) {
            more.append(waiting(100 + i, QStringLiteral("IMG_%1.jpg").arg(4000 + i), 3'100'000 + quint64(i) * 977));
        }
        stage.engine.transfers().add(more);
        stage.window->transfersPage().view().setCurrentIndex(stage.window->model().index(1));
        stage.window->transfersPage().view().selectionModel()->select(stage.window->model().index(0),
                                                                      QItemSelectionModel::Select);
        stage.window->resize(1000, 800);
        QVERIFY(hasPicture(take(stage, QStringLiteral("many"))));
        stage.window->resize(740, 460);
        QVERIFY(hasPicture(take(stage, QStringLiteral("many-small-window"))));
    }

    void settingsOnAndOff() {
        Stage stage(true, homeGrid());
        stage.window->setSection(ui::Sidebar::Section::Settings);
        const QImage on = take(stage, QStringLiteral("settings-on"));
        api::HomeServerSnapshot server = runningServer();
        server.state = api::HomeServerSnapshot::State::Off;
        server.address.clear();
        stage.engine.homeServer().become(server);
        QVERIFY(take(stage, QStringLiteral("settings-off")) != on);
        server.state = api::HomeServerSnapshot::State::Failed;
        server.errorCode = QStringLiteral("ProfileLocked");
        stage.engine.homeServer().become(server);
        QVERIFY(take(stage, QStringLiteral("settings-failed")) != on);
    }

    void aDarkPaletteIsReadable() {
        const QPalette before = QApplication::palette();
        QApplication::setPalette(darkPalette());
        {
            Stage stage;
            stage.engine.transfers().add(mixed());
            stage.window->resize(1000, 860);
            const QImage dark = take(stage, QStringLiteral("dark"));
            QVERIFY(hasPicture(dark));
            QVERIFY(QColor(dark.pixel(dark.width() / 2, 70)).lightness() < 60);
            stage.window->setSection(ui::Sidebar::Section::Settings);
            QVERIFY(hasPicture(take(stage, QStringLiteral("dark-settings"))));
            Stage first(false);
            QVERIFY(hasPicture(take(first, QStringLiteral("dark-first-run"))));
        }
        QApplication::setPalette(before);
    }

    void german() {
        m_english.reset();
        {
            const ui::Language language(QLocale(QLocale::German, QLocale::Germany));
            Stage first(false);
            QVERIFY(hasPicture(take(first, QStringLiteral("german-first-run"))));
            Stage stage;
            stage.engine.transfers().add(mixed());
            stage.window->resize(1000, 860);
            QVERIFY(hasPicture(take(stage, QStringLiteral("german"))));
            stage.window->setSection(ui::Sidebar::Section::Settings);
            QVERIFY(hasPicture(take(stage, QStringLiteral("german-settings"))));
        }
        m_english = std::make_unique<ui::Language>(QLocale(QLocale::English, QLocale::UnitedStates));
    }

    void theIconIsDrawnAtEverySize() {
        for (const int size : {16, 22, 48, 64, 128, 256}) {
            QImage icon(size, size, QImage::Format_ARGB32_Premultiplied);
            icon.fill(Qt::transparent);
            QPainter painter(&icon);
            ui::paintMark(painter, icon.rect());
            painter.end();
            QVERIFY(icon.save(QStringLiteral(TARN_BINARY_DIR "/screenshots/tarn-%1.png").arg(size)));
            QVERIFY(hasPicture(icon));
            QCOMPARE(qAlpha(icon.pixel(0, 0)), 0);  // the corners are round
        }
        QImage tray(48 * 6, 48, QImage::Format_ARGB32_Premultiplied);
        tray.fill(QColor(0x30, 0x33, 0x38));
        QPainter painter(&tray);
        painter.drawPixmap(0, 0, ui::trayIcon(ui::MarkState::Idle, 0).pixmap(48));
        for (int step = 0; step < ui::kBusySteps; ++step) {
            painter.drawPixmap(48 * (1 + step), 0, ui::trayIcon(ui::MarkState::Busy, step).pixmap(48));
        }
        painter.drawPixmap(48 * 5, 0, ui::trayIcon(ui::MarkState::Attention, 0).pixmap(48));
        painter.end();
        QVERIFY(tray.save(QStringLiteral(TARN_BINARY_DIR "/screenshots/tray.png")));
        QVERIFY(tray.copy(0, 0, 48, 48) != tray.copy(48, 0, 48, 48));
        QVERIFY(tray.copy(48, 0, 48, 48) != tray.copy(96, 0, 48, 48));
        QVERIFY(tray.copy(0, 0, 48, 48) != tray.copy(240, 0, 48, 48));
    }

    void twiceTheScaleIsSharp() {
        Stage stage;
        stage.engine.transfers().add(mixed());
        (void)QTest::qWaitForWindowExposed(stage.window.get());
        QTest::qWait(30);
        QImage picture(stage.window->size() * 2, QImage::Format_ARGB32_Premultiplied);
        picture.setDevicePixelRatio(2);
        stage.window->render(&picture);
        picture.save(QStringLiteral(TARN_BINARY_DIR "/screenshots/high-dpi.png"));
        QVERIFY(hasPicture(picture));
    }

private:
    std::unique_ptr<ui::Language> m_english;
};

}  // namespace tarn::ui_test

QTEST_MAIN(tarn::ui_test::WindowPicturesTest)
#include "window_pictures_test.moc"
