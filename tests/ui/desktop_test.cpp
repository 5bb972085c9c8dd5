#include "app/desktop/desktop.h"
#include "core/engine/local_engine.h"
#include "ui/models/transfer_words.h"
#include "ui/widgets/language.h"
#include "ui/widgets/notice_bar.h"
#include "ui/widgets/switch_button.h"
#include "ui/widgets/transfer_view.h"
#include "ui/widgets/transfers_page.h"

#include <QAbstractButton>
#include <QApplication>
#include <QClipboard>
#include <QDir>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QLineEdit>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QRandomGenerator>
#include <QTemporaryDir>
#include <QTest>
#include <QUrl>

#include <algorithm>
#include <memory>

namespace tarn::desktop_test {

using api::Engine;
using api::Phase;
using api::TransferSnapshot;
using api::TransferState;
using ui::TransferAction;

namespace {

// How long a step may take on a machine that is busy with other things; a test that passes never waits for it.
constexpr int kPatience = 120'000;

QByteArray randomBytes(qsizetype size, quint32 seed) {
    QRandomGenerator random(seed);
    QByteArray bytes(size, Qt::Uninitialized);
    std::generate(bytes.begin(), bytes.end(), [&random] { return static_cast<char>(random.generate()); });
    return bytes;
}

}  // namespace

/// The program as people run it, but for its process: the real window over the real engine, with a profile, a storage
/// server and files of its own. The tests of this class follow one another as one person's session.
class DesktopTest : public QObject {
    Q_OBJECT

private:
    std::unique_ptr<ui::Language> m_language;
    QTemporaryDir m_folder;
    std::unique_ptr<desktop::Desktop> m_desktop;
    QMap<QString, QList<Phase>> m_phases;  ///< seen, by the file's name, in the order they came
    QSet<QString> m_words;                 ///< what the rows said while they changed

    QString path(const QString& name) const { return m_folder.filePath(name); }
    ui::MainWindow& window() { return m_desktop->window(); }
    ui::TransferView& view() { return window().transfersPage().view(); }

    QString makeFile(const QString& name, const QByteArray& bytes) {
        QFile file(path(QStringLiteral("files/") + name));
        if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size()) {
            qFatal("cannot write a test file");
        }
        return file.fileName();
    }

    static QByteArray read(const QString& file) {
        QFile opened(file);
        return opened.open(QIODevice::ReadOnly) ? opened.readAll() : QByteArray("cannot be read");
    }

    void start() {
        const auto makeEngine = [this]() -> std::unique_ptr<Engine> {
            engine::LocalEngineOptions options;
            options.profile = path(QStringLiteral("profile")).toStdString();
            auto engine = std::make_unique<engine::LocalEngine>(options);
            engine->open();
            return engine;
        };
        m_desktop = std::make_unique<desktop::Desktop>(makeEngine, path(QStringLiteral("desktop.ini")));
        const auto note = [this](const QList<TransferSnapshot>& news) {
            for (const TransferSnapshot& transfer : news) {
                m_phases[transfer.name].append(transfer.phase);
                m_words.insert(ui::TransferWords::outcome(transfer, m_desktop->engine().grid()).text);
            }
        };
        connect(&m_desktop->engine().transfers(), &api::Transfers::added, this, note);
        connect(&m_desktop->engine().transfers(), &api::Transfers::changed, this, note);
        m_desktop->open({});
        (void)QTest::qWaitForWindowExposed(&window());
    }

