#include "tests/storage/awaited.h"
#include "tests/upload/simulated_grid.h"

#include <QTest>

using namespace tarn;
using storage::Call;
using storage::Fault;
using test::CallInfo;
using test::SimulatedGrid;

namespace {

constexpr std::size_t fileSize = 24 * 1024 * 1024;
constexpr std::size_t total = 3;

struct Attempt {
    std::optional<Result<upload::Outcome>> result;
    std::size_t writes = 0;
    std::size_t bytes = 0;  ///< of shares that came to servers
};

}  // namespace

/// Uploads that end early and are gone on with.
class UploadContinuationTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        m_grid = std::make_unique<SimulatedGrid>(3);
        m_file = test::someBytes(fileSize);
        SimulatedGrid other(3);
        QVERIFY(other.put(upload::sourceOf(m_file), parameters()));
        m_writes = other.callsOf(Call::Write);
        m_shares = test::sharesOf(m_file, parameters());
        QVERIFY(m_writes > 3 * total);
    }

    void whatWasAcknowledgedIsNotSentAgain_data() {
        QTest::addColumn<int>("before");
        for (const int before : {0, 1, 5, 17}) {
            QTest::addRow("after %d", before) << before;
        }
    }
    void whatWasAcknowledgedIsNotSentAgain() {
        QFETCH(const int, before);
        const auto first = put(false, true, static_cast<std::size_t>(before));
        QVERIFY(!*first.result);
        QVERIFY(first.result->error().code == ErrorCode::Cancelled);
        QCOMPARE(m_grid->callsOf(Call::Abort), std::size_t{0});
        QCOMPARE(m_grid->incoming(), total);
        const auto second = put(true, true);
        QVERIFY(*second.result);
        // One byte of each share is asked with; all else goes once. (The stop is heard after the write that it comes
        // with.)
        QVERIFY(first.writes > static_cast<std::size_t>(before));
        QCOMPARE(second.writes, m_writes - first.writes + total);
        checkWhole();
    }

    void manyStopsSendLittleTwice() {
        std::size_t writes = 0;
        std::size_t lives = 0;
        for (bool over = false; !over; ++lives) {
            const auto attempt = put(lives > 0, true, 4 + total);  // the questions count among the writes
            writes += attempt.writes;
            over = attempt.result->has_value();
            QVERIFY(lives < 100);
        }
        QVERIFY(lives > 3);
        // Each life asks with a byte a share, and has one write cut off in the middle.
        QVERIFY(writes <= m_writes + lives * (total + 1));
        checkWhole();
    }

    void aStopThatIsMeantLeavesNothing() {
        const auto first = put(false, false, 5);
        QVERIFY(!*first.result);
        QCOMPARE(m_grid->incoming(), std::size_t{0});
        QCOMPARE(m_grid->completeShares(), std::size_t{0});
    }

    void serversThatGoAndComeBackAreGoneOnWith() {
        std::size_t count = 0;
        m_grid->choose = [&count](const CallInfo& info) {
            Fault fault;
            const bool gone = info.call == Call::Write && ++count > 7;
            fault.kind = gone ? Fault::Kind::Fail : Fault::Kind::None;
            return fault;
        };
        const auto first = attempt(false, nullptr, {});
        QVERIFY(!*first.result);
        QVERIFY(first.result->error().retryable);
        QVERIFY(m_grid->incoming() > 0);
        m_grid->choose = nullptr;
        const auto second = put(true, true);
        QVERIFY(*second.result);
        QCOMPARE(second.writes, m_writes - 7 + total);
        checkWhole();
    }

    void anotherSeedDoesNotTouchWhatIsBegun() {
        (void)put(false, true, 5);
        m_seed = 9;
        const auto second = put(true, true);
        // The room is another upload's: nobody else may write there.
        QVERIFY(!*second.result);
        m_seed = 1;
        QVERIFY(*put(true, true).result);
        checkWhole();
    }

    void aShareThatIsWholeMeanwhileIsFound() {
        QVERIFY(*put(false, true).result);
        const auto again = put(true, true);
        QVERIFY(*again.result);
        QCOMPARE(again.writes, std::size_t{0});
        QCOMPARE((*again.result)->sharesFound, 3U);
    }

    void smallSharesOfOneThatWasCutOffAreAskedForFirst_data() {
        QTest::addColumn<bool>("cutOff");
        QTest::addColumn<int>("servers");
        for (const int servers : {0, 1, 2, 3}) {
            QTest::addRow("cut off, %d have it", servers) << true << servers;
        }
        QTest::addRow("not cut off, none has it") << false << 0;
    }
    void smallSharesOfOneThatWasCutOffAreAskedForFirst() {
        QFETCH(const bool, cutOff);
        QFETCH(const int, servers);
        m_file = test::someBytes(50'000);
        m_shares = test::sharesOf(m_file, parameters());
        m_grid->takeWholeShares();
        // The program ended when some servers had stored their share, and nothing of it was noted.
        QVERIFY(*put(false, true).result);
        for (std::size_t server = static_cast<std::size_t>(servers); server < total; ++server) {
            m_grid->memory[server]->shares.clear();
        }
        m_cutOff = cutOff;
        const auto second = put(true, true);
        QVERIFY(*second.result);
        // Where it asks first only what is missing is sent.
        const std::size_t sent = cutOff ? total - static_cast<std::size_t>(servers) : total;
        QCOMPARE(second.bytes, sent * m_shares.begin()->second.size());
        QCOMPARE(second.writes, cutOff ? sent : 0);
        checkWhole();
    }

    void aShareOfOneWriteIsNotSentAgainFromItsBegin() {
        m_file = test::someBytes(900'000);
        m_shares = test::sharesOf(m_file, parameters());
        m_grid->choose = [](const CallInfo& info) {
            Fault fault;
            fault.kind = info.call == Call::Write ? Fault::Kind::Fail : Fault::Kind::None;
            return fault;
        };
        QVERIFY(!*attempt(false, nullptr, {}).result);
        m_grid->choose = nullptr;
        QCOMPARE(m_grid->incoming(), total);
        // What came of the writes that were cut off, the servers have kept.
        const auto capability = upload::dryRun(*upload::sourceOf(m_file), parameters(), m_grid->secrets->convergence);
        const auto index = std::get<caps::Chk>(*capability).storageIndex();
        const auto secret = crypto::uploadSecretFor(seed(), index, LeaseSeed());
        std::size_t kept = 0;
        for (const auto& server : m_grid->memory) {
            for (const auto& [share, bytes] : m_shares) {
                const auto half = std::make_shared<const Bytes>(bytes.begin(), bytes.begin() + 200'000);
                const auto written = testing::awaited(server->write(index, share, secret, ByteOffset(0), half, {}));
                kept += written ? half->size() : 0;
            }
        }
        QCOMPARE(kept, total * 200'000);
        m_cutOff = true;
        const auto second = put(true, true);
        QVERIFY(*second.result);
        // A byte of each is asked with.
        QCOMPARE(second.bytes, total * (m_shares.begin()->second.size() - 200'000 + 1));
        checkWhole();
    }

private:
    static formats::EncodingParameters parameters() { return test::encoding(2, 3, total); }

    /// Stops with the write that follows `before` others; runs to its end where that is nothing.
    Attempt put(bool again, bool keep, std::optional<std::size_t> before = std::nullopt) {
        const auto source = std::make_shared<std::stop_source>();
        std::size_t count = 0;
        if (before) {
            m_grid->choose = [&count, source, most = *before](const CallInfo& info) {
                if (info.call == Call::Write && count++ == most) {
                    source->request_stop();
                }
                return Fault{};
            };
        }
        auto done = attempt(again, std::make_shared<bool>(keep), source->get_token());
        m_grid->choose = nullptr;
        return done;
    }

    Attempt attempt(bool again, std::shared_ptr<const bool> keep, std::stop_token stop) {
        Attempt attempt;
        const auto before = m_grid->callsOf(Call::Write);
        const auto bytesBefore = bytesCame();
        auto continuation = std::make_shared<const upload::Continuation>(
            upload::Continuation{seed(), again, m_cutOff, keep ? std::move(keep) : std::make_shared<const bool>(true)});
        async::TaskScope scope;
        scope.spawn(upload::upload(upload::sourceOf(m_file), parameters(), m_grid->secrets,
                                   {m_grid->lines.begin(), m_grid->lines.end()}, m_grid->environment, {},
                                   std::move(continuation), std::move(stop)),
                    [&attempt](Result<upload::Outcome> outcome) { attempt.result.emplace(std::move(outcome)); });
        m_grid->runUntil([&attempt] { return attempt.result.has_value(); });
        attempt.writes = m_grid->callsOf(Call::Write) - before;
        attempt.bytes = bytesCame() - bytesBefore;
        return attempt;
    }

    [[nodiscard]] UploadSecret seed() const {
        std::array<Byte, UploadSecret::size> seed{};
        seed[0] = m_seed;
        return UploadSecret(seed);
    }

    [[nodiscard]] std::size_t bytesCame() const {
        std::size_t bytes = 0;
        for (const auto& server : m_grid->memory) {
            bytes += server->bytesCame;
        }
        return bytes;
    }

    void checkWhole() const {
        QCOMPARE(m_grid->incoming(), std::size_t{0});
        std::map<ShareNum, Bytes> stand;
        for (const auto& server : m_grid->memory) {
            for (const auto& [index, shares] : server->shares) {
                stand.insert(shares.begin(), shares.end());
            }
        }
        QVERIFY(stand == m_shares);
    }

    std::unique_ptr<SimulatedGrid> m_grid;
    Bytes m_file;
    std::map<ShareNum, Bytes> m_shares;
    std::size_t m_writes = 0;
    Byte m_seed = 1;
    bool m_cutOff = false;
};

QTEST_GUILESS_MAIN(UploadContinuationTest)
#include "upload_continuation_test.moc"
