#include "tests/server/raw_http2_client.h"
#include "tests/server/resident.h"

#include <QTemporaryDir>
#include <QtTest>

#include <thread>

namespace tarn::server::test {

namespace {

using Client = RawHttp2Client;

constexpr int enhanceYourCalm = 11;
constexpr int refusedStream = -7;

}  // namespace

/// HTTP/2 as nobody should speak it: each misuse ends as it should, holds little, and harms nobody else.
class Http2Test : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { m_folder.emplace(); }
    void cleanup() {
        if (m_server) {
            // Whatever was done to it, it serves the next one.
            RawHttp2Client client(*m_server);
            QCOMPARE(client.ask("GET", "/storage/v1/version").status, 200);
        }
        m_server.reset();
        m_folder.reset();
    }

    void aShareGoesInAndComesOut() {
        start();
        Client client(*m_server);
        QVERIFY(client.connected());
        const QByteArray data = pattern(10'000, 1);
        store(client, 'b', data);
        const Reply whole = client.ask("GET", bucket('b') + "/0");
        QCOMPARE(whole.status, 200);
        QCOMPARE(whole.body, data);
        QCOMPARE(whole.fields["content-type"], QByteArray("application/octet-stream"));
        const Reply part = client.ask("GET", bucket('b') + "/0", rangeField("bytes=10-19"));
        QCOMPARE(part.status, 206);
        QCOMPARE(part.fields["content-range"], QByteArray("bytes 10-19/10000"));
        QCOMPARE(part.body, data.mid(10, 10));
    }

    void severalSecretsMayStandInOneLine() {
        start();
        Client client(*m_server);
        const QByteArray lines = RawClient::lease('l') + RawClient::upload('u');
        QByteArray joined;
        for (const auto& [name, value] : Client::fieldsOf(lines)) {
            joined += (joined.isEmpty() ? "" : ", ") + value;
        }
        QCOMPARE(
            client.ask("POST", bucket('b'), "X-Tahoe-Authorization: " + joined + "\r\n", allocateBody({0}, 5)).status,
            200);
    }

    void aStrangerIsToldSoAndItsBodyIsNotKept() {
        start();
        Client client(*m_server);
        Client::Fields head = client.head("PATCH", bucket('b') + "/0", {{"content-length", "1000000"}});
        head[4].second = "Tahoe-LAFS AAAA";
        const std::uint32_t stream = client.nextStream();
        client.send(Client::frame(Client::Headers, Client::endHeaders, stream, Client::block(head)) +
                    Client::frame(Client::Data, 0, stream, QByteArray(16'000, 'x')));
        QCOMPARE(client.reply(stream).status, 401);
        const auto next = client.read();
        QVERIFY(next && next->type == Client::Reset && next->payload == Client::number(NGHTTP2_NO_ERROR));
        QCOMPARE(client.ask("GET", "/storage/v1/version").status, 200);
    }

    void aHeadThatIsTooLongIsRefusedAndOneWithoutEndEndsTheConnection() {
        Limits limits;
        limits.mostHeader = 4000;
        start(limits);
        Client client(*m_server);
        QCOMPARE(client.ask("GET", "/storage/v1/version", "X-Filler: " + QByteArray(3000, 'x') + "\r\n").status, 200);
        QCOMPARE(client.ask("GET", "/storage/v1/version", "X-Filler: " + QByteArray(4000, 'x') + "\r\n").status, 431);
        QCOMPARE(client.ask("GET", "/storage/v1/version").status, 200);
        client.send(Client::frame(Client::Headers, 0, client.nextStream(), Client::block(client.head("GET", "/"))));
        for (int i = 0; i < 200; ++i) {
            client.socket().write(
                Client::frame(Client::Continuation, 0, 7, Client::block({{"x", QByteArray(100, 'y')}})));
        }
        QVERIFY(client.ended());
    }

    void aBombOfRepeatedFieldsIsNotUnpacked() {
        start();
        Client client(*m_server);
        // One field goes into the table, and then stands a thousand times for one byte each.
        const QByteArray value(3000, 'v');
        QByteArray block = Client::block(client.head("GET", "/storage/v1/version"));
        QByteArray indexed = Client::block({{"x-bomb", value}});
        indexed[0] = 0x40;
        block += indexed + QByteArray(5000, static_cast<char>(0xBE));
        const qint64 before = resident();
        const std::uint32_t stream = client.nextStream();
        client.send(Client::frame(Client::Headers, Client::endHeaders | Client::endStream, stream, block));
        QCOMPARE(client.reply(stream).status, 431);
        QVERIFY(resident() - before < 10'000'000);
    }

    void aHeadThatTricklesInIsNotWaitedFor() {
        Limits limits;
        limits.headerTimeout = std::chrono::milliseconds(300);
        start(limits);
        Client client(*m_server);
        client.send(Client::frame(Client::Headers, 0, 1, Client::block(client.head("GET", "/storage/v1/version"))));
        QVERIFY(client.ended());
    }

    void wearingOutEndsTheConnection_data() {
        QTest::addColumn<QByteArray>("frames");
        QTest::addColumn<int>("times");
        const QByteArray eight(8, 'p');
        QTest::newRow("ping") << Client::frame(Client::Ping, 0, 0, eight) << 3000;
        QTest::newRow("settings") << Client::frame(Client::Settings, 0, 0, Client::setting(4, 70'000)) << 3000;
        QTest::newRow("priority") << Client::frame(Client::Priority, 0, 1, QByteArray(5, '\1')) << 3000;
        QTest::newRow("window") << Client::frame(Client::WindowUpdate, 0, 0, Client::number(1)) << 3000;
    }
    void wearingOutEndsTheConnection() {
        QFETCH(const QByteArray, frames);
        QFETCH(const int, times);
        start();
        Client client(*m_server);
        client.socket().write(frames.repeated(times));
        QVERIFY(client.ended());
        QCOMPARE(client.goAway(), enhanceYourCalm);
    }

    void emptyPiecesOfABodyWearOutToo() {
        start();
        Client client(*m_server);
        const Client::Fields head = client.head("PATCH", bucket('b') + "/0",
                                                Client::fieldsOf(RawClient::upload('u') + contentRange(0, 100)) +
                                                    Client::Fields{{"content-length", "100"}});
        client.send(Client::frame(Client::Headers, Client::endHeaders, 1, Client::block(head)));
        client.socket().write(Client::frame(Client::Data, 0, 1).repeated(3000));
        QVERIFY(client.ended());
    }

    void rapidResetIsNotPutUpWith() {
        start();
        Client client(*m_server);
        const QByteArray block = Client::block(client.head("GET", "/storage/v1/version"));
        QByteArray all;
        for (int i = 0; i < 3000; ++i) {
            const std::uint32_t stream = client.nextStream();
            all += Client::frame(Client::Headers, Client::endHeaders | Client::endStream, stream, block) +
                   Client::frame(Client::Reset, 0, stream, Client::number(NGHTTP2_CANCEL));
        }
        client.socket().write(all);
        QVERIFY(client.ended());
    }

    void moreStreamsThanAllowedAreRefused() {
        Limits limits;
        limits.mostStreams = 10;
        start(limits);
        Client client(*m_server);
        const QByteArray block =
            Client::block(client.head("PATCH", bucket('b') + "/0",
                                      Client::fieldsOf(RawClient::upload('u') + contentRange(0, 100)) +
                                          Client::Fields{{"content-length", "100"}}));
        for (int i = 0; i < 11; ++i) {
            client.send(Client::frame(Client::Headers, Client::endHeaders, client.nextStream(), block));
        }
        QCOMPARE(client.reply(21).status, refusedStream);
        // Who has said that it knows the limit has no excuse.
        client.send(Client::frame(Client::Settings, 1, 0));
        client.send(Client::frame(Client::Headers, Client::endHeaders, client.nextStream(), block));
        QVERIFY(client.ended());
    }

    void manyUnfinishedBodiesHoldNoMoreThanTheWindow() {
        start();
        Client client(*m_server);
        const QByteArray mine = RawClient::upload('u');
        QCOMPARE(client.ask("POST", bucket('b'), RawClient::lease('l') + mine, allocateBody({0}, 1'000'000)).status,
                 200);
        // A hundred bodies that each lack their end fill all but a little of the window between them (more would be a
        // breach of the protocol); their bytes go to the store all the same, and one more body comes through.
        const QByteArray piece = QByteArray(16'000, 'x');
        const QByteArray more = QByteArray(5'000, 'x');
        for (int i = 0; i < 100; ++i) {
            const Client::Fields head = client.head("PATCH", bucket('b') + "/0",
                                                    Client::fieldsOf(mine + contentRange(0, 1'000'000)) +
                                                        Client::Fields{{"content-length", "1000000"}});
            const std::uint32_t stream = client.nextStream();
            client.send(Client::frame(Client::Headers, Client::endHeaders, stream, Client::block(head)) +
                        Client::frame(Client::Data, 0, stream, piece) + Client::frame(Client::Data, 0, stream, more));
        }
        QCOMPARE(client.ask("PATCH", bucket('b') + "/0", mine + contentRange(0, 5), "xxxxx").status, 200);
    }

    void whoHasNoWindowHoldsLittleAndIsLeftInTheEnd() {
        Limits limits;
        limits.bodySilenceTimeout = std::chrono::milliseconds(1500);
        start(limits);
        {
            RawClient uploader(*m_server);
            const QByteArray mine = RawClient::upload('u');
            const QByteArray data = pattern(4'000'000, 6);
            QCOMPARE(
                uploader.ask("POST", bucket('b'), RawClient::lease('l') + mine, allocateBody({0}, 4'000'000)).status,
                200);
            QCOMPARE(uploader.ask("PATCH", bucket('b') + "/0", mine + contentRange(0, 4'000'000), data).status, 201);
        }
        Client client(*m_server, Client::setting(4, 0));
        const qint64 before = resident();
        std::uint32_t last = 0;
        for (int i = 0; i < 100; ++i) {
            last = client.request("GET", bucket('b') + "/0");
        }
        QCOMPARE(client.reply(last).status, -NGHTTP2_CANCEL);
        QVERIFY(resident() - before < 100'000'000);  // of 400 MB that were asked for
    }

    void bodiesThatBelieTheirLengthAreRefused() {
        start();
        Client client(*m_server);
        const auto ask = [&](const QByteArray& length, qsizetype sent, std::uint8_t last = Client::endStream) {
            const std::uint32_t stream = client.nextStream();
            const Client::Fields head =
                client.head("POST", bucket('b'),
                            Client::fieldsOf(RawClient::lease('l') + RawClient::upload('u')) +
                                (length.isEmpty() ? Client::Fields{} : Client::Fields{{"content-length", length}}));
            client.send(Client::frame(Client::Headers, Client::endHeaders, stream, Client::block(head)) +
                        Client::frame(Client::Data, last, stream, QByteArray(sent, 'x')));
            return client.reply(stream).status;
        };
        QCOMPARE(ask("5", 6), -NGHTTP2_PROTOCOL_ERROR);
        QCOMPARE(ask("6", 5), -NGHTTP2_PROTOCOL_ERROR);
        QCOMPARE(ask("-1", 5), -NGHTTP2_PROTOCOL_ERROR);
        QCOMPARE(ask("18446744073709551616", 5), -NGHTTP2_PROTOCOL_ERROR);
        QCOMPARE(ask({}, 5), 411);
        QCOMPARE(ask("9223372036854775807", 5, 0), 413);
    }

    void whatIsNotHttp2EndsTheConnection() {
        start();
        for (const QByteArray& bytes :
             {QByteArray("GET /storage/v1/version HTTP/1.1\r\n\r\n"), pattern(5000, 3),
              Client::frame(Client::Data, 0, 0, "x"), Client::frame(Client::Headers, 4, 2, "x"),
              Client::frame(Client::Settings, 0, 0, "x"), QByteArray("\xff\xff\xff\0\0\0\0\0\1", 9)}) {
            Client client(*m_server);
            client.send(bytes);
            QVERIFY(client.ended());
        }
    }

    void whatCameOfABodyThatWasCutOffIsKept_data() {
        QTest::addColumn<bool>("connection");
        QTest::newRow("the connection ends") << true;
        QTest::newRow("the stream is reset") << false;
    }
    void whatCameOfABodyThatWasCutOffIsKept() {
        QFETCH(const bool, connection);
        start();
        const QByteArray mine = RawClient::upload('u');
        const QByteArray data = pattern(100'000, 4);
        constexpr qsizetype sent = 30'000;
        {
            Client client(*m_server);
            QCOMPARE(client.ask("POST", bucket('b'), RawClient::lease('l') + mine, allocateBody({0}, 100'000)).status,
                     200);
            const Client::Fields head = client.head("PATCH", bucket('b') + "/0",
                                                    Client::fieldsOf(mine + contentRange(0, 100'000)) +
                                                        Client::Fields{{"content-length", "100000"}});
            const std::uint32_t stream = client.nextStream();
            client.send(Client::frame(Client::Headers, Client::endHeaders, stream, Client::block(head)) +
                        Client::frame(Client::Data, 0, stream, data.left(sent / 2)) +
                        Client::frame(Client::Data, 0, stream, data.mid(sent / 2, sent / 2)));
            // All of it has been read when this is answered.
            QCOMPARE(client.ask("GET", "/storage/v1/version").status, 200);
            if (!connection) {
                client.send(Client::frame(Client::Reset, 0, stream, Client::number(NGHTTP2_CANCEL)));
                QCOMPARE(client.ask("GET", "/storage/v1/version").status, 200);
            }
        }
        Client next(*m_server);
        const auto missing = [&]() -> std::uint64_t {
            const auto reply = next.ask("PATCH", bucket('b') + "/0", mine + contentRange(0, 1), data.left(1));
            const auto parsed = formats::gbs::parseWriteReply(viewOf(reply.body));
            return parsed && parsed->required.size() == 1 ? parsed->required.front().first : 0;
        };
        QElapsedTimer waiting;
        waiting.start();
        while (missing() == 1 && waiting.elapsed() < RawClient::patience) {
        }
        QCOMPARE(missing(), static_cast<std::uint64_t>(sent));
        const auto rest =
            next.request("PATCH", bucket('b') + "/0", mine + contentRange(sent, sent + 10'000), data.mid(sent, 10'000));
        QCOMPARE(next.reply(rest).status, 200);
        QCOMPARE(missing(), static_cast<std::uint64_t>(sent) + 10'000);
    }

    void aConflictInTheMiddleOfABodyIsTold() {
        start();
        Client client(*m_server);
        const QByteArray mine = RawClient::upload('u');
        QCOMPARE(client.ask("POST", bucket('b'), RawClient::lease('l') + mine, allocateBody({0}, 100)).status, 200);
        QCOMPARE(client.ask("PATCH", bucket('b') + "/0", mine + contentRange(0, 10), "aaaaaaaaaa").status, 200);
        QCOMPARE(client.ask("PATCH", bucket('b') + "/0", mine + contentRange(0, 10), "bbbbbbbbbb").status, 409);
        QCOMPARE(client.ask("PATCH", bucket('b') + "/0", mine + contentRange(95, 105), "bbbbbbbbbb").status, 400);
        QCOMPARE(client.ask("PATCH", bucket('b') + "/0", RawClient::upload('v') + contentRange(0, 1), "a").status, 401);
    }

    void stoppingFinishesWhatIsUnderWay() {
        start();
        Client busy(*m_server);
        Client idle(*m_server);
        QCOMPARE(idle.ask("GET", "/storage/v1/version").status, 200);
        const QByteArray mine = RawClient::upload('u');
        QCOMPARE(busy.ask("POST", bucket('b'), RawClient::lease('l') + mine, allocateBody({0}, 10)).status, 200);
        const std::uint32_t stream = busy.nextStream();
        const Client::Fields head =
            busy.head("PATCH", bucket('b') + "/0",
                      Client::fieldsOf(mine + contentRange(0, 10)) + Client::Fields{{"content-length", "10"}});
        busy.send(Client::frame(Client::Headers, Client::endHeaders, stream, Client::block(head)));
        QCOMPARE(busy.ask("GET", "/storage/v1/version").status, 200);  // so the head has been read
        std::thread stopping([this] { m_server.reset(); });
        QVERIFY(idle.ended());
        QCOMPARE(idle.goAway(), NGHTTP2_NO_ERROR);
        busy.send(Client::frame(Client::Data, Client::endStream, stream, "xxxxxxxxxx"));
        QCOMPARE(busy.reply(stream).status, 201);
        QVERIFY(busy.ended());
        stopping.join();
    }

private:
    void start(const Limits& limits = {}) {
        auto server = startServer(m_folder->path(), limits);
        QVERIFY(server.has_value());
        m_server = std::move(*server);
    }
    static void store(Client& client, char letter, const QByteArray& data) {
        const QByteArray mine = RawClient::upload('u');
        const auto size = static_cast<std::uint64_t>(data.size());
        QCOMPARE(client.ask("POST", bucket(letter), RawClient::lease('l') + mine, allocateBody({0}, size)).status, 200);
        QCOMPARE(client.ask("PATCH", bucket(letter) + "/0", mine + contentRange(0, size), data).status, 201);
    }

    std::optional<QTemporaryDir> m_folder;
    std::unique_ptr<Server> m_server;
};

}  // namespace tarn::server::test

QTEST_GUILESS_MAIN(tarn::server::test::Http2Test)
#include "http2_test.moc"
