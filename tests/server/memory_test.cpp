#include "core/formats/slot_messages.h"
#include "core/foundation/allocator.h"
#include "tests/server/raw_http2_client.h"
#include "tests/server/server_process.h"

#include <QTemporaryDir>
#include <QtTest>

#include <map>
#include <memory>
#include <vector>

#include <sys/socket.h>

namespace tarn::server::test {

namespace {

using formats::gbs::SecretKind;

constexpr std::uint64_t slotSize = 3'000'000;
constexpr int manyReplies = 100;
/// Of 300 MB that are asked for, 600 MB with what TLS and sockets hold of them.
constexpr qint64 mostForReplies = 200'000'000 * ServerProcess::slack;
/// After so long without a byte taken, the server takes no more. Too short could only hide a fault, not make one.
constexpr int aMoment = 200;

QByteArray slotBody(const formats::gbs::SlotRequest& request) {
    const Bytes body = formats::gbs::writeSlotRequest(request);
    return {reinterpret_cast<const char*>(body.data()), static_cast<qsizetype>(body.size())};
}

/// Has the system take as little as it can of what this client does not read.
void readNothing(QSslSocket& socket) {
    const int least = 1;
    ::setsockopt(static_cast<int>(socket.socketDescriptor()), SOL_SOCKET, SO_RCVBUF, &least, sizeof least);
    socket.setReadBufferSize(1);
}

}  // namespace

/// Clients that make the server hold what they do not read. What it may take is Limits::mostBodiesHeld, half of it for
/// one address, what each of its few disk threads has in hand, and some 256 KiB for each connection.
class MemoryTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        m_folder.emplace();
        m_server.emplace(m_folder->path());
        QVERIFY(m_server->nurl().port != 0);
    }
    void cleanup() {
        m_server.reset();
        m_folder.reset();
    }

    void unreadRepliesOfASlotAreBoundedOverHttp1() {
        storeSlot();
        const qint64 before = m_server->resident();
        std::vector<std::unique_ptr<RawClient>> clients;
        for (int i = 0; i < manyReplies; ++i) {
            RawClient& client = *clients.emplace_back(std::make_unique<RawClient>(m_server->nurl()));
            readNothing(client.socket());
            client.send(client.request("POST", path, secrets, readAll()).repeated(2));
        }
        for (const auto& client : clients) {
            QVERIFY(client->socket().waitForReadyRead(RawClient::patience));
        }
        QVERIFY2(m_server->resident() - before < mostForReplies, held(before).constData());
        clients.clear();
        QTRY_COMPARE_WITH_TIMEOUT(askOnce(), 200, RawClient::patience);
    }

    void unreadRepliesOfASlotAreBoundedOverHttp2() {
        storeSlot();
        const qint64 before = m_server->resident();
        {
            RawHttp2Client client(m_server->nurl(), RawHttp2Client::setting(4, 0));
            for (int i = 0; i < manyReplies; ++i) {
                (void)client.request("POST", path, secrets, readAll());
            }
            std::map<int, int> statuses;
            for (int seen = 0; seen < manyReplies;) {
                const auto frame = client.read();
                QVERIFY(frame.has_value());
                if (frame->type == RawHttp2Client::Headers) {
                    ++statuses[client.headOf(frame->payload).status];
                    ++seen;
                }
            }
            QVERIFY(statuses[200] > 5);
            QCOMPARE(statuses[200] + statuses[503], manyReplies);
            QVERIFY2(m_server->resident() - before < mostForReplies, held(before).constData());
        }
        QTRY_COMPARE_WITH_TIMEOUT(askOnce(), 200, RawClient::patience);
    }

    void aStrangerThatReadsNoAnswerIsNotReadEither() {
        constexpr int connections = 20;
        constexpr qint64 mostForEach = 320 * 1024 * ServerProcess::slack;
        const QByteArray requests = QByteArray("GET / HTTP/1.1\r\n\r\n").repeated(1000);
        std::vector<std::unique_ptr<RawClient>> clients;
        for (int i = 0; i < connections; ++i) {
            clients.push_back(std::make_unique<RawClient>(m_server->nurl()));
            readNothing(clients.back()->socket());
        }
        const qint64 before = m_server->resident();
        for (const auto& client : clients) {
            do {
                client->socket().write(requests);
            } while (client->socket().waitForBytesWritten(aMoment));
        }
        QVERIFY2(m_server->resident() - before < connections * mostForEach + keptByAllocator, held(before).constData());
    }

    void connectionsAtRestLeaveMemoryForOthers() {
        // Each has shown the swissnum, and so has had its window made larger as far as there was memory for it.
        std::vector<std::unique_ptr<RawHttp2Client>> resting;
        for (int i = 0; i < 60; ++i) {
            resting.push_back(std::make_unique<RawHttp2Client>(m_server->nurl()));
            QCOMPARE(resting.back()->ask("GET", "/storage/v1/version").status, 200);
        }
        RawHttp2Client client(m_server->nurl());
        QCOMPARE(client.ask("POST", bucket('b'), RawClient::lease('l') + RawClient::upload('u'), allocateBody({0}, 10))
                     .status,
                 200);
        storeSlot();
    }

private:
    [[nodiscard]] static QByteArray readAll() { return slotBody({{}, {{0, slotSize}}, {}}); }
    [[nodiscard]] QByteArray held(qint64 before) const {
        return QByteArray::number(m_server->resident() - before) + " bytes";
    }
    [[nodiscard]] int askOnce() {
        RawClient client(m_server->nurl());
        return client.ask("POST", path, secrets, readAll()).status;
    }
    void storeSlot() {
        RawClient client(m_server->nurl());
        const QByteArray data(slotSize, 'x');
        formats::gbs::SlotRequest request;
        request.changes[ShareNum(1)].writes.push_back({0, viewOf(data)});
        QCOMPARE(client.ask("POST", path, secrets, slotBody(request)).status, 200);
    }

    const QByteArray path = "/storage/v1/mutable/" + QByteArray(25, 's') + "a/read-test-write";
    const QByteArray secrets = RawClient::lease('l') + RawClient::secret(SecretKind::WriteEnabler, 'w');
    std::optional<QTemporaryDir> m_folder;
    std::optional<ServerProcess> m_server;
};

}  // namespace tarn::server::test

int main(int argc, char** argv) {
    return tarn::server::test::ServerProcess::runTest<tarn::server::test::MemoryTest>(argc, argv);
}
#include "memory_test.moc"
