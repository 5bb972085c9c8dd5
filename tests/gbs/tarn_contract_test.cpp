#include "core/foundation/clock.h"
#include "core/foundation/random.h"
#include "core/gbs/gbs_server.h"
#include "core/gbs/pinned_access.h"
#include "core/server/server.h"
#include "tests/gbs/announced.h"
#include "tests/storage/awaited.h"
#include "tests/storage/slot_contract.h"

#include <QTemporaryDir>
#include <QtTest>

namespace tarn::testing {

namespace {

/// The version of HTTP that the server was spoken to in.
async::Task<int> spokenVersion(std::shared_ptr<gbs::PinnedAccess> access) {
    gbs::Request request;
    request.path = "/storage/v1/version";
    request.accepted = {200};
    const gbs::Exchanged exchanged = access->send(std::move(request), {});
    const auto answer = co_await exchanged;
    if (!answer) {
        co_return failure(answer.error());
    }
    co_return access->speaksHttp2() ? 2 : 1;
}

}  // namespace

/// Our own storage server, reached through the client over HTTPS, keeps the contract in each version of HTTP.
class TarnContractTest final : public SlotContract {
    Q_OBJECT

protected:
    std::shared_ptr<storage::StorageServer> server() override { return m_client; }

private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();

private:
    QTemporaryDir m_folder;
    std::unique_ptr<tarn::server::Server> m_server;
    std::shared_ptr<storage::StorageServer> m_client;
};

void TarnContractTest::initTestCase() {
    tarn::server::Options options;
    options.store.folder = m_folder.filePath(QStringLiteral("store")).toStdString();
    auto started =
        tarn::server::Server::start(options, std::make_shared<SystemClock>(), std::make_shared<SystemRandom>());
    QVERIFY2(started.has_value(), started ? "" : started.error().detail.c_str());
    m_server = std::move(*started);
    gbs::Limits limits;
    limits.http2 = TARN_HTTP_VERSION == 2;
    m_client = gbs::makeGbsServer(announced(m_server->nurl()), limits);
    const auto access = std::make_shared<gbs::PinnedAccess>(*formats::parseNurl(m_server->nurl()), "ours", limits);
    QCOMPARE(awaited(spokenVersion(access)).value_or(0), TARN_HTTP_VERSION);
}

void TarnContractTest::cleanupTestCase() {
    m_client.reset();
    m_server.reset();
}

}  // namespace tarn::testing

QTEST_GUILESS_MAIN(tarn::testing::TarnContractTest)
#include "tarn_contract_test.moc"
