#include "core/formats/gbs_messages.h"
#include "core/foundation/base64.h"
#include "core/gbs/gbs_server.h"
#include "tests/gbs/scripted_server.h"
#include "tests/storage/awaited.h"

#include <QDir>
#include <QElapsedTimer>
#include <QSslSocket>
#include <QTimer>
#include <QtTest>

#ifdef Q_OS_UNIX
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#endif

#include <algorithm>
#include <limits>
#include <numeric>

using namespace tarn;
using namespace tarn::testing;

namespace {

namespace wire = formats::gbs;

const StorageIndex bucket{};
const ShareNum share{3};

QByteArray bytesOf(const Bytes& bytes) {
    return QByteArray(reinterpret_cast<const char*>(bytes.data()), static_cast<qsizetype>(bytes.size()));
}

template <typename Secret>
Secret secretOf(Byte byte) {
    std::array<Byte, 32> bytes{};
    bytes.fill(byte);
    return Secret(bytes);
}

/// The header lines of a request with this name, in lower case, each with its value.
QList<QByteArray> lines(const QByteArray& request, const QByteArray& name) {
    QList<QByteArray> found;
    for (const QByteArray& line : request.left(request.indexOf("\r\n\r\n")).split('\n')) {
        if (line.toLower().startsWith(name.toLower() + ": ")) {
            found.append(line.mid(name.size() + 2).trimmed());
        }
    }
    return found;
}

/// Answers every request with a version after `delay`.
ScriptedServer::Answer after(std::chrono::milliseconds delay) {
    return [delay](QSslSocket* connection, const QByteArray&) {
        QTimer::singleShot(delay, connection, [connection] { connection->write(versionReply()); });
    };
}

}  // namespace

/// What the client sends, how many requests it has under way, and how calls end that are given up.
class ClientTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void every_request_says_who_and_nothing_more();
    void secrets_go_out_on_a_line_each();
    void bodies_and_ranges_go_out_as_the_protocol_says();
    void large_bodies_arrive_whole();
    void waiting_calls_do_not_time_out_while_the_server_works();
    void at_most_six_requests_run_at_once();
    void connections_are_kept();
    void a_stopped_call_ends_cancelled_and_the_next_one_works();
    void a_stopped_call_that_waits_for_its_turn_ends_cancelled();
    void a_client_that_goes_ends_its_calls();
    void a_client_may_go_when_a_call_of_its_ends();
    void the_next_address_is_tried_when_one_leads_nowhere();
    void a_server_that_nobody_calls_takes_no_descriptor();
    void a_nickname_cannot_break_a_line();
    void every_connection_sends_without_delay();
    void no_exchange_stalls_data();
    void no_exchange_stalls();

private:
    void restart(ScriptedServer::Answer answer, gbs::Limits limits = {});

    Identity m_identity = selfSigned(makeKey(), "scripted");
    std::unique_ptr<ScriptedServer> m_server;
    std::shared_ptr<storage::StorageServer> m_client;
};

void ClientTest::restart(ScriptedServer::Answer answer, gbs::Limits limits) {
    m_client.reset();
    m_server = std::make_unique<ScriptedServer>(m_identity, std::move(answer));
    QVERIFY(m_server->listen());
    m_client = gbs::makeGbsServer(m_server->announcement(), limits);
}

void ClientTest::every_request_says_who_and_nothing_more() {
    restart(always(versionReply()));
    QVERIFY(awaited(m_client->version({})).has_value());
    const QByteArray request = m_server->requests().constFirst();
    QVERIFY(request.startsWith("GET /storage/v1/version HTTP/1.1\r\n"));
    QStringList names;
    for (const QByteArray& line : request.left(request.indexOf("\r\n\r\n")).split('\n').mid(1)) {
        names.append(QString::fromLatin1(line.left(line.indexOf(':'))).toLower());
    }
    names.sort();
    QCOMPARE(names,
             (QStringList{QStringLiteral("accept"), QStringLiteral("accept-encoding"), QStringLiteral("authorization"),
                          QStringLiteral("host"), QStringLiteral("user-agent")}));
    QCOMPARE(lines(request, "Accept"), QList<QByteArray>{"application/cbor"});
    QCOMPARE(lines(request, "Accept-Encoding"), QList<QByteArray>{"identity"});
    QCOMPARE(lines(request, "User-Agent"), QList<QByteArray>{"tarn/0.1"});
    QCOMPARE(lines(request, "Host"), QList<QByteArray>{"127.0.0.1:" + QByteArray::number(m_server->port())});
}

