#include "core/bucketstore/container.h"
#include "core/bucketstore/share_log.h"
#include "tests/bucketstore/simulated_disk.h"
#include "tests/bucketstore/store_fixture.h"

#include <QtTest>

#include <deque>
#include <thread>

namespace tarn::bucketstore::test {

namespace {

using Survives = SimulatedDisk::Survives;

const std::string store = "/store";
const std::string folder = store + "/log";
constexpr std::size_t segmentSize = 64UL * 1024;

ShareKey keyOf(unsigned number) {
    return {indexOf(static_cast<Byte>(number), static_cast<Byte>(number >> 8U)), ShareNum(3)};
}

/// A container with a single lease.
Bytes containerOf(unsigned number, std::size_t size = 500) {
    const ContainerHeader header = makeContainerHeader(size, 1);
    Bytes container(header.begin(), header.end());
    const Bytes data = patternOf(size, number);
    container.insert(container.end(), data.begin(), data.end());
    container.resize(container.size() + leaseSize, 7);
    return container;
}

std::optional<ShareLog::Ticket> add(ShareLog& log, unsigned number, const Bytes& container) {
    const ByteView view(container);
    const std::array entries{
        ShareLog::Entry{keyOf(number), {view.first(12), view.subspan(12, 100), view.subspan(112)}}};
    return log.add(entries);
}

std::shared_ptr<SimulatedDisk> emptyDisk() {
    auto disk = std::make_shared<SimulatedDisk>();
    for (const char* const name : {"", "/shares", "/incoming"}) {
        (void)disk->makeFolder(store + name);
    }
    (void)disk->syncAll("/");
    return disk;
}

/// What a start finds of the share after it has looked at the log.
std::optional<Bytes> afterStart(const std::shared_ptr<SimulatedDisk>& disk, unsigned number) {
    ShareTree tree(disk, store + "/shares");
    if (!replayShareLog(*disk, folder, tree, store + "/incoming")) {
        return std::nullopt;
    }
    return disk->contents(tree.sharePath(keyOf(number).first, keyOf(number).second));
}

bool nothingToPlace() {
    return true;
}

Result<void> nothingToSync() {
    return {};
}

}  // namespace

class ShareLogTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatWasAddedComesBackWhereverThePowerGoes() {
        for (std::uint64_t stop = 1;; ++stop) {
            for (const bool tear : {false, true}) {
                const auto disk = emptyDisk();
                disk->stopAt(disk->steps() + stop, tear);
                std::set<unsigned> added;
                {
                    ShareLog log(disk, folder, segmentSize);
                    for (unsigned number = 0; number < 4; ++number) {
                        if (add(log, number, containerOf(number)) && !disk->stopped()) {
                            added.insert(number);
                        }
                    }
                }
                for (const Survives survives : {Survives::Everything, Survives::WhatWasSynced, Survives::NamesAndSynced,
                                                Survives::NamesAndNewest, Survives::BytesAndSynced}) {
                    const auto after = disk->afterRestart(survives);
                    for (unsigned number = 0; number < 4; ++number) {
                        const auto found = afterStart(after, number);
                        QVERIFY(found || !added.contains(number));
                        QVERIFY(!found || *found == containerOf(number));
                    }
                }
                if (!disk->stopped()) {
                    QCOMPARE(added.size(), 4U);
                    return;
                }
            }
        }
    }

    void aShareThatStandsInItsPlaceKeepsItsLeases() {
        const auto disk = emptyDisk();
        ShareLog log(disk, folder, segmentSize);
        QVERIFY(add(log, 1, containerOf(1)));
        Bytes leased = containerOf(1);
        leased[11] = 2;
        leased.resize(leased.size() + leaseSize, 9);
        ShareTree tree(disk, store + "/shares");
        disk->put(tree.sharePath(keyOf(1).first, keyOf(1).second), leased);
        QVERIFY(afterStart(disk, 1) == leased);
    }

    void aDamagedShareIsPutRight() {
        const auto disk = emptyDisk();
        ShareLog log(disk, folder, segmentSize);
        for (unsigned number = 0; number < 3; ++number) {
            QVERIFY(add(log, number, containerOf(number)));
        }
        ShareTree tree(disk, store + "/shares");
        Bytes zeros(containerOf(1).size());
        disk->put(tree.sharePath(keyOf(0).first, keyOf(0).second), {});
        disk->put(tree.sharePath(keyOf(1).first, keyOf(1).second), zeros);
        Bytes flipped = containerOf(2);
        flipped[300] ^= 1U;
        disk->put(tree.sharePath(keyOf(2).first, keyOf(2).second), flipped);
        for (unsigned number = 0; number < 3; ++number) {
            QVERIFY(afterStart(disk, number) == containerOf(number));
        }
    }

