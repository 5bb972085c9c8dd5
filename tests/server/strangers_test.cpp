#include "tests/server/raw_http2_client.h"

#include <QTcpSocket>
#include <QTemporaryDir>
#include <QtTest>

namespace tarn::server::test {

namespace {

using Client = RawHttp2Client;
using std::chrono::milliseconds;

constexpr milliseconds shortTime{300};
constexpr int oftenEnough = 20;  // milliseconds between two bytes of one who is slow

/// A TLS record that says it has `length` bytes.
QByteArray record(char type, int length, const QByteArray& begin) {
    QByteArray bytes(1, type);
    bytes += "\x03\x01";
    bytes += static_cast<char>(length / 256);
    bytes += static_cast<char>(length % 256);
    return bytes + begin;
}

/// Sends `bytes` again and again, each well within any time limit, until the server hangs up. Whether it does.
bool hangsUpOn(QAbstractSocket& socket, const QByteArray& bytes) {
    // Counted, not timed: a computer with much to do may take its time.
    for (int left = RawClient::patience / oftenEnough; left > 0; --left) {
        if (socket.state() != QAbstractSocket::ConnectedState || socket.waitForDisconnected(oftenEnough)) {
            return true;
        }
        socket.write(bytes);
    }
    return false;
}

}  // namespace

/// Who has not even shown the swissnum: what is no TLS, what comes too slowly, and too many at once.
class StrangersTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { m_folder.emplace(); }
    void cleanup() {
        // Whatever was done to it, it serves the next one, who may need to try again where the limits are short.
        bool served = false;
        QTRY_VERIFY_WITH_TIMEOUT(
            (served = served || RawClient(*m_server).ask("GET", "/storage/v1/version").status == 200),
            RawClient::patience);
        m_server.reset();
        m_folder.reset();
    }

