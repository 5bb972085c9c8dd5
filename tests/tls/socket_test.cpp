#include "core/tls/socket.h"
#include "core/x509/certificate.h"
#include "tests/server/resident.h"

#include <QSslSocket>
#include <QTcpServer>
#include <QtTest>

#include <functional>
#include <memory>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

using namespace tarn;

namespace {

constexpr int soon = 60'000;  // milliseconds; only a hang comes near it

QByteArray pattern(qsizetype size) {
    QByteArray bytes(size, '\0');
    for (qsizetype i = 0; i < size; ++i) {
        bytes[i] = static_cast<char>((i * 31 + i / 251) & 0xFF);
    }
    return bytes;
}

/// Takes connections and gives their descriptors away.
class Door final : public QTcpServer {
public:
    std::function<void(int)> onDescriptor;

protected:
    void incomingConnection(qintptr descriptor) override { onDescriptor(static_cast<int>(descriptor)); }
};

/// One served connection, and what it was told.
class Served final : public tls::Socket::Handler {
public:
    Served(const tls::Context& context, tls::Poller& poller, int descriptor)
        : socket(context, poller, descriptor, *this) {}

    std::function<void(Served&)> bytes;
    bool ready = false;
    bool over = false;
    int sent = 0;
    QByteArray received;
    bool takes = true;
    tls::Socket socket;

    void take() {
        const ByteView there = socket.arrived();
        const QByteArray piece(reinterpret_cast<const char*>(there.data()), static_cast<qsizetype>(there.size()));
        socket.took(piece.size());
        received += piece;
    }

private:
    void onReady() override { ready = true; }
    void onBytes() override {
        if (takes) {
            take();
        }
        if (bytes) {
            bytes(*this);
        }
    }
    void onSent() override { ++sent; }
    void onOver() override { over = true; }
};

}  // namespace

