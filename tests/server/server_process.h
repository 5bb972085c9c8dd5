#pragma once

#include "tests/server/raw_client.h"
#include "tests/server/resident.h"

#include <QCoreApplication>
#include <QProcess>
#include <QTest>

#include <cstdio>
#include <string_view>

namespace tarn::server::test {

/// A server in a process of its own, so that its memory can be told from its clients'. The process is the test program
/// itself, whose `main` is `runTest`.
class ServerProcess {
public:
    /// How many times as much memory a sanitizer may make of what it takes.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    static constexpr qint64 slack = 8;
#else
    static constexpr qint64 slack = 1;
#endif

    explicit ServerProcess(const QString& folder) {
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        // What is freed is not to be kept for the sake of the sanitizer.
        environment.insert(QStringLiteral("ASAN_OPTIONS"), QStringLiteral("quarantine_size_mb=1:detect_leaks=0"));
        m_process.setProcessEnvironment(environment);
        m_process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        m_process.start(QCoreApplication::applicationFilePath(), {QStringLiteral("serve"), folder});
        if (m_process.waitForStarted() && m_process.waitForReadyRead(RawClient::patience)) {
            m_nurl = formats::parseNurl(m_process.readLine().trimmed().toStdString()).value_or(formats::Nurl{});
        }
    }
    ServerProcess(const ServerProcess&) = delete;
    ServerProcess& operator=(const ServerProcess&) = delete;
    ~ServerProcess() {
        m_process.closeWriteChannel();
        m_process.waitForFinished(RawClient::patience);
    }

    /// Its port is 0 where the server did not start.
    [[nodiscard]] const formats::Nurl& nurl() const {
        return m_nurl;
    }
    /// Bytes that it has in memory.
    [[nodiscard]] qint64 resident() const {
        return test::resident(QString::number(m_process.processId()));
    }

    /// The test program's `main`.
    template <typename Test>
    [[nodiscard]] static int runTest(int argc, char** argv) {
        if (const auto served = serveIfAsked(argc, argv)) {
            return *served;
        }
        const QCoreApplication application(argc, argv);
        Test test;
        return QTest::qExec(&test, argc, argv);
    }

private:
    /// Is the server, until standard input ends, where the program was started as one.
    [[nodiscard]] static std::optional<int> serveIfAsked(int argc, char** argv) {
        if (argc != 3 || std::string_view(argv[1]) != "serve") {
            return std::nullopt;
        }
        const QCoreApplication application(argc, argv);
        const auto server = startServer(QString::fromLocal8Bit(argv[2]));
        if (!server) {
            return 1;
        }
        std::printf("%s\n", (*server)->nurl().c_str());
        std::fflush(stdout);
        while (std::getchar() != EOF) {
        }
        return 0;
    }

    QProcess m_process;
    formats::Nurl m_nurl;
};

}  // namespace tarn::server::test
