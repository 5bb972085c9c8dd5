#include "core/bucketstore/disk_store.h"
#include "core/formats/grid_file.h"
#include "core/gbs/gbs_server.h"
#include "tests/app/tarn_process.h"
#include "tests/bucketstore/index_check.h"
#include "tests/bucketstore/store_fixture.h"
#include "tests/storage/awaited.h"
#include "tests/storage/slot_call.h"

#include <QEventLoop>
#include <QObject>
#include <QTest>
#include <QTimer>

#include <algorithm>
#include <filesystem>
#include <map>
#include <random>
#include <set>

using namespace tarn;
using bucketstore::test::leaseOf;
using bucketstore::test::patternOf;
using bucketstore::test::secretOf;
using tarn::testing::awaited;

namespace {

constexpr unsigned clients = 6;
constexpr std::uint32_t slots = 4;

StorageIndex bucketOf(std::uint32_t number) {
    return bucketstore::test::indexOf(static_cast<Byte>(number * 7U), static_cast<Byte>(number >> 8U));
}

StorageIndex slotOf(std::uint32_t slot) {
    return bucketstore::test::indexOf(static_cast<Byte>(slot), 0xee);
}

Bytes shareOf(std::uint32_t number, ShareNum share) {
    return patternOf(200 + number % 5 * 700, number * 2U + share.value());
}

Bytes versionOf(std::uint32_t number) {
    return patternOf(300 + number % 7 * 400, number);
}

/// What the clients asked of the server over its lives, and what it told them.
struct Told {
    std::uint32_t next = 0;
    std::uint32_t answers = 0;
    std::map<std::uint32_t, std::set<ShareNum>> asked;  ///< by number of the bucket
    std::map<std::uint32_t, std::set<ShareNum>> acknowledged;
    std::map<std::uint32_t, std::uint32_t> slotVersion;             ///< acknowledged, by slot
    std::map<std::uint32_t, std::optional<std::uint32_t>> pending;  ///< asked for and not answered, by slot
};

using Server = std::shared_ptr<storage::StorageServer>;

SharedBytes shared(Bytes bytes) {
    return std::make_shared<const Bytes>(std::move(bytes));
}

/// Two shares along with the question for their room, or one in two pieces, until the server is gone.
async::Task<void> store(Server server, std::shared_ptr<Told> told) {
    const auto secret = secretOf<UploadSecret>(1);
    for (;;) {
        const std::uint32_t number = told->next++;
        const StorageIndex index = bucketOf(number);
        const Bytes first = shareOf(number, ShareNum(0));
        const ByteCount size(first.size());
        if (number % 2 == 0) {
            told->asked[number] = {ShareNum(0), ShareNum(1)};
            storage::WholeShares whole{{ShareNum(0), shared(first)},
                                       {ShareNum(1), shared(shareOf(number, ShareNum(1)))}};
            std::set<ShareNum> wanted = told->asked[number];
            const auto answer = co_await server->allocateAndWrite(index, std::move(wanted), size, std::move(whole),
                                                                  secret, leaseOf(9), {});
            if (!answer) {
                co_return failure(answer.error());
            }
            ++told->answers;
            told->acknowledged[number] = answer->stored;
            continue;
        }
        told->asked[number] = {ShareNum(0)};
        std::set<ShareNum> wanted = told->asked[number];
        const auto room = co_await server->allocate(index, std::move(wanted), size, secret, leaseOf(9), {});
        if (!room) {
            co_return failure(room.error());
        }
        ++told->answers;
        for (const std::size_t begin : {std::size_t{0}, first.size() / 2}) {
            const std::size_t end = begin == 0 ? first.size() / 2 : first.size();
            auto piece = shared(copyOf(ByteView(first).subspan(begin, end - begin)));
            const auto written =
                co_await server->write(index, ShareNum(0), secret, ByteOffset(begin), std::move(piece), {});
            if (!written) {
                co_return failure(written.error());
            }
            if (written->complete) {
                told->acknowledged[number].insert(ShareNum(0));
            }
        }
    }
}

/// New versions of both shares of one slot, until the server is gone.
async::Task<void> change(Server server, std::uint32_t slot, std::shared_ptr<Told> told) {
    for (;;) {
        const std::uint32_t number = told->next++;
        const Bytes version = versionOf(number);
        const auto call = tarn::testing::SlotCall()
                              .write(0, 0, version)
                              .cut(0, version.size())
                              .write(1, 0, version)
                              .cut(1, version.size());
        told->pending[slot] = number;
        auto request = call.request();
        const auto reply =
            co_await server->readTestWrite(slotOf(slot), secretOf<WriteEnabler>(7), leaseOf(3), std::move(request), {});
        if (!reply) {
            co_return failure(reply.error());
        }
        ++told->answers;
        told->slotVersion[slot] = number;
        told->pending[slot].reset();
    }
}

Server clientOf(const test::Serving& serving) {
    QFile file(serving.announcement());
    if (!file.open(QIODevice::ReadOnly)) {
        return nullptr;
    }
    const QByteArray text = file.readAll();
    const auto grid = formats::parseGridFile({text.constData(), static_cast<std::size_t>(text.size())});
    return grid && grid->servers.size() == 1 ? gbs::makeGbsServer(grid->servers.front()) : nullptr;
}

}  // namespace

