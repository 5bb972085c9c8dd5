#include "core/gbs/gbs_server.h"
#include "core/server/server.h"
#include "core/upload/file_hashes.h"
#include "core/upload/upload.h"
#include "tests/gbs/announced.h"
#include "tests/storage/awaited.h"

#include <QTemporaryDir>
#include <QtTest>

namespace tarn::testing {

namespace {

constexpr formats::EncodingParameters parameters{2, 3, 3, ByteCount(1024 * 1024)};
/// So much of it is acknowledged when the person pauses.
constexpr std::uint64_t pausedAfter = 8 * 1024 * 1024;
/// What is on its way then: the upload's window.
constexpr std::uint64_t mostUnderWay = 12 * 1024 * 1024;
/// What the requests hold beside share bytes.
constexpr std::uint64_t questions = 16 * 1024;
/// Milliseconds in which the servers get nothing that they must not get. Too short a wait could only hide a fault.
constexpr int aWhile = 700;

Bytes someFile() {
    Bytes file(32 * 1024 * 1024 + 77);
    std::uint32_t state = 7;
    for (Byte& byte : file) {
        state = state * 1664525U + 1013904223U;
        byte = static_cast<Byte>(state >> 24U);
    }
    return file;
}

}  // namespace

/// An upload to real servers that is paused in the midst, and gone on with.
class PauseTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aPauseStopsTheBytesAndWhatWasAcknowledgedIsNotSentAgain_data() {
        QTest::addColumn<bool>("http2");
        QTest::newRow("HTTP/1.1") << false;
        QTest::newRow("HTTP/2") << true;
    }
    void aPauseStopsTheBytesAndWhatWasAcknowledgedIsNotSentAgain() {
        QFETCH(const bool, http2);
        start(http2);
        const Bytes file = someFile();
        std::stop_source pause;
        std::uint64_t acknowledged = 0;
        const auto watch = [&](const upload::Progress& progress) {
            acknowledged = progress.acknowledged.value();
            if (acknowledged >= pausedAfter) {
                pause.request_stop();
            }
        };
        const auto first = put(file, false, watch, pause.get_token());
        QVERIFY(!first);
        QVERIFY(first.error().code == ErrorCode::Cancelled);

        // What was on its way arrives, and nothing more.
        std::uint64_t came = received();
        for (std::uint64_t before = ~0ULL; before != came; came = received()) {
            before = came;
            askEach();
        }
        QVERIFY2(came <= acknowledged + mostUnderWay, std::to_string(came - acknowledged).c_str());
        QTest::qWait(aWhile);
        QCOMPARE(received(), came);

        const auto second = put(file, true, {}, {});
        QVERIFY2(second, second ? "" : second.error().detail.c_str());
        QCOMPARE(second->sharesSent, 3U);
        const auto all = 3 * upload::shareSizeOf(*formats::Geometry::make(parameters, ByteCount(file.size())));
        QVERIFY2(received() - came <= all - acknowledged + questions,
                 std::to_string(received() - came + acknowledged - all).c_str());
        QVERIFY(received() >= all);
    }

private:
    void start(bool http2) {
        m_clients.clear();
        m_servers.clear();
        m_folder.emplace();
        gbs::Limits limits;
        limits.http2 = http2;
        for (int number = 0; number < 3; ++number) {
            server::Options options;
            options.store.folder = m_folder->filePath(QString::number(number)).toStdString();
            auto started =
                server::Server::start(options, std::make_shared<SystemClock>(), std::make_shared<SystemRandom>());
            QVERIFY2(started, started ? "" : started.error().detail.c_str());
            m_servers.push_back(std::move(*started));
            auto announcement = announced(m_servers.back()->nurl());
            announcement.id = ServerId("v0-" + std::to_string(number));
            m_clients.push_back(gbs::makeGbsServer(announcement, limits));
        }
    }

    Result<upload::Outcome> put(const Bytes& file, bool again, upload::Watch watch, std::stop_token stop) {
        const auto environment = std::make_shared<upload::Environment>();
        *environment = {std::make_shared<async::Pools>(), std::make_shared<async::EventLoopTimers>(),
                        std::make_shared<SystemClock>(), std::make_shared<SystemRandom>()};
        const auto secrets = std::make_shared<const upload::Secrets>(
            upload::Secrets{crypto::ConvergenceSecret(Bytes(16, 7)), crypto::LeaseMaster()});
        auto continuation = std::make_shared<const upload::Continuation>(upload::Continuation{
            UploadSecret(std::array<Byte, UploadSecret::size>{}), again, false, std::make_shared<const bool>(true)});
        return awaited(upload::upload(upload::sourceOf(file), parameters, secrets, m_clients, environment,
                                      std::move(watch), std::move(continuation), std::move(stop)));
    }

    /// Bytes of bodies that came to the servers.
    [[nodiscard]] std::uint64_t received() const {
        std::uint64_t bytes = 0;
        for (const auto& server : m_servers) {
            bytes += server->status().metrics.bodyBytesReceived;
        }
        return bytes;
    }

    /// Over HTTP/2 they have read all that was sent before when they answer.
    void askEach() {
        for (const auto& client : m_clients) {
            QVERIFY(awaited(client->version({})));
        }
    }

    std::optional<QTemporaryDir> m_folder;
    std::vector<std::unique_ptr<server::Server>> m_servers;
    storage::ServerList m_clients;
};

}  // namespace tarn::testing

QTEST_GUILESS_MAIN(tarn::testing::PauseTest)
#include "pause_test.moc"
