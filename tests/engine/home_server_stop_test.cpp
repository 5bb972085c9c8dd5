#include "core/engine/local_engine.h"
#include "core/engine/profile.h"
#include "core/formats/grid_file.h"
#include "tests/server/raw_client.h"

#include <QFile>
#include <QTemporaryDir>
#include <QtTest>

using namespace tarn;
using namespace tarn::engine;
using server::test::RawClient;
using HomeState = api::HomeServerSnapshot::State;

/// The server behind the desktop's switch, as a client on another computer sees it being switched.
class HomeServerStopTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aLargeUploadUnderWayIsFinishedBeforeTheServerIsOff() {
        QTemporaryDir temporary;
        LocalEngine engine(LocalEngineOptions{temporary.filePath(QStringLiteral("profile")).toStdString()});
        QList<api::Engine::State> states;
        connect(&engine, &api::Engine::stateChanged, this, [&states](api::Engine::State state) { states << state; });
        engine.open();
        QTRY_COMPARE_WITH_TIMEOUT(states.size(), 2, RawClient::patience);
        engine.createHomeProfile();
        const auto state = [&engine] {
            return engine.homeServer().snapshot().state;
        };
        QTRY_VERIFY_WITH_TIMEOUT(state() == HomeState::On, RawClient::patience);

        QFile announcement(engine.homeServer().snapshot().folder + QStringLiteral("/announcement.yaml"));
        QVERIFY(announcement.open(QIODevice::ReadOnly));
        const auto grid = formats::parseGridFile(announcement.readAll().toStdString());
        QVERIFY(grid.has_value());
        RawClient client(grid->servers.front().nurls.front());
        QVERIFY(client.connected());

        const QByteArray data = server::test::pattern(8 * 1024 * 1024, 5);
        const auto size = static_cast<std::uint64_t>(data.size());
        const QByteArray mine = RawClient::upload('u');
        const QByteArray share = server::test::bucket('b') + "/0";
        QCOMPARE(client
                     .ask("POST", server::test::bucket('b'), RawClient::lease('l') + mine,
                          server::test::allocateBody({0}, size))
                     .status,
                 200);
        const QByteArray request = client.request("PATCH", share, mine + server::test::contentRange(0, size), data);
        client.send(request.left(request.size() / 2));
        QTRY_VERIFY_WITH_TIMEOUT(engine.homeServer().snapshot().connections > 0, RawClient::patience);

        engine.homeServer().setEnabled(false);
        QTRY_VERIFY_WITH_TIMEOUT(state() == HomeState::Stopping, RawClient::patience);
        client.send(request.mid(request.size() / 2));
        QCOMPARE(client.read().status, 201);
        QTRY_VERIFY_WITH_TIMEOUT(state() == HomeState::Off, RawClient::patience);
        QVERIFY(client.ended());

        engine.homeServer().setEnabled(true);
        QTRY_VERIFY_WITH_TIMEOUT(state() == HomeState::On, RawClient::patience);
        QCOMPARE(engine.homeServer().snapshot().shares, 1U);
        RawClient again(grid->servers.front().nurls.front());
        QCOMPARE(again.ask("GET", share).body, data);
        QTRY_VERIFY_WITH_TIMEOUT(engine.homeServer().snapshot().requests >= 1, RawClient::patience);
        QCOMPARE(engine.homeServer().snapshot().clients, 1U);
    }
};

QTEST_GUILESS_MAIN(HomeServerStopTest)
#include "home_server_stop_test.moc"
