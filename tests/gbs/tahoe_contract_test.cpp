#include "core/gbs/gbs_server.h"
#include "tests/gbs/announced.h"
#include "tests/storage/slot_contract.h"

#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>

namespace tarn::testing {

/// A real Tahoe-LAFS storage server, reached through the client, keeps the contract.
class TahoeContractTest final : public SlotContract {
    Q_OBJECT

protected:
    std::shared_ptr<storage::StorageServer> server() override { return m_client; }
    Differences differences() const override {
        return {.repeatedAllocateNamesNothing = true,
                .failsOnWritePastTheEnd = true,
                .mistakesSlotsForBuckets = true,
                .failsOnWritePastTheLargestOffset = true};
    }

private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();

private:
    QTemporaryDir m_folder;
    QProcess m_tahoe;
    std::shared_ptr<storage::StorageServer> m_client;
};

void TahoeContractTest::initTestCase() {
    const QString python = qEnvironmentVariable("TARN_TAHOE_PYTHON");
    QVERIFY2(QFileInfo(python).isExecutable(),
             "TARN_TAHOE_PYTHON names no Python with tahoe-lafs in it; tests/run.sh sets one up");
    m_tahoe.setStandardErrorFile(m_folder.filePath(QStringLiteral("errors")));  // it writes a page for every status 500
    m_tahoe.start(python, {QStringLiteral(TARN_TEST_DATA "/tahoe_storage_server.py"),
                           m_folder.filePath(QStringLiteral("tahoe"))});
    QByteArray nurl;
    while (!nurl.endsWith('\n') && m_tahoe.waitForReadyRead(60'000)) {
        nurl += m_tahoe.readLine();
    }
    QFile errors(m_folder.filePath(QStringLiteral("errors")));
    QVERIFY(errors.open(QIODevice::ReadOnly));
    QVERIFY2(nurl.startsWith("pb://"),
             ("the Tahoe-LAFS storage server did not start: " + errors.readAll()).constData());
    m_client = gbs::makeGbsServer(announced(nurl.trimmed().toStdString()));
}

void TahoeContractTest::cleanupTestCase() {
    m_client.reset();
    m_tahoe.closeWriteChannel();
    QVERIFY(m_tahoe.waitForFinished(30'000));
}

}  // namespace tarn::testing

QTEST_GUILESS_MAIN(tarn::testing::TahoeContractTest)
#include "tahoe_contract_test.moc"
