#include "tests/bucketstore/store_fixture.h"

#include <QtTest>

#include <csignal>
#include <random>

#include <sys/wait.h>
#include <unistd.h>

namespace tarn::bucketstore::test {

namespace {

constexpr std::size_t shareSize = 3000;

/// Puts shares until it is killed, and says each number through the pipe once the store has acknowledged it.
[[noreturn]] void putForEver(const std::string& folder, int pipe, std::uint32_t from) {
    const auto store = BucketStore::open({folder, {}, ByteCount(0), false}, std::make_shared<SystemClock>());
    if (!store) {
        ::_exit(1);
    }
    const auto upload = secretOf<UploadSecret>(1);
    for (std::uint32_t n = from;; ++n) {
        const StorageIndex index = indexOf(static_cast<Byte>(n), static_cast<Byte>(n >> 8U));
        const Bytes data = patternOf(shareSize, n);
        const auto room = (*store)->allocate(index, {ShareNum(0)}, ByteCount(shareSize), upload, leaseOf(2));
        if (!room || !room->allocated.contains(ShareNum(0))) {
            continue;
        }
        const auto half = (*store)->write(index, ShareNum(0), upload, ByteOffset(0), ByteView(data).first(1000));
        const auto rest = (*store)->write(index, ShareNum(0), upload, ByteOffset(1000), ByteView(data).subspan(1000));
        if (!half || !rest || !rest->complete || ::write(pipe, &n, sizeof n) != sizeof n) {
            ::_exit(1);
        }
    }
}

}  // namespace

class KillTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aKilledProgramLosesNothingItAcknowledged() {
        const QTemporaryDir folder;
        std::minstd_rand random(7);
        std::map<std::uint32_t, StorageIndex> acknowledged;
        std::uint32_t next = 0;
        for (int round = 0; round < 12; ++round) {
            std::array<int, 2> pipe{};
            QCOMPARE(::pipe(pipe.data()), 0);
            const pid_t child = ::fork();
            if (child == 0) {
                ::close(pipe[0]);
                putForEver(folder.path().toStdString(), pipe[1], next);
            }
            ::close(pipe[1]);
            std::uint32_t number = 0;
            const auto killAfter = static_cast<std::uint32_t>(random() % 30);
            std::uint32_t seen = 0;
            while (::read(pipe[0], &number, sizeof number) == sizeof number) {
                acknowledged[number] = indexOf(static_cast<Byte>(number), static_cast<Byte>(number >> 8U));
                next = number + 1;
                if (++seen == killAfter + 1) {
                    ::usleep(static_cast<useconds_t>(random() % 2000));
                    ::kill(child, SIGKILL);
                }
            }
            ::close(pipe[0]);
            int status = 0;
            ::waitpid(child, &status, 0);
            QVERIFY(WIFSIGNALED(status));
            next += 2;

            const auto store = BucketStore::open({folder.path().toStdString(), {}, ByteCount(0), false},
                                                 std::make_shared<SystemClock>());
            QVERIFY(store.has_value());
            for (const auto& [n, index] : acknowledged) {
                QVERIFY(readAll(**store, index, ShareNum(0)) == patternOf(shareSize, n));
            }
            QVERIFY((*store)->usage().shares <= acknowledged.size() + static_cast<std::size_t>(round) + 1);
            QVERIFY(std::filesystem::is_empty(folder.path().toStdString() + "/incoming"));
        }
        QVERIFY(acknowledged.size() > 50);
    }
};

}  // namespace tarn::bucketstore::test

QTEST_GUILESS_MAIN(tarn::bucketstore::test::KillTest)
#include "kill_test.moc"
