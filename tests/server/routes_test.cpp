#include "core/formats/slot_messages.h"
#include "tests/server/raw_client.h"

#include <QDir>
#include <QTemporaryDir>
#include <QtTest>

namespace tarn::server::test {

using formats::gbs::SecretKind;

class RoutesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        m_folder.emplace();
        auto server = startServer(m_folder->path());
        QVERIFY(server.has_value());
        m_server = std::move(*server);
        m_client.emplace(*m_server);
        QVERIFY(m_client->connected());
    }
    void cleanup() {
        m_client.reset();
        m_server.reset();
        m_folder.reset();
    }

    void versionTellsSizesSpaceAndName() {
        const Reply reply = m_client->ask("GET", "/storage/v1/version");
        QCOMPARE(reply.status, 200);
        QCOMPARE(reply.fields["content-type"], QByteArray("application/cbor"));
        const auto version = formats::gbs::parseVersionReply(viewOf(reply.body));
        QVERIFY(version.has_value());
        QVERIFY(version->availableSpace > 0);
        QCOMPARE(version->maximumImmutableShareSize, version->availableSpace);
        QCOMPARE(version->application, std::string("tarn/0.1.0"));
    }

    void aShareGoesThroughItsWholeLife() {
        const QByteArray data = pattern(3000, 1);
        Reply reply = m_client->ask("POST", bucket('b'), uploader('u'), allocateBody({0, 5}, 3000));
        QCOMPARE(reply.status, 200);
        auto allocation = formats::gbs::parseAllocateReply(viewOf(reply.body));
        QCOMPARE(allocation->allocated, (std::set{ShareNum(0), ShareNum(5)}));
        QVERIFY(allocation->alreadyHave.empty());

        reply = patch('b', 5, 1000, data.mid(1000));
        QCOMPARE(reply.status, 200);
        auto progress = formats::gbs::parseWriteReply(viewOf(reply.body));
        QVERIFY(progress->required == (std::vector<std::pair<std::uint64_t, std::uint64_t>>{{0, 1000}}));
        QCOMPARE(list('b'), std::set<ShareNum>());
        QCOMPARE(m_client->ask("GET", bucket('b') + "/5").status, 404);

        reply = patch('b', 5, 0, data.left(1000));
        QCOMPARE(reply.status, 201);
        QVERIFY(formats::gbs::parseWriteReply(viewOf(reply.body))->required.empty());
        QCOMPARE(list('b'), std::set{ShareNum(5)});

        reply = m_client->ask("GET", bucket('b') + "/5");
        QCOMPARE(reply.status, 200);
        QCOMPARE(reply.body, data);
        QCOMPARE(reply.fields["content-type"], QByteArray("application/octet-stream"));

        reply = m_client->ask("POST", bucket('b'), uploader('v'), allocateBody({0, 5, 6}, 3000));
        allocation = formats::gbs::parseAllocateReply(viewOf(reply.body));
        QCOMPARE(allocation->alreadyHave, std::set{ShareNum(5)});
        QCOMPARE(allocation->allocated, std::set{ShareNum(6)});  // 0 is another's
    }

    void rangesAreServedAsTahoeDoes() {
        const QByteArray data = pattern(1000, 2);
        put('b', 1, data);
        const auto read = [&](const QByteArray& range) {
            return m_client->ask("GET", bucket('b') + "/1", rangeField(range));
        };
        Reply reply = read("bytes=10-19");
        QCOMPARE(reply.status, 206);
        QCOMPARE(reply.body, data.mid(10, 10));
        QCOMPARE(reply.fields["content-range"], QByteArray("bytes 10-19/1000"));
        reply = read("bytes=990-2000");
        QCOMPARE(reply.status, 206);
        QCOMPARE(reply.body, data.mid(990));
        QCOMPARE(reply.fields["content-range"], QByteArray("bytes 990-999/1000"));
        QCOMPARE(read("bytes=0-0").body, data.left(1));
        for (const char* const past :
             {"bytes=1000-1000", "bytes=5000-6000", "bytes=18446744073709551000-18446744073709551001"}) {
            reply = read(past);
            QCOMPARE(reply.status, 204);
            QVERIFY(!reply.fields.contains("content-length"));
        }
        for (const char* const bad :
             {"bytes=5-", "bytes=-5", "bytes=9-5", "bytes=0-1,4-5", "lines=0-1", "bytes=a-b", "bytes", "",
              "bytes=18446744073709551616-18446744073709551617", "bytes=0-18446744073709551615"}) {
            QCOMPARE(read(bad).status, 416);
        }
        QCOMPARE(m_client->ask("GET", bucket('b') + "/2", rangeField("bytes=0-1")).status, 404);
    }

    void aSecretMustBeThereAndNoOther() {
        const QByteArray body = allocateBody({0}, 10);
        const auto allocate = [&](const QByteArray& fields) {
            return m_client->ask("POST", bucket('b'), fields, body).status;
        };
        const QByteArray renew = RawClient::secret(SecretKind::LeaseRenew, 'r');
        const QByteArray cancel = RawClient::secret(SecretKind::LeaseCancel, 'c');
        const QByteArray upload = RawClient::upload('u');
        QCOMPARE(allocate(renew + upload), 400);
        QCOMPARE(allocate(renew + cancel), 400);
        QCOMPARE(allocate({}), 400);
        QCOMPARE(allocate(renew + cancel + upload + upload), 400);
        QCOMPARE(allocate(renew + cancel + upload + RawClient::secret(SecretKind::WriteEnabler, 'w')), 400);
        QCOMPARE(allocate(renew + cancel + "X-Tahoe-Authorization: upload-secret\r\n"), 400);
        QCOMPARE(allocate(renew + cancel + "X-Tahoe-Authorization: upload-secret %%%\r\n"), 400);
        QCOMPARE(allocate(renew + cancel + "X-Tahoe-Authorization: password AAAA\r\n"), 400);
        QCOMPARE(allocate(RawClient::secret(SecretKind::LeaseRenew, 'r', 31) + cancel + upload), 400);
        QCOMPARE(m_client->ask("GET", "/storage/v1/version", upload).status, 400);
        QCOMPARE(m_client->ask("GET", bucket('b') + "/shares", renew + cancel).status, 400);
        QCOMPARE(m_client->ask("PUT", "/storage/v1/lease/" + QByteArray(26, 'a'), renew).status, 400);
        // One line with commas says the same as three lines.
        QByteArray oneLine = renew.chopped(2) + ", " + cancel.chopped(2).mid(23) + "," + upload.mid(23);
        QCOMPARE(allocate(oneLine), 200);
        QCOMPARE(allocate(renew + cancel + upload), 200);
    }

    void uploadSecretsMayHaveAnyLength() {
        const QByteArray twenty = RawClient::secret(SecretKind::Upload, 'u', 20);
        QCOMPARE(m_client->ask("POST", bucket('b'), RawClient::lease('l') + twenty, allocateBody({0}, 4)).status, 200);
        const QByteArray path = bucket('b') + "/0";
        QCOMPARE(
            m_client->ask("PATCH", path, RawClient::secret(SecretKind::Upload, 'u', 21) + contentRange(0, 4), "data")
                .status,
            401);
        QCOMPARE(m_client->ask("PATCH", path, twenty + contentRange(0, 4), "data").status, 201);
    }

    void writesThatCannotBeAreRefused() {
        QCOMPARE(m_client->ask("POST", bucket('b'), uploader('u'), allocateBody({0}, 100)).status, 200);
        const QByteArray path = bucket('b') + "/0";
        const QByteArray mine = RawClient::upload('u');
        const auto write = [&](const QByteArray& fields, const QByteArray& body) {
            return m_client->ask("PATCH", path, fields, body).status;
        };
        QCOMPARE(write(mine, "data"), 416);
        QCOMPARE(write(mine + "Content-Range: bytes 4-1/*\r\n", "data"), 416);
        QCOMPARE(write(mine + "Content-Range: bytes */*\r\n", "data"), 416);
        QCOMPARE(write(mine + "Content-Range: bytes 18446744073709551615-18446744073709551618/*\r\n", "data"), 416);
        QCOMPARE(write(mine + contentRange(0, 5), "data"), 400);
        QCOMPARE(write(mine + contentRange(0, 4), {}), 400);
        QCOMPARE(write(mine + contentRange(98, 102), "data"), 400);
        QCOMPARE(write(mine + contentRange(18446744073709551000ULL, 18446744073709551004ULL), "data"), 400);
        QCOMPARE(write(RawClient::upload('x') + contentRange(0, 4), "data"), 401);
        QCOMPARE(write(mine + contentRange(0, 4), "data"), 200);
        QCOMPARE(write(mine + contentRange(0, 4), "data"), 200);
        QCOMPARE(write(mine + contentRange(1, 5), "data"), 409);
        QCOMPARE(m_client->ask("PATCH", bucket('b') + "/1", mine + contentRange(0, 4), "data").status, 404);
    }

    void abortAnswersAsTahoeDoes() {
        QCOMPARE(m_client->ask("POST", bucket('b'), uploader('u'), allocateBody({0, 1}, 4)).status, 200);
        const auto abort = [&](const char* share, char who) {
            return m_client->ask("PUT", bucket('b') + '/' + share + "/abort", RawClient::upload(who)).status;
        };
        QCOMPARE(abort("0", 'x'), 401);
        QCOMPARE(abort("0", 'u'), 200);
        QCOMPARE(abort("0", 'u'), 404);
        QCOMPARE(patch('b', 1, 0, "data").status, 201);
        QCOMPARE(abort("1", 'u'), 405);
    }

    void leasesAndComplaintsAreTaken() {
        put('b', 1, "some bytes");
        const QByteArray lease = "/storage/v1/lease/b" + QByteArray(25, 'a');
        QCOMPARE(m_client->ask("PUT", lease, RawClient::lease('z')).status, 204);
        QCOMPARE(m_client->ask("PUT", "/storage/v1/lease/c" + QByteArray(25, 'a'), RawClient::lease('z')).status, 404);
        const Bytes advice = formats::gbs::writeCorruptionAdvice("a block is wrong");
        const QByteArray body(reinterpret_cast<const char*>(advice.data()), static_cast<qsizetype>(advice.size()));
        QCOMPARE(m_client->ask("POST", bucket('b') + "/1/corrupt", {}, body).status, 200);
        QCOMPARE(m_client->ask("POST", bucket('b') + "/2/corrupt", {}, body).status, 404);
        QCOMPARE(m_client->ask("POST", bucket('b') + "/1/corrupt", {}, "\xff rubbish").status, 400);
        QCOMPARE(QDir(m_folder->path() + QStringLiteral("/corruption-advisories")).entryList(QDir::Files).size(), 1);
    }

    void messagesOfTheWrongKindAreRefused() {
        const QByteArray body = allocateBody({0}, 10);
        const auto allocate = [&](const QByteArray& fields, const QByteArray& sent) {
            return m_client->ask("POST", bucket('b'), uploader('u') + fields, sent).status;
        };
        QCOMPARE(allocate("Content-Type: application/json\r\n", body), 415);
        QCOMPARE(allocate("Content-Type: application/cbor; charset=x\r\n", body), 200);
        QCOMPARE(allocate("Accept: application/json\r\n", body), 406);
        QCOMPARE(allocate("Accept: text/html, application/cbor;q=0.5\r\n", body), 200);
        QCOMPARE(allocate({}, "\x81\x01"), 400);
        QCOMPARE(allocate({}, body + '\0'), 400);
        QCOMPARE(m_client->ask("GET", "/storage/v1/version", "Accept: text/html\r\n").status, 406);
        QCOMPARE(m_client->ask("GET", "/storage/v1/version", "Accept: */*\r\n").status, 200);
    }

    void onlyOurOwnPathsExist() {
        put('b', 1, "some bytes");
        const QByteArray si = bucket('b').mid(22);
        for (const QByteArray& path : {
                 QByteArray("/"),
                 QByteArray("/storage/v1"),
                 QByteArray("/storage/v1/"),
                 QByteArray("/storage/v1/version/"),
                 QByteArray("/storage/v2/version"),
                 "/storage/v1/immutable/" + si + "/256",
                 bucket('b') + "/01",
                 bucket('b') + "/-1",
                 bucket('b') + "/+1",
                 bucket('b') + "/1/",
                 bucket('b') + "/1/other",
                 bucket('b') + "/99999999999999999999",
                 bucket('b') + "/",
                 bucket('b') + "//1",
                 bucket('b') + "/1?x=y",
                 bucket('b') + "/%31",
                 "/storage/v1/immutable/" + si.chopped(1) + "/1",
                 "/storage/v1/immutable/" + si + "a/1",
                 "/storage/v1/immutable/" + si.toUpper() + "/1",
                 "/storage/v1/immutable/" + si.chopped(1) + "1/1",
                 "/storage/v1/immutable/" + si.chopped(1) + "b/1",
                 QByteArray("/storage/v1/immutable/../../identity/swissnum"),
                 QByteArray("/storage/v1/immutable/%2e%2e/x"),
                 "/storage/v1/immutable/" + si + "/../1",
                 "/storage/v1/../v1/immutable/" + si + "/1",
                 "/storage/v1/mutable/" + si + "/1",
                 "/storage/v1/mutable/" + si,
                 "/storage/v1/mutable/" + si + "/",
                 "/storage/v1/mutable/" + si + "/256",
                 "/storage/v1/mutable/" + si + "/1/abort",
                 "/storage/v1/mutable/" + si + "/shares/",
                 "/storage/v1/mutable/" + si + "/read-test-write/",
                 QByteArray("/storage/v1/lease/x"),
                 QByteArray("*"),
             }) {
            QVERIFY2(m_client->ask("GET", path).status == 404, path.constData());
        }
        QCOMPARE(m_client->ask("GET", bucket('b') + "/1").status, 200);
    }

    void sharesComeAlongOnlyWithAListAndAsAskedFor() {
        put('b', 1, "some bytes");
        const auto ask = [&](const QByteArray& along) {
            return m_client->ask("GET", bucket('b') + "/shares", "X-Tarn-Along: " + along + "\r\n");
        };
        const auto all = formats::gbs::parseFoundReply(viewOf(ask("100000000000").body));
        QVERIFY(all && all->whole.contains(ShareNum(1)));
        const Reply read = m_client->ask("GET", bucket('b') + "/1", "X-Tarn-Along: nonsense\r\n");
        QCOMPARE(read.status, 200);
        QVERIFY(std::ranges::equal(all->whole.at(ShareNum(1)), viewOf(read.body)));
        const auto none = formats::gbs::parseFoundReply(viewOf(ask("0").body));
        QVERIFY(none && none->shares == all->shares && none->whole.empty());
        for (const char* const bad : {"", "-1", "1x", "99999999999999999999"}) {
            QCOMPARE(ask(bad).status, 400);
        }
        QCOMPARE(ask("1\r\nX-Tarn-Along: 1").status, 400);
    }

    void aSlotGoesThroughItsWholeLife() {
        const QByteArray fields = RawClient::lease('l') + RawClient::secret(SecretKind::WriteEnabler, 'w');
        Reply reply = m_client->ask("POST", slot('s') + "/read-test-write", fields, slotBody("abc", {}));
        QCOMPARE(reply.status, 200);
        QCOMPARE(reply.fields["content-type"], QByteArray("application/cbor"));
        QVERIFY(formats::gbs::parseSlotReply(viewOf(reply.body))->success);
        reply = m_client->ask("GET", slot('s') + "/shares");
        QCOMPARE(formats::gbs::parseShareSet(viewOf(reply.body)).value(), std::set{ShareNum(1)});
        reply = m_client->ask("GET", slot('s') + "/1");
        QCOMPARE(reply.status, 200);
        QCOMPARE(reply.body, QByteArray("abc"));
        reply = m_client->ask("GET", slot('s') + "/1", rangeField("bytes=1-9"));
        QCOMPARE(reply.status, 206);
        QCOMPARE(reply.fields["content-range"], QByteArray("bytes 1-2/3"));
        QCOMPARE(m_client->ask("GET", slot('s') + "/1", rangeField("bytes=3-4")).status, 204);
        QCOMPARE(m_client->ask("GET", slot('s') + "/1", rangeField("bytes=2-1")).status, 416);
        QCOMPARE(m_client->ask("POST", slot('s') + "/1/corrupt", {}, "\xa1\x66reason\x61x").status, 200);
        QCOMPARE(m_client->ask("POST", slot('s') + "/2/corrupt", {}, "\xa1\x66reason\x61x").status, 404);
        reply = m_client->ask("POST", slot('s') + "/read-test-write", fields, slotBody({}, 0));
        QCOMPARE(reply.status, 200);
        QCOMPARE(m_client->ask("GET", slot('s') + "/1").status, 404);
    }

    void aSlotIsChangedByItsOwnSecretsOnly() {
        const QByteArray lease = RawClient::lease('l');
        const auto change = [&](const QByteArray& fields) {
            return m_client->ask("POST", slot('s') + "/read-test-write", fields, slotBody("abc", {})).status;
        };
        const auto enabler = [](char fill, int size = 32) {
            return RawClient::secret(SecretKind::WriteEnabler, fill, size);
        };
        QCOMPARE(change(lease), 400);
        QCOMPARE(change(enabler('w')), 400);
        QCOMPARE(change(lease + enabler('w', 31)), 400);
        QCOMPARE(change(lease + enabler('w') + enabler('w')), 400);
        QCOMPARE(change(lease + enabler('w') + RawClient::upload('u')), 400);
        QCOMPARE(change(lease + enabler('w')), 200);
        QCOMPARE(change(lease + enabler('x')), 401);
        QCOMPARE(m_client->ask("POST", slot('s') + "/read-test-write", lease + enabler('w'), "no CBOR").status, 400);
        QCOMPARE(m_client->ask("POST", slot('s') + "/read-test-write", lease + enabler('w')).status, 400);
        QCOMPARE(m_client
                     ->ask("POST", slot('s') + "/read-test-write",
                           lease + enabler('w') + "Content-Type: text/plain\r\n", "x")
                     .status,
                 415);
    }

    void aSlotRequestOverTheLimitIsTooLarge() {
        const QByteArray fields = RawClient::lease('l') + RawClient::secret(SecretKind::WriteEnabler, 'w');
        const auto most = static_cast<qsizetype>(Limits().mostSlotBody);
        QCOMPARE(m_client->ask("POST", slot('s') + "/read-test-write", fields, QByteArray(most + 1, 'x')).status, 413);
    }

    void otherMethodsAreNotAllowed() {
        QCOMPARE(m_client->ask("GET", slot('s') + "/read-test-write").status, 405);
        QCOMPARE(m_client->ask("PATCH", slot('s') + "/1", {}, "body").status, 405);
        QCOMPARE(m_client->ask("POST", "/storage/v1/version").status, 405);
        QCOMPARE(m_client->ask("DELETE", bucket('b') + "/1").status, 405);
        QCOMPARE(m_client->ask("PUT", bucket('b') + "/1", {}, "body").status, 405);
        QCOMPARE(m_client->ask("GET", bucket('b')).status, 405);
        QCOMPARE(m_client->ask("GET", bucket('b') + "/1/abort").status, 405);
        QCOMPARE(m_client->ask("BREW", bucket('b') + "/shares").status, 405);
    }

    void wholeSharesAreStoredWhereTheyFitAndRefusedWhereTheyDoNot() {
        const Bytes bytes(50, 7);
        const auto ask = [this](const formats::gbs::AllocateRequest& request) {
            const Bytes body = formats::gbs::writeAllocateRequest(request);
            return m_client->ask("POST", bucket('w'), uploader('u'),
                                 {reinterpret_cast<const char*>(body.data()), static_cast<qsizetype>(body.size())});
        };
        QCOMPARE(ask({{ShareNum(1)}, 51, {{ShareNum(1), ByteView(bytes)}}}).status, 400);
        QCOMPARE(ask({{ShareNum(1)}, 50, {{ShareNum(2), ByteView(bytes)}}}).status, 400);
        QCOMPARE(m_client->ask("GET", bucket('w') + "/1").status, 404);
        const Reply reply = ask({{ShareNum(1), ShareNum(2)}, 50, {{ShareNum(2), ByteView(bytes)}}});
        QCOMPARE(reply.status, 200);
        const auto parsed = formats::gbs::parseAllocateReply(viewOf(reply.body));
        QVERIFY(parsed && parsed->allocated.size() == 2 && parsed->stored == std::set{ShareNum(2)});
        QCOMPARE(m_client->ask("GET", bucket('w') + "/2").body, QByteArray(50, 7));
    }

    void noRoomIsNoErrorOfAllocateAndOneOfNothingElse() {
        m_client.reset();
        m_server.reset();
        Options options;
        options.store.folder = m_folder->path().toStdString();
        options.store.maximumSize = ByteCount(1000);
        auto server = Server::start(options, std::make_shared<SystemClock>(), std::make_shared<SystemRandom>());
        QVERIFY(server.has_value());
        m_server = std::move(*server);
        m_client.emplace(*m_server);
        Reply reply = m_client->ask("POST", bucket('b'), uploader('u'), allocateBody({0, 1}, 700));
        QCOMPARE(reply.status, 200);
        QCOMPARE(formats::gbs::parseAllocateReply(viewOf(reply.body))->allocated, std::set{ShareNum(0)});
        QCOMPARE(patch('b', 0, 0, QByteArray(700, 'x')).status, 201);
        reply = m_client->ask("POST", bucket('c'), uploader('u'), allocateBody({0}, ~0ULL));
        QVERIFY(formats::gbs::parseAllocateReply(viewOf(reply.body))->allocated.empty());
    }

