#include "core/formats/gbs_messages.h"
#include "core/foundation/base64.h"
#include "core/gbs/gbs_server.h"
#include "tests/gbs/scripted_server.h"
#include "tests/storage/awaited.h"

#include <QSslSocket>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTimer>
#include <QtTest>

using namespace tarn;
using namespace tarn::testing;

Q_DECLARE_METATYPE(tarn::ErrorCode)

namespace {

namespace wire = formats::gbs;

const StorageIndex bucket{};
const ShareNum share{3};

/// Long enough for any answer that is meant to come, even on a busy machine.
constexpr std::chrono::seconds unhurried{60};
/// For the tests that wait for it to pass.
constexpr std::chrono::milliseconds brief{400};

QByteArray bytesOf(const Bytes& bytes) {
    return QByteArray(reinterpret_cast<const char*>(bytes.data()), static_cast<qsizetype>(bytes.size()));
}

QByteArray shareReply(const QByteArray& contentRange, const QByteArray& body) {
    return httpReply("206 Partial Content",
                     "Content-Type: application/octet-stream\r\nContent-Range: " + contentRange + "\r\n", body);
}

/// Writes `head`, and then `body` over and over for as long as the connection lives.
ScriptedServer::Answer endless(const QByteArray& head, const QByteArray& body) {
    return [head, body](QSslSocket* connection, const QByteArray&) {
        connection->write(head);
        const auto more = [connection, body] {
            if (connection->bytesToWrite() < 1024 * 1024) {
                connection->write(body);
            }
        };
        QObject::connect(connection, &QSslSocket::encryptedBytesWritten, connection, more);
        more();
    };
}

ScriptedServer::Answer thenClose(const QByteArray& reply) {
    return [reply](QSslSocket* connection, const QByteArray&) {
        connection->write(reply);
        connection->disconnectFromHost();
    };
}

}  // namespace

/// Whatever a server answers, a call ends with the fitting error, soon, in little memory, and without telling secrets.
class NonsenseTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();

    void statuses_become_errors_data();
    void statuses_become_errors();
    void broken_answers_to_version_are_refused_data();
    void broken_answers_to_version_are_refused();
    void broken_answers_to_read_are_refused_data();
    void broken_answers_to_read_are_refused();
    void broken_answers_to_allocate_are_refused_data();
    void broken_answers_to_allocate_are_refused();
    void broken_answers_to_find_are_refused_data();
    void broken_answers_to_find_are_refused();
    void broken_answers_to_write_are_refused_data();
    void broken_answers_to_write_are_refused();

    void an_endless_body_is_cut_off();
    void an_endless_error_is_cut_off();
    void a_redirect_is_not_followed();
    void a_cookie_is_not_sent_back();
    void a_challenge_does_not_change_the_authorization();
    void a_server_that_never_answers_times_out();
    void a_server_that_falls_silent_in_the_body_times_out();
    void a_server_that_is_slow_but_alive_does_not_time_out();
    void a_server_that_never_shakes_hands_times_out();
    void a_server_that_does_not_speak_tls_is_a_violation();
    void a_server_that_hangs_up_is_unreachable();
    void a_closed_port_is_unreachable();
    void a_host_that_does_not_exist_is_unreachable();
    void an_announcement_without_addresses_fails_every_call();
    void a_call_beyond_the_limits_is_an_invalid_argument();

private:
    void restart(ScriptedServer::Answer answer, gbs::Limits limits = {});
    /// No error may hold the swissnum or an upload secret, in any spelling.
    static void holdsNoSecret(const Error& error);

    Identity m_identity = selfSigned(makeKey(), "nonsense");
    UploadSecret m_secret;
    std::unique_ptr<ScriptedServer> m_server;
    std::shared_ptr<storage::StorageServer> m_client;
};

void NonsenseTest::init() {
    m_client.reset();
    m_server.reset();
    std::array<Byte, 32> secret{};
    secret.fill(0x5A);
    m_secret = UploadSecret(secret);
}

void NonsenseTest::restart(ScriptedServer::Answer answer, gbs::Limits limits) {
    m_client.reset();
    m_server = std::make_unique<ScriptedServer>(m_identity, std::move(answer));
    QVERIFY(m_server->listen());
    m_client = gbs::makeGbsServer(m_server->announcement(), limits);
}

