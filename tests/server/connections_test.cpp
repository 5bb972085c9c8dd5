#include "tests/server/raw_client.h"

#include <QHostAddress>
#include <QTcpSocket>
#include <QTemporaryDir>
#include <QtTest>

#include <atomic>
#include <thread>

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tarn::server::test {

namespace {

/// A second in which the server does not what it must not do. Too short a wait could only hide a fault, not make one.
constexpr int aWhile = 700;

bool staysSilent(QSslSocket& socket) {
    return !socket.waitForReadyRead(aWhile) && socket.state() == QAbstractSocket::ConnectedState;
}

}  // namespace

class ConnectionsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { m_folder.emplace(); }
    void cleanup() {
        m_server.reset();
        m_folder.reset();
    }

    void aWrongSwissnumGetsNowhere() {
        start();
        RawClient client(*m_server);
        for (const QByteArray& authorization :
             {QByteArray(), QByteArray("Authorization: \r\n"), QByteArray("Authorization: Tahoe-LAFS\r\n"),
              QByteArray("Authorization: Tahoe-LAFS AAAA\r\n"), client.authorization().replace("Tahoe", "tahoe"),
              client.authorization().chopped(3) + "\r\n"}) {
            for (const char* const path : {"/storage/v1/version", "/no/such/path"}) {
                client.send("GET " + QByteArray(path) + " HTTP/1.1\r\n" + authorization + "\r\n");
                QCOMPARE(client.read().status, 401);
            }
        }
        QCOMPARE(client.ask("GET", "/storage/v1/version").status, 200);
    }

    void aStrangersBodyIsNotReadAndNotKept() {
        start();
        RawClient client(*m_server);
        client.send("PATCH " + bucket('b') + "/0 HTTP/1.1\r\nContent-Length: 1000000\r\n\r\nbegin");
        const Reply reply = client.read();
        QCOMPARE(reply.status, 401);
        QCOMPARE(reply.fields["connection"], QByteArray("close"));
        QVERIFY(client.ended());
    }

    void requestsInOneBreathAreAnsweredInTheirOrder() {
        start();
        RawClient client(*m_server);
        const QByteArray data = pattern(5000, 3);
        const QByteArray mine = RawClient::upload('u');
        client.send(client.request("POST", bucket('b'), RawClient::lease('l') + mine, allocateBody({0}, 5000)) +
                    client.request("PATCH", bucket('b') + "/0", mine + contentRange(0, 4000), data.left(4000)) +
                    client.request("PATCH", bucket('b') + "/0", mine + contentRange(4000, 5000), data.mid(4000)) +
                    client.request("GET", bucket('b') + "/0") + client.request("GET", bucket('b') + "/9") +
                    client.request("GET", "/storage/v1/version"));
        QCOMPARE(client.read().status, 200);
        QCOMPARE(client.read().status, 200);
        QCOMPARE(client.read().status, 201);
        QCOMPARE(client.read().body, data);
        QCOMPARE(client.read().status, 404);
        QCOMPARE(client.read().status, 200);
    }

    void aRequestMayComeByteByByte() {
        start();
        RawClient client(*m_server);
        for (const char byte : client.request("POST", bucket('b'), RawClient::lease('l') + RawClient::upload('u'),
                                              allocateBody({0}, 100))) {
            client.send(QByteArray(1, byte));
        }
        QCOMPARE(client.read().status, 200);
    }

    void theConnectionEndsWhenTheClientSaysSo() {
        start();
        RawClient client(*m_server);
        const Reply reply = client.ask("GET", "/storage/v1/version", "Connection: close\r\n");
        QCOMPARE(reply.status, 200);
        QCOMPARE(reply.fields["connection"], QByteArray("close"));
        QVERIFY(client.ended());
        RawClient old(*m_server);
        old.send("GET /storage/v1/version HTTP/1.0\r\n" + old.authorization() + "\r\n");
        QCOMPARE(old.read().status, 200);
        QVERIFY(old.ended());
    }

    void aClientThatWaitsToBeToldToGoOnIsTold() {
        start();
        RawClient client(*m_server);
        const QByteArray body = allocateBody({0}, 100);
        client.send("POST " + bucket('b') + " HTTP/1.1\r\n" + client.authorization() + RawClient::lease('l') +
                    RawClient::upload('u') +
                    "Expect: 100-continue\r\nContent-Length: " + QByteArray::number(body.size()) + "\r\n\r\n");
        QCOMPARE(client.read().status, 100);
        client.send(body);
        QCOMPARE(client.read().status, 200);
        client.send("POST " + bucket('b') + " HTTP/1.1\r\n" + client.authorization() +
                    "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
        QCOMPARE(client.read().status, 400);
        QVERIFY(client.ended());
    }

    void brokenRequestsEndTheConnection() {
        start();
        std::vector<std::unique_ptr<RawClient>> clients;
        for (const QByteArray& bytes :
             {QByteArray("\r\n\r\n"), QByteArray("GET\r\n\r\n"), QByteArray("GET / HTTP/3.0\r\n\r\n"),
              QByteArray("GET / HTTP/1.1\nHost: x\n\n\r\n\r\n"), QByteArray("GET / HTTP/1.1\r\nNo colon\r\n\r\n"),
              QByteArray("GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
              QByteArray("GET / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"),
              QByteArray("GET / HTTP/1.1\r\nContent-Length: 18446744073709551616\r\n\r\n"),
              QByteArray("GET / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
              pattern(300, 9) + "\r\n\r\n"}) {
            RawClient& client = *clients.emplace_back(std::make_unique<RawClient>(*m_server));
            client.send(bytes);
            QVERIFY2(client.read().status == 400, bytes.constData());
        }
        for (const auto& client : clients) {
            QVERIFY(client->ended());
        }
    }

    void chunkedBodiesAreRefused() {
        start();
        RawClient client(*m_server);
        client.send("POST " + bucket('b') + " HTTP/1.1\r\n" + client.authorization() +
                    "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
        QCOMPARE(client.read().status, 411);
        QVERIFY(client.ended());
    }

    void largeHeadsAndBodiesAreRefused() {
        Limits limits;
        limits.mostHeader = 2000;
        limits.mostShareBody = 10'000;
        start(limits);
        RawClient fits(*m_server);
        QCOMPARE(fits.ask("GET", "/storage/v1/version", "X-Filler: " + QByteArray(1500, 'x') + "\r\n").status, 200);
        RawClient head(*m_server);
        head.send(head.request("GET", "/storage/v1/version", "X-Filler: " + QByteArray(2000, 'x') + "\r\n"));
        QCOMPARE(head.read().status, 431);
        QVERIFY(head.ended());
        RawClient share(*m_server);
        QCOMPARE(share
                     .ask("PATCH", bucket('b') + "/0", RawClient::upload('u') + contentRange(0, 10'001),
                          QByteArray(10'001, 'x'))
                     .status,
                 413);
        QVERIFY(share.ended());
        RawClient message(*m_server);
        QCOMPARE(message
                     .ask("POST", bucket('b'), RawClient::lease('l') + RawClient::upload('u'),
                          QByteArray(formats::gbs::mostAllocateRequest + 1, 'x'))
                     .status,
                 413);
        RawClient needless(*m_server);
        QCOMPARE(needless.ask("GET", "/storage/v1/version", {}, QByteArray(5000, 'x')).status, 200);
        QCOMPARE(needless.ask("GET", "/storage/v1/version").status, 200);
        QVERIFY(m_server->status().metrics.refused() >= 3);
    }

    void noMoreConnectionsAreTakenThanAllowed() {
        Limits limits;
        limits.mostConnections = 3;
        start(limits);
        std::vector<std::unique_ptr<RawClient>> clients;
        for (int i = 0; i < 3; ++i) {
            clients.push_back(std::make_unique<RawClient>(*m_server));
            QCOMPARE(clients.back()->ask("GET", "/storage/v1/version").status, 200);
        }
        QCOMPARE(m_server->status().metrics.connections, 3U);
        QVERIFY(!RawClient(*m_server).connected());
        clients.pop_back();
        QTRY_COMPARE(m_server->status().metrics.connections, 2U);
        QVERIFY(RawClient(*m_server).connected());
    }

    void runningOutOfFileDescriptorsIsGotOver() {
        start();
        QCOMPARE(m_server->status().metrics.refused(), 0U);
        rlimit before{};
        QCOMPARE(::getrlimit(RLIMIT_NOFILE, &before), 0);
        const rlimit few{200, before.rlim_max};
        QCOMPARE(::setrlimit(RLIMIT_NOFILE, &few), 0);
        std::vector<int> taken;
        for (int descriptor = ::dup(0); descriptor >= 0; descriptor = ::dup(0)) {
            taken.push_back(descriptor);
        }
        ::close(taken.back());
        taken.pop_back();
        // The one that is left is the client's: the server cannot accept. (By hand, as Qt and the sanitizers would want
        // more.)
        const int waiting = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(m_server->port());
        QCOMPARE(::connect(waiting, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        // (Another thread may close a file at any moment, and then it can.)
        QTRY_VERIFY_WITH_TIMEOUT(m_server->status().metrics.refused() >= 1, RawClient::patience);
        for (const int descriptor : taken) {
            ::close(descriptor);
        }
        QCOMPARE(::setrlimit(RLIMIT_NOFILE, &before), 0);
        QTRY_COMPARE_WITH_TIMEOUT(m_server->status().metrics.connections, 1U, RawClient::patience);
        ::close(waiting);
        RawClient client(*m_server);
        QCOMPARE(client.ask("GET", "/storage/v1/version").status, 200);
    }

    void whoSaysNothingIsShownOut() {
        Limits limits;
        limits.handshakeTimeout = limits.idleTimeout = std::chrono::milliseconds(300);
        start(limits);
        QTcpSocket silent;
        silent.connectToHost(QStringLiteral("127.0.0.1"), m_server->port());
        QVERIFY(silent.waitForConnected(RawClient::patience));
        QVERIFY(silent.waitForDisconnected(RawClient::patience));
        RawClient idle(*m_server);
        QCOMPARE(idle.ask("GET", "/storage/v1/version").status, 200);
        QVERIFY(idle.ended());
        QTRY_COMPARE(m_server->status().metrics.connections, 0U);
    }

    void aHeadThatTricklesInIsNotWaitedFor() {
        Limits limits;
        limits.headerTimeout = std::chrono::milliseconds(400);
        start(limits);
        RawClient client(*m_server);
        QElapsedTimer timer;
        timer.start();
        client.send("GET /storage/v1/version HTTP/1.1\r\n");
        // Each byte comes well within the time; the whole head does not.
        while (client.socket().state() == QAbstractSocket::ConnectedState && !timer.hasExpired(RawClient::patience)) {
            client.socket().write("x");
            client.socket().waitForReadyRead(50);
        }
        QVERIFY(!timer.hasExpired(RawClient::patience));
    }

    void aBodyThatStopsIsNotWaitedForAndABodyThatGoesOnIs() {
        Limits limits;
        limits.bodySilenceTimeout = std::chrono::milliseconds(1000);
        limits.headerTimeout = std::chrono::milliseconds(200);
        start(limits);
        RawClient client(*m_server);
        const QByteArray mine = RawClient::upload('u');
        QCOMPARE(client.ask("POST", bucket('b'), RawClient::lease('l') + mine, allocateBody({0}, 20)).status, 200);
        QByteArray slow = client.request("PATCH", bucket('b') + "/0", mine + contentRange(0, 20), QByteArray(20, 'x'));
        client.send(slow.chopped(20));
        for (int i = 0; i < 20; ++i) {
            QTest::qWait(100);
            client.send("x");
        }
        QCOMPARE(client.read().status, 201);
        client.send(slow.chopped(10));
        QVERIFY(client.ended());
    }

    void otherProtocolsOnThePortDoNoHarm() {
        start();
        for (const QByteArray& bytes : {QByteArray("GET /storage/v1/version HTTP/1.1\r\n\r\n"), pattern(5000, 4),
                                        QByteArray("\x16\x03\x01\xff\xff\x01", 6), QByteArray()}) {
            QTcpSocket socket;
            socket.connectToHost(QStringLiteral("127.0.0.1"), m_server->port());
            QVERIFY(socket.waitForConnected(RawClient::patience));
            socket.write(bytes);
            socket.waitForBytesWritten(RawClient::patience);
            socket.disconnectFromHost();
        }
        RawClient client(*m_server);
        QCOMPARE(client.ask("GET", "/storage/v1/version").status, 200);
        QTRY_COMPARE(m_server->status().metrics.connections, 1U);
    }

    void clientsMayVanishAtAnyTime() {
        start();
        const QByteArray mine = RawClient::upload('u');
        for (int cut = 0; cut < 40; ++cut) {
            RawClient client(*m_server);
            const QByteArray all =
                client.request("POST", bucket('b'), RawClient::lease('l') + mine, allocateBody({0}, 600)) +
                client.request("PATCH", bucket('b') + "/0", mine + contentRange(0, 300), QByteArray(300, 'x')) +
                client.request("GET", bucket('b') + "/shares");
            client.send(all.left(all.size() * cut / 40));
            client.socket().abort();
        }
        QTRY_COMPARE(m_server->status().metrics.connections, 0U);
        RawClient client(*m_server);
        QCOMPARE(client.ask("PATCH", bucket('b') + "/0", mine + contentRange(300, 600), QByteArray(300, 'x')).status /
                     100,
                 2);
    }

    void whatCameOfABodyThatWasCutOffIsKept_data() {
        QTest::addColumn<QByteArray>("end");
        QTest::newRow("the client hangs up") << QByteArray("hangs up");
        QTest::newRow("the client vanishes") << QByteArray("vanishes");
        QTest::newRow("the client falls silent") << QByteArray("falls silent");
    }
    void whatCameOfABodyThatWasCutOffIsKept() {
        QFETCH(const QByteArray, end);
        Limits limits;
        if (end == "falls silent") {
            limits.bodySilenceTimeout = std::chrono::milliseconds(1500);
        }
        start(limits);
        const QByteArray mine = RawClient::upload('u');
        const QByteArray data = pattern(100'000, 4);
        constexpr qsizetype sent = 30'000;
        {
            RawClient client(*m_server);
            QCOMPARE(client.ask("POST", bucket('b'), RawClient::lease('l') + mine, allocateBody({0}, 100'000)).status,
                     200);
            const std::uint64_t before = m_server->status().metrics.bodyBytesReceived;
            const QByteArray whole = client.request("PATCH", bucket('b') + "/0", mine + contentRange(0, 100'000), data);
            client.send(whole.chopped(data.size() - sent / 2));
            client.send(data.mid(sent / 2, sent / 2));
            // The server has read all of it, and waits for more.
            QTRY_COMPARE_WITH_TIMEOUT(m_server->status().metrics.bodyBytesReceived - before,
                                      static_cast<std::uint64_t>(sent), RawClient::patience);
            if (end == "vanishes") {
                client.socket().abort();
            } else if (end == "falls silent") {
                QVERIFY(client.ended());
            }
        }
        RawClient next(*m_server);
        const auto missing = [&]() -> std::uint64_t {
            const auto reply = next.ask("PATCH", bucket('b') + "/0", mine + contentRange(0, 1), data.left(1));
            const auto parsed = formats::gbs::parseWriteReply(viewOf(reply.body));
            return parsed && parsed->required.size() == 1 ? parsed->required.front().first : 0;
        };
        QTRY_COMPARE_WITH_TIMEOUT(missing(), static_cast<std::uint64_t>(sent), RawClient::patience);
        // What was kept is what was sent, and the rest completes it.
        QCOMPARE(next.ask("PATCH", bucket('b') + "/0", mine + contentRange(sent, 100'000), data.mid(sent)).status, 201);
        QCOMPARE(next.ask("GET", bucket('b') + "/0").body, data);
    }

    void bigSharesPassThroughInPieces() {
        start();
        RawClient client(*m_server);
        const QByteArray mine = RawClient::upload('u');
        const QByteArray data = pattern(9'000'000, 5);
        QCOMPARE(client.ask("POST", bucket('b'), RawClient::lease('l') + mine, allocateBody({0}, 9'000'000)).status,
                 200);
        QCOMPARE(client.ask("PATCH", bucket('b') + "/0", mine + contentRange(5'000'000, 9'000'000), data.mid(5'000'000))
                     .status,
                 200);
        QCOMPARE(
            client.ask("PATCH", bucket('b') + "/0", mine + contentRange(0, 5'000'000), data.left(5'000'000)).status,
            201);
        QVERIFY(client.ask("GET", bucket('b') + "/0").body == data);
        QVERIFY(client.ask("GET", bucket('b') + "/0", rangeField("bytes=1000-8000000")).body ==
                data.mid(1000, 7'999'001));
    }

    void aConflictInTheMiddleOfABodyIsToldAndTheConnectionGoesOn() {
        start();
        RawClient client(*m_server);
        const QByteArray mine = RawClient::upload('u');
        QCOMPARE(client.ask("POST", bucket('b'), RawClient::lease('l') + mine, allocateBody({0}, 4'000'000)).status,
                 200);
        QCOMPARE(client.ask("PATCH", bucket('b') + "/0", mine + contentRange(1'500'000, 1'500'001), "a").status, 200);
        QCOMPARE(client.ask("PATCH", bucket('b') + "/0", mine + contentRange(0, 4'000'000), QByteArray(4'000'000, 'b'))
                     .status,
                 409);
        QCOMPARE(client.ask("GET", "/storage/v1/version").status, 200);
    }

    void aClientThatReadsNothingHoldsLittleAndIsLeftInTheEnd() {
        Limits limits;
        limits.bodySilenceTimeout = std::chrono::milliseconds(1500);
        start(limits);
        RawClient client(*m_server);
        const QByteArray mine = RawClient::upload('u');
        const QByteArray data = pattern(30'000'000, 6);
        QCOMPARE(client.ask("POST", bucket('b'), RawClient::lease('l') + mine, allocateBody({0}, 30'000'000)).status,
                 200);
        QCOMPARE(client.ask("PATCH", bucket('b') + "/0", mine + contentRange(0, 30'000'000), data).status, 201);
        client.socket().setReadBufferSize(1000);
        client.send(client.request("GET", bucket('b') + "/0"));
        // Nothing runs here meanwhile, so nothing is read.
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        QTRY_COMPARE_WITH_TIMEOUT(m_server->status().metrics.connections, 0U, RawClient::patience);
    }

    void manyClientsAtOnceEachGetTheirShare() {
        start();
        std::atomic<int> good = 0;
        std::vector<std::thread> clients;
        for (int c = 0; c < 8; ++c) {
            clients.emplace_back([&, c] {
                RawClient client(*m_server);
                for (int i = 0; i < 10; ++i) {
                    const QByteArray mine = RawClient::upload(static_cast<char>('A' + c));
                    const auto share = static_cast<std::uint16_t>(c * 10 + i);
                    const QByteArray data = pattern(2000, share);
                    const QByteArray path = bucket('b') + '/' + QByteArray::number(share);
                    const bool stored =
                        client.ask("POST", bucket('b'), RawClient::lease('l') + mine, allocateBody({share}, 2000))
                                .status == 200 &&
                        client.ask("PATCH", path, mine + contentRange(0, 2000), data).status == 201 &&
                        client.ask("GET", path).body == data;
                    good += stored ? 1 : 0;
                }
            });
        }
        for (std::thread& client : clients) {
            client.join();
        }
        QCOMPARE(good.load(), 80);
        QCOMPARE(m_server->status().usage.shares, 80U);
        QCOMPARE(m_server->status().usage.incomingBytes, ByteCount(0));
    }

    void stoppingFinishesWhatIsUnderWay() {
        start();
        RawClient busy(*m_server);
        RawClient idle(*m_server);
        QCOMPARE(idle.ask("GET", "/storage/v1/version").status, 200);
        const QByteArray mine = RawClient::upload('u');
        QCOMPARE(busy.ask("POST", bucket('b'), RawClient::lease('l') + mine, allocateBody({0}, 10)).status, 200);
        const QByteArray request =
            busy.request("PATCH", bucket('b') + "/0", mine + contentRange(0, 10), QByteArray(10, 'x'));
        busy.send(request.chopped(3));
        QVERIFY(staysSilent(busy.socket()));
        std::thread stopping([this] { m_server.reset(); });
        QVERIFY(idle.ended());
        busy.send("xxx");
        const Reply reply = busy.read();
        QCOMPARE(reply.status, 201);
        QCOMPARE(reply.fields["connection"], QByteArray("close"));
        QVERIFY(busy.ended());
        stopping.join();
        start();
        QCOMPARE(m_server->status().usage.shares, 1U);
    }

    void stoppingDoesNotWaitForEverForAClient() {
        Limits limits;
        limits.stopTimeout = std::chrono::milliseconds(300);
        start(limits);
        RawClient stuck(*m_server);
        stuck.send(
            stuck
                .request("PATCH", bucket('b') + "/0", RawClient::upload('u') + contentRange(0, 10), QByteArray(10, 'x'))
                .chopped(3));
        QVERIFY(staysSilent(stuck.socket()));
        m_server.reset();
        QVERIFY(stuck.ended());
    }

private:
    void start(const Limits& limits = {}) {
        auto server = startServer(m_folder->path(), limits);
        QVERIFY(server.has_value());
        m_server = std::move(*server);
    }

    std::optional<QTemporaryDir> m_folder;
    std::unique_ptr<Server> m_server;
};

}  // namespace tarn::server::test

QTEST_GUILESS_MAIN(tarn::server::test::ConnectionsTest)
#include "connections_test.moc"
