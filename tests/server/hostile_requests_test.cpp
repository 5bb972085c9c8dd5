#include "tests/server/hostile_requests.h"
#include "tests/server/raw_http2_client.h"
#include "tests/server/resident.h"

#include <QTemporaryDir>
#include <QtTest>

namespace tarn::server::test {

namespace {

/// Much less than any of the lengths that the requests lie about, and more than a sanitizer keeps of what is freed.
constexpr qint64 mostMemory = 64'000'000;

Reply ask(RawClient& client, const HostileRequest& request) {
    if (!request.announced) {
        return client.ask(request.method, request.path, request.fields, request.body);
    }
    const QByteArray length = "Content-Length: " + QByteArray::number(qulonglong{*request.announced}) + "\r\n";
    client.send(client.request(request.method, request.path, request.fields + length) + request.body);
    return client.read();
}

Reply ask(RawHttp2Client& client, const HostileRequest& request) {
    using Client = RawHttp2Client;
    constexpr qsizetype pieceSize = 16'000;
    if (!request.announced && request.body.isEmpty()) {
        return client.ask(request.method, request.path, request.fields);
    }
    Client::Fields fields = Client::fieldsOf(request.fields);
    fields.append({"content-length",
                   QByteArray::number(request.announced.value_or(static_cast<std::uint64_t>(request.body.size())))});
    const std::uint32_t stream = client.nextStream();
    QByteArray all = Client::frame(Client::Headers, Client::endHeaders, stream,
                                   Client::block(client.head(request.method, request.path, fields)));
    for (qsizetype at = 0; at < request.body.size(); at += pieceSize) {
        const bool last = !request.announced && at + pieceSize >= request.body.size();
        all += Client::frame(Client::Data, last ? Client::endStream : 0, stream, request.body.mid(at, pieceSize));
    }
    client.send(all);
    return client.reply(stream);
}

}  // namespace

/// Whatever is asked by whom, in either version of HTTP: it gets its status and nothing else, the server holds no more
/// memory for it than its limit, and what others keep there stays as it was.
class HostileRequestsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        auto server = startServer(m_folder.path());
        QVERIFY(server.has_value());
        m_server = std::move(*server);
        m_watch = std::make_unique<RawHttp2Client>(*m_server);
        const QByteArray lease = RawClient::lease(owner);
        const QByteArray mine = RawClient::upload(owner);
        const auto size = static_cast<std::uint64_t>(completeShare.size());
        QCOMPARE(m_watch->ask("POST", bucket('b'), lease + mine, allocateBody({0}, size)).status, 200);
        QCOMPARE(m_watch->ask("PATCH", bucket('b') + "/0", mine + contentRange(0, size), completeShare).status, 201);
        QCOMPARE(m_watch->ask("POST", bucket('c'), lease + mine, allocateBody({0}, begunSize)).status, 200);
        QCOMPARE(m_watch->ask("PATCH", bucket('c') + "/0", mine + contentRange(0, 10), begunBytes).status, 200);
        QCOMPARE(m_watch->ask("POST", slotPath() + "/read-test-write", slotSecrets(owner), slotBody(slotData)).status,
                 200);
        m_before = m_server->status().usage;
    }
    void cleanupTestCase() {
        m_watch.reset();
        m_server.reset();
    }

    void eachGetsItsStatusAndDoesNoHarm_data() {
        QTest::addColumn<int>("version");
        QTest::addColumn<std::size_t>("number");
        for (const int version : {1, 2}) {
            for (std::size_t number = 0; number < requests().size(); ++number) {
                QTest::addRow("HTTP/%d: %s", version, requests()[number].name.c_str()) << version << number;
            }
        }
    }
    void eachGetsItsStatusAndDoesNoHarm() {
        QFETCH(const int, version);
        QFETCH(const std::size_t, number);
        const HostileRequest& request = requests()[number];
        const qint64 memory = resident();
        if (version == 1) {
            RawClient client(*m_server);
            client.pretend(request.authorization.value_or(authorization()));
            QCOMPARE(ask(client, request).status, request.status);
        } else {
            RawHttp2Client client(*m_server);
            client.pretend(request.authorization.value_or(authorization()));
            QCOMPARE(ask(client, request).status, request.onHttp2.value_or(request.status));
        }
        QVERIFY(resident() - memory < mostMemory);

        QCOMPARE(m_watch->ask("GET", bucket('b') + "/0").body, completeShare);
        QCOMPARE(m_watch->ask("GET", slotPath() + "/1").body, slotData);
        const bucketstore::Usage after = m_server->status().usage;
        QCOMPARE(after.shares, m_before.shares);
        QCOMPARE(after.bytes, m_before.bytes);
        QCOMPARE(after.incomingBytes, m_before.incomingBytes);
    }

    void theShareThatWasBegunGoesOnAfterAllOfIt() {
        const QByteArray rest(begunSize - begunBytes.size(), 'a');
        QCOMPARE(m_watch->ask("PATCH", bucket('c') + "/0", RawClient::upload(owner) + contentRange(10, begunSize), rest)
                     .status,
                 201);
        QCOMPARE(m_watch->ask("GET", bucket('c') + "/0").body, begunBytes + rest);
    }

private:
    [[nodiscard]] QByteArray authorization() const {
        return RawClient::authorizationOf(*formats::parseNurl(m_server->nurl()));
    }
    [[nodiscard]] const std::vector<HostileRequest>& requests() {
        if (m_requests.empty()) {
            m_requests = hostileRequests(authorization());
        }
        return m_requests;
    }

    QTemporaryDir m_folder;
    std::unique_ptr<Server> m_server;
    std::unique_ptr<RawHttp2Client> m_watch;
    bucketstore::Usage m_before;
    std::vector<HostileRequest> m_requests;
};

}  // namespace tarn::server::test

QTEST_GUILESS_MAIN(tarn::server::test::HostileRequestsTest)
#include "hostile_requests_test.moc"