void NonsenseTest::holdsNoSecret(const Error& error) {
    QVERIFY(error.detail.find(testSwissnum) == std::string::npos);
    QVERIFY(error.detail.find(toBase64(viewOf(testSwissnum))) == std::string::npos);
    QVERIFY(error.detail.find(toBase64(Bytes(32, 0x5A))) == std::string::npos);
}

void NonsenseTest::statuses_become_errors_data() {
    QTest::addColumn<QByteArray>("status");
    QTest::addColumn<ErrorCode>("code");
    QTest::addColumn<bool>("retryable");
    const auto row = [](const char* status, ErrorCode code, bool retryable) {
        QTest::newRow(status) << QByteArray(status) << code << retryable;
    };
    row("400 Bad Request", ErrorCode::ProtocolViolation, false);
    row("401 Unauthorized", ErrorCode::Unauthorized, false);
    row("403 Forbidden", ErrorCode::ProtocolViolation, false);
    row("404 Not Found", ErrorCode::NotFound, false);
    row("405 Method Not Allowed", ErrorCode::ProtocolViolation, false);
    row("407 Proxy Authentication Required", ErrorCode::ProtocolViolation, false);
    row("409 Conflict", ErrorCode::Conflict, false);
    row("413 Payload Too Large", ErrorCode::ProtocolViolation, false);
    row("416 Range Not Satisfiable", ErrorCode::ProtocolViolation, false);
    row("429 Too Many Requests", ErrorCode::ServerFailed, true);
    row("500 Internal Server Error", ErrorCode::ServerFailed, true);
    row("503 Service Unavailable", ErrorCode::ServerFailed, true);
    row("507 Insufficient Storage", ErrorCode::NoSpace, false);
    row("599 What", ErrorCode::ServerFailed, true);
    row("700 What", ErrorCode::ProtocolViolation, false);
    row("203 What", ErrorCode::ProtocolViolation, false);
    row("302 Found", ErrorCode::ProtocolViolation, false);
}

void NonsenseTest::statuses_become_errors() {
    QFETCH(const QByteArray, status);
    QFETCH(const ErrorCode, code);
    QFETCH(const bool, retryable);
    restart(always(httpReply(status, {}, "whatever")));
    const auto version = awaited(m_client->version({}));
    QVERIFY(!version.has_value());
    QCOMPARE(version.error().code, code);
    QCOMPARE(version.error().retryable, retryable);
    QVERIFY(version.error().detail.find("scripted (127.0.0.1:") != std::string::npos);
    QVERIFY(version.error().detail.find(status.left(3).toStdString()) != std::string::npos);
    holdsNoSecret(version.error());
    const auto aborted = awaited(m_client->abort(bucket, share, m_secret, {}));
    QVERIFY(!aborted.has_value());
    QCOMPARE(aborted.error().code, status.startsWith("405") ? ErrorCode::Conflict : code);
    holdsNoSecret(aborted.error());
    // The connection is still good for the next call.
    m_server->setAnswer(always(versionReply()));
    QVERIFY(awaited(m_client->version({})).has_value());
}

