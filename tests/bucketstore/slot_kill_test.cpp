#include "tests/bucketstore/slot_fixture.h"

#include <QtTest>

#include <csignal>
#include <random>

#include <sys/wait.h>
#include <unistd.h>

namespace tarn::bucketstore::test {

namespace {

constexpr std::uint32_t slots = 3;
const auto enabler = secretOf<WriteEnabler>(0x77);

StorageIndex slotOf(std::uint32_t number) {
    return indexOf(static_cast<Byte>(number % slots));
}

/// What request `number` leaves in both shares of its slot: every length differs from the one before.
Bytes versionOf(std::uint32_t number) {
    return patternOf(500 + number % 7 * 300, number);
}

/// Changes slots, two shares by one request, until it is killed; says each number through the pipe once it is
/// acknowledged.
[[noreturn]] void changeForEver(const std::string& folder, int pipe, std::uint32_t from) {
    const auto store = BucketStore::open({folder, {}, ByteCount(0), false}, std::make_shared<SystemClock>());
    if (!store) {
        ::_exit(1);
    }
    for (std::uint32_t number = from;; ++number) {
        const Bytes version = versionOf(number);
        const auto call =
            SlotCall().write(0, 0, version).cut(0, version.size()).write(1, 0, version).cut(1, version.size());
        const auto reply = (*store)->readTestWrite(slotOf(number), enabler, leaseOf(1), call.request());
        if (!reply || !reply->success || ::write(pipe, &number, sizeof number) != sizeof number) {
            ::_exit(1);
        }
    }
}

}  // namespace

class SlotKillTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aKilledProgramLeavesEachSlotAtOneVersion() {
        const QTemporaryDir folder;
        std::minstd_rand random(11);
        std::map<std::uint32_t, std::uint32_t> acknowledged;  // by slot
        std::uint32_t next = 1;
        for (int round = 0; round < 12; ++round) {
            std::array<int, 2> pipe{};
            QCOMPARE(::pipe(pipe.data()), 0);
            const pid_t child = ::fork();
            if (child == 0) {
                ::close(pipe[0]);
                changeForEver(folder.path().toStdString(), pipe[1], next);
            }
            ::close(pipe[1]);
            const auto killAfter = static_cast<std::uint32_t>(random() % 20);
            std::uint32_t number = 0;
            std::uint32_t seen = 0;
            while (::read(pipe[0], &number, sizeof number) == sizeof number) {
                acknowledged[number % slots] = number;
                next = number + 1;
                if (++seen == killAfter + 1) {
                    ::usleep(static_cast<useconds_t>(random() % 3000));
                    ::kill(child, SIGKILL);
                }
            }
            ::close(pipe[0]);
            int status = 0;
            ::waitpid(child, &status, 0);
            QVERIFY(WIFSIGNALED(status));

            const auto store = BucketStore::open({folder.path().toStdString(), {}, ByteCount(0), false},
                                                 std::make_shared<SystemClock>());
            QVERIFY(store.has_value());
            std::uint64_t shares = 0;
            for (std::uint32_t slot = 0; slot < slots; ++slot) {
                const auto there = readSlot(**store, slotOf(slot), 0);
                QVERIFY2(there == readSlot(**store, slotOf(slot), 1), "a request was carried out by half");
                const std::uint32_t last = acknowledged[slot];
                // The request that was under way when the kill came may have been made and not acknowledged.
                const bool asAcknowledged = last == 0 ? !there : there == versionOf(last);
                QVERIFY(asAcknowledged || (next % slots == slot && there == versionOf(next)));
                shares += there ? 2 : 0;
            }
            QCOMPARE((*store)->usage().shares, shares);
            QVERIFY(std::filesystem::is_empty(folder.path().toStdString() + "/incoming"));
        }
        QVERIFY(next > 50);
    }
};

}  // namespace tarn::bucketstore::test

QTEST_GUILESS_MAIN(tarn::bucketstore::test::SlotKillTest)
#include "slot_kill_test.moc"