/// TLS on a server's sockets, with Qt's client at the other end.
class SocketTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        const auto certificate = x509::makeSelfSigned(std::chrono::system_clock::now());
        QVERIFY(certificate.has_value());
        const auto other = x509::makeSelfSigned(std::chrono::system_clock::now());
        const auto context = tls::Context::forServer(certificate->certificatePem, certificate->privateKeyPem);
        QVERIFY(context.has_value());
        m_context = *context;
        QVERIFY(!tls::Context::forServer(certificate->certificatePem, other->privateKeyPem));
        QVERIFY(!tls::Context::forServer(certificate->certificatePem, ""));
        QVERIFY(!tls::Context::forServer("nonsense", certificate->privateKeyPem));
    }

    void init() {
        m_poller = std::make_unique<tls::Poller>();
        m_door = std::make_unique<Door>();
        m_door->onDescriptor = [this](int descriptor) {
            m_served.push_back(std::make_unique<Served>(*m_context, *m_poller, descriptor));
            m_served.back()->bytes = m_bytes;
        };
        m_bytes = {};
        QVERIFY(m_door->listen(QHostAddress::LocalHost));
    }

    void cleanup() {
        m_served.clear();
        m_door.reset();
        m_poller.reset();
    }

    void the_protocol_is_agreed_on_data() {
        QTest::addColumn<QList<QByteArray>>("offered");
        QTest::addColumn<bool>("http2");
        QTest::newRow("both") << QList<QByteArray>{"http/1.1", "h2"} << true;
        QTest::newRow("the old one") << QList<QByteArray>{"http/1.1"} << false;
        QTest::newRow("none") << QList<QByteArray>{} << false;
        QTest::newRow("another") << QList<QByteArray>{"spdy/3"} << false;
    }

    void the_protocol_is_agreed_on() {
        QFETCH(const QList<QByteArray>, offered);
        QFETCH(const bool, http2);
        const auto client = connected(offered);
        QTRY_VERIFY_WITH_TIMEOUT(m_served.back()->ready, soon);
        QCOMPARE(m_served.back()->socket.isHttp2(), http2);
    }

    void much_goes_both_ways_at_once() {
        const QByteArray much = pattern(5'000'000);
        m_bytes = [](Served& served) {
            served.socket.write(std::exchange(served.received, {}));
        };
        const auto client = connected();
        client->write(much);
        QByteArray back;
        connect(client.get(), &QSslSocket::readyRead, client.get(), [&] { back += client->readAll(); });
        QTRY_COMPARE_WITH_TIMEOUT(back.size(), much.size(), soon);
        QCOMPARE(back, much);
        QCOMPARE(m_served.back()->socket.unsent(), 0);
        QVERIFY(m_served.back()->sent > 0);
    }

    void no_more_is_read_ahead_than_allowed() {
        const QByteArray much = pattern(3'000'000);
        m_bytes = [](Served& served) {
            served.takes = false;
        };
        const auto client = connected();
        client->write(much);
        QTRY_VERIFY_WITH_TIMEOUT(!m_served.empty() && m_served.back()->ready, soon);
        Served& served = *m_served.back();
        QTRY_VERIFY_WITH_TIMEOUT(!served.received.isEmpty(), soon);
        served.takes = false;
        QTRY_VERIFY_WITH_TIMEOUT(served.socket.available() == 16 * 1024, soon);
        QTest::qWait(50);
        QCOMPARE(served.socket.available(), 16 * 1024);
        served.socket.setReadAhead(100'000);
        QTRY_COMPARE_WITH_TIMEOUT(served.socket.available(), 100'000, soon);
        // What is taken makes room for as much.
        served.bytes = {};
        served.takes = true;
        served.take();
        QTRY_COMPARE_WITH_TIMEOUT(served.received.size(), much.size(), soon);
        QCOMPARE(served.received, much);
    }

    /// As one who always asks again before the answer: whoever reads never comes to the end of what is there.
    void what_was_read_is_let_go_though_there_is_always_more() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        QSKIP("a sanitizer keeps what was let go");
#endif
        constexpr qint64 piece = 1024LL * 1024;
        constexpr qint64 pieces = 64;
        qint64 read = 0;
        m_bytes = [&read](Served& served) {
            served.takes = false;
            const qint64 most = served.socket.available() - 1;
            served.socket.took(most);
            read += most;
        };
        const auto client = connected();
        QTRY_VERIFY_WITH_TIMEOUT(!m_served.empty() && m_served.back()->ready, soon);
        m_served.back()->takes = false;
        const QByteArray bytes = pattern(piece);
        const qint64 before = server::test::resident();
        for (qint64 i = 1; i <= pieces; ++i) {
            client->write(bytes);
            QTRY_COMPARE_WITH_TIMEOUT(read, i * piece - 1, soon);
        }
        const qint64 grown = server::test::resident() - before;
        QVERIFY2(grown < pieces * piece / 4, QByteArray::number(grown).constData());
    }

    void what_was_written_arrives_before_the_end() {
        const QByteArray much = pattern(3'000'000);
        m_bytes = [&much](Served& served) {
            served.socket.write(much);
            served.socket.close();
            served.socket.write("too late");
        };
        const auto client = connected();
        QByteArray got;
        connect(client.get(), &QSslSocket::readyRead, client.get(), [&] { got += client->readAll(); });
        client->write("go");
        QTRY_VERIFY_WITH_TIMEOUT(client->state() == QAbstractSocket::UnconnectedState, soon);
        QCOMPARE(got + client->readAll(), much);
        QTRY_VERIFY_WITH_TIMEOUT(m_served.back()->over, soon);
    }

    void an_aborted_socket_tells_nothing_more() {
        m_bytes = [](Served& served) {
            served.socket.write("never seen");
            served.socket.abort();
        };
        const auto client = connected();
        client->write("go");
        QTRY_VERIFY_WITH_TIMEOUT(client->state() == QAbstractSocket::UnconnectedState, soon);
        QCOMPARE(client->readAll(), QByteArray());
        QVERIFY(!m_served.back()->over);
    }

    void a_client_that_goes_is_told_of() {
        const auto client = connected();
        client->write("last words");
        QVERIFY(client->waitForBytesWritten(soon));
        client->disconnectFromHost();
        QTRY_VERIFY_WITH_TIMEOUT(m_served.back()->over, soon);
        QCOMPARE(m_served.back()->received, QByteArray("last words"));
    }

    /// And does not end the program by a signal.
    void a_client_that_hangs_up_on_an_answer_is_told_of() {
        for (int i = 0; i < 10; ++i) {
            m_bytes = [](Served& served) {
                served.socket.write(pattern(3'000'000));
            };
            const auto client = connected();
            client->setReadBufferSize(1000);
            client->write("go");
            QTRY_VERIFY_WITH_TIMEOUT(m_served.back()->sent > 0, soon);
            client->abort();
            QTRY_VERIFY_WITH_TIMEOUT(m_served.back()->over, soon);
        }
    }

    void what_is_no_tls_is_over_at_once() {
        QTcpSocket client;
        client.connectToHost(QHostAddress::LocalHost, m_door->serverPort());
        client.write("GET / HTTP/1.1\r\n\r\n");
        QTRY_VERIFY_WITH_TIMEOUT(!m_served.empty() && m_served.back()->over, soon);
        QVERIFY(!m_served.back()->ready);
    }

    void a_client_that_cuts_the_handshake_is_told_of() {
        for (int i = 0; i < 20; ++i) {
            QSslSocket client;
            client.setPeerVerifyMode(QSslSocket::VerifyNone);
            client.connectToHostEncrypted(QStringLiteral("127.0.0.1"), m_door->serverPort());
            QTRY_COMPARE_WITH_TIMEOUT(m_served.size(), std::size_t(i) + 1, soon);
            client.abort();
            QTRY_VERIFY_WITH_TIMEOUT(m_served.back()->over, soon);
        }
    }

    void many_are_served_and_any_of_them_may_go_meanwhile() {
        std::vector<std::unique_ptr<QSslSocket>> clients;
        constexpr std::size_t many = 40;
        while (clients.size() < many) {
            clients.push_back(connected());
        }
        // Whoever is called first takes the next one down: it must not be called any more.
        int called = 0;
        for (std::size_t i = 0; i < many; ++i) {
            m_served[i]->bytes = [this, i, &called](Served& served) {
                ++called;
                served.socket.write("yes");
                m_served[(i + 1) % many]->socket.abort();
            };
        }
        for (const auto& client : clients) {
            client->write("go");
            QVERIFY(client->waitForBytesWritten(soon));
        }
        QTRY_VERIFY_WITH_TIMEOUT(called >= static_cast<int>(many) / 2, soon);
        m_served.clear();
        QTest::qWait(20);
    }

private:
    std::unique_ptr<QSslSocket> connected(const QList<QByteArray>& protocols = {}) {
        const std::size_t before = m_served.size();
        auto client = std::make_unique<QSslSocket>();
        QSslConfiguration tls;
        tls.setPeerVerifyMode(QSslSocket::VerifyNone);
        tls.setAllowedNextProtocols(protocols);
        client->setSslConfiguration(tls);
        client->connectToHostEncrypted(QStringLiteral("127.0.0.1"), m_door->serverPort());
        (void)QTest::qWaitFor([&] { return client->isEncrypted() && m_served.size() > before; }, soon);
        return client;
    }

    std::shared_ptr<const tls::Context> m_context;
    std::unique_ptr<tls::Poller> m_poller;
    std::unique_ptr<Door> m_door;
    std::vector<std::unique_ptr<Served>> m_served;
    std::function<void(Served&)> m_bytes;
};

QTEST_GUILESS_MAIN(SocketTest)
#include "socket_test.moc"
