#include "core/engine/local_engine.h"
#include "core/engine/profile.h"
#include "core/engine/share_places.h"
#include "core/journal/journal.h"
#include "core/server/server.h"
#include "tests/engine/grids.h"

#include <QDir>
#include <QFile>
#include <QHash>
#include <QObject>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <memory>

using namespace tarn;
using namespace tarn::engine;
using api::TransferSnapshot;
using api::TransferState;
using HomeState = api::HomeServerSnapshot::State;

namespace {

constexpr int patience = 60'000;  // milliseconds; only a hang comes near it

QByteArray contentOf(qsizetype size) {
    QByteArray content(size, '\0');
    quint32 state = 12345;
    for (auto& byte : content) {
        state = state * 1664525 + 1013904223;
        byte = static_cast<char>(state >> 24);
    }
    return content;
}

QByteArray read(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

}  // namespace

/// The whole engine behind the desktop's interface: real threads, a real profile on disk, the real server on loopback.
class LocalEngineTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { m_temporary = std::make_unique<QTemporaryDir>(); }
    void cleanup() { m_engine = nullptr; }

    void withoutAProfileItSaysSoAndMakesOne() {
        start();
        QTRY_COMPARE_WITH_TIMEOUT(m_states.size(), 2, patience);
        QVERIFY(m_states.last() == api::Engine::State::NoProfile);
        m_engine->createHomeProfile();
        QTRY_VERIFY_WITH_TIMEOUT(m_engine->state() == api::Engine::State::Ready, patience);
        QVERIFY(m_engine->grid() == (api::GridSnapshot{1, 1, 1, 1, true}));
        QTRY_VERIFY_WITH_TIMEOUT(home().state == HomeState::On, patience);
        QVERIFY(!home().address.isEmpty());
    }

    void anUploadComesBackByteForByte_data() {
        QTest::addColumn<int>("size");
        for (const int size : {0, 1, 55, 56, 1000, 1024 * 1024, 5 * 1024 * 1024 + 1}) {
            QTest::addRow("%d bytes", size) << size;
        }
    }
    void anUploadComesBackByteForByte() {
        QFETCH(const int, size);
        startHome();
        const auto content = contentOf(size);
        const auto path = file(QStringLiteral("Brief an 🐧.bin"), content);
        const auto id = upload(path);
        QTRY_VERIFY_WITH_TIMEOUT(transfer(id).state == TransferState::Done, patience);
        QCOMPARE(transfer(id).name, QStringLiteral("Brief an 🐧.bin"));
        QCOMPARE(transfer(id).done, quint64(size));
        QVERIFY(transfer(id).hasCapability);
        QCOMPARE(transfer(id).shares.size(), size > 55 ? 1 : 0);

        const auto target = m_temporary->filePath(QStringLiteral("copy of it"));
        const auto copy = added([&] { m_engine->transfers().saveCopy(id, target); });
        QTRY_VERIFY_WITH_TIMEOUT(transfer(copy).state == TransferState::Done, patience);
        QCOMPARE(read(target), content);
        QCOMPARE(transfer(copy).done, quint64(size));
    }

    void theCapabilityIsHandedOutOnRequest() {
        startHome();
        const auto id = upload(file(QStringLiteral("a"), contentOf(1000)));
        QTRY_VERIFY_WITH_TIMEOUT(transfer(id).state == TransferState::Done, patience);
        QString capability;
        connect(&m_engine->transfers(), &api::Transfers::capabilityReady, this,
                [&](api::TransferId, const QString& text) { capability = text; });
        m_engine->transfers().requestCapability(id);
        QTRY_VERIFY_WITH_TIMEOUT(capability.startsWith(QStringLiteral("URI:CHK:")), patience);

        const auto target = m_temporary->filePath(QStringLiteral("by its link"));
        const auto copy = added([&] { m_engine->transfers().download(capability, target); });
        QTRY_VERIFY_WITH_TIMEOUT(transfer(copy).state == TransferState::Done, patience);
        QCOMPARE(read(target), contentOf(1000));
    }