    void whatIsNoTlsIsHungUpOn_data() {
        QTest::addColumn<QByteArray>("bytes");
        QTest::newRow("nothing") << QByteArray();
        QTest::newRow("HTTP/1.1") << QByteArray("GET /storage/v1/version HTTP/1.1\r\nHost: x\r\n\r\n");
        QTest::newRow("HTTP/2") << QByteArray(NGHTTP2_CLIENT_MAGIC) + Client::frame(Client::Settings, 0, 0);
        QTest::newRow("a Foolscap hello") << QByteArray("GET /id/" + QByteArray(32, 'a') +
                                                        " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: TLS/1.0\r\n"
                                                        "Connection: Upgrade\r\n\r\n");
        QTest::newRow("a Foolscap hello of the old kind") << QByteArray("GET / HTTP/1.1\r\nUpgrade: PB/1.0\r\n\r\n");
        QTest::newRow("SSH") << QByteArray("SSH-2.0-OpenSSH_9.2\r\n");
        QTest::newRow("SMTP") << QByteArray("EHLO x\r\n");
        QTest::newRow("SSL 2") << QByteArray("\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10", 11) + pattern(37, 1);
        QTest::newRow("noise") << pattern(5000, 2);
        QTest::newRow("zeros") << QByteArray(5000, '\0');
        QTest::newRow("a record of 65535 bytes") << record('\x16', 65'535, pattern(65'535, 3));
        QTest::newRow("a record of nothing") << record('\x16', 0, {}).repeated(1000);
        QTest::newRow("a record that does not end") << record('\x16', 512, "\x01");
        QTest::newRow("a hello of 16 MB") << record('\x16', 16'384, "\x01\xff\xff\xff" + QByteArray(16'380, 'x'));
        QTest::newRow("application data first") << record('\x17', 100, pattern(100, 4));
        QTest::newRow("an alert first") << record('\x15', 2, QByteArray("\x02\x28"));
        QTest::newRow("a heartbeat") << record('\x18', 3, QByteArray("\x01\x40\x00", 3));
    }
    void whatIsNoTlsIsHungUpOn() {
        QFETCH(const QByteArray, bytes);
        Limits limits;
        limits.handshakeTimeout = shortTime;
        start(limits);
        QTcpSocket socket;
        socket.connectToHost(QStringLiteral("127.0.0.1"), m_server->port());
        QVERIFY(socket.waitForConnected(RawClient::patience));
        socket.write(bytes);
        QVERIFY(socket.state() != QAbstractSocket::ConnectedState || socket.waitForDisconnected(RawClient::patience));
        // One alert of TLS at most; no word of what it is that listens here.
        const QByteArray answer = socket.readAll();
        QVERIFY(answer.isEmpty() || (answer.size() == 7 && answer[0] == '\x15'));
        QTRY_COMPARE(m_server->status().metrics.troubles[static_cast<std::size_t>(Trouble::HandshakeFailed)], 1U);
        QTRY_COMPARE(m_server->status().metrics.connections, 0U);
    }

    void aHandshakeThatTricklesInIsNotWaitedFor() {
        Limits limits;
        limits.handshakeTimeout = shortTime;
        start(limits);
        QTcpSocket socket;
        socket.connectToHost(QStringLiteral("127.0.0.1"), m_server->port());
        QVERIFY(socket.waitForConnected(RawClient::patience));
        socket.write(record('\x16', 16'384, "\x01\x00\x3f\xfc"));
        QVERIFY(hangsUpOn(socket, "x"));
    }

    void aHeadThatTricklesInIsNotWaitedForOverHttp2() {
        Limits limits;
        limits.headerTimeout = shortTime;
        start(limits);
        Client client(*m_server);
        // A string of 127 and more letters, of which one comes at a time, in a frame that has begun.
        QByteArray frame = Client::frame(Client::Headers, Client::endHeaders, 1, QByteArray(16'000, 'x'));
        client.send(frame.left(20));
        QVERIFY(hangsUpOn(client.socket(), "x"));
    }

    void aRequestThatNeverComesIsNotWaitedForOverHttp2() {
        Limits limits;
        limits.idleTimeout = shortTime;
        start(limits);
        Client client(*m_server);
        // What asks for nothing does not keep the connection.
        QVERIFY(hangsUpOn(client.socket(), Client::frame(Client::Ping, 0, 0, QByteArray(8, 'p'))));
        QVERIFY(client.ended());
        QCOMPARE(client.goAway(), NGHTTP2_NO_ERROR);
    }

    void aStrangersBodyThatTricklesInIsNotWaitedFor() {
        start();
        RawClient client(*m_server);
        client.pretend("Tahoe-LAFS AAAA");
        client.send("PATCH " + bucket('b') + "/0 HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n");
        QVERIFY(hangsUpOn(client.socket(), "x"));
    }

    void aBodyThatStopsEndsItsStreamOverHttp2() {
        Limits limits;
        limits.bodySilenceTimeout = milliseconds(1000);
        start(limits);
        Client client(*m_server);
        const std::uint32_t stream = beginWrite(client);
        client.send(Client::frame(Client::Data, 0, stream, "x"));
        QCOMPARE(client.reply(stream).status, -NGHTTP2_CANCEL);
        QCOMPARE(client.ask("GET", "/storage/v1/version").status, 200);
    }

    void aBodyThatGoesOnIsWaitedForOverHttp2() {
        Limits limits;
        limits.headerTimeout = shortTime;  // which is not for bodies
        start(limits);
        Client client(*m_server);
        const QByteArray mine = RawClient::upload('u');
        QCOMPARE(client.ask("POST", bucket('b'), RawClient::lease('l') + mine, allocateBody({0}, 100)).status, 200);
        const std::uint32_t stream = beginWrite(client);
        for (int i = 1; i <= 100; ++i) {
            client.send(Client::frame(Client::Data, i == 100 ? Client::endStream : 0, stream, "x"));
            client.socket().waitForReadyRead(oftenEnough);
        }
        QCOMPARE(client.reply(stream).status, 201);
    }

    void noMoreConnectionsOfOneAddressAreTakenThanAllowed() {
        Limits limits;
        limits.mostConnectionsPerClient = 3;
        start(limits);
        std::vector<std::unique_ptr<RawClient>> clients;
        for (int i = 0; i < 3; ++i) {
            clients.push_back(std::make_unique<RawClient>(*m_server));
            QCOMPARE(clients.back()->ask("GET", "/storage/v1/version").status, 200);
        }
        QVERIFY(!RawClient(*m_server).connected());
        QCOMPARE(m_server->status().metrics.troubles[static_cast<std::size_t>(Trouble::TooManyConnections)], 1U);
        RawClient other(*formats::parseNurl(m_server->nurl()), QStringLiteral("127.0.0.1"), m_server->port(),
                        QHostAddress(QStringLiteral("127.0.0.2")));
        QCOMPARE(other.ask("GET", "/storage/v1/version").status, 200);
        QCOMPARE(clients[0]->ask("GET", "/storage/v1/version").status, 200);
        clients.pop_back();
        QTRY_COMPARE(m_server->status().metrics.connections, 3U);
    }

private:
    void start(const Limits& limits = {}) {
        auto server = startServer(m_folder->path(), limits);
        QVERIFY(server.has_value());
        m_server = std::move(*server);
    }
    /// The head of a write of 100 bytes.
    static std::uint32_t beginWrite(Client& client) {
        const Client::Fields fields = Client::fieldsOf(RawClient::upload('u') + contentRange(0, 100));
        const std::uint32_t stream = client.nextStream();
        client.send(Client::headers(0, stream,
                                    Client::block(client.head("PATCH", bucket('b') + "/0",
                                                              fields + Client::Fields{{"content-length", "100"}}))));
        return stream;
    }

    std::optional<QTemporaryDir> m_folder;
    std::unique_ptr<Server> m_server;
};

}  // namespace tarn::server::test

QTEST_GUILESS_MAIN(tarn::server::test::StrangersTest)
#include "strangers_test.moc"
