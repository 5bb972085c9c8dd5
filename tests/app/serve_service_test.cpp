#include "core/formats/nurl.h"
#include "tests/app/tarn_process.h"

#include <QDir>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QObject>
#include <QRegularExpression>
#include <QSslSocket>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTest>

#include <csignal>
#include <memory>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace tarn::test;

namespace {

/// Where a service tells its manager how it is.
class NotifySocket {
public:
    explicit NotifySocket(const QByteArray& path) : m_socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        qstrncpy(address.sun_path, path.constData(), sizeof address.sun_path);
        const auto size =
            static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + static_cast<std::size_t>(path.size()));
        if (path.startsWith('@')) {
            address.sun_path[0] = '\0';
        }
        if (::bind(m_socket, reinterpret_cast<const sockaddr*>(&address), size) != 0) {
            qFatal("no socket");
        }
        timeval limit{patience / 1000, 0};
        (void)::setsockopt(m_socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    }
    NotifySocket(const NotifySocket&) = delete;
    NotifySocket& operator=(const NotifySocket&) = delete;
    ~NotifySocket() { ::close(m_socket); }

    [[nodiscard]] QByteArray next() const {
        QByteArray text(4096, '\0');
        const auto got = ::recv(m_socket, text.data(), static_cast<std::size_t>(text.size()), 0);
        return text.left(std::max<qsizetype>(got, 0));
    }

private:
    int m_socket;
};

}  // namespace

