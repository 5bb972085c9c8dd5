#include "core/bucketstore/advice_reader.h"
#include "core/bucketstore/folder_figures.h"
#include "core/server/metrics_port.h"
#include "core/server/order_channel.h"
#include "core/server/status_channel.h"
#include "core/server/status_document.h"
#include "tests/server/prometheus_check.h"
#include "tests/server/raw_client.h"

#include <QJsonDocument>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTemporaryDir>
#include <QtTest>

#include <thread>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace tarn::server::test {

namespace {

constexpr std::chrono::milliseconds patience{20'000};

std::uint64_t answersOf(const MetricsSnapshot& metrics, const std::string& endpoint, std::uint16_t status) {
    for (const auto& one : metrics.answers) {
        if (one.endpoint == endpoint && one.status == status) {
            return one.count;
        }
    }
    return 0;
}

/// Everything that a plain HTTP server answers until it hangs up.
QByteArray askPlain(std::uint16_t port, const QByteArray& request) {
    QTcpSocket socket;
    socket.connectToHost(QHostAddress::LocalHost, port);
    if (!socket.waitForConnected(RawClient::patience)) {
        return {};
    }
    socket.write(request);
    QByteArray all;
    while (socket.waitForReadyRead(RawClient::patience)) {
        all += socket.readAll();
    }
    return all + socket.readAll();
}

}  // namespace

/// What the person who keeps a server can see of it.
class StatusTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { m_folder.emplace(); }
    void cleanup() {
        m_server.reset();
        m_folder.reset();
    }

    void theOwnerIsAnswered() {
        start();
        useIt();
        const auto json = askStatus(folder(), patience);
        QVERIFY(json.has_value());
        const auto status = parseStatusDocument(*json);
        QVERIFY(status.has_value());
        QCOMPARE(status->usage.shares, 1U);
        QVERIFY(status->usage.bytes.value() > 1000);
        QVERIFY(status->usage.available.value() > 0);
        QCOMPARE(answersOf(status->metrics, "allocate", 200), 1U);
        QCOMPARE(answersOf(status->metrics, "write", 201), 1U);
        QCOMPARE(answersOf(status->metrics, "read", 404), 1U);
        QCOMPARE(answersOf(status->metrics, "none", 401), 1U);
        QCOMPARE(status->metrics.connections, 1U);
        QCOMPARE(status->metrics.clients.size(), 1U);
        QCOMPARE(status->metrics.clients[0].address, std::string("127.0.0.1"));
        QVERIFY(status->metrics.bytesReceived > 1000);
        QCOMPARE(status->metrics.bodyBytesReceived, static_cast<std::uint64_t>(allocateBody({0}, 1000).size()) + 1000);
        QVERIFY(status->metrics.bytesSent > 0);
        QCOMPARE(status->addresses, std::vector{"127.0.0.1:" + std::to_string(m_server->port())});
        QVERIFY(status->certificateUntil > std::chrono::system_clock::now());
        QVERIFY(status->version.starts_with("tarn/"));
        const auto swissnum = QByteArray::fromStdString(formats::parseNurl(m_server->nurl())->swissnum.reveal());
        QVERIFY(!json->contains(swissnum));
        QVERIFY(!json->contains("baaaaaaaaa"));
    }

    void aDocumentReadsBackAsItWas() {
        start();
        useIt();
        Status status = m_server->status();
        status.maximumSize = ByteCount(1U << 20U);
        status.readOnly = true;
        status.metricsPort = 9000;
        const auto json = statusDocument(status);
        const auto again = parseStatusDocument(QJsonDocument(json).toJson());
        QVERIFY(again.has_value());
        QCOMPARE(statusDocument(*again), json);
        for (const QByteArray& bad : {QByteArray(), QByteArray("{}"), QByteArray("[]"), QByteArray("{\"version\":")}) {
            QVERIFY(!parseStatusDocument(bad).has_value());
        }
        // Another version's: what is of the wrong kind counts as not there.
        const auto strange =
            parseStatusDocument(R"({"version":"x","shares":"many","clients":3,"answers":{},"uptime":-5})");
        QVERIFY(strange.has_value());
        QCOMPARE(strange->usage.shares, 0U);
    }

    void theSocketIsForTheOwnerAloneAndGoesWithTheServer() {
        const auto path = folder() / "status.sock";
        // What a killed server left is in nobody's way.
        QFile left(QString::fromStdString(path.string()));
        QVERIFY(left.open(QIODevice::WriteOnly));
        left.close();
        start();
        struct stat found {};
        QCOMPARE(::stat(path.c_str(), &found), 0);
        QVERIFY(S_ISSOCK(found.st_mode));
        QCOMPARE(found.st_mode & 0777U, 0600U);
        m_server.reset();
        QVERIFY(!std::filesystem::exists(path));
        QCOMPARE(askStatus(folder(), patience).error().code, ErrorCode::NotFound);
    }