    void thePhasesOfAnUploadAreSeen() {
        startHome();
        QList<api::Phase> phases;
        connect(&m_engine->transfers(), &api::Transfers::changed, this, [&](const QList<TransferSnapshot>& snapshots) {
            for (const auto& snapshot : snapshots) {
                phases << snapshot.phase;
            }
        });
        // Changes are told a few times a second: it must take longer than that.
        auto settings = m_engine->transfers().settings();
        settings.totalUp = 16 * 1024 * 1024;
        m_engine->transfers().setSettings(settings);
        const auto id = upload(file(QStringLiteral("large"), contentOf(30 * 1024 * 1024)));
        QTRY_VERIFY_WITH_TIMEOUT(transfer(id).state == TransferState::Done, patience);
        QTRY_VERIFY_WITH_TIMEOUT(!phases.isEmpty() && phases.last() == api::Phase::Done, patience);
        for (qsizetype i = 1; i < phases.size(); ++i) {
            QVERIFY(phases[i - 1] <= phases[i]);
        }
        QVERIFY(phases.contains(api::Phase::Shares));
    }

    void whatCannotBeQueuedIsRefusedAndTheRestGoesOn() {
        startHome();
        QStringList refused;
        QStringList codes;
        connect(&m_engine->transfers(), &api::Transfers::refused, this,
                [&](const QString& what, const QString& code, const QString&) {
                    refused << what;
                    codes << code;
                });
        const auto good = file(QStringLiteral("good"), contentOf(10));
        const auto missing = m_temporary->filePath(QStringLiteral("missing"));
        m_engine->transfers().upload({missing, QStringLiteral("/dev/null"), good});
        QTRY_COMPARE_WITH_TIMEOUT(all().size(), 1, patience);
        QCOMPARE(all().first().name, QStringLiteral("good"));
        QCOMPARE(refused, (QStringList{missing, QStringLiteral("/dev/null")}));
        QCOMPARE(codes, (QStringList{QStringLiteral("FileNotFound"), QStringLiteral("FileUnreadable")}));

        m_engine->transfers().download(QStringLiteral("URI:CHK:nonsense"), QStringLiteral("/nowhere/a"));
        m_engine->transfers().download(
            QStringLiteral("URI:SSK:aaaaaaaaaaaaaaaaaaaaaaaaaa:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
            QStringLiteral("/nowhere/b"));
        QTRY_COMPARE_WITH_TIMEOUT(codes.size(), 4, patience);
        QCOMPARE(codes.mid(2),
                 (QStringList{QStringLiteral("InvalidCapability"), QStringLiteral("UnsupportedCapability")}));
    }

    void aFileThatGoesBeforeItsTurnFailsAndCanBeTriedAgain() {
        startHome();
        setServer(false);
        const auto path = file(QStringLiteral("late"), contentOf(1000));
        const auto id = upload(path);
        QTRY_VERIFY_WITH_TIMEOUT(transfer(id).retryAt != 0, patience);
        QVERIFY(QFile::remove(path));
        setServer(true);
        QTRY_COMPARE_WITH_TIMEOUT(transfer(id).errorCode, QStringLiteral("FileNotFound"), patience);
        file(QStringLiteral("late"), contentOf(2000));
        m_engine->transfers().retry({id});
        QTRY_VERIFY_WITH_TIMEOUT(transfer(id).state == TransferState::Done, patience);
        QCOMPARE(transfer(id).size, 2000U);
        QVERIFY(transfer(id).errorCode.isEmpty());
    }

    void withTheServerOffAnUploadWaitsSaysWhyAndGoesOnWhenItIsBack() {
        startHome();
        setServer(false);
        const auto id = upload(file(QStringLiteral("a"), contentOf(1000)));
        QTRY_VERIFY_WITH_TIMEOUT(transfer(id).retryAt != 0, patience);
        QVERIFY(transfer(id).state == TransferState::Queued);
        QCOMPARE(transfer(id).errorCode, QStringLiteral("Unreachable"));
        QVERIFY(transfer(id).errorDetail.contains(QStringLiteral("switched off")));
        setServer(true);
        QTRY_VERIFY_WITH_TIMEOUT(transfer(id).state == TransferState::Done, patience);
    }

    void theSwitchIsRememberedForTheNextStart() {
        startHome();
        setServer(false);
        m_engine = nullptr;
        QVERIFY(!loadProfile(folder())->settings.serverEnabled);
        start();
        QTRY_VERIFY_WITH_TIMEOUT(m_engine->state() == api::Engine::State::Ready, patience);
        QVERIFY(home().state == HomeState::Off);
        setServer(true);
        m_engine = nullptr;
        QVERIFY(loadProfile(folder())->settings.serverEnabled);
    }

    void manySwitchesEndAsTheLastOne() {
        startHome();
        for (int i = 0; i < 9; ++i) {
            m_engine->homeServer().setEnabled(i % 2 == 1);
        }
        QTRY_VERIFY_WITH_TIMEOUT(home().state == HomeState::Off, patience);
        m_engine->homeServer().setEnabled(true);
        QTRY_VERIFY_WITH_TIMEOUT(home().state == HomeState::On, patience);
        const auto id = upload(file(QStringLiteral("a"), contentOf(1000)));
        QTRY_VERIFY_WITH_TIMEOUT(transfer(id).state == TransferState::Done, patience);
    }

    void theServerCountsWhatItHolds() {
        startHome();
        const auto id = upload(file(QStringLiteral("a"), contentOf(100'000)));
        QTRY_VERIFY_WITH_TIMEOUT(transfer(id).state == TransferState::Done, patience);
        QTRY_COMPARE_WITH_TIMEOUT(home().shares, 1U, patience);
        QVERIFY(home().bytesStored >= 100'000);
    }

    void aServerOfAnotherProgramIsUsedAndTakenOver() {
        startHome();
        m_engine = nullptr;
        server::Options options;
        options.store.folder = loadProfile(folder())->settings.serverFolder;
        auto other = server::Server::start(options, std::make_shared<SystemClock>(), std::make_shared<SystemRandom>());
        QVERIFY2(other, other ? "" : other.error().detail.c_str());

        start();
        QTRY_VERIFY_WITH_TIMEOUT(home().state == HomeState::ElsewhereOnThisComputer, patience);
        const auto first = upload(file(QStringLiteral("a"), contentOf(1000)));
        QTRY_VERIFY_WITH_TIMEOUT(transfer(first).state == TransferState::Done, patience);
        *other = nullptr;
        QTRY_VERIFY_WITH_TIMEOUT(home().state == HomeState::On, patience);
        const auto second = upload(file(QStringLiteral("b"), contentOf(2000)));
        QTRY_VERIFY_WITH_TIMEOUT(transfer(second).state == TransferState::Done, patience);
    }

    void aCancelledUploadIsOverAndCanBeTriedAgain() {
        startHome();
        const auto path = file(QStringLiteral("large"), contentOf(40 * 1024 * 1024));
        const auto id = upload(path);
        m_engine->transfers().cancel({id});
        QTRY_VERIFY_WITH_TIMEOUT(transfer(id).state == TransferState::Cancelled, patience);
        QVERIFY(!transfer(id).hasCapability);
        m_engine->transfers().retry({id});
        QTRY_VERIFY_WITH_TIMEOUT(transfer(id).state == TransferState::Done, patience);
    }

    void aRemovedTransferIsGoneForGood() {
        startHome();
        const auto id = upload(file(QStringLiteral("a"), contentOf(100)));
        const auto stays = upload(file(QStringLiteral("b"), contentOf(200)));
        QTRY_VERIFY_WITH_TIMEOUT(transfer(id).state == TransferState::Done, patience);
        QTRY_VERIFY_WITH_TIMEOUT(transfer(stays).state == TransferState::Done, patience);
        QSignalSpy removed(&m_engine->transfers(), &api::Transfers::removed);
        m_engine->transfers().remove({id});
        QTRY_COMPARE_WITH_TIMEOUT(removed.size(), 1, patience);
        QCOMPARE(all().size(), 1);
        restart();
        QCOMPARE(all().size(), 1);
        QTRY_COMPARE_WITH_TIMEOUT(all().first().id, stays, patience);
        QCOMPARE(all().first().name, QStringLiteral("b"));
        QVERIFY(all().first().state == TransferState::Done);
    }

    void whatWasNotFinishedGoesOnAtTheNextStart() {
        startHome();
        QStringList paths;
        for (int i = 0; i < 12; ++i) {
            paths << file(QStringLiteral("large %1").arg(i), contentOf(6 * 1024 * 1024 + i));
        }
        m_engine->transfers().upload(paths);
        QTRY_COMPARE_WITH_TIMEOUT(all().size(), paths.size(), patience);
        m_engine = nullptr;  // in the middle of it
        int unfinished = 0;
        const auto rows = (*journal::Journal::open(folder() / "journal.sqlite"))->rows();
        for (const auto& row : *rows) {
            QVERIFY(row.state == journal::State::Queued || row.state == journal::State::Done);
            unfinished += row.state == journal::State::Queued ? 1 : 0;
        }
        QVERIFY(unfinished > 0);
        restart();
        QCOMPARE(all().size(), paths.size());
        QTRY_VERIFY_WITH_TIMEOUT(allAre(TransferState::Done), patience);
    }

    void aRowThatWasRunningAtACrashIsRunAgain() {
        startHome();
        m_engine = nullptr;
        {
            auto opened = journal::Journal::open(folder() / "journal.sqlite");
            QVERIFY(opened);
            journal::Row row;
            row.state = journal::State::Running;
            row.name = "was running";
            row.localPath = file(QStringLiteral("was running"), contentOf(1000)).toStdString();
            row.size = 1000;
            QVERIFY((*opened)->add(row));
        }
        restart();
        QCOMPARE(all().size(), 1);
        QTRY_VERIFY_WITH_TIMEOUT(allAre(TransferState::Done), patience);
    }

    void filesGivenBeforeTheProfileIsOpenAreQueued() {
        startHome();
        m_engine = nullptr;
        m_engine = std::make_unique<LocalEngine>(LocalEngineOptions{folder()});
        follow();
        m_engine->transfers().upload({file(QStringLiteral("early"), contentOf(1000))});
        m_engine->open();
        QTRY_COMPARE_WITH_TIMEOUT(all().size(), 1, patience);
        QTRY_VERIFY_WITH_TIMEOUT(allAre(TransferState::Done), patience);
    }

    void aProfileThatAnotherProgramOwnsIsReported() {
        startHome();
        LocalEngine second(LocalEngineOptions{folder()});
        QString code;
        connect(&second, &api::Engine::failed, this, [&](const QString& name, const QString&) { code = name; });
        second.open();
        QTRY_COMPARE_WITH_TIMEOUT(code, QStringLiteral("ProfileLocked"), patience);
        QTRY_VERIFY_WITH_TIMEOUT(second.state() == api::Engine::State::Failed, patience);
        m_engine = nullptr;
        second.open();
        QTRY_VERIFY_WITH_TIMEOUT(second.state() == api::Engine::State::Ready, patience);
    }

    void aDamagedProfileIsReported() {
        startHome();
        m_engine = nullptr;
        QVERIFY(QFile::remove(m_temporary->filePath(QStringLiteral("profile/secrets/leases"))));
        start();
        QString code;
        connect(m_engine.get(), &api::Engine::failed, this, [&](const QString& name, const QString&) { code = name; });
        QTRY_COMPARE_WITH_TIMEOUT(code, QStringLiteral("ProfileDamaged"), patience);
        QTRY_VERIFY_WITH_TIMEOUT(m_engine->state() == api::Engine::State::Failed, patience);
    }

    void aGridThatNobodyServesFailsClearly() {
        SystemRandom random;
        NewProfile profile;
        profile.settings.encoding = {1, 1, 1, ByteCount(1024 * 1024)};
        profile.settings.serverFolder = defaultServerFolder(folder());
        auto announcement = test::announcementOf("nobody");
        announcement.nurls.front().host = "127.0.0.1";
        announcement.nurls.front().port = 1;
        profile.servers = {announcement};
        QVERIFY(createProfile(folder(), profile, random));
        start();
        QTRY_VERIFY_WITH_TIMEOUT(m_engine->state() == api::Engine::State::Ready, patience);
        QVERIFY(!m_engine->grid().homeOnly);
        const auto id = upload(file(QStringLiteral("a"), contentOf(1000)));
        QTRY_COMPARE_WITH_TIMEOUT(transfer(id).errorCode, QStringLiteral("NotEnoughServers"), patience);
        QVERIFY(transfer(id).state == TransferState::Queued);
        QVERIFY(transfer(id).retryAt != 0);
        m_engine->transfers().cancel({id});
        QTRY_VERIFY_WITH_TIMEOUT(transfer(id).state == TransferState::Cancelled, patience);
    }

    void aFolderIsQueuedToItsBottomAndLinksAreNamed() {
        startHome();
        QStringList refused;
        connect(&m_engine->transfers(), &api::Transfers::refused, this,
                [&](const QString& what, const QString&, const QString&) { refused << what; });
        QVERIFY(QDir(m_temporary->path()).mkpath(QStringLiteral("Photos/2024/May")));
        file(QStringLiteral("Photos/a"), contentOf(100));
        file(QStringLiteral("Photos/2024/May/b"), contentOf(200));
        QVERIFY(QFile::link(m_temporary->filePath(QStringLiteral("Photos/a")),
                            m_temporary->filePath(QStringLiteral("Photos/2024/link"))));
        m_engine->transfers().upload({m_temporary->filePath(QStringLiteral("Photos"))});
        QTRY_COMPARE_WITH_TIMEOUT(all().size(), 2, patience);
        QTRY_VERIFY_WITH_TIMEOUT(allAre(TransferState::Done), patience);
        QStringList names{all().at(0).name, all().at(1).name};
        names.sort();
        QCOMPARE(names, (QStringList{QStringLiteral("Photos/2024/May/b"), QStringLiteral("Photos/a")}));
        QCOMPARE(refused, QStringList{m_temporary->filePath(QStringLiteral("Photos/2024/link"))});
    }

    void aPausedTransferWaitsAlsoForTheNextStartAndGoesOn() {
        startHome();
        hold(true);
        const auto first = upload(file(QStringLiteral("a"), contentOf(1000)));
        const auto second = upload(file(QStringLiteral("b"), contentOf(1000)));
        m_engine->transfers().pause({first});
        QTRY_VERIFY_WITH_TIMEOUT(transfer(first).state == TransferState::Paused, patience);
        hold(false);
        QTRY_VERIFY_WITH_TIMEOUT(transfer(second).state == TransferState::Done, patience);
        QVERIFY(transfer(first).state == TransferState::Paused);
        restart();
        QTRY_VERIFY_WITH_TIMEOUT(transfer(first).state == TransferState::Paused, patience);
        m_engine->transfers().resume({first});
        QTRY_VERIFY_WITH_TIMEOUT(transfer(first).state == TransferState::Done, patience);
    }

    void aRunningTransferIsPausedAndLosesNothing() {
        startHome();
        const auto content = contentOf(40 * 1024 * 1024);
        const auto id = upload(file(QStringLiteral("large"), content));
        QTRY_VERIFY_WITH_TIMEOUT(transfer(id).state == TransferState::Running, patience);
        m_engine->transfers().pause({id});
        QTRY_VERIFY_WITH_TIMEOUT(transfer(id).state == TransferState::Paused, patience);
        m_engine->transfers().resume({id});
        QTRY_VERIFY_WITH_TIMEOUT(transfer(id).state == TransferState::Done, patience);
        const auto target = m_temporary->filePath(QStringLiteral("copy"));
        const auto copy = added([&] { m_engine->transfers().saveCopy(id, target); });
        QTRY_VERIFY_WITH_TIMEOUT(transfer(copy).state == TransferState::Done, patience);
        QVERIFY(read(target) == content);
    }

    void aCopyThatIsPausedGoesOnWhereItWas() {
        startHome();
        const auto content = contentOf(24 * 1024 * 1024);
        const auto stored = upload(file(QStringLiteral("large"), content));
        QTRY_VERIFY_WITH_TIMEOUT(transfer(stored).state == TransferState::Done, patience);
        slowDown();
        const auto target = m_temporary->filePath(QStringLiteral("copy"));
        const auto id = added([&] { m_engine->transfers().saveCopy(stored, target); });
        QTRY_VERIFY_WITH_TIMEOUT(transfer(id).done > 0, patience);
        m_engine = nullptr;  // in the middle of it
        QCOMPARE(partialFiles().size(), 1);
        {
            const auto rows = (*journal::Journal::open(folder() / "journal.sqlite"))->rows();
            QVERIFY(rows->back().direction == journal::Direction::Download);
            QCOMPARE(knownShares(rows->back().shares).size(), 1U);
        }
        restart();
        auto settings = m_engine->transfers().settings();
        settings.totalDown = 0;
        m_engine->transfers().setSettings(settings);
        QTRY_VERIFY_WITH_TIMEOUT(transfer(id).state == TransferState::Done, patience);
        QVERIFY(transfer(id).shares.isEmpty());
        QFile copy(target);
        QVERIFY(copy.open(QIODevice::ReadOnly));
        QVERIFY(copy.readAll() == content);
        QVERIFY(partialFiles().isEmpty());
    }

    void aCopyThatIsGivenUpLeavesNothing() {
        startHome();
        const auto stored = upload(file(QStringLiteral("large"), contentOf(24 * 1024 * 1024)));
        QTRY_VERIFY_WITH_TIMEOUT(transfer(stored).state == TransferState::Done, patience);
        slowDown();
        const auto running =
            added([&] { m_engine->transfers().saveCopy(stored, m_temporary->filePath(QStringLiteral("cancelled"))); });
        QTRY_VERIFY_WITH_TIMEOUT(transfer(running).done > 0, patience);
        m_engine->transfers().cancel({running});
        QTRY_VERIFY_WITH_TIMEOUT(partialFiles().isEmpty(), patience);

        const auto paused =
            added([&] { m_engine->transfers().saveCopy(stored, m_temporary->filePath(QStringLiteral("removed"))); });
        QTRY_VERIFY_WITH_TIMEOUT(transfer(paused).done > 0, patience);
        m_engine->transfers().pause({paused});
        QTRY_VERIFY_WITH_TIMEOUT(transfer(paused).state == TransferState::Paused, patience);
        QCOMPARE(partialFiles().size(), 1);
        m_engine->transfers().remove({paused});
        QTRY_VERIFY_WITH_TIMEOUT(partialFiles().isEmpty(), patience);
    }

    void theListIsReorderedAndRunsInItsOrder() {
        startHome();
        hold(true);
        QList<api::TransferId> ids;
        for (int i = 0; i < 4; ++i) {
            ids << upload(file(QStringLiteral("large %1").arg(i), contentOf(2 * 1024 * 1024 + i)));
        }
        m_engine->transfers().move({ids.at(3)}, api::QueueStep::Top);
        m_engine->transfers().move({ids.at(0)}, api::QueueStep::Bottom);
        m_engine->transfers().prioritise({ids.at(2)}, api::Priority::High);
        const QList<api::TransferId> expected{ids.at(3), ids.at(1), ids.at(2), ids.at(0)};
        QTRY_COMPARE_WITH_TIMEOUT(m_order, expected, patience);
        QTRY_VERIFY_WITH_TIMEOUT(transfer(ids.at(2)).priority == api::Priority::High, patience);
        QList<api::TransferId> started;
        connect(&m_engine->transfers(), &api::Transfers::changed, this, [&](const QList<TransferSnapshot>& snapshots) {
            for (const auto& snapshot : snapshots) {
                if (snapshot.state == TransferState::Running && !started.contains(snapshot.id)) {
                    started << snapshot.id;
                }
            }
        });
        hold(false);
        QTRY_VERIFY_WITH_TIMEOUT(allAre(TransferState::Done), patience);
        restart();
        QTRY_COMPARE_WITH_TIMEOUT(m_order, expected, patience);
        // Two at a time: the preferred one and the first of the list begin.
        QVERIFY(started.mid(0, 2).contains(ids.at(2)));
        QVERIFY(started.mid(0, 2).contains(ids.at(3)));
    }

    void totalsAndSettingsAreToldAndKept() {
        startHome();
        hold(true);
        (void)upload(file(QStringLiteral("a"), contentOf(1000)));
        (void)upload(file(QStringLiteral("b"), contentOf(500)));
        auto& transfers = m_engine->transfers();
        QTRY_COMPARE_WITH_TIMEOUT(transfers.totals().waiting, 2, patience);
        QCOMPARE(transfers.totals().activeBytes, 1500U);
        auto settings = transfers.settings();
        settings.totalUp = 123'000;
        transfers.setSettings(settings);
        QTRY_COMPARE_WITH_TIMEOUT(transfers.settings(), settings, patience);
        restart();
        QTRY_COMPARE_WITH_TIMEOUT(m_engine->transfers().settings(), settings, patience);
        QTRY_COMPARE_WITH_TIMEOUT(m_engine->transfers().totals().waiting, 2, patience);
        hold(false);
        QTRY_COMPARE_WITH_TIMEOUT(m_engine->transfers().totals().done, 2, patience);
        QCOMPARE(m_engine->transfers().totals().waiting, 0);
    }

    void hundredsOfSmallFilesAllArrive() {
        startHome();
        QStringList paths;
        for (int i = 0; i < 300; ++i) {
            paths << file(QStringLiteral("small %1").arg(i), contentOf(100 + i));
        }
        int signalsSeen = 0;
        connect(&m_engine->transfers(), &api::Transfers::changed, this, [&] { ++signalsSeen; });
        m_engine->transfers().upload(paths);
        QTRY_COMPARE_WITH_TIMEOUT(all().size(), paths.size(), patience);
        QTRY_VERIFY_WITH_TIMEOUT(allAre(TransferState::Done), patience);
        QVERIFY2(signalsSeen < 300, "changes were told one by one");
        for (qsizetype i = 0; i < paths.size(); ++i) {
            QCOMPARE(all().at(i).localPath, paths.at(i));
        }
    }

private:
    [[nodiscard]] std::filesystem::path folder() const {
        return std::filesystem::path(m_temporary->path().toStdString()) / "profile";
    }

    void start() {
        m_states.clear();
        m_engine = std::make_unique<LocalEngine>(LocalEngineOptions{folder()});
        connect(m_engine.get(), &api::Engine::stateChanged, this,
                [this](api::Engine::State state) { m_states << state; });
        follow();
        m_engine->open();
    }

    void restart() {
        m_engine = nullptr;
        start();
        QTRY_VERIFY_WITH_TIMEOUT(m_engine->state() == api::Engine::State::Ready, patience);
    }

    void startHome() {
        start();
        QTRY_COMPARE_WITH_TIMEOUT(m_states.size(), 2, patience);
        m_engine->createHomeProfile();
        QTRY_VERIFY_WITH_TIMEOUT(home().state == HomeState::On, patience);
    }

    void hold(bool held) {
        auto settings = m_engine->transfers().settings();
        settings.held = held;
        m_engine->transfers().setSettings(settings);
        QTRY_COMPARE_WITH_TIMEOUT(m_engine->transfers().settings(), settings, patience);
    }

    /// So that a copy of some megabytes can be seen in the middle.
    void slowDown() {
        auto settings = m_engine->transfers().settings();
        settings.totalDown = 4 * 1024 * 1024;
        m_engine->transfers().setSettings(settings);
        QTRY_COMPARE_WITH_TIMEOUT(m_engine->transfers().settings(), settings, patience);
    }

    /// What downloads that are not complete have in their folder.
    [[nodiscard]] QStringList partialFiles() const {
        return QDir(m_temporary->path()).entryList({QStringLiteral(".*")}, QDir::Files | QDir::Hidden);
    }

    void setServer(bool on) {
        m_engine->homeServer().setEnabled(on);
        QTRY_VERIFY_WITH_TIMEOUT(home().state == (on ? HomeState::On : HomeState::Off), patience);
    }

    QString file(const QString& name, const QByteArray& content) const {
        const auto path = m_temporary->filePath(name);
        QFile created(path);
        if (!created.open(QIODevice::WriteOnly) || created.write(content) != content.size()) {
            qFatal("no test file");
        }
        return path;
    }

    /// The number of the transfer that `act` queues.
    template <typename Act>
    api::TransferId added(Act act) {
        QSignalSpy spy(&m_engine->transfers(), &api::Transfers::added);
        act();
        if (!QTest::qWaitFor([&] { return !spy.isEmpty(); }, patience)) {
            return -1;
        }
        return spy.first().first().value<QList<TransferSnapshot>>().first().id;
    }

    api::TransferId upload(const QString& path) {
        return added([&] { m_engine->transfers().upload({path}); });
    }

    /// What the engine has told of each transfer, in the list's order.
    [[nodiscard]] QList<TransferSnapshot> all() const {
        QList<TransferSnapshot> snapshots;
        for (const auto id : m_order) {
            snapshots << m_seen.value(id);
        }
        return snapshots;
    }

    void follow() {
        m_order.clear();
        m_seen.clear();
        auto& transfers = m_engine->transfers();
        connect(&transfers, &api::Transfers::listed, this, [this, &transfers](const QList<api::TransferId>& ids) {
            m_order << ids;
            transfers.load(ids);
        });
        connect(&transfers, &api::Transfers::stale, this, [this, &transfers] { transfers.load(m_order); });
        const auto see = [this](const QList<TransferSnapshot>& snapshots) {
            for (const auto& snapshot : snapshots) {
                m_seen.insert(snapshot.id, snapshot);
            }
        };
        connect(&transfers, &api::Transfers::changed, this, see);
        connect(&transfers, &api::Transfers::added, this, [this, see](const QList<TransferSnapshot>& snapshots) {
            for (const auto& snapshot : snapshots) {
                m_order << snapshot.id;
            }
            see(snapshots);
        });
        connect(&transfers, &api::Transfers::removed, this, [this](const QList<api::TransferId>& ids) {
            m_order.removeIf([&ids](api::TransferId id) { return ids.contains(id); });
        });
        connect(&transfers, &api::Transfers::moved, this,
                [this](const QList<api::TransferId>& ids, api::TransferId before) {
                    m_order.removeIf([&ids](api::TransferId id) { return ids.contains(id); });
                    auto at = before == 0 ? m_order.size() : m_order.indexOf(before);
                    for (const auto id : ids) {
                        m_order.insert(at++, id);
                    }
                });
    }
    [[nodiscard]] TransferSnapshot transfer(api::TransferId id) const {
        for (const auto& snapshot : all()) {
            if (snapshot.id == id) {
                return snapshot;
            }
        }
        return {};
    }
    [[nodiscard]] bool allAre(TransferState state) const {
        const auto snapshots = all();
        return std::all_of(snapshots.begin(), snapshots.end(),
                           [state](const TransferSnapshot& snapshot) { return snapshot.state == state; });
    }
    [[nodiscard]] api::HomeServerSnapshot home() const { return m_engine->homeServer().snapshot(); }

    std::unique_ptr<QTemporaryDir> m_temporary;
    std::unique_ptr<LocalEngine> m_engine;
    QList<api::Engine::State> m_states;
    QList<api::TransferId> m_order;
    QHash<api::TransferId, TransferSnapshot> m_seen;
};

QTEST_GUILESS_MAIN(LocalEngineTest)
#include "local_engine_test.moc"