void ClientTest::secrets_go_out_on_a_line_each() {
    restart(always(cborReply(bytesOf(wire::writeAllocateReply({{}, {share}})))));
    const LeaseSecrets lease{secretOf<LeaseRenewSecret>(1), secretOf<LeaseCancelSecret>(2)};
    QVERIFY(
        awaited(m_client->allocate(bucket, {share}, ByteCount(10), secretOf<UploadSecret>(3), lease, {})).has_value());
    QList<QByteArray> secrets = lines(m_server->requests().constLast(), "X-Tahoe-Authorization");
    std::ranges::sort(secrets);
    QCOMPARE(secrets, (QList<QByteArray>{"lease-cancel-secret " + QByteArray::fromStdString(toBase64(Bytes(32, 2))),
                                         "lease-renew-secret " + QByteArray::fromStdString(toBase64(Bytes(32, 1))),
                                         "upload-secret " + QByteArray::fromStdString(toBase64(Bytes(32, 3)))}));
}

void ClientTest::bodies_and_ranges_go_out_as_the_protocol_says() {
    restart([](QSslSocket* connection, const QByteArray& request) {
        if (request.startsWith("GET")) {
            connection->write(httpReply(
                "206 OK", "Content-Type: application/octet-stream\r\nContent-Range: bytes 20-29/*\r\n", "0123456789"));
        } else if (request.startsWith("PATCH")) {
            connection->write(cborReply(bytesOf(wire::writeWriteReply({{{0, 5}}}))));
        } else {
            connection->write(httpReply("204 No Content", {}, {}));
        }
    });
    const QByteArray path = "/storage/v1/immutable/aaaaaaaaaaaaaaaaaaaaaaaaaa/3";
    const auto data = std::make_shared<const Bytes>(Bytes{'h', 'e', 'l', 'l', 'o'});
    QVERIFY(awaited(m_client->write(bucket, share, {}, ByteOffset(7), data, {})).has_value());
    QVERIFY(awaited(m_client->read(bucket, share, ByteOffset(20), ByteCount(10), {})).has_value());
    QVERIFY(awaited(m_client->abort(bucket, share, {}, {})).has_value());
    QVERIFY(awaited(m_client->addLease(bucket, {}, {})).has_value());
    QVERIFY(awaited(m_client->adviseCorrupt(bucket, share, "bad block", {})).has_value());

    const auto& requests = m_server->requests();
    QCOMPARE(requests.size(), 5);
    QVERIFY(requests[0].startsWith("PATCH " + path + " HTTP/1.1\r\n"));
    QCOMPARE(lines(requests[0], "Content-Range"), QList<QByteArray>{"bytes 7-11/*"});
    QCOMPARE(lines(requests[0], "Content-Type"), QList<QByteArray>{"application/octet-stream"});
    QVERIFY(requests[0].endsWith("\r\n\r\nhello"));
    QVERIFY(requests[1].startsWith("GET " + path + " HTTP/1.1\r\n"));
    QCOMPARE(lines(requests[1], "Range"), QList<QByteArray>{"bytes=20-29"});
    QVERIFY(requests[2].startsWith("PUT " + path + "/abort HTTP/1.1\r\n"));
    QCOMPARE(lines(requests[2], "Content-Length"), QList<QByteArray>{"0"});
    QVERIFY(requests[3].startsWith("PUT /storage/v1/lease/aaaaaaaaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\n"));
    QVERIFY(requests[4].startsWith("POST " + path + "/corrupt HTTP/1.1\r\n"));
    QVERIFY(requests[4].endsWith(bytesOf(wire::writeCorruptionAdvice("bad block"))));
}

void ClientTest::large_bodies_arrive_whole() {
    restart(always(cborReply(bytesOf(wire::writeWriteReply({})), "201 Created")));
    Bytes large(3'000'001);
    std::iota(large.begin(), large.end(), Byte{0});
    const auto written =
        awaited(m_client->write(bucket, share, {}, ByteOffset(0), std::make_shared<const Bytes>(large), {}));
    QVERIFY(written.has_value());
    QVERIFY(written->complete);
    QVERIFY(m_server->requests().constFirst().endsWith(bytesOf(large)));
}

