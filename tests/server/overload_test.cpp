#include "core/bucketstore/disk_store.h"
#include "tests/server/raw_http2_client.h"
#include "tests/server/server_process.h"

#include <QDir>
#include <QTemporaryDir>
#include <QtTest>

#include <functional>
#include <memory>
#include <vector>

namespace tarn::server::test {

namespace {

using Client = RawHttp2Client;

constexpr int fullBody = 400'000;
constexpr const char* versionPath = "/storage/v1/version";

QByteArray uploader() {
    return RawClient::lease('l') + RawClient::upload('u');
}

/// One address's client of a version of HTTP, that can begin requests and leave them.
class Asker {
public:
    Asker(const Server& server, int version, const char* from) {
        const auto nurl = *formats::parseNurl(server.nurl());
        const QHostAddress address(QString::fromLatin1(from));
        if (version == 2) {
            m_two = std::make_unique<Client>(nurl, QByteArray(), address);
            return;
        }
        m_one = [nurl, address] {
            return std::make_unique<RawClient>(nurl, QStringLiteral("127.0.0.1"), nurl.port, address);
        };
    }

    [[nodiscard]] int ask(const QByteArray& method, const QByteArray& path, const QByteArray& fields = {},
                          const QByteArray& body = {}) {
        return m_two ? m_two->ask(method, path, fields, body).status : m_one()->ask(method, path, fields, body).status;
    }
    /// Sends a request whose body of `length` bytes does not come. Returns when the server knows of it.
    void begin(const QByteArray& method, const QByteArray& path, const QByteArray& fields, int length) {
        const QByteArray lines = fields + "Content-Length: " + QByteArray::number(length) + "\r\n";
        if (m_two) {
            const std::uint32_t stream = m_two->nextStream();
            m_two->send(Client::headers(0, stream, Client::block(m_two->head(method, path, Client::fieldsOf(lines)))));
            m_begun.push_back(stream);
            (void)ask("GET", versionPath);
            return;
        }
        m_left.push_back(m_one());
        m_left.back()->send(m_left.back()->request(method, path, lines + "Expect: 100-continue\r\n"));
        (void)m_left.back()->socket().waitForReadyRead(RawClient::patience);
    }
    /// Leaves the first that was begun without its end.
    void leaveOne() {
        if (m_two) {
            m_two->send(Client::frame(Client::Reset, 0, m_begun.front(), Client::number(NGHTTP2_CANCEL)));
            m_begun.erase(m_begun.begin());
        } else {
            m_left.erase(m_left.begin());
        }
    }

private:
    std::function<std::unique_ptr<RawClient>()> m_one;
    std::unique_ptr<Client> m_two;
    std::vector<std::unique_ptr<RawClient>> m_left;
    std::vector<std::uint32_t> m_begun;
};

}  // namespace

/// Clients that know the swissnum and want more than their part: they are told 503, or get less than they asked for;
/// others go on, and what they had is theirs again once they let go of something.
class OverloadTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { m_folder.emplace(); }
    void cleanup() {
        m_server.reset();
        m_folder.reset();
    }

    void requestsOfOneAddressAreBounded_data() { versions(); }
    void requestsOfOneAddressAreBounded() {
        QFETCH(const int, version);
        Limits limits;
        limits.mostExchangesPerClient = 3;
        start(limits);
        Asker greedy(*m_server, version, "127.0.0.1");
        Asker other(*m_server, version, "127.0.0.2");
        for (int i = 0; i < 3; ++i) {
            beginWrite(greedy);
        }
        QTRY_COMPARE_WITH_TIMEOUT(greedy.ask("GET", versionPath), 503, RawClient::patience);
        QCOMPARE(greedy.ask("POST", bucket('b'), uploader(), allocateBody({0}, 5)), 503);
        QCOMPARE(other.ask("GET", versionPath), 200);
        greedy.leaveOne();
        QTRY_COMPARE_WITH_TIMEOUT(greedy.ask("GET", versionPath), 200, RawClient::patience);
    }

    void memoryForMessagesOfOneAddressIsBounded_data() { versions(); }
    void memoryForMessagesOfOneAddressIsBounded() {
        QFETCH(const int, version);
        Limits limits;
        limits.mostBodiesHeld = 4ULL * fullBody;
        start(limits);
        Asker greedy(*m_server, version, "127.0.0.1");
        Asker other(*m_server, version, "127.0.0.2");
        greedy.begin("POST", bucket('b'), uploader(), fullBody);
        greedy.begin("POST", bucket('b'), uploader(), fullBody);
        QTRY_COMPARE_WITH_TIMEOUT(greedy.ask("POST", bucket('b'), uploader(), allocateBody({0}, 5)), 503,
                                  RawClient::patience);
        QCOMPARE(greedy.ask("GET", versionPath), 200);  // what takes none goes on
        QCOMPARE(other.ask("POST", bucket('b'), uploader(), allocateBody({0}, 5)), 200);
        greedy.leaveOne();
        QTRY_COMPARE_WITH_TIMEOUT(greedy.ask("POST", bucket('b'), uploader(), allocateBody({0}, 5)), 200,
                                  RawClient::patience);
    }