/// `tarn serve` as a service manager and the person who keeps it see it.
class ServeServiceTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { m_tarn = std::make_unique<Tarn>(); }
    void cleanup() {
        m_process = nullptr;
        m_tarn = nullptr;
    }

    void statusTellsWhatTheServerDoes() {
        begin({});
        const auto text = status();
        QVERIFY2(text.exit == 0, text.err.constData());
        QVERIFY2(text.out.contains("Shares"), text.out.constData());
        QVERIFY(text.out.contains("no client complained"));
        const auto json = (*m_tarn)({QStringLiteral("--json"), QStringLiteral("serve"), QStringLiteral("status"),
                                     QStringLiteral("--dir"), folder()});
        QCOMPARE(json.exit, 0);
        const auto object = QJsonDocument::fromJson(json.out).object();
        QVERIFY(object.value(QStringLiteral("running")).toBool());
        QCOMPARE(object.value(QStringLiteral("shares")).toInt(-1), 0);
        QCOMPARE(object.value(QStringLiteral("addresses")).toArray().size(), 1);
        QVERIFY(!json.out.contains(swissnum()) && !text.out.contains(swissnum()));
    }

    void statusWithoutAServerTellsWhatTheFolderDoes() {
        begin({});
        end();
        const auto run = status();
        QCOMPARE(run.exit, 1);
        QVERIFY2(run.err.contains("no server runs in"), run.err.constData());
        QVERIFY(run.out.contains("Shares        0, taking"));
        const auto missing = (*m_tarn)(
            {QStringLiteral("serve"), QStringLiteral("status"), QStringLiteral("--dir"), QStringLiteral("gone")});
        QCOMPARE(missing.exit, 1);
        QVERIFY(missing.out.isEmpty());
        QCOMPARE((*m_tarn)(u"serve status now"_words).exit, 2);
    }

    void expiryIsHeldBackFromOutside() {
        const auto order = [this](const QString& word) {
            return (*m_tarn)(
                {QStringLiteral("serve"), QStringLiteral("expiry"), word, QStringLiteral("--dir"), folder()});
        };
        const auto pause = QStringLiteral("pause");
        const auto resume = QStringLiteral("resume");
        const QStringList byAge{QStringLiteral("--expire"), QStringLiteral("age")};
        QCOMPARE(order(pause).exit, 1);
        begin(byAge);
        QVERIFY(!status().out.contains("age, paused"));
        QCOMPARE(order(pause).exit, 0);
        QVERIFY(status().out.contains("age, paused"));
        // A kill right after the answer takes nothing back.
        m_process->kill();
        QVERIFY(m_process->waitForFinished(patience));
        const auto without = order(resume);
        QCOMPARE(without.exit, 1);
        QVERIFY2(without.err.contains("no server runs in"), without.err.constData());
        begin(byAge);
        QVERIFY(status().out.contains("age, paused"));
        QCOMPARE(order(pause).exit, 0);
        QCOMPARE(order(resume).exit, 0);
        QVERIFY(!status().out.contains("age, paused"));
        QCOMPARE(order(QStringLiteral("stop")).exit, 2);
        QCOMPARE((*m_tarn)(u"serve expiry"_words).exit, 2);
    }

    void figuresAreServedOnLoopbackAlone() {
        begin({QStringLiteral("--metrics"), QStringLiteral("0")});
        const auto json = (*m_tarn)({QStringLiteral("--json"), QStringLiteral("serve"), QStringLiteral("status"),
                                     QStringLiteral("--dir"), folder()});
        const auto port = QJsonDocument::fromJson(json.out).object().value(QStringLiteral("metricsPort")).toInt();
        QTcpSocket socket;
        socket.connectToHost(QHostAddress::LocalHost, static_cast<quint16>(port));
        QVERIFY(socket.waitForConnected(patience));
        socket.write("GET /metrics HTTP/1.1\r\n\r\n");
        QByteArray page;
        while (socket.waitForReadyRead(patience)) {
            page += socket.readAll();
        }
        QVERIFY2(page.contains("\ntarn_shares 0\n"), page.constData());
        for (const char* const bad : {"0.0.0.0:9000", "[::]:9000", "192.0.2.1:9000", "nine", ""}) {
            const auto run = (*m_tarn)({QStringLiteral("serve"), QStringLiteral("--dir"), folder(),
                                        QStringLiteral("--metrics"), QLatin1String(bad)});
            QCOMPARE(run.exit, 2);
        }
    }

    void aManagerIsToldWhenTheServerIsReadyAndWhenItStops_data() {
        QTest::addColumn<bool>("named");
        QTest::newRow("a socket in the file system") << true;
        QTest::newRow("a socket in no file system") << false;
    }
    void aManagerIsToldWhenTheServerIsReadyAndWhenItStops() {
        QFETCH(const bool, named);
        const auto place = named ? m_tarn->path(QStringLiteral("notify")).toUtf8()
                                 : "@tarn-test-" + QByteArray::number(QCoreApplication::applicationPid());
        const NotifySocket manager(place);
        begin({}, {QStringLiteral("NOTIFY_SOCKET=") + QString::fromUtf8(place)});
        QVERIFY(manager.next().startsWith("READY=1\nSTATUS=Serving "));
        QCOMPARE(end(), 0);
        QCOMPARE(manager.next(), QByteArray("STOPPING=1"));
    }

    void aSocketOfTheManagersIsServed() {
        QTcpServer made;
        QVERIFY(made.listen(QHostAddress::LocalHost));
        begin({}, {}, static_cast<int>(made.socketDescriptor()));
        QVERIFY2(m_nurl.contains("@127.0.0.1:" + QByteArray::number(made.serverPort()) + '/'), m_nurl.constData());
        made.close();
        QTcpSocket socket;
        socket.connectToHost(QHostAddress::LocalHost, made.serverPort());
        const auto text = status();
        QVERIFY(text.out.contains("127.0.0.1:"));
    }

    void socketsForAnotherProcessAreLeftAlone() {
        begin({}, {QStringLiteral("LISTEN_PID=1"), QStringLiteral("LISTEN_FDS=1")});
        QVERIFY(m_nurl.startsWith("pb://"));
        end();
        const auto run = shell(QStringLiteral("LISTEN_PID=$$ LISTEN_FDS=many exec \"$@\""));
        QCOMPARE(run.exit, 1);
        QVERIFY2(run.err.contains("LISTEN_FDS"), run.err.constData());
    }

    void theSecondSignalEndsItAtOnce() {
        begin({});
        // A request that never ends keeps the first one waiting.
        StuckClient stuck(m_nurl);
        m_process->terminate();
        QVERIFY(waitForLine("stopping"));
        QCOMPARE(m_process->state(), QProcess::Running);
        m_process->terminate();
        QVERIFY(m_process->waitForFinished(patience));
        QCOMPARE(m_process->exitStatus(), QProcess::NormalExit);
        QCOMPARE(m_process->exitCode(), 1);
    }

    void theJournalGetsNoNurl() {
        // Where stdout is the journal's, its name is in the environment.
        const auto file = m_tarn->write(QStringLiteral("journal"), {});
        struct stat found {};
        QCOMPARE(::stat(QFile::encodeName(file).constData(), &found), 0);
        m_process = std::make_unique<QProcess>();
        m_process->setEnvironment(QProcess::systemEnvironment()
                                  << QStringLiteral("JOURNAL_STREAM=%1:%2").arg(found.st_dev).arg(found.st_ino));
        m_process->setProcessChannelMode(QProcess::MergedChannels);
        m_process->setStandardOutputFile(file, QIODevice::Append);
        m_process->start(tarnProgram(), {QStringLiteral("serve"), QStringLiteral("--dir"), folder()});
        QTRY_VERIFY_WITH_TIMEOUT(m_tarn->read(QStringLiteral("journal")).contains("<6>keeping shares in"), patience);
        m_process->terminate();
        QVERIFY(m_process->waitForFinished(patience));
        const auto log = m_tarn->read(QStringLiteral("journal"));
        QVERIFY2(log.contains("<6>stopped"), log.constData());
        QVERIFY2(!log.contains("pb://"), log.constData());
    }

    void nothingThatIsLoggedIsSecret() {
        begin({QStringLiteral("--log-level"), QStringLiteral("debug")});
        QCOMPARE((*m_tarn)({QStringLiteral("init"), QStringLiteral("--grid"),
                            folder() + QStringLiteral("/announcement.yaml"), QStringLiteral("--required"),
                            QStringLiteral("1"), QStringLiteral("--happy"), QStringLiteral("1"),
                            QStringLiteral("--total"), QStringLiteral("1")})
                     .exit,
                 0);
        const auto cap = (*m_tarn)(u"put -"_words, contentOf(100'000)).line();
        QVERIFY(cap.startsWith("URI:CHK:"));
        QCOMPARE((*m_tarn)(u"get -"_words, cap).out, contentOf(100'000));
        // A stranger, and one who speaks no TLS.
        QTcpSocket stranger;
        stranger.connectToHost(QHostAddress::LocalHost, portOf(m_nurl));
        QVERIFY(stranger.waitForConnected(patience));
        stranger.write("GET /" + swissnum() + " HTTP/1.1\r\nAuthorization: Tahoe-LAFS " + swissnum().toBase64() +
                       "\r\n\r\n");
        stranger.waitForDisconnected(patience);
        QCOMPARE(end(), 0);
        const auto log = m_log;
        QVERIFY2(log.contains("write answered 201"), log.constData());
        QVERIFY(log.contains("handshake-failed"));
        QVERIFY(log.contains("stopped"));
        QByteArrayList secrets{swissnum(), swissnum().toBase64(), "pb://", "URI:"};
        for (const QByteArray& part : cap.split(':')) {
            if (part.size() > 10) {
                secrets << part;
            }
        }
        for (const QFileInfo& file : QDir(folder() + QStringLiteral("/identity")).entryInfoList(QDir::Files)) {
            if (file.fileName() != QLatin1String("port")) {
                secrets += fileOf(file.filePath()).split('\n');
            }
        }
        const QDir kept(m_tarn->profile() + QStringLiteral("/secrets"));
        QVERIFY(!kept.entryInfoList(QDir::Files).isEmpty());
        for (const QFileInfo& file : kept.entryInfoList(QDir::Files)) {
            secrets += fileOf(file.filePath()).split('\n');
        }
        for (const QByteArray& secret : secrets) {
            QVERIFY2(secret.size() < 4 || !log.contains(secret), secret.constData());
        }
    }

private:
    /// A client in the middle of a request.
    class StuckClient {
    public:
        explicit StuckClient(const QByteArray& nurl) {
            const auto parsed = *tarn::formats::parseNurl(nurl.toStdString());
            m_socket.setPeerVerifyMode(QSslSocket::VerifyNone);
            m_socket.connectToHostEncrypted(QStringLiteral("127.0.0.1"), parsed.port);
            if (!m_socket.waitForEncrypted(patience)) {
                qFatal("no connection");
            }
            const auto authorization = QByteArray::fromStdString(parsed.swissnum.reveal()).toBase64();
            m_socket.write("POST /storage/v1/immutable/aaaaaaaaaaaaaaaaaaaaaaaaaa/0/corrupt HTTP/1.1\r\n"
                           "Authorization: Tahoe-LAFS " +
                           authorization +
                           "\r\nContent-Type: application/cbor\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n");
            // The server waits for the body now.
            if (!m_socket.waitForReadyRead(patience) || !m_socket.readAll().startsWith("HTTP/1.1 100 ")) {
                qFatal("not asked to go on");
            }
        }

    private:
        QSslSocket m_socket;
    };

    [[nodiscard]] QString folder() const { return m_tarn->path(QStringLiteral("store")); }
    [[nodiscard]] static quint16 portOf(const QByteArray& nurl) {
        return tarn::formats::parseNurl(nurl.toStdString())->port;
    }
    [[nodiscard]] QByteArray swissnum() const {
        return QByteArray::fromStdString(tarn::formats::parseNurl(m_nurl.toStdString())->swissnum.reveal());
    }
    [[nodiscard]] static QByteArray fileOf(const QString& path) {
        QFile file(path);
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    [[nodiscard]] Run status() const {
        return (*m_tarn)({QStringLiteral("serve"), QStringLiteral("status"), QStringLiteral("--dir"), folder()});
    }
    [[nodiscard]] Run shell(const QString& script) const {
        QProcess process;
        process.start(QStringLiteral("/bin/sh"), {QStringLiteral("-c"), script, QStringLiteral("sh"), tarnProgram(),
                                                  QStringLiteral("serve"), QStringLiteral("--dir"), folder()});
        Run run;
        if (process.waitForFinished(patience)) {
            run.exit = process.exitCode();
        }
        run.err = process.readAllStandardError();
        return run;
    }

    /// Starts `tarn serve` and waits for its NURL. `socket`: to be handed over as a manager does, or none.
    void begin(const QStringList& more, const QStringList& environment = {}, int socket = -1) {
        m_process = std::make_unique<QProcess>();
        auto all = QProcess::systemEnvironment();
        all.removeIf([](const QString& one) {
            return one.startsWith(QLatin1String("NOTIFY_SOCKET=")) || one.startsWith(QLatin1String("LISTEN_"));
        });
        m_process->setEnvironment(all + environment);
        const QStringList arguments = QStringList{QStringLiteral("serve"), QStringLiteral("--dir"), folder()} + more;
        if (socket >= 0) {
            // The number of the process is known only within it.
            m_process->setChildProcessModifier([socket] { (void)::dup2(socket, 3); });
            m_process->start(QStringLiteral("/bin/sh"),
                             QStringList{QStringLiteral("-c"), QStringLiteral("LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\""),
                                         QStringLiteral("sh"), tarnProgram()} +
                                 arguments);
        } else {
            m_process->start(tarnProgram(), arguments);
        }
        while (m_process->state() != QProcess::NotRunning && !m_process->canReadLine()) {
            m_process->waitForReadyRead(patience);
        }
        m_nurl = m_process->readLine().trimmed();
        QVERIFY2(m_nurl.startsWith("pb://"), m_process->readAllStandardError().constData());
    }
    /// Asks the server to end; its exit code.
    int end() {
        m_process->terminate();
        const bool ended = m_process->waitForFinished(patience) && m_process->exitStatus() == QProcess::NormalExit;
        m_log = m_process->readAllStandardError();
        return ended ? m_process->exitCode() : -1;
    }
    [[nodiscard]] bool waitForLine(const QByteArray& part) {
        m_log.clear();
        m_process->setReadChannel(QProcess::StandardError);
        while (!m_log.contains(part)) {
            if (m_process->bytesAvailable() == 0 && !m_process->waitForReadyRead(patience)) {
                return false;
            }
            m_log += m_process->readAll();
        }
        return true;
    }

    std::unique_ptr<Tarn> m_tarn;
    std::unique_ptr<QProcess> m_process;
    QByteArray m_nurl;
    QByteArray m_log;
};

QTEST_GUILESS_MAIN(ServeServiceTest)
#include "serve_service_test.moc"