void ClientTest::waiting_calls_do_not_time_out_while_the_server_works() {
    restart(after(std::chrono::milliseconds(250)), {.silenceTimeout = std::chrono::milliseconds(2000)});
    std::vector<async::Task<storage::ServerVersion>> calls;
    for (int i = 0; i < 72; ++i) {
        calls.push_back(m_client->version({}));  // twelve rounds of six, three seconds at least
    }
    for (const auto& version : awaitedAll(std::move(calls))) {
        QVERIFY2(version.has_value(), version ? "" : version.error().detail.c_str());
    }
}

void ClientTest::at_most_six_requests_run_at_once() {
    int running = 0;
    int most = 0;
    restart([&](QSslSocket* connection, const QByteArray&) {
        most = std::max(most, ++running);
        QTimer::singleShot(20, connection, [&running, connection] {
            --running;
            connection->write(versionReply());
        });
    });
    std::vector<async::Task<storage::ServerVersion>> calls;
    for (int i = 0; i < 40; ++i) {
        calls.push_back(m_client->version({}));
    }
    for (const auto& version : awaitedAll(std::move(calls))) {
        QVERIFY(version.has_value());
    }
    QVERIFY(most > 1);
    QVERIFY(most <= 6);
    QVERIFY(m_server->connections() <= 6);
}

void ClientTest::connections_are_kept() {
    restart(always(versionReply()));
    for (int i = 0; i < 20; ++i) {
        QVERIFY(awaited(m_client->version({})).has_value());
    }
    QCOMPARE(m_server->connections(), 1);
}

