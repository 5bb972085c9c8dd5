#include "core/bucketstore/disk_store.h"
#include "tests/bucketstore/index_check.h"
#include "tests/bucketstore/simulated_disk.h"
#include "tests/bucketstore/store_fixture.h"

#include <QtTest>

#include <random>
#include <thread>

namespace tarn::bucketstore::test {

namespace {

using std::chrono::hours;
using std::chrono::seconds;
using Mode = ExpiryPolicy::Mode;

const auto mine = secretOf<UploadSecret>(1);
const std::string folder = "/home/store";

ExpiryPolicy byAge(std::optional<seconds> duration = {}) {
    ExpiryPolicy policy;
    policy.mode = Mode::Age;
    policy.leaseDuration = duration;
    return policy;
}

}  // namespace

class ExpiryTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        m_indexFolder = quickFolder();
        m_clock = std::make_shared<StandingClock>();
        m_disk = std::make_shared<SimulatedDisk>();
        m_options = {folder, {}, ByteCount(0), false};
    }
    void cleanup() { m_store.reset(); }

    void thePolicyEndsLeasesAtTheRightSecond() {
        const WallTime now(seconds(1'700'000'000));
        const std::uint32_t granted = 1'700'000'000;
        const std::uint32_t month = 31 * 86400;
        QCOMPARE(byAge().lastExpired(now), granted);
        // Granted an hour ago, with an hour to live: over now, and not a second before.
        const std::uint32_t hourOld = granted - 3600 + month;
        QVERIFY(hourOld <= byAge(seconds(3600)).lastExpired(now));
        QVERIFY(hourOld > byAge(seconds(3600)).lastExpired(now - seconds(1)));
        ExpiryPolicy cutoff;
        cutoff.mode = Mode::CutoffDate;
        cutoff.cutoff = now;
        QVERIFY(granted - 1 + month <= cutoff.lastExpired(now + hours(5)));
        QVERIFY(granted + month > cutoff.lastExpired(now + hours(5)));
        // A date to come ends nothing that was taken today.
        cutoff.cutoff = now + hours(1000);
        QVERIFY(granted + month > cutoff.lastExpired(now));
        QVERIFY(byAge(seconds(-5)).lastExpired(now) >= granted);
        QVERIFY(byAge(seconds::max()).lastExpired(now) <= granted);
        QVERIFY(byAge().lastExpired(WallTime(seconds(-100))) == 0);
    }

    void nothingGoesUnlessToldTo() {
        open();
        put(1);
        m_clock->pass(hours(24 * 100));
        work();
        QVERIFY(has(1));
        // And what would go is told.
        const ExpiryReport report = m_store->report().expiry;
        QVERIFY(report.policy.mode == Mode::Off);
        QCOMPARE(report.due.shares, 1U);
        QCOMPARE(report.due.bytes, ByteCount(100 + containerOverhead));
        QCOMPARE(report.due.clients, 1U);
        QCOMPARE(report.freedShares, 0U);
    }

    void aSharesLastLeaseKeepsItToTheSecond() {
        m_options.expiry = byAge();
        open();
        put(1);
        m_clock->pass(hours(24));
        QVERIFY(m_store->addLease(indexOf(1), leaseOf(70)).has_value());
        put(2);
        passTo(hours(31 * 24));
        QVERIFY(has(1));
        passTo(hours(32 * 24) - seconds(1));
        QVERIFY(has(1) && has(2));
        passTo(hours(32 * 24));
        QVERIFY(!has(1) && !has(2));
        QCOMPARE(m_store->usage().shares, 0U);
        QCOMPARE(m_store->usage().bytes, ByteCount(0));
        QCOMPARE(m_store->report().expiry.freedShares, 2U);
        QCOMPARE(m_store->report().expiry.freedBytes, ByteCount(2 * (100 + containerOverhead) + 72));
        // No empty bucket is left behind, and the place can be used anew.
        QVERIFY(!m_disk->status(bucketPath(1)).has_value());
        put(1);
        QVERIFY(has(1));
        verifyAgrees();
    }

    void aDayOfRenewalsKeepsWhatIsRenewedAndNoMore() {
        // A lease lives for an hour; ten shares are renewed at odd times, ten others are not.
        m_options.expiry = byAge(seconds(3600));
        open();
        for (Byte n = 0; n < 20; ++n) {
            put(n);
        }
        std::minstd_rand random(3);
        std::array<seconds, 20> renewed{};
        for (seconds time(0); time < hours(24); time += seconds(60)) {
            passTo(time);
            for (Byte n = 0; n < 20; ++n) {
                const bool alive = time - renewed[n] < hours(1);
                const QByteArray when = QByteArray::number(int(n)) + " at " + QByteArray::number(int(time.count()));
                QVERIFY2(has(n) == alive, when.constData());
                if (alive && n < 10 && random() % 20 == 0) {
                    QVERIFY(m_store->addLease(indexOf(n), leaseOf(5)).has_value());
                    renewed[n] = time;
                }
            }
        }
        for (Byte n = 10; n < 20; ++n) {
            QVERIFY(!has(n));
        }
        verifyAgrees();
    }

    void aCutoffDateTakesWhatWasNotRenewedSince() {
        m_options.expiry.mode = Mode::CutoffDate;
        m_options.expiry.cutoff = m_clock->wallNow() + hours(48);
        open();
        put(1);
        put(2);
        m_clock->pass(hours(48));
        QVERIFY(m_store->addLease(indexOf(2), leaseOf(5)).has_value());
        m_clock->pass(seconds(1));
        work();
        QVERIFY(!has(1) && has(2));
        m_clock->pass(hours(24 * 365));
        work();
        QVERIFY(has(2));
    }

    void onlyTheKindsThatAreNamedGo() {
        m_options.expiry = byAge();
        m_options.expiry.immutableShares = false;
        open();
        put(1);
        putSlot(2);
        m_clock->pass(hours(24 * 31));
        work();
        QVERIFY(has(1) && !slotHas(2));
        m_store.reset();
        m_options.expiry.immutableShares = true;
        m_options.expiry.mutableShares = false;
        open();
        putSlot(3);
        m_clock->pass(hours(24 * 31));
        work();
        QVERIFY(!has(1) && slotHas(3));
        QCOMPARE(m_store->report().expiry.due.shares, 0U);
        verifyAgrees();
    }

    void pausedNothingGoesAndARestartRemembers() {
        m_options.expiry = byAge();
        open();
        put(1);
        put(2);
        QVERIFY(m_store->pauseExpiry(true).has_value());
        m_clock->pass(hours(24 * 31));
        work();
        QVERIFY(has(1));
        m_store.reset();
        open();
        work();
        QVERIFY(has(1));
        QVERIFY(m_store->report().expiry.paused);
        QCOMPARE(m_store->report().expiry.due.shares, 2U);
        // The pause is not in the index, which can be lost.
        m_store.reset();
        ShareIndex::discard(indexFile());
        open();
        work();
        QVERIFY(has(1) && has(2));
        QVERIFY(m_store->report().expiry.paused);
        QVERIFY(m_store->pauseExpiry(false).has_value());
        work();
        QVERIFY(!has(1) && !has(2));
        m_store.reset();
        open();
        QVERIFY(!m_store->report().expiry.paused);
    }

    void aDiskThatWillNotKeepAPauseHoldsItAllTheSame() {
        m_options.expiry = byAge();
        open();
        put(1);
        m_clock->pass(hours(24 * 31));
        m_disk->stopAt(m_disk->steps() + 1, false);
        QVERIFY(!m_store->pauseExpiry(true).has_value());
        m_disk->stopAt(0, false);
        work();
        QVERIFY(has(1));
        QVERIFY(m_store->pauseExpiry(true).has_value());
        m_disk->stopAt(m_disk->steps() + 1, false);
        QVERIFY(!m_store->pauseExpiry(false).has_value());
        m_disk->stopAt(0, false);
        work();
        QVERIFY(has(1));
        QVERIFY(m_store->report().expiry.paused);
    }

    /// The power goes at each step of a pause: who was told that it holds finds it so.
    void aPauseThatWasAnsweredSurvivesAPowerCut() {
        bool stopped = true;
        for (std::uint64_t stop = 1; stopped; ++stop) {
            const auto disk = std::make_shared<SimulatedDisk>();
            auto store = openDiskStore({folder, {}, ByteCount(0), false}, m_clock, disk, {indexFile(), false});
            QVERIFY(store.has_value());
            disk->stopAt(disk->steps() + stop, false);
            const bool told = (*store)->pauseExpiry(true).has_value();
            stopped = disk->stopped();
            store->reset();
            ShareIndex::discard(indexFile());
            for (const auto survives : {SimulatedDisk::Survives::Everything, SimulatedDisk::Survives::WhatWasSynced}) {
                auto again = openDiskStore({folder, {}, ByteCount(0), false}, m_clock, disk->afterRestart(survives),
                                           {indexFile(), false});
                QVERIFY(again.has_value());
                QVERIFY(!told || (*again)->report().expiry.paused);
                again->reset();
                ShareIndex::discard(indexFile());
            }
        }
    }

    void manySharesGoInSlicesAndGoOnAfterARestart() {
        m_options.expiry = byAge();
        open();
        constexpr int many = 200;
        for (int n = 0; n < many; ++n) {
            put(static_cast<Byte>(n));
        }
        m_store->caretaker().flush();
        m_clock->pass(hours(24 * 31));
        (void)m_store->caretaker().turn();
        const std::uint64_t left = m_store->usage().shares;
        QVERIFY(left > 0 && left < many);
        m_store.reset();
        open();
        QCOMPARE(m_store->usage().shares, left);
        work();
        QCOMPARE(m_store->usage().shares, 0U);
        QCOMPARE(m_store->report().expiry.freedShares, std::uint64_t{many});
        verifyAgrees();
    }

    void whatTheIndexHasWrongIsDecidedByTheContainer() {
        m_options.expiry = byAge();
        open();
        put(1);
        work();
        m_store.reset();
        {
            auto index = ShareIndex::open(indexFile());
            const ShareKey key(indexOf(1), ShareNum(0));
            auto row = index->find(key);
            (*row)->latest = 1;
            QVERIFY(index->put(**row).has_value());
            QVERIFY(index->close().has_value());
        }
        open();
        work();
        QVERIFY(has(1));
        verifyAgrees();
    }

    void aShareWithoutLeaseOrWithADamagedContainerStays() {
        m_options.expiry = byAge();
        Bytes bare = copyOf(makeContainerHeader(16, 0));
        bare.resize(bare.size() + 16);
        m_disk->put(bucketPath(1) + "/0", bare);
        m_disk->put(bucketPath(2) + "/0", Bytes(5));
        open();
        m_clock->pass(hours(24 * 365));
        work();
        QVERIFY(m_disk->contents(bucketPath(1) + "/0") && m_disk->contents(bucketPath(2) + "/0"));
    }

    void aDiskThatWillNotRemoveIsAskedAgainLater() {
        m_options.expiry = byAge();
        open();
        put(1);
        m_store->caretaker().flush();
        m_clock->pass(hours(24 * 31));
        m_disk->stopAt(m_disk->steps() + 1, false);
        for (int i = 0; i < 50; ++i) {
            (void)m_store->caretaker().turn();
        }
        m_disk->stopAt(0, false);
        QVERIFY(m_disk->contents(bucketPath(1) + "/0").has_value());
        m_clock->pass(std::chrono::minutes(11));
        work();
        QVERIFY(!m_disk->contents(bucketPath(1) + "/0").has_value());
    }

    /// Clients renew, the clock runs and shares expire, all at the same time: whoever was told that a lease is renewed
    /// finds the share as long as that lease lives, whatever came in between.
    void renewingAndExpiringAtTheSameMomentNeverTakesARenewedShare() {
        m_options.expiry = byAge(seconds(100));
        open(true);
        constexpr Byte buckets = 8;
        std::atomic<int> lost = 0;
        std::atomic<int> renewals = 0;
        std::atomic<int> vanished = 0;
        std::vector<std::thread> clients;
        for (unsigned who = 0; who < 4; ++who) {
            clients.emplace_back([&, who] {
                std::minstd_rand random(who + 1);
                for (int round = 0; round < 400; ++round) {
                    const auto n = static_cast<Byte>(random() % buckets);
                    const WallTime before = m_clock->wallNow();
                    const auto room = m_store->allocate(indexOf(n), {ShareNum(0)}, ByteCount(100), mine, leaseOf(5));
                    bool held = room && room->alreadyHave.contains(ShareNum(0));
                    if (room && room->allocated.contains(ShareNum(0))) {
                        const auto wrote =
                            m_store->write(indexOf(n), ShareNum(0), mine, ByteOffset(0), patternOf(100, n));
                        held = wrote && wrote->complete;
                    }
                    const bool there = has(n);
                    // The lease was taken at `before` or later; the clock did not reach its end if it is still short.
                    if (held && !there && m_clock->wallNow() - before < seconds(100)) {
                        ++lost;
                    }
                    renewals += held ? 1 : 0;
                    vanished += room && !room->allocated.empty() ? 1 : 0;
                    if (random() % 4 == 0) {
                        m_clock->pass(seconds(random() % 60));
                    }
                    m_store->caretaker().turn();
                }
            });
        }
        for (std::thread& client : clients) {
            client.join();
        }
        QCOMPARE(lost.load(), 0);
        QVERIFY(renewals > 100);
        QVERIFY2(vanished > buckets, "shares expired and came again");
        verifyAgrees();
    }

private:
    void open(bool ownThread = false) {
        auto store = openDiskStore(m_options, m_clock, m_disk, {indexFile(), ownThread});
        QVERIFY(store.has_value());
        m_store = std::move(*store);
    }
    [[nodiscard]] std::filesystem::path indexFile() const {
        return m_indexFolder->path().toStdString() + "/index.sqlite";
    }
    static std::string bucketPath(Byte n) { return ShareTree(nullptr, folder + "/shares").bucketPath(indexOf(n)); }
    void put(Byte n) {
        QVERIFY(
            m_store->allocate(indexOf(n), {ShareNum(0)}, ByteCount(100), mine, leaseOf(5), "192.0.2.1").has_value());
        QVERIFY(m_store->write(indexOf(n), ShareNum(0), mine, ByteOffset(0), patternOf(100, n))->complete);
    }
    void putSlot(Byte n) {
        const Bytes data = patternOf(50, n);
        formats::gbs::SlotRequest request;
        request.changes[ShareNum(0)].writes.push_back({0, data});
        const auto done = m_store->readTestWrite(indexOf(n), secretOf<WriteEnabler>(3), leaseOf(5), request);
        QVERIFY(done.has_value() && done->success);
    }
    [[nodiscard]] bool has(Byte n) const { return m_store->list(indexOf(n))->contains(ShareNum(0)); }
    [[nodiscard]] bool slotHas(Byte n) const { return m_store->listSlot(indexOf(n))->contains(ShareNum(0)); }
    /// Moves the clock to `time` after the test's start, and works until there is nothing to do at that second.
    void passTo(seconds time) {
        const auto passed = std::chrono::duration_cast<seconds>(m_clock->steadyNow().time_since_epoch());
        m_clock->pass(time - passed);
        work();
    }
    void work() {
        // What is due at this second is done at once; a round through the folders may take more turns.
        m_store->caretaker().flush();
        for (int i = 0; i < 20; ++i) {
            (void)m_store->caretaker().turn();
        }
        m_store->caretaker().flush();
    }
    void verifyAgrees() {
        // The caretaker may have a thread of its own: nothing is to go between the two counts.
        m_store->caretaker().pauseExpiry(true);
        m_store->caretaker().flush();
        const std::uint64_t shares = m_store->usage().shares;
        m_store.reset();
        const auto wrong = indexDisagreement(*m_disk, folder + "/shares", indexFile());
        QVERIFY2(wrong.empty(), wrong.c_str());
        auto index = ShareIndex::open(indexFile());
        QCOMPARE(std::uint64_t{index->between(StorageIndex(), std::nullopt)->size()}, shares);
    }

    std::unique_ptr<QTemporaryDir> m_indexFolder;
    std::shared_ptr<StandingClock> m_clock;
    std::shared_ptr<SimulatedDisk> m_disk;
    Options m_options;
    std::unique_ptr<DiskStore> m_store;
};

}  // namespace tarn::bucketstore::test

QTEST_GUILESS_MAIN(tarn::bucketstore::test::ExpiryTest)
#include "expiry_test.moc"
