#include "core/bucketstore/file_system.h"
#include "tests/bucketstore/store_fixture.h"

#include <QTemporaryDir>
#include <QtTest>

#include <sys/stat.h>

namespace tarn::bucketstore::test {

/// Copies between files of the machine's own disk.
class FileCopyTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        m_folder.emplace();
        m_source = made("source");
        m_target = made("target");
    }

    void aPartIsCopiedToItsPlace() {
        const Bytes data = patternOf(300'000, 1);
        QVERIFY(m_source->write(0, std::array{ByteView(data)}).has_value());
        QVERIFY(m_target->copyFrom(*m_source, 1000, 50, 200'000).has_value());
        Bytes copy(200'000);
        QCOMPARE(m_target->read(50, copy).value(), copy.size());
        QVERIFY(std::equal(copy.begin(), copy.end(), data.begin() + 1000));
        QCOMPARE(m_target->size().value(), 200'050U);
    }

    void zerosThatWereNeverWrittenTakeNoRoomInTheCopy() {
        constexpr std::uint64_t apart = 1ULL << 30U;
        const Bytes data = patternOf(10'000, 2);
        for (const std::uint64_t place : {std::uint64_t{0}, apart, 2 * apart}) {
            QVERIFY(m_source->write(place, std::array{ByteView(data)}).has_value());
        }
        QVERIFY(m_source->truncate(3 * apart).has_value());
        QVERIFY(m_target->copyFrom(*m_source, 0, 0, 3 * apart).has_value());
        QVERIFY(m_target->write(3 * apart, std::array{ByteView(data)}).has_value());
        for (const std::uint64_t place : {std::uint64_t{0}, apart, 2 * apart, 3 * apart}) {
            Bytes copy(data.size() + (place == 3 * apart ? 0 : 1));
            QCOMPARE(m_target->read(place, copy).value(), copy.size());
            QVERIFY(std::equal(data.begin(), data.end(), copy.begin()));
            QVERIFY(copy.size() == data.size() || copy.back() == 0);
        }
        struct stat status {};
        QCOMPARE(::stat((m_folder->path() + QStringLiteral("/target")).toStdString().c_str(), &status), 0);
        QVERIFY2(status.st_blocks < 2048, "the copy takes less than a megabyte");
    }

    void aSourceThatEndsTooSoonFails() {
        const Bytes data = patternOf(1000, 3);
        QVERIFY(m_source->write(0, std::array{ByteView(data)}).has_value());
        QVERIFY(!m_target->copyFrom(*m_source, 0, 0, 1001).has_value());
        QVERIFY(!m_target->copyFrom(*m_source, 5000, 0, 1).has_value());
    }

private:
    std::unique_ptr<File> made(const char* name) {
        auto file = m_files->open(m_folder->path().toStdString() + '/' + name, FileSystem::Access::CreateNew);
        return file ? std::move(*file) : nullptr;
    }

    std::shared_ptr<FileSystem> m_files = makePosixFileSystem();
    std::optional<QTemporaryDir> m_folder;
    std::unique_ptr<File> m_source;
    std::unique_ptr<File> m_target;
};

}  // namespace tarn::bucketstore::test

QTEST_GUILESS_MAIN(tarn::bucketstore::test::FileCopyTest)
#include "file_copy_test.moc"