void ClientTest::a_stopped_call_ends_cancelled_and_the_next_one_works() {
    restart({});
    std::stop_source stop;
    std::optional<Result<storage::ServerVersion>> result;
    async::TaskScope scope;
    scope.spawn(m_client->version(stop.get_token()),
                [&](Result<storage::ServerVersion> given) { result = std::move(given); });
    QTRY_COMPARE_WITH_TIMEOUT(m_server->requests().size(), 1, 60'000);
    stop.request_stop();
    QTRY_VERIFY_WITH_TIMEOUT(result.has_value(), 60'000);
    QCOMPARE(result->error().code, ErrorCode::Cancelled);
    m_server->setAnswer(always(versionReply()));
    QVERIFY(awaited(m_client->version({})).has_value());
}

void ClientTest::a_stopped_call_that_waits_for_its_turn_ends_cancelled() {
    restart({});
    std::stop_source stop;
    std::size_t cancelled = 0;
    async::TaskScope scope;
    for (int i = 0; i < 6; ++i) {
        scope.spawn(m_client->version({}));
    }
    for (int i = 0; i < 10; ++i) {
        scope.spawn(m_client->version(stop.get_token()), [&](const Result<storage::ServerVersion>& result) {
            cancelled += !result && result.error().code == ErrorCode::Cancelled ? 1 : 0;
        });
    }
    QTRY_COMPARE_WITH_TIMEOUT(m_server->requests().size(), 6, 60'000);
    stop.request_stop();
    QTRY_COMPARE_WITH_TIMEOUT(cancelled, std::size_t{10}, 60'000);
    QCOMPARE(scope.running(), std::size_t{6});
    QCOMPARE(m_server->requests().size(), 6);
    m_client.reset();
    QTRY_COMPARE_WITH_TIMEOUT(scope.running(), std::size_t{0}, 60'000);
}

void ClientTest::a_client_that_goes_ends_its_calls() {
    restart({});
    std::size_t cancelled = 0;
    async::TaskScope scope;
    for (int i = 0; i < 20; ++i) {
        scope.spawn(m_client->version({}), [&](const Result<storage::ServerVersion>& result) {
            cancelled += !result && result.error().code == ErrorCode::Cancelled ? 1 : 0;
        });
    }
    QTRY_COMPARE_WITH_TIMEOUT(m_server->requests().size(), 6, 60'000);
    m_client.reset();
    QTRY_COMPARE_WITH_TIMEOUT(cancelled, std::size_t{20}, 60'000);
    QTRY_COMPARE_WITH_TIMEOUT(m_server->open(), 0, 60'000);
}

void ClientTest::a_client_may_go_when_a_call_of_its_ends() {
    restart(always(versionReply()));
    for (int i = 0; i < 20; ++i) {
        auto client = gbs::makeGbsServer(m_server->announcement());
        std::size_t over = 0;
        async::TaskScope scope;
        for (int j = 0; j < 10; ++j) {
            scope.spawn(client->version({}), [&](const Result<storage::ServerVersion>&) {
                client.reset();
                ++over;
            });
        }
        QTRY_COMPARE_WITH_TIMEOUT(over, std::size_t{10}, 60'000);
    }
}

void ClientTest::the_next_address_is_tried_when_one_leads_nowhere() {
    restart(always(versionReply()));
    ScriptedServer gone(m_identity);
    QVERIFY(gone.listen());
    auto announcement = gone.announcement();
    gone.shut();
    announcement.nurls.push_back(m_server->announcement().nurls[0]);
    const auto client = gbs::makeGbsServer(announcement);
    QCOMPARE(awaited(client->version({})).error().code, ErrorCode::Unreachable);
    QVERIFY(awaited(client->version({})).has_value());
    QVERIFY(awaited(client->version({})).has_value());
}

/// A grid may name thousands of servers, and a program may open a thousand files.
void ClientTest::a_server_that_nobody_calls_takes_no_descriptor() {
#ifdef Q_OS_LINUX
    restart(always(versionReply()));
    const auto open = [] {
        return QDir(QStringLiteral("/proc/self/fd")).entryList(QDir::AllEntries | QDir::System).size();
    };
    const auto before = open();
    std::vector<std::shared_ptr<storage::StorageServer>> clients;
    for (int i = 0; i < 2000; ++i) {
        clients.push_back(gbs::makeGbsServer(m_server->announcement()));
    }
    QCOMPARE(open(), before);
    QVERIFY(awaited(clients.back()->version({})).has_value());
#endif
}

void ClientTest::a_nickname_cannot_break_a_line() {
    restart({});
    m_server->shut();
    auto announcement = m_server->announcement();
    announcement.nickname = "evil\n\x1B[31mname" + std::string(1000, 'x');
    const auto client = gbs::makeGbsServer(announcement);
    const std::string detail = awaited(client->version({})).error().detail;
    QVERIFY(std::ranges::none_of(detail, [](char c) { return static_cast<Byte>(c) < 0x20; }));
    QVERIFY(detail.size() < 200);
}

void ClientTest::every_connection_sends_without_delay() {
#ifdef Q_OS_UNIX
    restart(after(std::chrono::milliseconds(20)));
    std::vector<async::Task<storage::ServerVersion>> calls;
    for (int i = 0; i < 30; ++i) {
        calls.push_back(m_client->version({}));
    }
    for (const auto& version : awaitedAll(std::move(calls))) {
        QVERIFY(version.has_value());
    }
    int connections = 0;
    for (int descriptor = 0; descriptor < 1024; ++descriptor) {
        sockaddr_in peer{};
        socklen_t size = sizeof peer;
        if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) == 0 && peer.sin_family == AF_INET &&
            ntohs(peer.sin_port) == m_server->port()) {
            int on = 0;
            size = sizeof on;
            QCOMPARE(getsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
            QVERIFY(on != 0);
            ++connections;
        }
    }
    QVERIFY(connections > 1);
    QCOMPARE(connections, m_server->open());
#endif
}

void ClientTest::no_exchange_stalls_data() {
    QTest::addColumn<int>("size");
    for (const int size : {100, 3'000, 16'000, 20'000, 50'000, 200'000}) {
        QTest::addRow("%d bytes", size) << size;
    }
}

void ClientTest::no_exchange_stalls() {
    // A segment that waits for the other side's delayed acknowledgement waits about 40 ms, in every exchange of its
    // size. A busy machine may make many exchanges slow; it is the quickest of them that says whether each has to wait.
    QFETCH(const int, size);
    restart(always(cborReply(bytesOf(wire::writeWriteReply({})), "201 Created")));
    const auto data = std::make_shared<const Bytes>(Bytes(static_cast<std::size_t>(size), 7));
    qint64 quickest = std::numeric_limits<qint64>::max();
    for (int i = 0; i < 21; ++i) {
        QElapsedTimer timer;
        timer.start();
        QVERIFY(awaited(m_client->write(bucket, share, {}, ByteOffset(0), data, {})).has_value());
        quickest = std::min(quickest, timer.nsecsElapsed());
    }
    QVERIFY2(quickest < 38'000'000, std::to_string(quickest).c_str());
}

QTEST_GUILESS_MAIN(ClientTest)
#include "client_test.moc"