void NonsenseTest::broken_answers_to_version_are_refused_data() {
    QTest::addColumn<QByteArray>("reply");
    QTest::addColumn<bool>("closes");
    QTest::addColumn<ErrorCode>("code");
    const auto row = [](const char* name, const QByteArray& reply, bool closes, ErrorCode code) {
        QTest::newRow(name) << reply << closes << code;
    };
    const QByteArray good = versionReply().split('\n').constLast();
    const ErrorCode broken = ErrorCode::ProtocolViolation;
    row("no HTTP", "BLAH BLAH BLAH\r\n\r\n", true, broken);
    row("no status", "HTTP/1.1\r\n\r\n", true, broken);
    row("empty answer", "", true, ErrorCode::Unreachable);
    row("head without an end", "HTTP/1.1 200 OK\r\nContent-Type: applic", true, ErrorCode::Unreachable);
    row("no content type", httpReply("200 OK", {}, good), false, broken);
    row("other content type", httpReply("200 OK", "Content-Type: text/html\r\n", good), false, broken);
    row("type that only begins alike", httpReply("200 OK", "Content-Type: application/cbor-seq\r\n", good), false,
        broken);
    row("gzip", httpReply("200 OK", "Content-Type: application/cbor\r\nContent-Encoding: gzip\r\n", good), false,
        broken);
    row("empty CBOR", cborReply(""), false, broken);
    row("no CBOR", cborReply("hello, world"), false, broken);
    row("CBOR of another shape", cborReply("\x83\x01\x02\x03"), false, broken);
    row("CBOR cut short", cborReply(good.left(good.size() - 3)), false, broken);
    row("CBOR with more behind it", cborReply(good + "x"), false, broken);
    row("CBOR that nests without end", cborReply(QByteArray(100'000, '\x81')), false, broken);
    row("CBOR string that claims to be huge", cborReply(QByteArray("\x5B\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 9)), false,
        broken);
    row("announced too long", "HTTP/1.1 200 OK\r\nContent-Type: application/cbor\r\nContent-Length: 99999999\r\n\r\n",
        false, broken);
    row("announced impossibly long",
        "HTTP/1.1 200 OK\r\nContent-Type: application/cbor\r\nContent-Length: 9223372036854775807\r\n\r\n", false,
        broken);
    row("cut short", cborReply(good).chopped(5), true, ErrorCode::Unreachable);
    row("chunks cut short",
        "HTTP/1.1 200 OK\r\nContent-Type: application/cbor\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n20\r\nab",
        true, ErrorCode::Unreachable);
    row("204 without a body", "HTTP/1.1 204 No Content\r\n\r\n", false, broken);
}

void NonsenseTest::broken_answers_to_version_are_refused() {
    QFETCH(const QByteArray, reply);
    QFETCH(const bool, closes);
    QFETCH(const ErrorCode, code);
    restart(closes ? thenClose(reply) : always(reply), {.silenceTimeout = unhurried});
    const auto version = awaited(m_client->version({}));
    QVERIFY(!version.has_value());
    QVERIFY2(version.error().code == code, version.error().detail.c_str());
    QCOMPARE(version.error().retryable, code == ErrorCode::Unreachable);
    holdsNoSecret(version.error());
    m_server->setAnswer(always(versionReply()));
    QVERIFY(awaited(m_client->version({})).has_value());
}

void NonsenseTest::broken_answers_to_read_are_refused_data() {
    QTest::addColumn<QByteArray>("reply");
    QTest::addColumn<ErrorCode>("code");
    const auto row = [](const char* name, const QByteArray& reply, ErrorCode code = ErrorCode::ProtocolViolation) {
        QTest::newRow(name) << reply << code;
    };
    // Bytes 100 to 109 are asked for.
    row("other beginning", shareReply("bytes 101-110/*", "0123456789"));
    row("range longer than its body", shareReply("bytes 100-109/*", "012345678"));
    row("range shorter than its body", shareReply("bytes 100-107/*", "0123456789"));
    row("more than was asked for", shareReply("bytes 100-110/*", "0123456789A"));
    row("whole share", httpReply("200 OK", "Content-Type: application/octet-stream\r\n", "0123456789"));
    row("no range", httpReply("206 Partial Content", "Content-Type: application/octet-stream\r\n", "0123456789"));
    row("range that is none", shareReply("bytes a lot", "0123456789"));
    row("reversed range", shareReply("bytes 109-100/*", "0123456789"));
    row("overflowing range", shareReply("bytes 100-18446744073709551615/*", "0123456789"));
    row("other unit", shareReply("blocks 100-109/*", "0123456789"));
    row("empty body", shareReply("bytes 100-109/*", ""));
    row("other content type", httpReply("206 Partial Content",
                                        "Content-Type: text/html\r\nContent-Range: bytes 100-109/*\r\n", "0123456789"));
    row("gzip", httpReply("206 Partial Content",
                          "Content-Type: application/octet-stream\r\nContent-Encoding: gzip\r\n"
                          "Content-Range: bytes 100-109/*\r\n",
                          "0123456789"));
    row("chunks of more than was asked for",
        "HTTP/1.1 206 Partial Content\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes 100-109/*\r\n"
        "Transfer-Encoding: chunked\r\n\r\n8\r\n01234567\r\n8\r\n01234567\r\n0\r\n\r\n");
}

void NonsenseTest::broken_answers_to_read_are_refused() {
    QFETCH(const QByteArray, reply);
    QFETCH(const ErrorCode, code);
    restart(always(reply));
    const auto read = awaited(m_client->read(bucket, share, ByteOffset(100), ByteCount(10), {}));
    QVERIFY(!read.has_value());
    QVERIFY2(read.error().code == code, read.error().detail.c_str());
    // The same answer with the right head is taken: it is the fault alone that was refused.
    m_server->setAnswer(always(shareReply("bytes 100-109/*", "0123456789")));
    const auto good = awaited(m_client->read(bucket, share, ByteOffset(100), ByteCount(10), {}));
    QVERIFY(good.has_value());
    QCOMPARE(bytesOf(*good), QByteArray("0123456789"));
}

void NonsenseTest::broken_answers_to_allocate_are_refused_data() {
    QTest::addColumn<QByteArray>("reply");
    const auto row = [](const char* name, const QByteArray& reply) {
        QTest::newRow(name) << reply;
    };
    row("share that was not asked for", cborReply(bytesOf(wire::writeAllocateReply({{}, {ShareNum(3), ShareNum(4)}}))));
    row("share set instead", cborReply(bytesOf(wire::writeShareSet({share}))));
    row("nothing", cborReply(""));
}

void NonsenseTest::broken_answers_to_allocate_are_refused() {
    QFETCH(const QByteArray, reply);
    restart(always(reply));
    const auto allocation = awaited(m_client->allocate(bucket, {share}, ByteCount(10), m_secret, {}, {}));
    QVERIFY(!allocation.has_value());
    QCOMPARE(allocation.error().code, ErrorCode::ProtocolViolation);
    holdsNoSecret(allocation.error());
}

void NonsenseTest::broken_answers_to_find_are_refused_data() {
    QTest::addColumn<QByteArray>("reply");
    const auto row = [](const char* name, const QByteArray& reply) {
        QTest::newRow(name) << reply;
    };
    row("share that is not in the list", cborReply(bytesOf(wire::writeFoundReply({{}, {{share, Bytes(10)}}}))));
    row("more than was asked for", cborReply(bytesOf(wire::writeFoundReply({{share}, {{share, Bytes(11)}}}))));
    row("far more than may come along",
        cborReply(bytesOf(wire::writeFoundReply({{share}, {{share, Bytes(2'000'000)}}}))));
    row("nothing", cborReply(""));
}

void NonsenseTest::broken_answers_to_find_are_refused() {
    QFETCH(const QByteArray, reply);
    restart(always(reply));
    const auto found = awaited(m_client->findShares(bucket, ByteCount(10), {}));
    QVERIFY(!found.has_value());
    QCOMPARE(found.error().code, ErrorCode::ProtocolViolation);
    holdsNoSecret(found.error());
}

void NonsenseTest::broken_answers_to_write_are_refused_data() {
    QTest::addColumn<QByteArray>("reply");
    const auto row = [](const char* name, const QByteArray& reply) {
        QTest::newRow(name) << reply;
    };
    row("complete and yet not", cborReply(bytesOf(wire::writeWriteReply({{{0, 5}}})), "201 Created"));
    row("nothing missing and yet not complete", cborReply(bytesOf(wire::writeWriteReply({}))));
    row("no body", "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
}

void NonsenseTest::broken_answers_to_write_are_refused() {
    QFETCH(const QByteArray, reply);
    restart(always(reply));
    const auto data = std::make_shared<const Bytes>(Bytes(10, 1));
    const auto written = awaited(m_client->write(bucket, share, m_secret, ByteOffset(5), data, {}));
    QVERIFY(!written.has_value());
    QCOMPARE(written.error().code, ErrorCode::ProtocolViolation);
    holdsNoSecret(written.error());
}

void NonsenseTest::an_endless_body_is_cut_off() {
    restart(endless("HTTP/1.1 200 OK\r\nContent-Type: application/cbor\r\n\r\n", QByteArray(64 * 1024, 'x')),
            {.silenceTimeout = unhurried, .mostMessage = 100'000});
    const auto version = awaited(m_client->version({}));
    QVERIFY(!version.has_value());
    QCOMPARE(version.error().code, ErrorCode::ProtocolViolation);
    QTRY_COMPARE_WITH_TIMEOUT(m_server->open(), 0, 60'000);
}

void NonsenseTest::an_endless_error_is_cut_off() {
    restart(endless("HTTP/1.1 500 Oh\r\n\r\n", QByteArray(64 * 1024, 'x')), {.silenceTimeout = unhurried});
    const auto version = awaited(m_client->version({}));
    QVERIFY(!version.has_value());
    QCOMPARE(version.error().code, ErrorCode::ServerFailed);
    QTRY_COMPARE_WITH_TIMEOUT(m_server->open(), 0, 60'000);
}

void NonsenseTest::a_redirect_is_not_followed() {
    ScriptedServer elsewhere(m_identity, always(versionReply()));
    QVERIFY(elsewhere.listen());
    for (const char* status : {"301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"}) {
        restart(always(httpReply(
            status, "Location: https://127.0.0.1:" + QByteArray::number(elsewhere.port()) + "/storage/v1/version\r\n",
            {})));
        const auto version = awaited(m_client->version({}));
        QVERIFY(!version.has_value());
        QCOMPARE(version.error().code, ErrorCode::ProtocolViolation);
    }
    QTest::qWait(100);
    QCOMPARE(elsewhere.connections(), 0);
}

void NonsenseTest::a_cookie_is_not_sent_back() {
    restart(always(versionReply().replace("Content-Type", "Set-Cookie: a=b; Path=/\r\nContent-Type")));
    QVERIFY(awaited(m_client->version({})).has_value());
    QVERIFY(awaited(m_client->version({})).has_value());
    QCOMPARE(m_server->requests().size(), 2);
    QVERIFY(!m_server->requests()[1].toLower().contains("cookie"));
    QCOMPARE(m_server->requests()[1], m_server->requests()[0]);
}

void NonsenseTest::a_challenge_does_not_change_the_authorization() {
    restart(always(httpReply("401 Unauthorized", "WWW-Authenticate: Basic realm=\"come in\"\r\n", {})));
    for (int i = 0; i < 3; ++i) {
        const auto version = awaited(m_client->version({}));
        QVERIFY(!version.has_value());
        QCOMPARE(version.error().code, ErrorCode::Unauthorized);
    }
    QCOMPARE(m_server->requests().size(), 3);
    QCOMPARE(m_server->requests()[2], m_server->requests()[0]);
}

void NonsenseTest::a_server_that_never_answers_times_out() {
    restart({}, {.silenceTimeout = brief});
    const auto version = awaited(m_client->version({}));
    QVERIFY(!version.has_value());
    QCOMPARE(version.error().code, ErrorCode::TimedOut);
    QVERIFY(version.error().retryable);
    QCOMPARE(m_server->requests().size(), 1);
    QTRY_COMPARE_WITH_TIMEOUT(m_server->open(), 0, 60'000);
}

void NonsenseTest::a_server_that_falls_silent_in_the_body_times_out() {
    restart(always(shareReply("bytes 0-99999/*", QByteArray(100'000, 'x')).chopped(1)), {.silenceTimeout = brief});
    const auto read = awaited(m_client->read(bucket, share, ByteOffset(0), ByteCount(100'000), {}));
    QVERIFY(!read.has_value());
    QCOMPARE(read.error().code, ErrorCode::TimedOut);
}

void NonsenseTest::a_server_that_is_slow_but_alive_does_not_time_out() {
    // Twenty pieces, each well within the time that silence may last, all together well beyond it.
    restart(
        [](QSslSocket* connection, const QByteArray&) {
            connection->write(shareReply("bytes 0-19/*", QByteArray(20, 'x')).chopped(20));
            auto* const timer = new QTimer(connection);
            QObject::connect(timer, &QTimer::timeout, connection, [connection, timer, left = 20]() mutable {
                connection->write("x");
                if (--left == 0) {
                    timer->stop();
                }
            });
            timer->start(150);
        },
        {.silenceTimeout = std::chrono::milliseconds(2000)});
    const auto read = awaited(m_client->read(bucket, share, ByteOffset(0), ByteCount(20), {}));
    QVERIFY2(read.has_value(), read ? "" : read.error().detail.c_str());
    QCOMPARE(read->size(), std::size_t{20});
}

void NonsenseTest::a_server_that_never_shakes_hands_times_out() {
    QTcpServer mute;
    QVERIFY(mute.listen(QHostAddress::LocalHost));
    restart({});
    auto announcement = m_server->announcement();
    announcement.nurls[0].port = mute.serverPort();
    const auto client = gbs::makeGbsServer(announcement, {.connectTimeout = brief, .silenceTimeout = unhurried});
    const auto version = awaited(client->version({}));
    QVERIFY(!version.has_value());
    QCOMPARE(version.error().code, ErrorCode::TimedOut);
}

void NonsenseTest::a_server_that_does_not_speak_tls_is_a_violation() {
    QTcpServer plain;
    QVERIFY(plain.listen(QHostAddress::LocalHost));
    QByteArray received;
    QObject::connect(&plain, &QTcpServer::newConnection, this, [&] {
        QTcpSocket* const connection = plain.nextPendingConnection();
        QObject::connect(connection, &QTcpSocket::readyRead, this, [&received, connection] {
            received += connection->readAll();
            connection->write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        });
    });
    restart({});
    auto announcement = m_server->announcement();
    announcement.nurls[0].port = plain.serverPort();
    const auto client = gbs::makeGbsServer(announcement, {.silenceTimeout = unhurried});
    const auto version = awaited(client->version({}));
    QVERIFY(!version.has_value());
    QVERIFY2(version.error().code == ErrorCode::ProtocolViolation, version.error().detail.c_str());
    QVERIFY(!received.contains("Authorization"));
    QVERIFY(!received.contains(testSwissnum));
}

void NonsenseTest::a_server_that_hangs_up_is_unreachable() {
    QTcpServer rude;
    QVERIFY(rude.listen(QHostAddress::LocalHost));
    QObject::connect(&rude, &QTcpServer::newConnection, this, [&] {
        QTcpSocket* const connection = rude.nextPendingConnection();
        connection->abort();
        connection->deleteLater();
    });
    restart({});
    auto announcement = m_server->announcement();
    announcement.nurls[0].port = rude.serverPort();
    const auto client = gbs::makeGbsServer(announcement);
    const auto version = awaited(client->version({}));
    QVERIFY(!version.has_value());
    QVERIFY2(version.error().code == ErrorCode::Unreachable, version.error().detail.c_str());
    QVERIFY(version.error().retryable);
}

void NonsenseTest::a_closed_port_is_unreachable() {
    restart({});
    m_server->shut();
    const auto version = awaited(m_client->version({}));
    QVERIFY(!version.has_value());
    QCOMPARE(version.error().code, ErrorCode::Unreachable);
    QVERIFY(version.error().retryable);
}

void NonsenseTest::a_host_that_does_not_exist_is_unreachable() {
    restart({});
    auto announcement = m_server->announcement();
    announcement.nurls[0].host = "no-such-host.invalid";
    const auto client = gbs::makeGbsServer(announcement);
    const auto version = awaited(client->version({}));
    QVERIFY(!version.has_value());
    QVERIFY(version.error().code == ErrorCode::Unreachable || version.error().code == ErrorCode::TimedOut);
    QVERIFY(version.error().retryable);
}

void NonsenseTest::an_announcement_without_addresses_fails_every_call() {
    restart({});
    auto announcement = m_server->announcement();
    announcement.nurls.clear();
    const auto client = gbs::makeGbsServer(announcement);
    QCOMPARE(awaited(client->version({})).error().code, ErrorCode::InvalidLocator);
}

void NonsenseTest::a_call_beyond_the_limits_is_an_invalid_argument() {
    restart(always(versionReply()), {.mostRead = 1000});
    constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    QCOMPARE(awaited(m_client->read(bucket, share, ByteOffset(0), ByteCount(1001), {})).error().code,
             ErrorCode::InvalidArgument);
    QCOMPARE(awaited(m_client->read(bucket, share, ByteOffset(most), ByteCount(1), {})).error().code,
             ErrorCode::InvalidArgument);
    const auto data = std::make_shared<const Bytes>(Bytes(2));
    QCOMPARE(awaited(m_client->write(bucket, share, {}, ByteOffset(most - 1), data, {})).error().code,
             ErrorCode::InvalidArgument);
    QCOMPARE(awaited(m_client->adviseCorrupt(bucket, share, "", {})).error().code, ErrorCode::InvalidArgument);
    QCOMPARE(awaited(m_client->adviseCorrupt(bucket, share, std::string(40'000, 'x'), {})).error().code,
             ErrorCode::InvalidArgument);
    QCOMPARE(m_server->connections(), 0);
}

QTEST_GUILESS_MAIN(NonsenseTest)
#include "nonsense_test.moc"