    void itDeclinesWhatHasNoRoomUntilItIsSettled() {
        const auto disk = emptyDisk();
        ShareLog log(disk, folder, segmentSize);
        QVERIFY(!add(log, 0, containerOf(0, mostLoggedContainer)));
        unsigned taken = 0;
        while (add(log, taken, containerOf(taken, 5000))) {
            ++taken;
        }
        QCOMPARE(taken, 7U);  // of two blocks each, and one block is the segment's own
        QVERIFY(log.holds(keyOf(0)));
        int syncs = 0;
        log.settle(nothingToPlace, [&syncs]() -> Result<void> {
            ++syncs;
            return {};
        });
        QCOMPARE(syncs, 1);
        QVERIFY(!log.holds(keyOf(0)));
        QVERIFY(add(log, 100, containerOf(100)));
        // What was settled is not looked at any more; what came later is.
        const auto after = disk->afterRestart(Survives::WhatWasSynced);
        QVERIFY(!afterStart(after, 0));
        QVERIFY(afterStart(after, 100) == containerOf(100));
        log.settle(nothingToPlace, nothingToSync);
        log.settle(nothingToPlace, nothingToSync);  // with nothing in it
        QVERIFY(add(log, 101, containerOf(101)));
    }

    void whatCannotBeSettledStaysForTheNextStart() {
        const auto disk = emptyDisk();
        ShareLog log(disk, folder, segmentSize);
        QVERIFY(add(log, 1, containerOf(1)));
        log.settle(nothingToPlace,
                   []() -> Result<void> { return failure(ErrorCode::ServerFailed, "the disk is not well"); });
        QVERIFY(log.holds(keyOf(1)));
        QVERIFY(add(log, 2, containerOf(2)));
        log.settle(nothingToPlace, nothingToSync);
        QVERIFY(log.holds(keyOf(1)));
        QVERIFY(!log.holds(keyOf(2)));
        QVERIFY(afterStart(disk->afterRestart(Survives::WhatWasSynced), 1) == containerOf(1));
    }

    void whatCannotBePlacedIsSettledAnotherTime() {
        const auto disk = emptyDisk();
        ShareLog log(disk, folder, segmentSize);
        auto held = add(log, 1, containerOf(1));
        QVERIFY(held);
        log.settle([] { return false; }, nothingToSync);  // does not wait for the ticket
        QVERIFY(log.holds(keyOf(1)));
        QVERIFY(log.read(*held, 0) == containerOf(1));
        QVERIFY(add(log, 2, containerOf(2)));
        log.settle([] { return false; }, nothingToSync);
        QVERIFY(add(log, 3, containerOf(3)));
        const auto after = disk->afterRestart(Survives::WhatWasSynced);
        for (const unsigned number : {1U, 2U, 3U}) {
            QVERIFY(afterStart(after, number) == containerOf(number));
        }
        { const ShareLog::Ticket placed = std::move(*held); }
        log.settle(nothingToPlace, nothingToSync);
        QVERIFY(!log.holds(keyOf(1)));
        QVERIFY(log.holds(keyOf(2)));
        log.settle(nothingToPlace, nothingToSync);
        QVERIFY(!log.holds(keyOf(2)));
        QVERIFY(add(log, 4, containerOf(4)));
    }

    void whatIsLeftWhileTheSegmentClosesIsPlacedAsWell() {
        const auto disk = emptyDisk();
        ShareLog log(disk, folder, segmentSize);
        std::deque<ShareLog::Ticket> left;
        for (unsigned number = 0; number < 3; ++number) {
            auto ticket = add(log, number, containerOf(number));
            QVERIFY(ticket);
            left.push_back(std::move(*ticket));
        }
        // One at a time, as if the others were left there after each look.
        log.settle(
            [&left] {
                left.pop_front();
                return true;
            },
            nothingToSync);
        QVERIFY(left.empty());
        QVERIFY(!log.holds(keyOf(2)));
    }

    void whatWasAddedIsReadAgain() {
        const auto disk = emptyDisk();
        ShareLog log(disk, folder, segmentSize);
        const auto first = add(log, 1, containerOf(1));
        const auto second = add(log, 2, containerOf(2, 9000));
        QVERIFY(first && second);
        QVERIFY(log.read(*first, 0) == containerOf(1));
        QVERIFY(log.read(*second, 0) == containerOf(2, 9000));
        log.cancel(*second, 0, keyOf(2));
        QVERIFY(!log.read(*second, 0));
    }

