#include "core/download/download.h"
#include "core/download/sink.h"

#include <QTemporaryDir>
#include <QTest>

#include <csignal>
#include <fstream>

#include <sys/resource.h>
#include <sys/stat.h>

using namespace tarn;
using namespace tarn::download;
namespace fs = std::filesystem;

namespace {

std::string contentOf(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::size_t entriesOf(const fs::path& folder) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

unsigned modeOf(const fs::path& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777U : 0;
}

}  // namespace

class SinkTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();

    void nothingIsVisibleBeforeTheCommit();
    void aFileThatIsNotCompleteIsForItsOwnerOnly();
    void theUmaskDecidesWhoMayReadTheResult();
    void anExistingFileIsReplacedAtTheCommitAndKeepsItsMode();
    void withoutACommitNothingIsLeft();
    void namesOfAnyLengthAndScriptWork();
    void aNameThatIsTooLongIsRefusedAtOnce();
    void aMissingFolderIsRefusedAtOnce();
    void onlyRegularFilesAreReplaced();
    void aWriteThatTheSystemRefusesLeavesNothing();
    void whatAnInterruptedDownloadWroteIsFoundByTheNext();
    void ofWhatIsHeldNothingIsKeptThatNobodyVouchesFor();
    void onlyOneDownloadWritesAFile();
    void memoryIsFilledAtTheCommit();
    void aLiteralIsDelivered();
    void aRangeOfALiteralIsDelivered();

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    fs::path m_target;
};

void SinkTest::init() {
    m_folder = std::make_unique<QTemporaryDir>();
    m_target = fs::path(m_folder->path().toStdString()) / "target";
}

void SinkTest::cleanup() {
    m_folder.reset();
}

void SinkTest::nothingIsVisibleBeforeTheCommit() {
    auto sink = fileSink(m_target).value();
    QVERIFY(sink->write(viewOf("some ")));
    QVERIFY(sink->write(viewOf("words")));
    QVERIFY(!fs::exists(m_target));
    QVERIFY(sink->commit());
    QCOMPARE(contentOf(m_target), std::string("some words"));
    QCOMPARE(entriesOf(m_target.parent_path()), 1U);
    sink.reset();
    QCOMPARE(contentOf(m_target), std::string("some words"));
}

void SinkTest::aFileThatIsNotCompleteIsForItsOwnerOnly() {
    auto sink = fileSink(m_target).value();
    QVERIFY(sink->write(viewOf("secret")));
    QCOMPARE(entriesOf(m_target.parent_path()), 1U);
    const fs::path temporary = fs::directory_iterator(m_target.parent_path())->path();
    QVERIFY(temporary.filename().string().starts_with(".target.tarn-"));
    QCOMPARE(modeOf(temporary), 0600U);
}

void SinkTest::theUmaskDecidesWhoMayReadTheResult() {
    for (const mode_t mask : {0022U, 0077U, 0007U}) {
        const mode_t before = ::umask(mask);
        auto sink = fileSink(m_target);
        ::umask(before);
        QVERIFY(sink);
        QVERIFY((*sink)->commit());
        QCOMPARE(modeOf(m_target), 0666U & ~mask);
        fs::remove(m_target);
    }
}

void SinkTest::anExistingFileIsReplacedAtTheCommitAndKeepsItsMode() {
    std::ofstream(m_target) << "old";
    fs::permissions(m_target, fs::perms(0640));
    auto sink = fileSink(m_target).value();
    QVERIFY(sink->write(viewOf("new")));
    QCOMPARE(contentOf(m_target), std::string("old"));
    QVERIFY(sink->commit());
    QCOMPARE(contentOf(m_target), std::string("new"));
    QCOMPARE(modeOf(m_target), 0640U);
}

void SinkTest::withoutACommitNothingIsLeft() {
    std::ofstream(m_target) << "old";
    {
        auto sink = fileSink(m_target).value();
        QVERIFY(sink->write(viewOf("new")));
    }
    QCOMPARE(contentOf(m_target), std::string("old"));
    QCOMPARE(entriesOf(m_target.parent_path()), 1U);
}

void SinkTest::namesOfAnyLengthAndScriptWork() {
    const std::string snowman = "\xE2\x98\x83";
    for (std::size_t length = 1; length <= 255; ++length) {
        std::string name;
        while (name.size() + snowman.size() <= length) {
            name += snowman;
        }
        name.resize(length, 'x');
        const auto target = m_target.parent_path() / name;
        auto sink = fileSink(target);
        QVERIFY(sink);
        const auto temporary = fs::directory_iterator(m_target.parent_path())->path().filename().string();
        QVERIFY(QString::fromStdString(temporary).toStdString() == temporary);
        QVERIFY((*sink)->commit());
        QVERIFY(fs::exists(target));
        fs::remove(target);
    }
}

void SinkTest::aNameThatIsTooLongIsRefusedAtOnce() {
    const auto sink = fileSink(m_target.parent_path() / std::string(256, 'x'));
    QVERIFY(!sink);
    QCOMPARE(sink.error().code, ErrorCode::FileUnwritable);
    QCOMPARE(entriesOf(m_target.parent_path()), 0U);
}

void SinkTest::aMissingFolderIsRefusedAtOnce() {
    const auto sink = fileSink(m_target / "missing" / "file");
    QVERIFY(!sink);
    QCOMPARE(sink.error().code, ErrorCode::FileUnwritable);
    QVERIFY(!sink.error().detail.empty());
}

