#include "core/gbs/gbs_server.h"
#include "tests/gbs/scripted_server.h"
#include "tests/gbs/switchboard.h"
#include "tests/storage/awaited.h"

#include <QSslSocket>
#include <QtTest>

#include <optional>

using namespace tarn;
using namespace tarn::testing;

namespace {

/// Every kind of call at once, so that each kind of request has its chance to leak.
struct Calls {
    std::vector<std::optional<ErrorCode>> ends;
    std::size_t over = 0;
    async::TaskScope scope;

    template <typename T>
    void start(async::Task<T> task) {
        const std::size_t place = ends.size();
        ends.emplace_back();
        scope.spawn(std::move(task), [this, place](const Result<T>& result) {
            ends[place] = result ? std::optional<ErrorCode>() : result.error().code;
            ++over;
        });
    }

    void startOneOfEach(storage::StorageServer& server) {
        const StorageIndex bucket{};
        const ShareNum share{3};
        start(server.version({}));
        start(server.allocate(bucket, {share}, ByteCount(10), {}, {}, {}));
        start(server.write(bucket, share, {}, ByteOffset(0), std::make_shared<const Bytes>(Bytes(100'000, 7)), {}));
        start(server.abort(bucket, share, {}, {}));
        start(server.listShares(bucket, {}));
        start(server.read(bucket, share, ByteOffset(0), ByteCount(10), {}));
        start(server.addLease(bucket, {}, {}));
        start(server.adviseCorrupt(bucket, share, "damaged", {}));
    }

    [[nodiscard]] bool finish() {
        return QTest::qWaitFor([this] { return over == ends.size(); }, 60'000);
    }

    [[nodiscard]] bool allEndedWith(ErrorCode code) const {
        return std::ranges::all_of(ends, [code](const auto& end) { return end == code; });
    }
};

/// Lets whatever may still come, come.
void settle() {
    QTest::qWait(150);
}

}  // namespace

/// A server at the right address with the wrong key learns nothing, whenever and however it appears.
class ImpostorTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void the_pinned_server_is_spoken_to();
    void a_certificate_that_is_over_or_says_another_name_does_not_matter();
    void a_renewed_certificate_with_the_same_key_does_not_matter();
    void an_impostor_receives_nothing();
    void an_impostor_that_agrees_on_http2_receives_nothing();
    void an_impostor_receives_nothing_from_later_calls_either();
    void an_impostor_receives_nothing_from_calls_at_the_same_time();
    void an_impostor_that_takes_over_later_receives_nothing();
    void an_impostor_that_takes_over_under_unanswered_requests_receives_nothing();
    void an_impostor_with_the_same_issuer_receives_nothing();
    void an_impostor_that_shows_the_genuine_certificate_behind_its_own_receives_nothing();
    void an_impostor_on_a_connection_that_no_request_waits_for_receives_nothing_data();
    void an_impostor_on_a_connection_that_no_request_waits_for_receives_nothing();
    void the_genuine_server_is_used_again_when_it_returns();
    void no_authority_of_the_system_counts();

private:
    KeyPair m_genuineKey = makeKey();
    KeyPair m_evilKey = makeKey();
    Identity m_genuine = selfSigned(m_genuineKey, "genuine");
    Identity m_evil = selfSigned(m_evilKey, "genuine");
};

void ImpostorTest::the_pinned_server_is_spoken_to() {
    ScriptedServer genuine(m_genuine, always(versionReply()));
    QVERIFY(genuine.listen());
    const auto client = gbs::makeGbsServer(genuine.announcement());
    for (int i = 0; i < 3; ++i) {
        const auto version = awaited(client->version({}));
        QVERIFY(version.has_value());
        QCOMPARE(version->application, std::string("scripted"));
    }
    QCOMPARE(genuine.connections(), 1);
    QVERIFY(genuine.received().contains("authorization: Tahoe-LAFS " + QByteArray(testSwissnum).toBase64()));
}

void ImpostorTest::a_certificate_that_is_over_or_says_another_name_does_not_matter() {
    for (const Identity& identity :
         {selfSigned(m_genuineKey, "somewhere.example", true), selfSigned(m_genuineKey, "127.0.0.1"),
          selfSigned(m_genuineKey, "0.0.0.0"), issuedBy(makeAuthority(), m_genuineKey, "genuine")}) {
        ScriptedServer genuine(identity, always(versionReply()));
        QVERIFY(genuine.listen());
        const auto client = gbs::makeGbsServer(genuine.announcement(m_genuine.pin));
        QVERIFY(awaited(client->version({})).has_value());
    }
}

void ImpostorTest::a_renewed_certificate_with_the_same_key_does_not_matter() {
    auto first = std::make_unique<ScriptedServer>(m_genuine, always(versionReply()));
    QVERIFY(first->listen());
    const auto client = gbs::makeGbsServer(first->announcement());
    QVERIFY(awaited(client->version({})).has_value());
    const quint16 port = first->port();
    first.reset();
    ScriptedServer renewed(selfSigned(m_genuineKey, "renewed"), always(versionReply()));
    QVERIFY(renewed.listen(port));
    QVERIFY(awaited(client->version({})).has_value());
}

void ImpostorTest::an_impostor_receives_nothing() {
    ScriptedServer impostor(m_evil, always(versionReply()));
    QVERIFY(impostor.listen());
    const auto client = gbs::makeGbsServer(impostor.announcement(m_genuine.pin));
    const auto version = awaited(client->version({}));
    QVERIFY(!version.has_value());
    QCOMPARE(version.error().code, ErrorCode::WrongCertificate);
    QVERIFY(!version.error().retryable);
    QVERIFY(version.error().detail.find(testSwissnum) == std::string::npos);
    settle();
    QVERIFY(impostor.connections() > 0);
    QCOMPARE(impostor.received(), QByteArray());
}

/// In HTTP/2 the client speaks first, before any request: to an impostor it says not even that.
void ImpostorTest::an_impostor_that_agrees_on_http2_receives_nothing() {
    ScriptedServer genuine(m_genuine);
    genuine.agreeOnHttp2();
    QVERIFY(genuine.listen());
    {
        Calls calls;
        {
            const auto client = gbs::makeGbsServer(genuine.announcement());
            calls.startOneOfEach(*client);
            QVERIFY(QTest::qWaitFor([&genuine] { return genuine.received().startsWith("PRI * HTTP/2.0"); }, 60'000));
        }
        QVERIFY(calls.finish());
    }
    ScriptedServer evil(m_evil);
    evil.agreeOnHttp2();
    QVERIFY(evil.listen());
    const auto client = gbs::makeGbsServer(evil.announcement(m_genuine.pin));
    for (int round = 0; round < 2; ++round) {
        Calls calls;
        calls.startOneOfEach(*client);
        QVERIFY(calls.finish());
        QVERIFY(calls.allEndedWith(ErrorCode::WrongCertificate));
    }
    settle();
    QCOMPARE(evil.received(), QByteArray());
}

void ImpostorTest::an_impostor_receives_nothing_from_later_calls_either() {
    ScriptedServer impostor(m_evil, always(versionReply()));
    QVERIFY(impostor.listen());
    const auto client = gbs::makeGbsServer(impostor.announcement(m_genuine.pin));
    for (int i = 0; i < 5; ++i) {
        Calls calls;
        calls.startOneOfEach(*client);
        QVERIFY(calls.finish());
        QVERIFY(calls.allEndedWith(ErrorCode::WrongCertificate));
    }
    settle();
    QVERIFY(impostor.connections() >= 5);
    QCOMPARE(impostor.received(), QByteArray());
}

void ImpostorTest::an_impostor_receives_nothing_from_calls_at_the_same_time() {
    ScriptedServer impostor(m_evil, always(versionReply()));
    QVERIFY(impostor.listen());
    const auto client = gbs::makeGbsServer(impostor.announcement(m_genuine.pin));
    Calls calls;
    for (int i = 0; i < 10; ++i) {
        calls.startOneOfEach(*client);
    }
    QVERIFY(calls.finish());
    QVERIFY(calls.allEndedWith(ErrorCode::WrongCertificate));
    settle();
    QCOMPARE(impostor.received(), QByteArray());
}

void ImpostorTest::an_impostor_that_takes_over_later_receives_nothing() {
    auto genuine = std::make_unique<ScriptedServer>(m_genuine, always(versionReply()));
    QVERIFY(genuine->listen());
    const auto client = gbs::makeGbsServer(genuine->announcement());
    // Several connections are made and known to be good before the key changes under them.
    std::vector<async::Task<storage::ServerVersion>> first;
    for (int i = 0; i < 20; ++i) {
        first.push_back(client->version({}));
    }
    for (const auto& version : awaitedAll(std::move(first))) {
        QVERIFY(version.has_value());
    }
    const quint16 port = genuine->port();
    genuine.reset();
    ScriptedServer impostor(m_evil, always(versionReply()));
    QVERIFY(impostor.listen(port));
    for (int i = 0; i < 3; ++i) {
        Calls calls;
        calls.startOneOfEach(*client);
        calls.startOneOfEach(*client);
        QVERIFY(calls.finish());
        QVERIFY(calls.allEndedWith(ErrorCode::WrongCertificate));
    }
    settle();
    QVERIFY(impostor.connections() > 0);
    QCOMPARE(impostor.received(), QByteArray());
}

void ImpostorTest::an_impostor_that_takes_over_under_unanswered_requests_receives_nothing() {
    auto genuine = std::make_unique<ScriptedServer>(m_genuine);  // takes requests and keeps silent
    QVERIFY(genuine->listen());
    const auto client = gbs::makeGbsServer(genuine->announcement());
    Calls calls;
    for (int i = 0; i < 4; ++i) {
        calls.startOneOfEach(*client);
    }
    QVERIFY(QTest::qWaitFor([&] { return genuine->requests().size() >= 6; }, 60'000));
    const quint16 port = genuine->port();
    genuine.reset();
    // The requests are under way: the connection's own second attempt goes to the impostor.
    ScriptedServer impostor(m_evil, always(versionReply()));
    QVERIFY(impostor.listen(port));
    QVERIFY(calls.finish());
    QVERIFY(!calls.allEndedWith(ErrorCode::Unreachable));
    settle();
    QVERIFY(impostor.connections() > 0);
    QCOMPARE(impostor.received(), QByteArray());
}

void ImpostorTest::an_impostor_with_the_same_issuer_receives_nothing() {
    // Both chains end at one authority. Were its complaint alone waved through for the genuine server, the impostor's
    // certificate would draw no complaint of its own.
    const Authority authority = makeAuthority();
    for (const char* name : {"genuine", "127.0.0.1", "localhost", "*"}) {
        auto genuine =
            std::make_unique<ScriptedServer>(issuedBy(authority, m_genuineKey, name), always(versionReply()));
        QVERIFY(genuine->listen());
        const auto client = gbs::makeGbsServer(genuine->announcement());
        QVERIFY(awaited(client->version({})).has_value());
        const quint16 port = genuine->port();
        genuine.reset();
        ScriptedServer impostor(issuedBy(authority, m_evilKey, name), always(versionReply()));
        QVERIFY(impostor.listen(port));
        Calls calls;
        calls.startOneOfEach(*client);
        calls.startOneOfEach(*client);
        QVERIFY(calls.finish());
        QVERIFY(calls.allEndedWith(ErrorCode::WrongCertificate));
        settle();
        QVERIFY(impostor.connections() > 0);
        QCOMPARE(impostor.received(), QByteArray());
    }
}

void ImpostorTest::an_impostor_that_shows_the_genuine_certificate_behind_its_own_receives_nothing() {
    auto genuine = std::make_unique<ScriptedServer>(m_genuine, always(versionReply()));
    QVERIFY(genuine->listen());
    const auto client = gbs::makeGbsServer(genuine->announcement());
    QVERIFY(awaited(client->version({})).has_value());
    const quint16 port = genuine->port();
    genuine.reset();
    Identity both = m_evil;
    both.chain.append(m_genuine.chain);
    ScriptedServer impostor(both, always(versionReply()));
    QVERIFY(impostor.listen(port));
    Calls calls;
    calls.startOneOfEach(*client);
    QVERIFY(calls.finish());
    QVERIFY(calls.allEndedWith(ErrorCode::WrongCertificate));
    settle();
    QCOMPARE(impostor.received(), QByteArray());
}

void ImpostorTest::an_impostor_on_a_connection_that_no_request_waits_for_receives_nothing_data() {
    QTest::addColumn<bool>("sameIssuer");
    QTest::newRow("self-signed") << false;
    QTest::newRow("same issuer") << true;
}

void ImpostorTest::an_impostor_on_a_connection_that_no_request_waits_for_receives_nothing() {
    // Two calls open two connections; the first is quick enough to serve both. The handshake on the second is over only
    // when no request is left to be told of it, so nobody is asked; the next request that finds it open would use it.
    QFETCH(const bool, sameIssuer);
    const Authority authority = makeAuthority();
    const Identity genuineIdentity = sameIssuer ? issuedBy(authority, m_genuineKey, "genuine") : m_genuine;
    const Identity evilIdentity = sameIssuer ? issuedBy(authority, m_evilKey, "genuine") : m_evil;
    ScriptedServer genuine(genuineIdentity, always(versionReply()));
    QVERIFY(genuine.listen());
    ScriptedServer impostor(evilIdentity, always(versionReply()));
    QVERIFY(impostor.listen());
    Switchboard line;
    QVERIFY(line.listen());
    line.setTarget([&](int connection) { return connection == 0 ? genuine.port() : quint16(0); });
    auto announcement = genuine.announcement();
    announcement.nurls[0].port = line.port();
    const auto client = gbs::makeGbsServer(announcement);

    std::vector<async::Task<storage::ServerVersion>> first;
    first.push_back(client->version({}));
    first.push_back(client->version({}));
    for (const auto& version : awaitedAll(std::move(first))) {
        QVERIFY(version.has_value());
    }
    QTRY_COMPARE_WITH_TIMEOUT(line.connections(), 2, 60'000);
    line.lead(1, impostor.port());
    QTRY_VERIFY_WITH_TIMEOUT(impostor.connections() == 1, 60'000);
    settle();

    // With the first connection busy, further requests look for another.
    line.setTarget([&](int) { return impostor.port(); });
    genuine.setAnswer({});
    Calls calls;
    calls.startOneOfEach(*client);
    QVERIFY(calls.finish());
    QVERIFY(calls.allEndedWith(ErrorCode::WrongCertificate));
    settle();
    QCOMPARE(impostor.received(), QByteArray());
}

void ImpostorTest::the_genuine_server_is_used_again_when_it_returns() {
    auto impostor = std::make_unique<ScriptedServer>(m_evil, always(versionReply()));
    QVERIFY(impostor->listen());
    const auto client = gbs::makeGbsServer(impostor->announcement(m_genuine.pin));
    QCOMPARE(awaited(client->version({})).error().code, ErrorCode::WrongCertificate);
    const quint16 port = impostor->port();
    impostor.reset();
    ScriptedServer genuine(m_genuine, always(versionReply()));
    QVERIFY(genuine.listen(port));
    QVERIFY(awaited(client->version({})).has_value());
}

void ImpostorTest::no_authority_of_the_system_counts() {
    // The impostor's certificate is the only authority this process would trust by default.
    QSslConfiguration standard = QSslConfiguration::defaultConfiguration();
    const QSslConfiguration before = standard;
    standard.setCaCertificates(m_evil.chain);
    QSslConfiguration::setDefaultConfiguration(standard);
    ScriptedServer impostor(m_evil, always(versionReply()));
    QVERIFY(impostor.listen());
    const auto client = gbs::makeGbsServer(impostor.announcement(m_genuine.pin));
    const auto version = awaited(client->version({}));
    QSslConfiguration::setDefaultConfiguration(before);
    QVERIFY(!version.has_value());
    QCOMPARE(version.error().code, ErrorCode::WrongCertificate);
    QCOMPARE(impostor.received(), QByteArray());
}

QTEST_GUILESS_MAIN(ImpostorTest)
#include "impostor_test.moc"