    void memoryForMessagesOfAllIsBounded_data() { versions(); }
    void memoryForMessagesOfAllIsBounded() {
        QFETCH(const int, version);
        Limits limits;
        limits.mostBodiesHeld = 2ULL * fullBody;
        start(limits);
        Asker greedy(*m_server, version, "127.0.0.1");
        Asker accomplice(*m_server, version, "127.0.0.2");
        Asker other(*m_server, version, "127.0.0.3");
        greedy.begin("POST", bucket('b'), uploader(), fullBody);
        accomplice.begin("POST", bucket('b'), uploader(), fullBody);
        QTRY_COMPARE_WITH_TIMEOUT(other.ask("POST", bucket('b'), uploader(), allocateBody({0}, 5)), 503,
                                  RawClient::patience);
        QCOMPARE(other.ask("GET", versionPath), 200);
        accomplice.leaveOne();
        QTRY_COMPARE_WITH_TIMEOUT(other.ask("POST", bucket('b'), uploader(), allocateBody({0}, 5)), 200,
                                  RawClient::patience);
    }

    void aMillionAllocationsFindRoomForSomeAndLetGoOfAll() {
        constexpr int requests = 3907;
        constexpr std::uint16_t sharesEach = 256;
        static_assert(requests * sharesEach > 1'000'000);
        constexpr qint64 mostMemory = 16'000'000;
        const ServerProcess server(m_folder->path());
        QVERIFY(server.nurl().port != 0);
        Client client(server.nurl());
        client.send(Client::frame(Client::WindowUpdate, 0, 0, Client::number(1U << 30U)));  // for all replies
        const QByteArray body = allRequested(sharesEach);
        QCOMPARE(client.ask("GET", versionPath).status, 200);
        const qint64 before = server.resident();
        std::size_t allocated = 0;
        int last = 0;  // of the buckets in which there was room for a share
        for (int i = 0; i < requests; ++i) {
            const Reply reply = client.ask("POST", numbered(i), uploader(), body);
            QCOMPARE(reply.status, 200);
            const auto allocation = formats::gbs::parseAllocateReply(viewOf(reply.body));
            QVERIFY(allocation.has_value() && allocation->alreadyHave.empty());
            allocated += allocation->allocated.size();
            last = allocation->allocated.empty() ? last : i;
        }
        QCOMPARE(allocated, bucketstore::mostBegunShares);
        const qint64 held = server.resident() - before;
        QVERIFY2(held < mostMemory * ServerProcess::slack, (QByteArray::number(held) + " bytes").constData());

        // What found no room is not there, what did is, and others' shares are served all the same.
        const QByteArray mine = RawClient::upload('u');
        QCOMPARE(client.ask("PATCH", numbered(requests - 1) + "/0", mine + contentRange(0, 1), "x").status, 404);
        QCOMPARE(client.ask("PATCH", numbered(0) + "/0", mine + contentRange(0, 1), "x").status, 200);
        for (int i = 0; i <= last; ++i) {
            std::vector<std::uint32_t> aborts;
            for (int share = 0; share < sharesEach; ++share) {
                aborts.push_back(client.request("PUT", numbered(i) + '/' + QByteArray::number(share) + "/abort", mine));
                if (aborts.size() == 64 || share == sharesEach - 1) {
                    QCOMPARE(goodReplies(client, aborts), static_cast<int>(aborts.size()));
                    aborts.clear();
                }
            }
        }
        const Reply again = client.ask("POST", numbered(requests), uploader(), body);
        QCOMPARE(formats::gbs::parseAllocateReply(viewOf(again.body))->allocated.size(), std::size_t{sharesEach});
        QVERIFY(QDir(m_folder->path() + QStringLiteral("/incoming")).isEmpty());
    }

private:
    void start(const Limits& limits) {
        auto server = startServer(m_folder->path(), limits);
        QVERIFY(server.has_value());
        m_server = std::move(*server);
    }
    static void versions() {
        QTest::addColumn<int>("version");
        QTest::newRow("HTTP/1.1") << 1;
        QTest::newRow("HTTP/2") << 2;
    }
    static void beginWrite(Asker& asker) {
        asker.begin("PATCH", bucket('b') + "/0", RawClient::upload('u') + contentRange(0, 100), 100);
    }
    static QByteArray numbered(int number) {
        QByteArray name(26, 'a');
        for (int at = 0; number > 0; number /= 26) {
            name[at++] = static_cast<char>('a' + number % 26);
        }
        return "/storage/v1/immutable/" + name;
    }
    static QByteArray allRequested(std::uint16_t shares) {
        formats::gbs::AllocateRequest request;
        for (std::uint16_t n = 0; n < shares; ++n) {
            request.shares.insert(ShareNum(n));
        }
        request.allocatedSize = 10;
        const Bytes bytes = formats::gbs::writeAllocateRequest(request);
        return {reinterpret_cast<const char*>(bytes.data()), static_cast<qsizetype>(bytes.size())};
    }
    /// How many of the streams were answered with 200.
    static int goodReplies(Client& client, const std::vector<std::uint32_t>& streams) {
        int good = 0;
        for (std::size_t answered = 0; answered < streams.size();) {
            const auto frame = client.read();
            if (!frame) {
                return good;
            }
            if (frame->type == Client::Headers) {
                good += client.headOf(frame->payload).status == 200 ? 1 : 0;
                ++answered;
            }
        }
        return good;
    }

    std::optional<QTemporaryDir> m_folder;
    std::unique_ptr<Server> m_server;
};

}  // namespace tarn::server::test

int main(int argc, char** argv) {
    return tarn::server::test::ServerProcess::runTest<tarn::server::test::OverloadTest>(argc, argv);
}
#include "overload_test.moc"
