#include "core/engine/local_engine.h"

#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QProcess>
#include <QSet>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <memory>

namespace tarn::desktop_test {

using api::Engine;
using api::TransferState;

namespace {

constexpr int kPatience = 120'000;

}  // namespace

/// `tarn-desktop` as a process: its command line, its single instance, its end by a signal.
class DesktopProgramTest : public QObject {
    Q_OBJECT

private:
    QTemporaryDir m_folder;

    QString path(const QString& name) const { return m_folder.filePath(name); }

    std::unique_ptr<engine::LocalEngine> openEngine() {
        engine::LocalEngineOptions options;
        options.profile = path(QStringLiteral("profile")).toStdString();
        auto engine = std::make_unique<engine::LocalEngine>(options);
        bool settled = false;
        connect(engine.get(), &Engine::stateChanged, this,
                [&settled](Engine::State state) { settled = settled || state != Engine::State::Opening; });
        engine->open();
        (void)QTest::qWaitFor([&settled] { return settled; }, kPatience);
        disconnect(engine.get(), nullptr, this, nullptr);
        return engine;
    }

    void launch(QProcess& process, const QStringList& files) {
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("QT_QPA_PLATFORM"), QStringLiteral("offscreen"));
        environment.insert(QStringLiteral("XDG_CONFIG_HOME"), path(QStringLiteral("config")));
        environment.insert(QStringLiteral("XDG_RUNTIME_DIR"), path(QStringLiteral("runtime")));
        process.setProcessEnvironment(environment);
        process.setWorkingDirectory(m_folder.path());
        process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        process.start(QStringLiteral(TARN_DESKTOP),
                      QStringList{QStringLiteral("--profile"), path(QStringLiteral("profile"))} + files);
        QVERIFY(process.waitForStarted(kPatience));
    }

    QString makeFile(const QString& name) {
        QFile file(path(name));
        if (!file.open(QIODevice::WriteOnly) || file.write(QByteArray(5000, 'x') + name.toUtf8()) <= 0) {
            qFatal("cannot write a test file");
        }
        return name;  // relative: the program must find it from its own folder
    }

    /// Complete shares in the home server's store that are large enough to be one of ours.
    int storedShares() const {
        int count = 0;
        QDirIterator files(path(QStringLiteral("profile/storage/shares")), QDir::Files, QDirIterator::Subdirectories);
        while (files.hasNext()) {
            files.next();
            count += files.fileInfo().size() >= 5000 ? 1 : 0;
        }
        return count;
    }

private Q_SLOTS:
    void initTestCase() {
        QVERIFY(QDir().mkpath(path(QStringLiteral("runtime"))));
        QFile::setPermissions(path(QStringLiteral("runtime")), QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        auto engine = openEngine();
        QCOMPARE(engine->state(), Engine::State::NoProfile);
        engine->createHomeProfile();
        QTRY_COMPARE_WITH_TIMEOUT(engine->state(), Engine::State::Ready, kPatience);
    }

    void theFirstQueuesItsFilesTheSecondHandsItsOwnOverAndASignalEndsItInGoodOrder() {
        QProcess first;
        launch(first, {makeFile(QStringLiteral("first.txt"))});
        // The place is taken once the lock is there; only then is the other one the second.
        QTRY_VERIFY_WITH_TIMEOUT(!QDir(path(QStringLiteral("runtime"))).entryList({QStringLiteral("*.lock")}).isEmpty(),
                                 kPatience);
        QProcess second;
        launch(second, {makeFile(QStringLiteral("zweite Datei.txt"))});
        QTRY_COMPARE_WITH_TIMEOUT(second.state(), QProcess::NotRunning, kPatience);
        QCOMPARE(second.exitStatus(), QProcess::NormalExit);
        QCOMPARE(second.exitCode(), 0);
        QCOMPARE(first.state(), QProcess::Running);
        // Both are through when their shares stand in the store.
        QTRY_VERIFY_WITH_TIMEOUT(storedShares() == 2, kPatience);
        first.terminate();
        QTRY_COMPARE_WITH_TIMEOUT(first.state(), QProcess::NotRunning, kPatience);
        QCOMPARE(first.exitStatus(), QProcess::NormalExit);
        QCOMPARE(first.exitCode(), 0);

        const auto engine = openEngine();
        QCOMPARE(engine->state(), Engine::State::Ready);
        QSet<QString> done;
        connect(&engine->transfers(), &api::Transfers::changed, this, [&](const QList<api::TransferSnapshot>& rows) {
            for (const api::TransferSnapshot& row : rows) {
                if (row.state == TransferState::Done) {
                    done.insert(row.name);
                }
            }
        });
        engine->transfers().load({1, 2});
        const auto isDone = [&done](const QString& name) {
            return done.contains(name);
        };
        QTRY_VERIFY_WITH_TIMEOUT(isDone(QStringLiteral("first.txt")), kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(isDone(QStringLiteral("zweite Datei.txt")), kPatience);
    }

    void helpAndVersionNeedNoProfile() {
        QProcess process;
        process.start(QStringLiteral(TARN_DESKTOP), {QStringLiteral("--version")});
        QVERIFY(process.waitForFinished(kPatience));
        QCOMPARE(process.exitCode(), 0);
        QVERIFY(process.readAllStandardOutput().startsWith("tarn-desktop"));
    }
};

}  // namespace tarn::desktop_test

QTEST_GUILESS_MAIN(tarn::desktop_test::DesktopProgramTest)
#include "desktop_program_test.moc"