void SinkTest::onlyRegularFilesAreReplaced() {
    for (const fs::path& target :
         {m_target.parent_path(), fs::path("/dev/null"), m_target.parent_path() / "", m_target.parent_path() / ".."}) {
        const auto sink = fileSink(target);
        QVERIFY2(!sink, target.c_str());
        QCOMPARE(sink.error().code, ErrorCode::FileUnwritable);
    }
    QCOMPARE(entriesOf(m_target.parent_path()), 0U);
}

void SinkTest::aWriteThatTheSystemRefusesLeavesNothing() {
    // The limit on a file's length stands for every reason for which a write fails midway.
    struct rlimit before {};
    QCOMPARE(::getrlimit(RLIMIT_FSIZE, &before), 0);
    (void)std::signal(SIGXFSZ, SIG_IGN);
    auto sink = fileSink(m_target).value();
    const rlimit limit{1000, before.rlim_max};
    QCOMPARE(::setrlimit(RLIMIT_FSIZE, &limit), 0);
    const auto written = sink->write(Bytes(2000));
    QCOMPARE(::setrlimit(RLIMIT_FSIZE, &before), 0);
    QVERIFY(!written);
    QCOMPARE(written.error().code, ErrorCode::FileUnwritable);
    sink.reset();
    QCOMPARE(entriesOf(m_target.parent_path()), 0U);
}

void SinkTest::whatAnInterruptedDownloadWroteIsFoundByTheNext() {
    const StorageIndex file(std::array<Byte, 16>{1});
    {
        auto sink = resumableFileSink(m_target, file).value();
        QCOMPARE(sink->held().value(), 0U);
        QVERIFY(sink->write(viewOf("some wrong")));
    }
    QVERIFY(!fs::exists(m_target));
    QCOMPARE(resumableFileSink(m_target, StorageIndex(std::array<Byte, 16>{2})).value()->held().value(), 0U);
    {
        auto sink = resumableFileSink(m_target, file).value();
        QCOMPARE(sink->held().value(), 10U);
        Bytes held(4);
        QVERIFY(sink->readHeld(ByteOffset(5), held));
        QVERIFY(std::ranges::equal(held, viewOf("wron")));
        QVERIFY(!sink->readHeld(ByteOffset(8), held));
        QVERIFY(sink->keepHeld(ByteCount(5)));
        QVERIFY(sink->write(viewOf("words")));
        QVERIFY(sink->commit());
    }
    QCOMPARE(contentOf(m_target), std::string("some words"));
    QCOMPARE(entriesOf(m_target.parent_path()), std::size_t(1));
    QCOMPARE(modeOf(m_target) & 0077U, 0044U);
}

void SinkTest::ofWhatIsHeldNothingIsKeptThatNobodyVouchesFor() {
    const StorageIndex file(std::array<Byte, 16>{1});
    QVERIFY(resumableFileSink(m_target, file).value()->write(viewOf("a long old piece")));
    {
        auto sink = resumableFileSink(m_target, file).value();
        QVERIFY(sink->write(viewOf("new")));
        QVERIFY(sink->commit());
    }
    QCOMPARE(contentOf(m_target), std::string("new"));
    QVERIFY(resumableFileSink(m_target, file).value()->write(viewOf("given up")));
    QCOMPARE(entriesOf(m_target.parent_path()), std::size_t(2));
    removePartialFile(m_target, file);
    QCOMPARE(entriesOf(m_target.parent_path()), std::size_t(1));
    // Nor is anything left where nothing came.
    QCOMPARE(resumableFileSink(m_target, file).value()->held().value(), 0U);
    QCOMPARE(entriesOf(m_target.parent_path()), std::size_t(1));
}

void SinkTest::onlyOneDownloadWritesAFile() {
    const StorageIndex file(std::array<Byte, 16>{1});
    const auto sink = resumableFileSink(m_target, file).value();
    QVERIFY(resumableFileSink(m_target, file).error().code == ErrorCode::FileUnwritable);
}

void SinkTest::memoryIsFilledAtTheCommit() {
    auto bytes = std::make_shared<Bytes>();
    auto sink = memorySink(bytes);
    QVERIFY(sink->write(viewOf("a")));
    QVERIFY(sink->write(viewOf("b")));
    QVERIFY(bytes->empty());
    QVERIFY(sink->commit());
    QVERIFY(textOf(*bytes) == "ab");
}

void SinkTest::aLiteralIsDelivered() {
    for (const std::string& text : {std::string("words"), std::string()}) {
        auto bytes = std::make_shared<Bytes>(Bytes{1, 2, 3});
        QVERIFY(deliverLiteral({copyOf(viewOf(text))}, std::nullopt, *memorySink(bytes)));
        QVERIFY(textOf(*bytes) == text);
    }
}

void SinkTest::aRangeOfALiteralIsDelivered() {
    const caps::Literal literal{copyOf(viewOf("0123456789"))};
    auto bytes = std::make_shared<Bytes>();
    QVERIFY(deliverLiteral(literal, Range{ByteOffset(3), ByteOffset(6)}, *memorySink(bytes)));
    QVERIFY(textOf(*bytes) == "345");
    QVERIFY(deliverLiteral(literal, Range{ByteOffset(8), ByteOffset(60)}, *memorySink(bytes)));
    QVERIFY(textOf(*bytes) == "89");
    for (const auto& range : {Range{ByteOffset(10), ByteOffset(11)}, Range{ByteOffset(5), ByteOffset(4)}}) {
        const auto result = deliverLiteral(literal, range, *memorySink(bytes));
        QVERIFY(!result);
        QCOMPARE(result.error().code, ErrorCode::InvalidArgument);
    }
}

QTEST_GUILESS_MAIN(SinkTest)
#include "sink_test.moc"