private:
    static QByteArray slot(char letter) { return "/storage/v1/mutable/" + QByteArray(25, letter) + 'a'; }
    /// Writes `data` to share 1, and cuts it to `length`.
    static QByteArray slotBody(const QByteArray& data, std::optional<std::uint64_t> length) {
        formats::gbs::SlotRequest request;
        auto& change = request.changes[ShareNum(1)];
        change.writes.push_back({0, viewOf(data)});
        change.newLength = length;
        const Bytes body = formats::gbs::writeSlotRequest(request);
        return {reinterpret_cast<const char*>(body.data()), static_cast<qsizetype>(body.size())};
    }
    static QByteArray uploader(char who) { return RawClient::lease(who) + RawClient::upload(who); }

    Reply patch(char letter, int share, std::uint64_t offset, const QByteArray& data) {
        return m_client->ask(
            "PATCH", bucket(letter) + '/' + QByteArray::number(share),
            RawClient::upload('u') + contentRange(offset, offset + static_cast<std::uint64_t>(data.size())), data);
    }
    void put(char letter, std::uint16_t share, const QByteArray& data) {
        QCOMPARE(m_client
                     ->ask("POST", bucket(letter), uploader('u'),
                           allocateBody({share}, static_cast<std::uint64_t>(data.size())))
                     .status,
                 200);
        QCOMPARE(patch(letter, share, 0, data).status, 201);
    }
    std::set<ShareNum> list(char letter) {
        const Reply reply = m_client->ask("GET", bucket(letter) + "/shares");
        return formats::gbs::parseShareSet(viewOf(reply.body)).value_or(std::set{ShareNum(999)});
    }

    std::optional<QTemporaryDir> m_folder;
    std::unique_ptr<Server> m_server;
    std::optional<RawClient> m_client;
};

}  // namespace tarn::server::test

QTEST_GUILESS_MAIN(tarn::server::test::RoutesTest)
#include "routes_test.moc"
