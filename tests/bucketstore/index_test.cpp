#include "core/bucketstore/disk_store.h"
#include "core/bucketstore/folder_round.h"
#include "core/bucketstore/share_index.h"
#include "core/foundation/base32.h"
#include "tests/bucketstore/index_check.h"
#include "tests/bucketstore/store_fixture.h"

#include <QtTest>

#include <filesystem>
#include <fstream>
#include <numeric>

namespace tarn::bucketstore::test {

namespace {

const auto mine = secretOf<UploadSecret>(1);

}  // namespace

class IndexTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        m_folder = quickFolder();
        m_clock = std::make_shared<StandingClock>();
        open();
    }
    void cleanup() {
        m_store.reset();
        m_folder.reset();
    }

    void whatIsStoredIsInTheIndexWithItsClients() {
        put(indexOf(1), 0, 100, "192.0.2.1");
        put(indexOf(1), 1, 100, "192.0.2.2");
        put(indexOf(2), 0, 1000, "192.0.2.2");
        QVERIFY(m_store->addLease(indexOf(1), leaseOf(70), "2001:db8::7").has_value());
        m_store->caretaker().flush();
        const auto clients = m_store->report().clients;
        QCOMPARE(clients.size(), 3U);
        QCOMPARE(clients[0].address, std::string("192.0.2.2"));
        QCOMPARE(clients[0].shares, 3U);
        QCOMPARE(clients[0].bytes, ByteCount(1000 + 84 + 2 * (100 + 84 + 72) + 72));
        QCOMPARE(clients[1].address, std::string("2001:db8::7"));
        QCOMPARE(clients[1].shares, 2U);
        QCOMPARE(clients[2].shares, 1U);
        verifyAgrees();
    }

    void aCleanStartKnowsItsSumsAndReadsNoShare() {
        put(indexOf(1), 0, 100);
        put(indexOf(200), 3, 100);
        settleRound();
        QVERIFY(m_store->report().index == IndexState::Agrees);
        const Usage before = m_store->usage();
        m_store.reset();
        // A share that goes behind the closed store's back, deep down, is not looked for at the start.
        std::filesystem::remove(pathOf(indexOf(200), 3));
        open();
        QCOMPARE(m_store->usage().shares, before.shares);
        QCOMPARE(m_store->usage().bytes, before.bytes);
        QVERIFY(m_store->report().index == IndexState::Agrees);
        // The next round notices.
        settleRound();
        QCOMPARE(m_store->usage().shares, 1U);
        verifyAgrees();
    }

    void foldersTouchedByHandAreNoticedAtTheStart() {
        put(indexOf(1), 0, 100);
        put(indexOf(200), 3, 100);
        settleRound();
        m_store.reset();
        const auto first = pathOf(indexOf(200), 3).parent_path().parent_path().parent_path();
        std::filesystem::remove_all(first);
        open();
        QCOMPARE(m_store->usage().shares, 1U);
        QVERIFY(m_store->report().index == IndexState::Mending);
        settleRound();
        QVERIFY(m_store->report().index == IndexState::Agrees);
        verifyAgrees();
    }

    void aMissingADamagedAndAnotherProgramsIndexAreMadeAnew_data() {
        QTest::addColumn<QByteArray>("contents");
        QTest::newRow("missing") << QByteArray();
        QTest::newRow("rubbish") << QByteArray(100'000, 'x');
        QTest::newRow("a scrap") << QByteArray("SQLite");
        QTest::newRow("header and nothing") << QByteArray("SQLite format 3\0", 16) + QByteArray(5000, '\xff');
    }
    void aMissingADamagedAndAnotherProgramsIndexAreMadeAnew() {
        QFETCH(QByteArray, contents);
        put(indexOf(1), 0, 100, "192.0.2.1");
        put(indexOf(2), 0, 100);
        m_store.reset();
        std::filesystem::remove(indexFile());
        if (!contents.isEmpty()) {
            std::ofstream(indexFile(), std::ios::binary) << contents.toStdString();
        }
        open();
        QCOMPARE(m_store->usage().shares, 2U);
        QVERIFY(m_store->report().index == IndexState::Mending);
        settleRound();
        QVERIFY(m_store->report().index == IndexState::Agrees);
        // Who took a lease stood nowhere else.
        const auto clients = m_store->report().clients;
        QCOMPARE(clients.size(), 1U);
        QCOMPARE(clients[0].address, std::string());
        QCOMPARE(clients[0].shares, 2U);
        verifyAgrees();
    }

    void anIndexDamagedWhileServingIsMadeAnew() {
        for (Byte n = 0; n < 200; ++n) {
            put(indexOf(n), 0, 50);
        }
        m_store->caretaker().flush();
        m_store.reset();
        {
            // Good at the head, rubbish further down.
            const auto size = std::filesystem::file_size(indexFile());
            std::fstream file(indexFile(), std::ios::in | std::ios::out | std::ios::binary);
            for (std::uintmax_t at = 4096 * 3; at + 4096 <= size; at += 4096) {
                file.seekp(static_cast<std::streamoff>(at));
                file << std::string(4096, '\x5a');
            }
        }
        open();
        put(indexOf(250), 1, 60);
        settleRound();
        settleRound();
        QCOMPARE(m_store->usage().shares, 201U);
        QVERIFY(readAll(*m_store, indexOf(7), ShareNum(0)).has_value());
        verifyAgrees();
    }

    void aStoreServesWithoutAnIndex() {
        m_store.reset();
        std::filesystem::remove(indexFile());
        std::filesystem::create_directory(indexFile());
        open();
        put(indexOf(1), 0, 100);
        m_store->caretaker().flush();
        QVERIFY(m_store->report().index == IndexState::Unavailable);
        QCOMPARE(m_store->usage().shares, 1U);
        std::filesystem::remove(indexFile());
        settleRound();
        QVERIFY(m_store->report().index == IndexState::Agrees);
        verifyAgrees();
    }

    void aRoundThatReachesTheVeryLastFolderFindsNothingInAnIndexThatAgrees() {
        for (const StorageIndex index : {indexOf(0, 0), indexOf(7), indexOf(0xff, 0xff)}) {
            put(index, 0, 50);
        }
        m_store->caretaker().flush();
        m_store.reset();
        auto index = ShareIndex::open(indexFile());
        QVERIFY(index.has_value());
        FolderRound round;
        std::vector<std::uint32_t> all(firstFolders);
        std::iota(all.begin(), all.end(), 0U);
        round.begin(std::move(all));
        const auto files = makePosixFileSystem();
        int differences = 0;
        while (!round.done()) {
            const auto stepped =
                round.step(*files, (root() / "shares").string(), *index, [&](const ShareKey&) -> Result<void> {
                    ++differences;
                    return {};
                });
            QVERIFY(stepped.has_value());
        }
        QCOMPARE(differences, 0);
    }

    void aStopWithoutWarningIsMendedAndARoundGoesOnWhereItWas() {
        for (Byte n = 0; n < 100; ++n) {
            put(indexOf(n), 0, 50, "192.0.2.1");
        }
        m_store->caretaker().flush();
        // The folder as a killed program leaves it: its index was never closed.
        const auto copy = quickFolder();
        const auto all = std::filesystem::copy_options::recursive;
        std::filesystem::copy(root(), copy->path().toStdString() + "/store", all);
        m_store.reset();
        std::filesystem::remove_all(root());
        std::filesystem::copy(copy->path().toStdString() + "/store", root(), all);
        std::filesystem::remove(pathOf(indexOf(3), 0));
        std::filesystem::copy(pathOf(indexOf(4), 0), pathOf(indexOf(4), 0).parent_path() / "9");
        open();
        QVERIFY(m_store->report().index == IndexState::Mending);
        QCOMPARE(m_store->usage().shares, 100U);
        unsigned percent = 0;
        while (percent <= 30) {
            (void)m_store->caretaker().turn();
            percent = m_store->report().comparedPercent;
        }
        QVERIFY(percent < 95);
        m_store.reset();
        open();
        QVERIFY(m_store->report().index == IndexState::Mending);
        QVERIFY(m_store->report().comparedPercent >= percent);
        settleRound();
        QVERIFY(m_store->report().index == IndexState::Agrees);
        // The clients of what had not changed are still known.
        const auto clients = m_store->report().clients;
        QCOMPARE(clients[0].address, std::string("192.0.2.1"));
        QCOMPARE(clients[0].shares, 99U);
        verifyAgrees();
    }

    void moreChangesThanItCanRememberAreFoundAgain() {
        settleRound();
        constexpr int many = 6000;
        for (int n = 0; n < many; ++n) {
            const StorageIndex index = indexOf(static_cast<Byte>(n), static_cast<Byte>(n >> 8));
            std::filesystem::create_directories(pathOf(index, 0).parent_path());
            std::ofstream(pathOf(index, 0)) << "no container";
            m_store->caretaker().note({index, ShareNum(0)}, noLeasePlace, {});
        }
        settleRound();
        verifyAgrees();
    }

    void aStoreWithAMaximumTakesNothingWhileItsSumIsNotKnown() {
        const Bytes container = makeContainer();
        m_store.reset();
        for (int n = 0; n < 9000; ++n) {
            const StorageIndex index = indexOf(static_cast<Byte>(n), static_cast<Byte>(n >> 8));
            std::filesystem::create_directories(pathOf(index, 0).parent_path());
            std::ofstream(pathOf(index, 0), std::ios::binary)
                .write(reinterpret_cast<const char*>(container.data()), static_cast<std::streamsize>(container.size()));
        }
        std::filesystem::remove(indexFile());
        const std::uint64_t sum = 9000 * container.size();
        m_options.maximumSize = ByteCount(sum + 1000);
        open();
        // Whether the count is done or not, no more than the maximum is ever taken.
        std::uint64_t taken = 0;
        for (Byte n = 0; n < 200; ++n) {
            const auto room = m_store->allocate(indexOf(n, 0xee), {ShareNum(0)}, ByteCount(16), mine, leaseOf(3));
            QVERIFY(room.has_value());
            taken += room->allocated.size() * (16 + containerOverhead);
        }
        QVERIFY(taken <= 1000);
        QTRY_VERIFY(m_store->report().counted);
        const auto room = m_store->allocate(indexOf(1, 0xef), {ShareNum(0)}, ByteCount(16), mine, leaseOf(3));
        QVERIFY(taken == 1000 || room->allocated.size() == 1);
        QCOMPARE(m_store->usage().shares, 9000U);
        m_store.reset();
        // The next start knows it at once.
        open();
        QVERIFY(m_store->report().counted);
        QCOMPARE(m_store->usage().shares, 9000U);
    }

    void bothKindsAndVersionsOfContainersAreRead() {
        // The five bytes behind the name, and where things are, are Tahoe-LAFS's: see share_record.h.
        const std::string magics[] = {std::string("Tahoe mutable container v1\n\x75\x09\x44\x03\x8e", 32),
                                      std::string("Tahoe mutable container v2\n\xc3\x55\x21\x99\x25", 32)};
        for (const std::string& magic : magics) {
            Bytes slot(468 + 10 + 4 + 2 * 92);
            std::ranges::copy(viewOf(magic), slot.begin());
            slot[91] = 10;
            std::ranges::copy(bigEndian32(478), slot.begin() + 96);
            const auto lease = [&](std::size_t at, std::uint32_t expiry) {
                std::ranges::copy(bigEndian32(1), slot.begin() + static_cast<std::ptrdiff_t>(at));
                std::ranges::copy(bigEndian32(expiry), slot.begin() + static_cast<std::ptrdiff_t>(at) + 4);
            };
            lease(100, 5000);
            lease(100 + 2 * 92, 7000);
            std::ranges::copy(bigEndian32(2), slot.begin() + 478);
            lease(482, 9000);
            lease(482 + 92, 8000);
            const auto path = pathOf(indexOf(5), 1);
            std::filesystem::create_directories(path.parent_path());
            std::ofstream(path, std::ios::binary)
                .write(reinterpret_cast<const char*>(slot.data()), static_cast<std::streamsize>(slot.size()));
            const auto file = makePosixFileSystem()->open(path.string(), FileSystem::Access::Read);
            const auto record = readShareRecord(**file);
            QVERIFY(record.has_value());
            QVERIFY(record->kind == ContainerKind::Mutable);
            QCOMPARE(record->dataLength, 10U);
            QCOMPARE(record->leases, 4U);
            QCOMPARE(record->latest.value(), 9000U);
            QVERIFY(record->expiries == (std::vector<std::uint32_t>{5000, 0, 7000, 0, 9000, 8000}));
            for (const std::size_t size : {99UL, 467UL, 477UL, 480UL, 500UL}) {
                std::filesystem::resize_file(path, size);
                QVERIFY(size == 480 ||
                        !readShareRecord(**makePosixFileSystem()->open(path.string(), FileSystem::Access::Read)));
            }
        }
    }

private:
    void open() {
        m_options.folder = root();
        auto store = openDiskStore(m_options, m_clock, makePosixFileSystem(), {{}, false});
        QVERIFY(store.has_value());
        m_store = std::move(*store);
    }
    [[nodiscard]] std::filesystem::path root() const { return m_folder->path().toStdString(); }
    [[nodiscard]] std::filesystem::path indexFile() const { return root() / "index.sqlite"; }
    [[nodiscard]] std::filesystem::path pathOf(StorageIndex index, int number) const {
        const std::string name = toBase32(index.bytes());
        return root() / "shares" / name.substr(0, 2) / name.substr(2, 2) / name / std::to_string(number);
    }
    static Bytes makeContainer() {
        Bytes container = copyOf(makeContainerHeader(16, 1));
        container.resize(container.size() + 16);
        const LeaseRecord lease = Lease(leaseOf(1), WallTime(std::chrono::seconds(1'700'000'000))).record(2);
        container.insert(container.end(), lease.begin(), lease.end());
        return container;
    }
    void put(StorageIndex index, std::uint16_t number, std::size_t size, std::string_view client = {}) {
        QVERIFY(
            m_store->allocate(index, {ShareNum(number)}, ByteCount(size), mine, leaseOf(number == 1 ? 9 : 5), client)
                .has_value());
        QVERIFY(m_store->write(index, ShareNum(number), mine, ByteOffset(0), patternOf(size, number))->complete);
    }
    /// Works until a round that began after the call is done.
    void settleRound() {
        m_clock->pass(std::chrono::hours(25));
        while (m_store->caretaker().turn() < std::chrono::seconds(30)) {
        }
    }
    void verifyAgrees() {
        m_store->caretaker().flush();
        m_store.reset();
        const auto wrong = indexDisagreement(*makePosixFileSystem(), (root() / "shares").string(), indexFile());
        QVERIFY2(wrong.empty(), wrong.c_str());
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::shared_ptr<StandingClock> m_clock;
    Options m_options{{}, {}, ByteCount(0), false};
    std::unique_ptr<DiskStore> m_store;
};

}  // namespace tarn::bucketstore::test

QTEST_GUILESS_MAIN(tarn::bucketstore::test::IndexTest)
#include "index_test.moc"
