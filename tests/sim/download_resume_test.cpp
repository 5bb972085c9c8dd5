#include "tests/download/download_run.h"

#include <QTest>

using namespace tarn;
using namespace tarn::download;
using namespace tarn::download::testing;

namespace {

constexpr std::uint64_t segment = 256 * 1024 / 3 * 3;
constexpr std::uint64_t fileSize = 5 * 1024 * 1024 + 77;

const MadeFile& file() {
    static const MadeFile made = makeFile({3, 10, fileSize, segment, false, 21});
    return made;
}

Bytes beginning(std::uint64_t size) {
    return {file().plaintext.begin(), file().plaintext.begin() + static_cast<std::ptrdiff_t>(size)};
}

Bytes damaged(Bytes bytes, std::size_t at) {
    bytes.at(at) ^= 1U;
    return bytes;
}

Bytes longer(Bytes bytes) {
    bytes.resize(bytes.size() + 1000, 7);
    return bytes;
}

}  // namespace

/// A download goes on where an earlier one has stopped, and trusts nothing that it finds there.
class DownloadResumeTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatIsRightIsKeptAndTheRestIsFetched_data() {
        QTest::addColumn<QByteArray>("left");
        QTest::addColumn<quint64>("kept");
        const auto row = [](const char* name, const Bytes& left, std::uint64_t kept) {
            QTest::newRow(name) << QByteArray(reinterpret_cast<const char*>(left.data()),
                                              static_cast<qsizetype>(left.size()))
                                << quint64(kept);
        };
        row("some segments and a half", beginning(7 * segment + 1000), 7 * segment);
        row("less than a segment", beginning(1000), 0);
        row("a damaged byte", damaged(beginning(9 * segment), 3 * segment + 5), 3 * segment);
        row("a damaged first byte", damaged(beginning(9 * segment), 0), 0);
        row("another file", noise(9 * segment, 99), 0);
        row("all of it", beginning(fileSize), fileSize);
        row("all of it but a byte", beginning(fileSize - 1), fileSize / segment * segment);
        row("all of it and more", longer(beginning(fileSize)), fileSize);
    }

    void whatIsRightIsKeptAndTheRestIsFetched() {
        QFETCH(QByteArray, left);
        QFETCH(quint64, kept);
        DownloadRun run;
        run.spread(file());
        run.sink->left.assign(left.begin(), left.end());
        const auto result = run.run(file().capability);
        QVERIFY2(result, said(result).c_str());
        QVERIFY(run.sink->bytes == file().plaintext);
        QVERIFY(run.sink->committed);
        QCOMPARE(run.sink->kept->value(), kept);
        QCOMPARE(run.progress.back().delivered.value(), fileSize);
        // Keeping is no write: only what was fetched is.
        QCOMPARE(run.sink->calls == 1, kept == fileSize);
    }

    void aRangeThatBeginsElsewhereKeepsNothing() {
        DownloadRun run;
        run.spread(file());
        run.sink->left = beginning(9 * segment);
        const auto result = run.run(file().capability, Range{ByteOffset(segment), ByteOffset(3 * segment)});
        QVERIFY2(result, said(result).c_str());
        QVERIFY(!run.sink->kept);
        QCOMPARE(run.sink->bytes.size(), std::size_t(2 * segment));
    }
};

QTEST_GUILESS_MAIN(DownloadResumeTest)
#include "download_resume_test.moc"
