#include "tests/server/raw_client.h"

#include <QTemporaryDir>
#include <QtTest>

namespace tarn::server::test {

/// Writes that come before the allocation they belong to.
class EarlyWritesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        m_folder.emplace();
        auto server = startServer(m_folder->path());
        QVERIFY(server.has_value());
        m_server = std::move(*server);
    }
    void cleanup() {
        m_server.reset();
        m_folder.reset();
    }

    void aWriteThatMayWaitIsMadeWhenItsAllocationComes() {
        RawClient writer(*m_server);
        RawClient other(*m_server);
        RawClient allocator(*m_server);
        writer.send(write(writer, 'u', "Prefer: wait=10\r\n"));
        other.send(write(other, 'x', "Prefer: wait=10\r\n"));
        QCOMPARE(writer.socket().waitForReadyRead(200), false);
        QCOMPARE(allocate(allocator).status, 200);
        QCOMPARE(writer.read().status, 201);
        QCOMPARE(other.read().status, 401);
        QCOMPARE(allocator.ask("GET", bucket('b') + "/3").body, m_data);
    }

    void whoseAllocationNeverComesIsToldSo() {
        RawClient writer(*m_server);
        writer.send(write(writer, 'u', "Prefer: wait=1\r\n"));
        QCOMPARE(writer.read().status, 404);
    }

    void whatIsThereAlreadyIsNotWaitedFor() {
        RawClient client(*m_server);
        QCOMPARE(allocate(client).status, 200);
        client.send(write(client, 'u', {}));
        QCOMPARE(client.read().status, 201);
        client.send(write(client, 'u', "Prefer: wait=10\r\n"));
        QCOMPARE(client.read().status, 404);
    }

    void whoDoesNotSayThatItMayWaitDoesNot() {
        RawClient client(*m_server);
        for (const char* const field :
             {"", "Prefer: wait=0\r\n", "Prefer: wait=-5\r\n", "Prefer: return=minimal\r\n"}) {
            client.send(write(client, 'u', field));
            QCOMPARE(client.read().status, 404);
        }
    }

private:
    [[nodiscard]] QByteArray write(const RawClient& client, char secret, const QByteArray& preference) const {
        return client.request("PATCH", bucket('b') + "/3",
                              RawClient::upload(secret) + contentRange(0, std::uint64_t(m_data.size())) + preference,
                              m_data);
    }
    [[nodiscard]] Reply allocate(RawClient& client) const {
        return client.ask("POST", bucket('b'), RawClient::lease('l') + RawClient::upload('u'),
                          allocateBody({3}, std::uint64_t(m_data.size())));
    }

    const QByteArray m_data = pattern(3000, 4);
    std::optional<QTemporaryDir> m_folder;
    std::unique_ptr<Server> m_server;
};

}  // namespace tarn::server::test

QTEST_GUILESS_MAIN(tarn::server::test::EarlyWritesTest)
#include "early_writes_test.moc"
