#include "core/foundation/clock.h"
#include "core/foundation/random.h"
#include "core/gbs/gbs_server.h"
#include "core/server/server.h"
#include "tests/gbs/announced.h"
#include "tests/storage/slot_contract.h"

#include <QTemporaryDir>
#include <QtTest>

namespace tarn::testing {

/// Our own storage server, reached through the client over HTTPS, keeps the contract.
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
    m_client = gbs::makeGbsServer(announced(m_server->nurl()));
}

void TarnContractTest::cleanupTestCase() {
    m_client.reset();
    m_server.reset();
}

}  // namespace tarn::testing

QTEST_GUILESS_MAIN(tarn::testing::TarnContractTest)
#include "tarn_contract_test.moc"
