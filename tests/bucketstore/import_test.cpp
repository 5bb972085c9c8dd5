#include "core/bucketstore/tahoe_import.h"
#include "core/foundation/base32.h"
#include "tests/bucketstore/index_check.h"
#include "tests/bucketstore/simulated_disk.h"
#include "tests/bucketstore/store_fixture.h"

#include <QtTest>

#include <filesystem>
#include <fstream>

#include <unistd.h>

namespace tarn::bucketstore::test {

namespace {

constexpr std::size_t dataSize = 200;

/// An immutable container as a Tahoe-LAFS server of that version would have written it.
Bytes containerOf(StorageIndex index, std::uint32_t version) {
    Bytes container = copyOf(makeContainerHeader(dataSize, 1));
    container[3] = static_cast<Byte>(version);
    const Bytes data = patternOf(dataSize, index.bytes()[0]);
    container.insert(container.end(), data.begin(), data.end());
    const LeaseRecord lease = Lease(leaseOf(1), WallTime(std::chrono::seconds(1'700'000'000))).record(version);
    container.insert(container.end(), lease.begin(), lease.end());
    return container;
}

std::string sourceName(StorageIndex index, int share) {
    const std::string name = toBase32(index.bytes());
    return name.substr(0, 2) + '/' + name + '/' + std::to_string(share);
}

}  // namespace

class ImportTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void sharesAndLeasesOfBothVersionsAreTakenOverAndTheSourceStays() {
        const auto [source, store] = twoFolders();
        fill(*source, 50);
        write(*source, "ab/nonsense/0", Bytes(5));
        write(*source, sourceName(indexOf(60), 1), Bytes(5));
        write(*source, sourceName(indexOf(61), 1) + ".tmp", Bytes(5));
        write(*source, "incoming/x/0", Bytes(5));
        const auto before = contents(*source);
        auto opened = open(*store);
        const auto summary = importTahoeShares(*opened, source->path().toStdString(), {});
        QVERIFY(summary.has_value());
        QCOMPARE(summary->linked, 50U);
        QCOMPARE(summary->leases, 50U);
        QCOMPARE(summary->leftOutCount, 3U);
        QCOMPARE(opened->usage().shares, 50U);
        for (Byte n = 0; n < 50; ++n) {
            QVERIFY(readAll(*opened, indexOf(n), ShareNum(n % 3)) == patternOf(dataSize, n));
            // The client that stored it renews its lease, whichever version it is of, and no second one comes to be.
            QVERIFY(opened->addLease(indexOf(n), leaseOf(1)).has_value());
        }
        QCOMPARE(opened->usage().bytes, ByteCount(50 * (dataSize + containerOverhead)));
        QVERIFY(contents(*source) == before);
        const auto again = importTahoeShares(*opened, source->path().toStdString(), {});
        QCOMPARE(again->alreadyThere, 50U);
        QCOMPARE(again->linked + again->copied, 0U);
        opened->caretaker().flush();
        opened.reset();
        const std::string root = store->path().toStdString();
        const auto wrong = indexDisagreement(*makePosixFileSystem(), root + "/shares", root + "/index.sqlite");
        QVERIFY2(wrong.empty(), wrong.c_str());
    }

    void acrossFileSystemsSharesAreCopied() {
        const QTemporaryDir source;
        const auto store = quickFolder();
        fill(source, 5);
        const auto before = contents(source);
        auto opened = open(*store);
        const auto summary = importTahoeShares(*opened, source.path().toStdString(), {});
        QCOMPARE(summary->linked + summary->copied, 5U);
        QVERIFY(readAll(*opened, indexOf(3), ShareNum(0)) == patternOf(dataSize, 3));
        QVERIFY(contents(source) == before);
    }

    void anotherShareInItsPlaceIsLeftAndNamed() {
        const auto [source, store] = twoFolders();
        fill(*source, 2);
        auto opened = open(*store);
        const auto upload = secretOf<UploadSecret>(9);
        QVERIFY(opened->allocate(indexOf(1), {ShareNum(1)}, ByteCount(10), upload, leaseOf(8)).has_value());
        QVERIFY(opened->write(indexOf(1), ShareNum(1), upload, ByteOffset(0), Bytes(10))->complete);
        const auto summary = importTahoeShares(*opened, source->path().toStdString(), {});
        QCOMPARE(summary->linked, 1U);
        QCOMPARE(summary->leftOutCount, 1U);
        QCOMPARE(summary->leftOut.front().name, sourceName(indexOf(1), 1));
        QVERIFY(readAll(*opened, indexOf(1), ShareNum(1)) == Bytes(10));
    }

    void theMaximumSizeHoldsForWhatIsTakenOver() {
        const auto [source, store] = twoFolders();
        fill(*source, 10);
        auto opened = open(*store, ByteCount(3 * (dataSize + containerOverhead) + 10));
        const auto summary = importTahoeShares(*opened, source->path().toStdString(), {});
        QCOMPARE(summary->linked, 3U);
        QCOMPARE(summary->leftOutCount, 7U);
    }

    void stoppedAtAnyStepItGoesOnAndNothingIsHalfThere() {
        for (std::uint64_t stop = 1;; ++stop) {
            const auto disk = std::make_shared<SimulatedDisk>();
            for (Byte n = 0; n < 4; ++n) {
                disk->put("/old/shares/" + sourceName(indexOf(n), 0), containerOf(indexOf(n), 1 + n % 2));
            }
            {
                auto store = openDiskStore({"/new", {}, ByteCount(0), false}, m_clock, disk, {"/nowhere/index", false});
                QVERIFY(store.has_value());
                disk->stopAt(disk->steps() + stop, true);
                (void)importTahoeShares(**store, "/old", {});
            }
            const bool finished = !disk->stopped();
            for (const auto survives : {SimulatedDisk::Survives::Everything, SimulatedDisk::Survives::WhatWasSynced,
                                        SimulatedDisk::Survives::BytesAndSynced}) {
                const auto next = disk->afterRestart(survives);
                auto store = openDiskStore({"/new", {}, ByteCount(0), false}, m_clock, next, {"/nowhere/index", false});
                QVERIFY(store.has_value());
                for (Byte n = 0; n < 4; ++n) {
                    const auto data = readAll(**store, indexOf(n), ShareNum(0));
                    QVERIFY(data ? *data == patternOf(dataSize, n) : !finished);
                }
                const auto summary = importTahoeShares(**store, "/old", {});
                QVERIFY(summary.has_value());
                QCOMPARE(summary->linked + summary->alreadyThere, 4U);
                QCOMPARE((*store)->usage().shares, 4U);
                QVERIFY(next->names("/new/incoming")->empty());
                for (Byte n = 0; n < 4; ++n) {
                    QVERIFY(next->contents("/old/shares/" + sourceName(indexOf(n), 0)) ==
                            containerOf(indexOf(n), 1 + n % 2));
                }
            }
            if (finished) {
                QVERIFY(stop > 10);
                return;
            }
        }
    }

    void theStorageFolderIsFoundByTheNode() {
        const QTemporaryDir node;
        const std::filesystem::path root = node.path().toStdString();
        QCOMPARE(findTahoeStorage(root).error().code, ErrorCode::FileNotFound);
        std::filesystem::create_directories(root / "storage/shares");
        QVERIFY(findTahoeStorage(root / "storage").value() == root / "storage");
        std::ofstream(root / "tahoe.cfg") << "[node]\nnickname = x\n[storage]\nenabled = true\n";
        QVERIFY(findTahoeStorage(root).value() == root / "storage");
        std::ofstream(root / "tahoe.cfg") << "[client]\nstorage_dir = no\n[storage]\nstorage_dir = other\n";
        QCOMPARE(findTahoeStorage(root).error().code, ErrorCode::FileNotFound);
        std::filesystem::create_directories(root / "other/shares");
        QVERIFY(findTahoeStorage(root).value() == root / "other");
        std::ofstream(root / "running.process") << ::getpid() << " 1700000000.5\n";
        QCOMPARE(findTahoeStorage(root).error().code, ErrorCode::ProfileLocked);
        QCOMPARE(findTahoeStorage(root / "storage").error().code, ErrorCode::ProfileLocked);
        std::ofstream(root / "running.process") << "999999999 1700000000.5\n";
        QVERIFY(findTahoeStorage(root).has_value());
    }

private:
    static std::pair<std::unique_ptr<QTemporaryDir>, std::unique_ptr<QTemporaryDir>> twoFolders() {
        return {quickFolder(), quickFolder()};
    }
    std::unique_ptr<DiskStore> open(const QTemporaryDir& folder, std::optional<ByteCount> most = {}) {
        auto store =
            openDiskStore({folder.path().toStdString(), most, ByteCount(0), false}, m_clock, makePosixFileSystem());
        return store ? std::move(*store) : nullptr;
    }
    static void write(const QTemporaryDir& source, const std::string& name, const Bytes& bytes) {
        const std::filesystem::path path = source.path().toStdString() + "/shares/" + name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
    static void fill(const QTemporaryDir& source, Byte count) {
        for (Byte n = 0; n < count; ++n) {
            write(source, sourceName(indexOf(n), n % 3), containerOf(indexOf(n), 1 + n % 2));
        }
    }
    static std::map<std::string, std::string> contents(const QTemporaryDir& folder) {
        std::map<std::string, std::string> found;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path().toStdString())) {
            if (entry.is_regular_file()) {
                std::ifstream file(entry.path(), std::ios::binary);
                found[entry.path().string()] = {std::istreambuf_iterator<char>(file), {}};
            }
        }
        return found;
    }

    std::shared_ptr<StandingClock> m_clock = std::make_shared<StandingClock>();
};

}  // namespace tarn::bucketstore::test

QTEST_GUILESS_MAIN(tarn::bucketstore::test::ImportTest)
#include "import_test.moc"
