#include "core/storage/memory_server.h"
#include "tests/storage/slot_contract.h"

#include <QtTest>

namespace tarn::testing {

/// The server in memory keeps the contract: everything that is tested against it stands on this.
class MemoryContractTest final : public SlotContract {
    Q_OBJECT

protected:
    std::shared_ptr<storage::StorageServer> server() override { return m_server; }

private:
    static std::shared_ptr<storage::MemoryServer> makeServer() {
        auto server = std::make_shared<storage::MemoryServer>(storage::ServerDescription{});
        server->wholeShares = true;
        return server;
    }
    std::shared_ptr<storage::MemoryServer> m_server = makeServer();
};

}  // namespace tarn::testing

QTEST_GUILESS_MAIN(tarn::testing::MemoryContractTest)
#include "memory_contract_test.moc"