/// The real server is killed at random moments while clients store and change things, and started again.
class ServeKillTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void nothingAcknowledgedIsLostHoweverOftenTheServerIsKilled() {
        bool given = false;
        const int wanted = qEnvironmentVariableIntValue("TARN_SERVE_KILLS", &given);
        const int rounds = given ? wanted : 12;
        const QTemporaryDir folder;
        const auto told = std::make_shared<Told>();
        std::minstd_rand random(23);
        std::uint32_t checkedBefore = 0;
        for (int round = 0; round <= rounds; ++round) {
            test::Serving serving(folder.path());
            QVERIFY2(!serving.line().isEmpty(), "the server did not start again");
            const Server server = clientOf(serving);
            QVERIFY(server && awaited(server->version({})));
            // What earlier rounds left is looked at as well, all of it at the end.
            verify(server, *told, round == rounds ? 0 : checkedBefore);
            if (QTest::currentTestFailed() || round == rounds) {
                break;
            }
            checkedBefore = told->next;
            killUnderLoad(serving, server, told, told->answers + static_cast<std::uint32_t>(random() % 60),
                          static_cast<int>(random() % 4));
            if (round % 4 == 0) {
                verifyFolder(folder.path().toStdString());
            }
            if (QTest::currentTestFailed()) {
                break;
            }
        }
        verifyFolder(folder.path().toStdString());
        QVERIFY(told->acknowledged.size() > static_cast<std::size_t>(rounds));
        QVERIFY(!told->slotVersion.empty());
    }

private:
    /// The kill comes up to `later` milliseconds after the server has given more than `answers` answers.
    static void killUnderLoad(test::Serving& serving, const Server& server, const std::shared_ptr<Told>& told,
                              std::uint32_t answers, int later) {
        QEventLoop loop;
        unsigned running = clients + slots;
        async::TaskScope scope;
        const auto ended = [&](const Result<void>&) {
            if (--running == 0) {
                loop.quit();
            }
        };
        for (unsigned client = 0; client < clients; ++client) {
            scope.spawn(store(server, told), ended);
        }
        for (std::uint32_t slot = 0; slot < slots; ++slot) {
            scope.spawn(change(server, slot, told), ended);
        }
        QTimer look;
        QObject::connect(&look, &QTimer::timeout, &loop, [&] {
            if (told->answers > answers) {
                look.stop();
                if (later > 0) {
                    QTest::qSleep(later);
                }
                serving.kill();
            }
        });
        look.start(0);
        if (running > 0) {
            loop.exec();
        }
    }

    /// Of buckets from `from` on.
    static void verify(const Server& server, Told& told, std::uint32_t from) {
        for (auto bucket = told.asked.lower_bound(from); bucket != told.asked.end(); ++bucket) {
            const auto& [number, asked] = *bucket;
            const auto listed = awaited(server->listShares(bucketOf(number), {}));
            QVERIFY(listed);
            const auto& kept = told.acknowledged[number];
            QVERIFY2(std::ranges::includes(*listed, kept), "an acknowledged share is lost");
            QVERIFY2(std::ranges::includes(asked, *listed), "a share is there that nobody stored");
            for (const ShareNum share : *listed) {
                const Bytes expected = shareOf(number, share);
                const auto read =
                    awaited(server->read(bucketOf(number), share, ByteOffset(0), ByteCount(expected.size() + 1), {}));
                QVERIFY2(read && *read == expected, "a share is half there");
            }
        }
        for (auto& [slot, pending] : told.pending) {
            const auto first =
                awaited(server->readMutable(slotOf(slot), ShareNum(0), ByteOffset(0), ByteCount(9000), {}));
            const auto second =
                awaited(server->readMutable(slotOf(slot), ShareNum(1), ByteOffset(0), ByteCount(9000), {}));
            QVERIFY2(first.has_value() == second.has_value() && (!first || *first == *second),
                     "a change was made by half");
            const auto last = told.slotVersion.find(slot);
            const bool asAcknowledged =
                last == told.slotVersion.end() ? !first : first && *first == versionOf(last->second);
            const bool asAsked = pending && first && *first == versionOf(*pending);
            QVERIFY2(asAcknowledged || asAsked, "an acknowledged change is lost");
            if (asAsked) {
                told.slotVersion[slot] = *pending;
            }
            pending.reset();
        }
    }

    /// The space and the index, as the next start makes them good.
    static void verifyFolder(const std::string& folder) {
        const auto files = bucketstore::makePosixFileSystem();
        const std::filesystem::path index = folder + "/index.sqlite";
        auto opened = bucketstore::openDiskStore({folder, {}, ByteCount(0), false}, std::make_shared<SystemClock>(),
                                                 files, {index, false});
        QVERIFY(opened.has_value());
        (*opened)->waitUntilCounted();
        while ((*opened)->report().index != bucketstore::IndexState::Agrees) {
            (void)(*opened)->caretaker().turn();
        }
        const auto usage = (*opened)->usage();
        opened->reset();
        const std::string wrong = bucketstore::test::indexDisagreement(*files, folder + "/shares", index);
        QVERIFY2(wrong.empty(), wrong.c_str());
        std::uint64_t shares = 0;
        std::uint64_t bytes = 0;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder + "/shares")) {
            shares += entry.is_regular_file() ? 1 : 0;
            bytes += entry.is_regular_file() ? entry.file_size() : 0;
        }
        QCOMPARE(usage.shares, shares);
        QCOMPARE(usage.bytes, ByteCount(bytes));
        QCOMPARE(usage.incomingBytes, ByteCount(0));
        QVERIFY(std::filesystem::is_empty(folder + "/incoming"));
    }
};

QTEST_GUILESS_MAIN(ServeKillTest)
#include "serve_kill_test.moc"
