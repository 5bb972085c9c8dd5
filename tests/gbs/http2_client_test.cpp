#include "core/formats/gbs_messages.h"
#include "core/gbs/gbs_server.h"
#include "tests/gbs/frame_server.h"
#include "tests/storage/awaited.h"

#include <QSslSocket>
#include <QtTest>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

using namespace tarn;
using namespace tarn::testing;

namespace {

constexpr int soon = 60'000;
constexpr std::chrono::milliseconds brief{400};
constexpr std::chrono::seconds unhurried{60};

constexpr std::uint32_t internalError = 2;
constexpr std::uint32_t refusedStream = 7;

const StorageIndex bucket{};
const ShareNum share{3};

/// Answers every whole request as `answer` says.
template <typename Answer>
FrameServer::Answer toEach(Answer answer) {
    return [answer](QSslSocket* connection, const Frame& frame) {
        if (frame.endsRequest()) {
            connection->write(answer(frame.stream));
        }
    };
}

const FrameServer::Answer silence = [](QSslSocket*, const Frame&) {
};

/// A call under way, and how it ended.
struct Call {
    std::optional<Result<storage::ServerVersion>> result;
    std::stop_source stop;
    async::TaskScope scope;

    explicit Call(storage::StorageServer& server) {
        scope.spawn(server.version(stop.get_token()),
                    [this](Result<storage::ServerVersion> given) { result = std::move(given); });
    }
};

}  // namespace