    void drop(const QStringList& files) {
        QMimeData data;
        QList<QUrl> urls;
        for (const QString& file : files) {
            urls.append(QUrl::fromLocalFile(file));
        }
        data.setUrls(urls);
        QDragEnterEvent enter(QPoint(300, 300), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(&window(), &enter);
        QVERIFY(enter.isAccepted());
        QDropEvent event(QPointF(300, 300), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(&window(), &event);
    }

    /// The row of the last transfer with this name; -1 when there is none.
    int rowOf(const QString& name) {
        for (int row = window().model().rowCount() - 1; row >= 0; --row) {
            if (window().model().at(row).name == name) {
                return row;
            }
        }
        return -1;
    }

    bool isIn(const QString& name, TransferState state) {
        const int row = rowOf(name);
        return row >= 0 && window().model().at(row).state == state;
    }

    void press(const QString& name, TransferAction action) {
        const QModelIndex index = window().model().index(rowOf(name));
        view().scrollTo(index);
        const QRect button = view().buttonRect(index, action);
        QVERIFY(!button.isEmpty());
        QTest::mouseClick(view().viewport(), Qt::LeftButton, {}, button.center());
    }

    QString copyLink(const QString& name) {
        QApplication::clipboard()->clear();
        press(name, TransferAction::CopyLink);
        if (auto* question = window().findChild<QMessageBox*>()) {
            for (QAbstractButton* button : question->buttons()) {
                if (question->buttonRole(button) == QMessageBox::AcceptRole) {
                    button->click();
                }
            }
        }
        (void)QTest::qWaitFor([] { return !QApplication::clipboard()->text().isEmpty(); }, kPatience);
        return QApplication::clipboard()->text();
    }

    void saveCopy(const QString& name, const QString& target) {
        press(name, TransferAction::SaveCopy);
        auto* dialog = window().findChild<QFileDialog*>();
        QVERIFY(dialog != nullptr);
        dialog->findChild<QLineEdit*>()->setText(target);
        QMetaObject::invokeMethod(dialog, "accept");
        QTRY_VERIFY(window().findChild<QFileDialog*>() == nullptr);
    }

    bool serverIs(api::HomeServerSnapshot::State state) {
        return m_desktop->engine().homeServer().snapshot().state == state;
    }

    void switchServer() {
        window().setSection(ui::Sidebar::Section::Settings);
        auto* toggle = window().findChild<ui::SwitchButton*>(QStringLiteral("homeServerSwitch"));
        QTRY_VERIFY_WITH_TIMEOUT(toggle->isEnabled(), kPatience);
        QTest::mouseClick(toggle, Qt::LeftButton);
    }

    void picture(const QString& name) {
        QDir(QStringLiteral(TARN_BINARY_DIR)).mkpath(QStringLiteral("screenshots"));
        QVERIFY(window().grab().save(QStringLiteral(TARN_BINARY_DIR "/screenshots/real-%1.png").arg(name)));
    }

private Q_SLOTS:
    void initTestCase() {
        // Qt's file dialog keeps notes of its own; they do not belong among those of the person who runs the tests.
        QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, m_folder.path());
        m_language = std::make_unique<ui::Language>(QLocale(QLocale::English, QLocale::UnitedStates));
        QDir(m_folder.path()).mkpath(QStringLiteral("files"));
        QDir(m_folder.path()).mkpath(QStringLiteral("copies"));
    }

    void cleanupTestCase() {
        m_desktop.reset();
        m_language.reset();
    }

    void onePressMakesTheHomeGrid() {
        start();
        QTRY_COMPARE_WITH_TIMEOUT(m_desktop->engine().state(), Engine::State::NoProfile, kPatience);
        auto* button = window().findChild<QPushButton*>(QStringLiteral("startHere"));
        QTRY_VERIFY_WITH_TIMEOUT(button->isVisible(), kPatience);
        QTest::mouseClick(button, Qt::LeftButton);
        QTRY_COMPARE_WITH_TIMEOUT(m_desktop->engine().state(), Engine::State::Ready, kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(serverIs(api::HomeServerSnapshot::State::On), kPatience);
        QVERIFY(m_desktop->engine().grid().homeOnly);
        QVERIFY(window().transfersPage().isVisible());
    }

    void droppedFilesGoThroughTheirPhasesAndAreStored() {
        const QByteArray film = randomBytes(64'000'000, 1);
        const QString folder = path(QStringLiteral("files/a folder"));
        QDir().mkpath(folder);
        (void)makeFile(QStringLiteral("a folder/inside.txt"), QByteArray(100, 'z'));
        drop({makeFile(QStringLiteral("film.mkv"), film),
              makeFile(QStringLiteral("Grüße 文件.txt"), randomBytes(70'000, 2)),
              makeFile(QStringLiteral("literal.txt"), QByteArray(55, 'x')),
              makeFile(QStringLiteral("fifty-six.txt"), QByteArray(56, 'y')),
              makeFile(QStringLiteral("empty.txt"), QByteArray()), folder});
        const QStringList names{QStringLiteral("film.mkv"),    QStringLiteral("Grüße 文件.txt"),
                                QStringLiteral("literal.txt"), QStringLiteral("fifty-six.txt"),
                                QStringLiteral("empty.txt"),   QStringLiteral("a folder/inside.txt")};
        for (const QString& name : names) {
            QTRY_VERIFY2_WITH_TIMEOUT(isIn(name, TransferState::Done), qPrintable(name), kPatience);
        }
        picture(QStringLiteral("done"));
        QCOMPARE(window().model().rowCount(), names.size());
        // The engine tells of changes ten times a second, so a phase that is over sooner may stay unseen; those that
        // are seen come in their order, and the long one is among them, by its name.
        const QList<Phase> seen = m_phases.value(QStringLiteral("film.mkv"));
        QVERIFY(std::is_sorted(seen.begin(), seen.end()));
        QVERIFY(seen.contains(Phase::Shares));
        QCOMPARE(seen.last(), Phase::Done);
        QVERIFY(m_words.contains(QStringLiteral("Storing it on this computer · Shares (3/6)")));
    }

    void theLinkComesToTheClipboard() {
        QVERIFY(copyLink(QStringLiteral("film.mkv")).startsWith(QStringLiteral("URI:CHK:")));
        QVERIFY(copyLink(QStringLiteral("fifty-six.txt")).startsWith(QStringLiteral("URI:CHK:")));
        QVERIFY(copyLink(QStringLiteral("literal.txt")).startsWith(QStringLiteral("URI:LIT:")));
        QCOMPARE(copyLink(QStringLiteral("empty.txt")), QStringLiteral("URI:LIT:"));
    }

    void aSavedCopyIsTheSameFile() {
        for (const QString& name : {QStringLiteral("film.mkv"), QStringLiteral("Grüße 文件.txt"),
                                    QStringLiteral("empty.txt"), QStringLiteral("literal.txt")}) {
            const int before = window().model().rowCount();
            const int source = rowOf(name);
            QVERIFY(source >= 0);
            const QString target = path(QStringLiteral("copies/copy of ") + name);
            saveCopy(name, target);
            QTRY_COMPARE_WITH_TIMEOUT(window().model().rowCount(), before + 1, kPatience);
            QTRY_COMPARE_WITH_TIMEOUT(window().model().at(before).state, TransferState::Done, kPatience);
            QCOMPARE(window().model().at(before).direction, api::Direction::Download);
            QCOMPARE(read(target), read(path(QStringLiteral("files/") + name)));
        }
        QCOMPARE(QDir(path(QStringLiteral("copies")))
                     .entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot)
                     .size(),
                 4);
    }

    void transfersGoOnWhileTheWindowIsClosed() {
        drop({makeFile(QStringLiteral("closed.bin"), randomBytes(16'000'000, 3))});
        window().close();
        QVERIFY(!window().isVisible() || window().isMinimized());
        QTRY_VERIFY_WITH_TIMEOUT(isIn(QStringLiteral("closed.bin"), TransferState::Done), kPatience);
        window().open();
        QVERIFY(window().isVisible() && !window().isMinimized());
    }

    void theServerIsSwitchedOffAndOnWhileTheProgramRuns() {
        switchServer();
        QTRY_VERIFY_WITH_TIMEOUT(serverIs(api::HomeServerSnapshot::State::Off), kPatience);
        picture(QStringLiteral("settings-off"));
        window().setSection(ui::Sidebar::Section::Transfers);
        drop({makeFile(QStringLiteral("later.bin"), randomBytes(300'000, 4))});
        const auto later = [this] {
            const int row = rowOf(QStringLiteral("later.bin"));
            return row < 0 ? TransferSnapshot() : window().model().at(row);
        };
        QTRY_VERIFY_WITH_TIMEOUT(later().retryAt != 0, kPatience);
        picture(QStringLiteral("waits-for-the-server"));
        QVERIFY(!later().errorCode.isEmpty());

        switchServer();
        QTRY_VERIFY_WITH_TIMEOUT(serverIs(api::HomeServerSnapshot::State::On), kPatience);
        picture(QStringLiteral("settings-on"));
        window().setSection(ui::Sidebar::Section::Transfers);
        QTRY_VERIFY_WITH_TIMEOUT(isIn(QStringLiteral("later.bin"), TransferState::Done), kPatience);
    }

    void theQueueIsThereAgainAtTheNextStart() {
        drop({makeFile(QStringLiteral("unfinished.bin"), randomBytes(40'000'000, 5))});
        QTRY_VERIFY_WITH_TIMEOUT(rowOf(QStringLiteral("unfinished.bin")) >= 0, kPatience);
        const int rows = window().model().rowCount();
        m_desktop->quit();
        m_desktop.reset();
        start();
        QTRY_COMPARE_WITH_TIMEOUT(m_desktop->engine().state(), Engine::State::Ready, kPatience);
        QTRY_COMPARE_WITH_TIMEOUT(window().model().rowCount(), rows, kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(isIn(QStringLiteral("unfinished.bin"), TransferState::Done), kPatience);
        QVERIFY(copyLink(QStringLiteral("unfinished.bin")).startsWith(QStringLiteral("URI:CHK:")));
        QVERIFY(isIn(QStringLiteral("film.mkv"), TransferState::Done));
    }
};

}  // namespace tarn::desktop_test

QTEST_MAIN(tarn::desktop_test::DesktopTest)
#include "desktop_test.moc"