    void aCancelledShareDoesNotComeBack() {
        const auto disk = emptyDisk();
        ShareLog log(disk, folder, segmentSize);
        const auto ticket = add(log, 1, containerOf(1));
        QVERIFY(ticket);
        QVERIFY(add(log, 2, containerOf(2)));
        log.cancel(*ticket, 0, keyOf(1));
        QVERIFY(!log.holds(keyOf(1)));
        const auto after = disk->afterRestart(Survives::WhatWasSynced);
        QVERIFY(!afterStart(after, 1));
        QVERIFY(afterStart(after, 2) == containerOf(2));
    }

    /// Two that did not know of each other store the same share: the second finds its place taken.
    void cancellingTheSecondLeavesTheFirst() {
        const auto disk = emptyDisk();
        ShareLog log(disk, folder, segmentSize);
        QVERIFY(add(log, 1, containerOf(1)));
        log.settle(nothingToPlace, []() -> Result<void> { return failure(ErrorCode::ServerFailed, "not now"); });
        QVERIFY(add(log, 2, containerOf(2)));
        for (const unsigned number : {1U, 2U}) {
            const auto second = add(log, number, containerOf(number + 100));
            QVERIFY(second);
            log.cancel(*second, 0, keyOf(number));
            QVERIFY(log.holds(keyOf(number)));
            QVERIFY(afterStart(disk->afterRestart(Survives::WhatWasSynced), number) == containerOf(number));
        }
    }

    void forgettingIsForGood() {
        const auto disk = emptyDisk();
        ShareLog log(disk, folder, segmentSize);
        QVERIFY(add(log, 1, containerOf(1)));
        QVERIFY(forgetShareLog(*disk, folder));
        QVERIFY(!afterStart(disk->afterRestart(Survives::WhatWasSynced), 1));
    }

    /// A client may store anything, also the very bytes of a log.
    void whatAClientStoresIsNoRecord() {
        const auto disk = emptyDisk();
        {
            ShareLog log(disk, folder, segmentSize);
            QVERIFY(add(log, 1, containerOf(1)));
        }
        const Bytes old = disk->contents(folder + "/0").value_or(Bytes());
        QVERIFY(forgetShareLog(*disk, folder));
        ShareLog log(disk, folder, segmentSize);
        // So that the old record begins at a block of its own within the new one.
        constexpr std::size_t block = 4096;
        constexpr std::size_t headSize = 80;
        Bytes container = containerOf(2, 3 * block);
        std::copy_n(old.begin() + block, block, container.begin() + (block - headSize));
        QVERIFY(add(log, 2, container));
        // The new record's head is torn, so every block is looked at.
        Bytes torn = disk->contents(folder + "/0").value_or(Bytes());
        torn[block] ^= 1U;
        disk->put(folder + "/0", torn);
        QVERIFY(!afterStart(disk, 1));
        QVERIFY(!afterStart(disk, 2));
    }

    void manyAtOnceAreAllSafe() {
        const auto place = quickFolder();
        const std::string path = place->path().toStdString();
        const auto files = makePosixFileSystem();
        for (const char* const name : {"/shares", "/incoming"}) {
            QVERIFY(files->makeFolder(path + name));
        }
        constexpr unsigned threads = 8;
        constexpr unsigned each = 20;
        ShareLog log(files, path + "/log", threads * each * 4096 + 4096);
        std::atomic<unsigned> declined = 0;
        std::vector<std::jthread> running;
        for (unsigned thread = 0; thread < threads; ++thread) {
            running.emplace_back([&log, &declined, thread] {
                for (unsigned i = 0; i < each; ++i) {
                    const unsigned number = thread * each + i;
                    declined += add(log, number, containerOf(number)) ? 0 : 1;
                }
            });
        }
        running.clear();
        QCOMPARE(declined.load(), 0U);
        ShareTree tree(files, path + "/shares");
        QVERIFY(replayShareLog(*files, path + "/log", tree, path + "/incoming"));
        for (unsigned number = 0; number < threads * each; ++number) {
            const auto [index, share] = keyOf(number);
            QCOMPARE(files->fileSize(tree.sharePath(index, share)).value_or(0), containerOf(number).size());
        }
    }
};

}  // namespace tarn::bucketstore::test

QTEST_GUILESS_MAIN(tarn::bucketstore::test::ShareLogTest)
#include "share_log_test.moc"