    void aFolderWithALongPathHasItsSocketToo() {
        std::filesystem::path deep = folder();
        for (int i = 0; i < 4; ++i) {
            deep /= std::string(60, 'd');
        }
        QVERIFY(std::filesystem::create_directories(deep));
        auto server = startServer(QString::fromStdString(deep.string()));
        QVERIFY(server.has_value());
        QVERIFY(parseStatusDocument(askStatus(deep, patience).value()).has_value());
        server->reset();
        QVERIFY(!std::filesystem::exists(deep / "status.sock"));
    }

    void manyMayAskAtOnceAndNobodyHoldsItUp() {
        start();
        // Some that connect and read nothing, and one that sends.
        std::vector<int> silent;
        for (int i = 0; i < 4; ++i) {
            silent.push_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
            sockaddr_un address{};
            address.sun_family = AF_UNIX;
            std::strncpy(static_cast<char*>(address.sun_path), (folder() / "status.sock").c_str(),
                         sizeof address.sun_path - 1);
            QCOMPARE(::connect(silent.back(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        }
        (void)::send(silent[0], "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL);
        std::atomic<int> good = 0;
        std::vector<std::thread> asking;
        for (int i = 0; i < 8; ++i) {
            asking.emplace_back([&] {
                for (int n = 0; n < 10; ++n) {
                    const auto answer = askStatus(folder(), patience);
                    good += answer && parseStatusDocument(*answer) ? 1 : 0;
                }
            });
        }
        for (auto& thread : asking) {
            thread.join();
        }
        QCOMPARE(good.load(), 80);
        for (const int one : silent) {
            ::close(one);
        }
        RawClient client(*m_server);
        QCOMPARE(client.ask("GET", "/storage/v1/version").status, 200);
    }

    void ordersAreObeyedAndNothingElse() {
        QCOMPARE(giveOrder(folder(), pauseExpiryOrder, patience).error().code, ErrorCode::NotFound);
        start();
        struct stat found {};
        QCOMPARE(::stat((folder() / "orders.sock").c_str(), &found), 0);
        QVERIFY(S_ISSOCK(found.st_mode));
        QCOMPARE(found.st_mode & 0777U, 0600U);
        QVERIFY(giveOrder(folder(), pauseExpiryOrder, patience).has_value());
        QVERIFY(m_server->storeReport().expiry.paused);
        // One without an address to answer at, and ones that are none.
        const int nameless = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(static_cast<char*>(address.sun_path), (folder() / "orders.sock").c_str(),
                     sizeof address.sun_path - 1);
        QCOMPARE(::connect(nameless, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        for (const std::string& text :
             {std::string(resumeExpiryOrder) + " now", std::string(100'000, 'x'), std::string()}) {
            QCOMPARE(::send(nameless, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
        }
        ::close(nameless);
        const auto unknown = giveOrder(folder(), "expiry", patience);
        QCOMPARE(unknown.error().code, ErrorCode::ServerFailed);
        QVERIFY(m_server->storeReport().expiry.paused);
        QVERIFY(giveOrder(folder(), resumeExpiryOrder, patience).has_value());
        QVERIFY(!m_server->storeReport().expiry.paused);
        m_server.reset();
        QVERIFY(!std::filesystem::exists(folder() / "orders.sock"));
    }

    void whatIsNoServerIsSaidSo() {
        QCOMPARE(askStatus(folder() / "missing", patience).error().code, ErrorCode::NotFound);
        QCOMPARE(askStatus(folder(), patience).error().code, ErrorCode::NotFound);
        // One that takes a connection and says nothing.
        const int listening = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(static_cast<char*>(address.sun_path), (folder() / "status.sock").c_str(),
                     sizeof address.sun_path - 1);
        QCOMPARE(::bind(listening, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        QCOMPARE(::listen(listening, 1), 0);
        QCOMPARE(askStatus(folder(), std::chrono::milliseconds(200)).error().code, ErrorCode::TimedOut);
        ::close(listening);
    }

    void complaintsAreShownNewestFirst() {
        start();
        useIt();
        RawClient client(*m_server);
        const QByteArray cbor =
            QByteArray::fromHex("a166726561736f6e") + QByteArray("\x78\x1ethe block hash tree is wrong\n\n", 32);
        QCOMPARE(client.ask("POST", bucket('b') + "/0/corrupt", "Content-Type: application/cbor\r\n", cbor).status,
                 200);
        const auto advice = bucketstore::readAdvice(folder(), 10);
        QCOMPARE(advice.total, 1U);
        QCOMPARE(advice.newest[0].share, std::string("0"));
        QCOMPARE(advice.newest[0].storageIndex, std::string("b") + std::string(25, 'a'));
        QVERIFY(advice.newest[0].reason.starts_with("the block hash tree is wrong"));

        const auto place = folder() / "corruption-advisories";
        for (const char* const name :
             {"2001-01-01T000000--cccc-7", "2999-01-01T000000--dddd-8", "no complaint", "--", "a--b-"}) {
            QFile file(QString::fromStdString((place / name).string()));
            QVERIFY(file.open(QIODevice::WriteOnly));
            file.write("report: Share Corruption\n\n" + QByteArray(100'000, 'x'));
        }
        const auto all = bucketstore::readAdvice(folder(), 2, 50);
        QCOMPARE(all.total, 3U);
        QCOMPARE(all.newest.size(), 2U);
        QCOMPARE(all.newest[0].share, std::string("8"));
        QCOMPARE(all.newest[0].reason.size(), 50U);
        QCOMPARE(bucketstore::readAdvice(folder() / "missing", 2).total, 0U);
    }

    void aFolderIsCountedWithoutItsServer() {
        start();
        useIt();
        const auto usage = m_server->status().usage;
        m_server.reset();
        const auto figures = bucketstore::countFolder(folder(), patience);
        QVERIFY(figures.complete);
        QCOMPARE(figures.shares, usage.shares);
        QCOMPARE(figures.bytes, usage.bytes.value());
        QVERIFY(!bucketstore::countFolder(folder(), {}).complete);
        QCOMPARE(bucketstore::countFolder(folder() / "missing", patience).shares, 0U);
    }

    void figuresForPrometheusAreAsItsFormatWants() {
        start(HostPort{"127.0.0.1", 0});
        useIt();
        const auto port = m_server->status().metricsPort;
        QVERIFY(port != 0);
        const auto reply = askPlain(port, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
        QVERIFY2(reply.startsWith("HTTP/1.1 200 OK\r\n"), reply.constData());
        QVERIFY(reply.contains("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
        const auto page = reply.mid(reply.indexOf("\r\n\r\n") + 4);
        const auto faults = prometheusFaults(page);
        QVERIFY2(faults.isEmpty(), qPrintable(faults.join(QLatin1Char('\n'))));
        QVERIFY(page.contains("\ntarn_requests_total{endpoint=\"write\",status=\"2xx\"} 1\n"));
        QVERIFY(page.contains("\ntarn_requests_total{endpoint=\"none\",status=\"4xx\"} 1\n"));
        QVERIFY(page.contains("\ntarn_request_duration_seconds_count{endpoint=\"write\"} 1\n"));
        QVERIFY(page.contains("\ntarn_shares 1\n"));
        QVERIFY(page.contains("\ntarn_connections 1\n"));
        const auto swissnum = QByteArray::fromStdString(formats::parseNurl(m_server->nurl())->swissnum.reveal());
        QVERIFY(!page.contains(swissnum));
        QVERIFY(!page.contains("baaaaaaaaa"));
        QVERIFY(!page.contains("127.0.0.1"));
        QVERIFY(askPlain(port, "HEAD /metrics HTTP/1.1\r\n\r\n").endsWith("\r\n\r\n"));
    }

    void theCheckOfThatFormatFindsFaults() {
        const QByteArray good = "# HELP a_total A.\n# TYPE a_total counter\na_total{x=\"1\"} 3\n";
        QVERIFY(prometheusFaults(good).isEmpty());
        for (const QByteArray& bad :
             {good.chopped(1), "b 1\n" + good, good + "a_total{x=\"1\"} 4\n",
              QByteArray(good).replace("counter", "thing"), QByteArray(good).replace(" 3", " three"),
              QByteArray(good).replace("x=\"1\"", "1x=\"1\""), good + good,
              QByteArray("# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum "
                         "1\nh_count 1\n"),
              QByteArray("# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n")}) {
            QVERIFY2(!prometheusFaults(bad).isEmpty(), bad.constData());
        }
    }

    void thePortForFiguresAnswersNothingElse() {
        start(HostPort{"127.0.0.1", 0});
        const auto port = m_server->status().metricsPort;
        QVERIFY(askPlain(port, "GET / HTTP/1.1\r\n\r\n").startsWith("HTTP/1.1 404"));
        QVERIFY(askPlain(port, "GET /storage/v1/version HTTP/1.1\r\n\r\n").startsWith("HTTP/1.1 404"));
        QVERIFY(askPlain(port, "DELETE /metrics HTTP/1.1\r\n\r\n").startsWith("HTTP/1.1 405"));
        QVERIFY(askPlain(port, "POST /metrics HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello").startsWith("HTTP/1.1 400"));
        QVERIFY(askPlain(port, "nonsense\r\n\r\n").startsWith("HTTP/1.1 400"));
        QVERIFY(askPlain(port, "GET /metrics HTTP/1.1\r\nA: " + QByteArray(100'000, 'a')).startsWith("HTTP/1.1 431"));
        // More than it takes at once: those over it are hung up on, and it goes on afterwards.
        std::vector<std::unique_ptr<QTcpSocket>> silent;
        for (int i = 0; i < 20; ++i) {
            silent.push_back(std::make_unique<QTcpSocket>());
            silent.back()->connectToHost(QHostAddress::LocalHost, port);
            QVERIFY(silent.back()->waitForConnected(RawClient::patience));
        }
        QVERIFY(silent.back()->waitForDisconnected(RawClient::patience));
        silent.clear();
        QTRY_VERIFY_WITH_TIMEOUT(askPlain(port, "GET /metrics HTTP/1.1\r\n\r\n").startsWith("HTTP/1.1 200"),
                                 RawClient::patience);
    }

    void figuresAreForThisComputerAlone() {
        for (const char* const host : {"0.0.0.0", "::", "192.0.2.1", "localhost.example", ""}) {
            QVERIFY(!isLoopback(host));
            auto options = optionsFor();
            options.metrics = HostPort{host, 0};
            const auto server =
                Server::start(options, std::make_shared<SystemClock>(), std::make_shared<SystemRandom>());
            QVERIFY(!server.has_value());
            QCOMPARE(server.error().code, ErrorCode::InvalidArgument);
        }
        for (const char* const host : {"127.0.0.1", "127.1.2.3", "::1"}) {
            QVERIFY(isLoopback(host));
        }
        QTcpServer taken;
        QVERIFY(taken.listen(QHostAddress::LocalHost));
        auto options = optionsFor();
        options.metrics = HostPort{"127.0.0.1", taken.serverPort()};
        QCOMPARE(Server::start(options, std::make_shared<SystemClock>(), std::make_shared<SystemRandom>()).error().code,
                 ErrorCode::Unreachable);
    }

    void socketsThatWereHandedOverAreServed() {
        auto options = optionsFor();
        std::vector<std::string> expected;
        for (int i = 0; i < 2; ++i) {
            QTcpServer made;
            QVERIFY(made.listen(QHostAddress::LocalHost));
            expected.push_back("127.0.0.1:" + std::to_string(made.serverPort()));
            options.sockets.push_back(::dup(static_cast<int>(made.socketDescriptor())));
        }
        const auto server = Server::start(options, std::make_shared<SystemClock>(), std::make_shared<SystemRandom>());
        QVERIFY(server.has_value());
        QCOMPARE((*server)->status().addresses, expected);
        QCOMPARE(RawClient(**server).ask("GET", "/storage/v1/version").status, 200);
        QCOMPARE(formats::parseNurl((*server)->nurl())->address(), expected[0]);
    }

    void aSocketThatDoesNotListenIsRefused() {
        for (const int kind : {SOCK_STREAM, SOCK_DGRAM}) {
            auto options = optionsFor();
            const int made = ::socket(AF_INET, kind | SOCK_CLOEXEC, 0);
            options.sockets = {made};
            const auto server =
                Server::start(options, std::make_shared<SystemClock>(), std::make_shared<SystemRandom>());
            QVERIFY(!server.has_value());
            QCOMPARE(server.error().code, ErrorCode::InvalidArgument);
            ::close(made);
        }
    }

private:
    [[nodiscard]] std::filesystem::path folder() const { return m_folder->path().toStdString(); }
    [[nodiscard]] Options optionsFor() const {
        Options options;
        options.store.folder = folder();
        return options;
    }
    void start(std::optional<HostPort> metrics = std::nullopt) {
        auto options = optionsFor();
        options.metrics = std::move(metrics);
        auto server = Server::start(options, std::make_shared<SystemClock>(), std::make_shared<SystemRandom>());
        QVERIFY(server.has_value());
        m_server = std::move(*server);
    }
    /// One share is stored, one is not found, one request is a stranger's.
    void useIt() {
        m_client.emplace(*m_server);
        const QByteArray mine = RawClient::upload('u');
        QCOMPARE(m_client->ask("POST", bucket('b'), RawClient::lease('l') + mine, allocateBody({0}, 1000)).status, 200);
        QCOMPARE(m_client->ask("PATCH", bucket('b') + "/0", mine + contentRange(0, 1000), pattern(1000, 1)).status,
                 201);
        QCOMPARE(m_client->ask("GET", bucket('b') + "/9").status, 404);
        m_client->send("GET /storage/v1/version HTTP/1.1\r\n\r\n");
        QCOMPARE(m_client->read().status, 401);
    }

    std::optional<QTemporaryDir> m_folder;
    std::unique_ptr<Server> m_server;
    std::optional<RawClient> m_client;
};

}  // namespace tarn::server::test

QTEST_GUILESS_MAIN(tarn::server::test::StatusTest)
#include "status_test.moc"