/// The client over HTTP/2: what it makes of the protocol's own ways to end things, and of a server that breaks its
/// rules.
class Http2ClientTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void an_answer_comes_back() {
        restart(toEach(version));
        for (int i = 0; i < 20; ++i) {
            const auto answer = awaited(m_client->version({}));
            QVERIFY2(answer.has_value(), answer ? "" : answer.error().detail.c_str());
            QCOMPARE(answer->application, std::string("frames"));
        }
        QCOMPARE(m_server->connections(), 1);
    }

    void many_requests_are_under_way_at_once_on_one_connection() {
        std::vector<std::uint32_t> streams;
        restart([&streams](QSslSocket* connection, const Frame& frame) {
            if (frame.endsRequest()) {
                streams.push_back(frame.stream);
            }
            if (streams.size() == 50) {
                for (const std::uint32_t stream : std::exchange(streams, {})) {
                    connection->write(version(stream));
                }
            }
        });
        std::vector<async::Task<storage::ServerVersion>> calls;
        for (int i = 0; i < 50; ++i) {
            calls.push_back(m_client->version({}));
        }
        for (const auto& answer : awaitedAll(std::move(calls))) {
            QVERIFY(answer.has_value());
        }
        QCOMPARE(m_server->connections(), 1);
    }

    void a_word_before_the_answer_is_passed_over() {
        restart(toEach([](std::uint32_t stream) { return head(stream, 103, {{"link", "</a>"}}) + version(stream); }));
        QVERIFY(awaited(m_client->version({})).has_value());
    }

    void what_the_server_refuses_is_sent_once_more() {
        int refused = 0;
        restart(toEach([&refused](std::uint32_t stream) {
            return refused++ == 0 ? reset(stream, refusedStream) : version(stream);
        }));
        QVERIFY(awaited(m_client->version({})).has_value());
        m_server->setAnswer(toEach([](std::uint32_t stream) { return reset(stream, refusedStream); }));
        const auto answer = awaited(m_client->version({}));
        QCOMPARE(answer.error().code, ErrorCode::Unreachable);
        QVERIFY(answer.error().retryable);
    }

    void a_server_that_says_goodbye_is_asked_again_on_another_connection() {
        bool said = false;
        restart([&said](QSslSocket* connection, const Frame& frame) {
            if (frame.endsRequest()) {
                connection->write(said ? version(frame.stream) : goAway(0));
                said = true;
            }
        });
        QVERIFY(awaited(m_client->version({})).has_value());
        QCOMPARE(m_server->connections(), 2);
        QTRY_COMPARE_WITH_TIMEOUT(m_server->open(), 1, soon);
    }

    void what_a_server_takes_before_its_goodbye_is_answered() {
        restart([](QSslSocket* connection, const Frame& frame) {
            if (frame.endsRequest()) {
                connection->write(goAway(frame.stream) + version(frame.stream));
            }
        });
        for (int i = 1; i < 4; ++i) {
            QVERIFY(awaited(m_client->version({})).has_value());
            QCOMPARE(m_server->connections(), i);
        }
    }

    void a_stream_that_breaks_off_is_unreachable() {
        restart(toEach([](std::uint32_t stream) { return reset(stream, internalError); }));
        const auto answer = awaited(m_client->version({}));
        QCOMPARE(answer.error().code, ErrorCode::Unreachable);
        QVERIFY(answer.error().retryable);
        m_server->setAnswer(toEach([](std::uint32_t stream) {
            return head(stream, 200, {{"content-type", "application/cbor"}}) + reset(stream, internalError);
        }));
        QCOMPARE(awaited(m_client->version({})).error().code, ErrorCode::Unreachable);
        m_server->setAnswer(toEach(version));
        QVERIFY(awaited(m_client->version({})).has_value());
        QCOMPARE(m_server->connections(), 1);
    }

    void a_connection_that_was_good_and_ends_has_its_request_sent_once_more() {
        restart(toEach(version));
        QVERIFY(awaited(m_client->version({})).has_value());
        bool hungUp = false;
        m_server->setAnswer([&hungUp](QSslSocket* connection, const Frame& frame) {
            if (frame.endsRequest() && !std::exchange(hungUp, true)) {
                connection->abort();
            } else if (frame.endsRequest()) {
                connection->write(version(frame.stream));
            }
        });
        QVERIFY(awaited(m_client->version({})).has_value());
        QCOMPARE(m_server->connections(), 2);
    }

    void a_test_and_write_is_not_sent_once_more() {
        restart(toEach(version));
        QVERIFY(awaited(m_client->version({})).has_value());
        int requests = 0;
        m_server->setAnswer([&requests](QSslSocket* connection, const Frame& frame) {
            if (frame.endsRequest()) {
                ++requests;
                connection->abort();
            }
        });
        const auto written = awaited(m_client->readTestWrite(bucket, {}, {}, {}, {}));
        QCOMPARE(written.error().code, ErrorCode::Unreachable);
        QCOMPARE(requests, 1);
    }

    void a_server_that_hung_up_meanwhile_is_connected_to_again() {
        restart(toEach(version));
        for (int i = 1; i < 4; ++i) {
            QVERIFY(awaited(m_client->version({})).has_value());
            QCOMPARE(m_server->connections(), i);
            m_server->hangUp();
            QTRY_COMPARE_WITH_TIMEOUT(m_server->open(), 0, soon);
        }
    }

    void a_stopped_call_ends_its_stream_and_no_other() {
        restart(silence);
        Call stopped(*m_client);
        Call other(*m_client);
        QTRY_COMPARE_WITH_TIMEOUT(m_server->count(Frame::Headers), 2, soon);
        stopped.stop.request_stop();
        QTRY_VERIFY_WITH_TIMEOUT(stopped.result.has_value(), soon);
        QCOMPARE(stopped.result->error().code, ErrorCode::Cancelled);
        QTRY_COMPARE_WITH_TIMEOUT(m_server->count(Frame::ResetStream), 1, soon);
        QVERIFY(!other.result);
        m_client.reset();
        QTRY_VERIFY_WITH_TIMEOUT(other.result.has_value(), soon);
        QCOMPARE(other.result->error().code, ErrorCode::Cancelled);
        QTRY_COMPARE_WITH_TIMEOUT(m_server->open(), 0, soon);
    }

    /// Three bodies are more than is handed to TLS ahead, so a frame of the second waits when its call is stopped.
    void a_call_that_is_stopped_while_its_body_waits_for_the_line_ends_its_stream_and_no_other() {
        constexpr std::size_t bodySize = 100'000;
        restart([](QSslSocket* connection, const Frame& frame) {
            if (frame.type == Frame::Settings && frame.flags == 0) {
                const QByteArray streamWindow("\0\4\0\x10\0\0", 6);
                const QByteArray growth("\0\x10\0\0", 4);
                connection->write(Frame{Frame::Settings, 0, 0, streamWindow}.bytes() +
                                  Frame{Frame::WindowUpdate, 0, 0, growth}.bytes());
            } else if (frame.endsRequest()) {
                connection->write(frame.stream == 1 ? version(1) : head(frame.stream, 507, {}, true));
            }
        });
        QVERIFY(awaited(m_client->version({})).has_value());
        QTRY_VERIFY_WITH_TIMEOUT(std::ranges::any_of(m_server->frames(),
                                                     [](const Frame& frame) {
                                                         return frame.type == Frame::Settings &&
                                                                frame.flags == Frame::ack;
                                                     }),
                                 soon);
        std::array<std::optional<Result<storage::WriteProgress>>, 3> results;
        std::stop_source stop;
        async::TaskScope scope;
        for (std::size_t i = 0; i < results.size(); ++i) {
            const auto body = std::make_shared<const Bytes>(Bytes(bodySize, static_cast<Byte>(i)));
            scope.spawn(
                m_client->write(bucket, share, {}, ByteOffset(0), body, i == 1 ? stop.get_token() : std::stop_token()),
                [&results, i](Result<storage::WriteProgress> result) { results[i] = std::move(result); });
        }
        stop.request_stop();
        QTRY_VERIFY_WITH_TIMEOUT(results[0] && results[1] && results[2], soon);
        QCOMPARE(results[0]->error().code, ErrorCode::NoSpace);
        QCOMPARE(results[1]->error().code, ErrorCode::Cancelled);
        QCOMPARE(results[2]->error().code, ErrorCode::NoSpace);
        QTRY_VERIFY_WITH_TIMEOUT(m_server->count(Frame::ResetStream) > 0, soon);
        QVERIFY(awaited(m_client->version({})).error().code == ErrorCode::NoSpace);  // nothing follows but this
        std::map<std::uint32_t, QByteArray> bodies;
        for (const Frame& frame : m_server->frames()) {
            bodies[frame.stream] += frame.type == Frame::Data ? frame.payload : QByteArray();
        }
        QCOMPARE(bodies[3], QByteArray(bodySize, 0));
        QVERIFY(!bodies[5].isEmpty() && bodies[5].size() < qsizetype(bodySize));
        QCOMPARE(bodies[7], QByteArray(bodySize, 2));
        QCOMPARE(m_server->count(Frame::ResetStream), 1);
        QCOMPARE(m_server->connections(), 1);
    }

    void silence_ends_its_stream_and_no_other() {
        std::set<std::uint32_t> streams;
        restart(
            [&streams](QSslSocket* connection, const Frame& frame) {
                if (frame.endsRequest() && streams.insert(frame.stream).second && streams.size() > 1) {
                    connection->write(version(frame.stream));
                }
            },
            {.silenceTimeout = brief});
        Call silent(*m_client);
        Call answered(*m_client);
        QTRY_VERIFY_WITH_TIMEOUT(silent.result && answered.result, soon);
        QCOMPARE(silent.result->error().code, ErrorCode::TimedOut);
        QVERIFY(answered.result->has_value());
        QTRY_COMPARE_WITH_TIMEOUT(m_server->count(Frame::ResetStream), 1, soon);
        QCOMPARE(m_server->open(), 1);
    }

    void a_connection_on_which_nobody_is_heard_is_given_up() {
        restart(toEach(version), {.silenceTimeout = brief});
        QVERIFY(awaited(m_client->version({})).has_value());
        m_server->setAnswer(silence);
        QCOMPARE(awaited(m_client->version({})).error().code, ErrorCode::TimedOut);
        QTRY_COMPARE_WITH_TIMEOUT(m_server->open(), 0, soon);
        m_server->setAnswer(toEach(version));
        QVERIFY(awaited(m_client->version({})).has_value());
        QCOMPARE(m_server->connections(), 2);
    }

    void an_answer_before_the_body_is_out_ends_the_body() {
        restart([](QSslSocket* connection, const Frame& frame) {
            // The windows are never opened further: the body cannot be sent whole.
            if (frame.type == Frame::Headers) {
                connection->write(head(frame.stream, 507, {}, true));
            }
        });
        const auto data = std::make_shared<const Bytes>(Bytes(500'000, 7));
        const auto written = awaited(m_client->write(bucket, share, {}, ByteOffset(0), data, {}));
        QCOMPARE(written.error().code, ErrorCode::NoSpace);
        QTRY_COMPARE_WITH_TIMEOUT(m_server->count(Frame::ResetStream), 1, soon);
        m_server->setAnswer(toEach(version));
        QVERIFY(awaited(m_client->version({})).has_value());
        QCOMPARE(m_server->connections(), 1);
    }

    void a_body_that_does_not_move_times_out() {
        restart(silence, {.silenceTimeout = brief});
        const auto data = std::make_shared<const Bytes>(Bytes(500'000, 7));
        QCOMPARE(awaited(m_client->write(bucket, share, {}, ByteOffset(0), data, {})).error().code,
                 ErrorCode::TimedOut);
    }

    void broken_rules_are_a_violation_data() {
        QTest::addColumn<QByteArray>("answer");
        const QByteArray cbor = head(1, 200, {{"content-type", "application/cbor"}});
        QTest::newRow("no HTTP/2") << QByteArray("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        QTest::newRow("a push")
            << Frame{Frame::PushPromise, Frame::endHeaders, 1, QByteArray("\0\0\0\2\x82", 5)}.bytes();
        QTest::newRow("a body without a head") << data(1, "hello");
        QTest::newRow("no status")
            << Frame{Frame::Headers, Frame::endHeaders | Frame::endStream, 1, QByteArray("\0\1a\1b", 5)}.bytes();
        QTest::newRow("a table that is not there")
            << Frame{Frame::Headers, Frame::endHeaders | Frame::endStream, 1, QByteArray("\xFF\xFF\xFF\x7F", 4)}
                   .bytes();
        QTest::newRow("a longer body than was asked for") << cbor + data(1, QByteArray(2000, 'x'), false);
        QTest::newRow("a longer body than was announced")
            << head(1, 200, {{"content-type", "application/cbor"}, {"content-length", "3"}}) + data(1, "12345");
        QTest::newRow("announced too long")
            << head(1, 200, {{"content-type", "application/cbor"}, {"content-length", "99999999999"}});
        QTest::newRow("another type") << head(1, 200, {{"content-type", "text/html"}}) + data(1, "hello");
        QTest::newRow("another encoding")
            << head(1, 200, {{"content-type", "application/cbor"}, {"content-encoding", "gzip"}}) + data(1, "hello");
        QTest::newRow("an endless head") << head(
            1, 200, QList<std::pair<QByteArray, QByteArray>>(120, {"x-something", QByteArray(100, 'x')}));
        QTest::newRow("frames without end") << Frame{Frame::Ping, 0, 0, QByteArray(8, 'x')}.bytes().repeated(20'000);
        QTest::newRow("a frame beyond the limit") << data(1, QByteArray(20'000, 'x'));
    }

    void broken_rules_are_a_violation() {
        QFETCH(const QByteArray, answer);
        restart(toEach([&answer](std::uint32_t) { return answer; }),
                {.silenceTimeout = unhurried, .mostMessage = 1000});
        const auto broken = awaited(m_client->version({}));
        QVERIFY(!broken.has_value());
        QVERIFY2(broken.error().code == ErrorCode::ProtocolViolation, broken.error().detail.c_str());
        QVERIFY(broken.error().detail.find("swissnum") == std::string::npos);
        m_server->setAnswer(toEach(version));
        QVERIFY(awaited(m_client->version({})).has_value());
    }

private:
    void restart(FrameServer::Answer answer, gbs::Limits limits = {}) {
        m_client.reset();
        m_server = std::make_unique<FrameServer>(std::move(answer));
        m_client = gbs::makeGbsServer(m_server->announcement(), limits);
    }

    std::unique_ptr<FrameServer> m_server;
    std::shared_ptr<storage::StorageServer> m_client;
};

QTEST_GUILESS_MAIN(Http2ClientTest)
#include "http2_client_test.moc"
