#include "core/foundation/bytes.h"
#include "core/upload/source.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <chrono>
#include <filesystem>

#include <sys/stat.h>
#include <unistd.h>

using namespace tarn;

namespace {

class SourceTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        m_folder = std::make_unique<QTemporaryDir>();
        QVERIFY(m_folder->isValid());
    }

    void aFileIsReadAtAnyPlace() {
        const auto path = write("file", "0123456789");
        const auto source = upload::openFile(path);
        QVERIFY(source);
        QCOMPARE((*source)->size().value(), 10U);
        QCOMPARE(textAt(**source, 7, 3), std::string("789"));
        QCOMPARE(textAt(**source, 0, 4), std::string("0123"));
        QCOMPARE(textAt(**source, 10, 0), std::string());
        QVERIFY((*source)->checkUnchanged());
    }

    void sizesAreSeenAsTheyAre() {
        for (const int size : {0, 55, 56}) {
            const auto source = upload::openFile(write("file", QByteArray(size, 'x')));
            QVERIFY(source);
            QCOMPARE((*source)->size().value(), unsigned(size));
            QCOMPARE(textAt(**source, 0, std::size_t(size)).size(), std::size_t(size));
        }
    }

    void namesHoldAnyUnicode() {
        for (const char* name : {"Grüße aus Köln", "日本語.txt", "🏔️", "line\nbreak", " "}) {
            const auto source = upload::openFile(write(name, "abc"));
            QVERIFY2(source, name);
            QCOMPARE(textAt(**source, 0, 3), std::string("abc"));
        }
    }

    void aReadPastTheEndIsRefused() {
        const auto source = upload::openFile(write("file", "abc"));
        QVERIFY(source);
        Bytes out(2);
        QVERIFY((*source)->read(ByteOffset(2), out).error().code == ErrorCode::InvalidArgument);
        QVERIFY((*source)->read(ByteOffset(~0ULL), out).error().code == ErrorCode::InvalidArgument);
        QVERIFY(upload::sourceOf(Bytes{1, 2, 3})->read(ByteOffset(2), out).error().code == ErrorCode::InvalidArgument);
    }

    void whatIsNotThereIsNotFound() {
        QVERIFY(codeOf(place("missing")) == ErrorCode::FileNotFound);
        write("file", "abc");
        QVERIFY(codeOf(place("file/below")) == ErrorCode::FileNotFound);
    }

    void aFolderIsRefused() { QVERIFY(codeOf(place("")) == ErrorCode::FileUnreadable); }

    void aPipeIsRefusedAndNobodyWaitsForIt() {
        const auto path = place("pipe");
        QCOMPARE(::mkfifo(path.c_str(), 0600), 0);
        QVERIFY(codeOf(path) == ErrorCode::FileUnreadable);
    }

    void aDeviceIsRefused() { QVERIFY(codeOf("/dev/zero") == ErrorCode::FileUnreadable); }

    void aFileThatOneMayNotReadIsUnreadable() {
        const auto path = write("file", "abc");
        QCOMPARE(::chmod(m_folder->path().toLocal8Bit().constData(), 0755), 0);
        QCOMPARE(::chmod(path.c_str(), 0), 0);
        // Root may read everything, so it steps down for a moment.
        const uid_t before = ::geteuid();
        QVERIFY(before != 0 || ::seteuid(65534) == 0);
        const ErrorCode code = codeOf(path);
        QVERIFY(before != 0 || ::seteuid(before) == 0);
        QVERIFY(code == ErrorCode::FileUnreadable);
    }

    void aLinkLeadsToItsFile() {
        const auto path = write("file", "abc");
        std::filesystem::create_symlink(path, place("link"));
        const auto source = upload::openFile(place("link"));
        QVERIFY(source);
        QCOMPARE(textAt(**source, 0, 3), std::string("abc"));
        QVERIFY((*source)->checkUnchanged());
    }

    void aFileThatGrewHasChanged() {
        const auto path = write("file", "abc");
        const auto source = upload::openFile(path);
        QVERIFY(source);
        write("file", "abcd");
        QVERIFY(changed(**source));
    }

    void aFileThatShrankHasChangedAndCannotBeReadToItsOldEnd() {
        const auto path = write("file", "abc");
        const auto source = upload::openFile(path);
        QVERIFY(source);
        std::filesystem::resize_file(path, 1);
        Bytes out(3);
        QVERIFY((*source)->read(ByteOffset(0), out).error().code == ErrorCode::FileChanged);
        QVERIFY(changed(**source));
    }

    void aFileOfTheSameSizeAndAnotherTimeHasChanged() {
        const auto path = write("file", "abc");
        const auto source = upload::openFile(path);
        QVERIFY(source);
        using namespace std::chrono_literals;
        std::filesystem::last_write_time(path, std::filesystem::last_write_time(path) + 1us);
        QVERIFY(changed(**source));
    }

    void aFileThatWasReplacedHasChanged() {
        const auto path = write("file", "abc");
        const auto source = upload::openFile(path);
        QVERIFY(source);
        std::filesystem::rename(write("other", "abc"), path);
        QVERIFY(changed(**source));
    }

    void aFileThatWasRemovedHasChanged() {
        const auto path = write("file", "abc");
        const auto source = upload::openFile(path);
        QVERIFY(source);
        std::filesystem::remove(path);
        QVERIFY(changed(**source));
    }

private:
    [[nodiscard]] std::filesystem::path place(const char* name) const {
        return std::filesystem::path(m_folder->path().toStdString()) / name;
    }

    std::filesystem::path write(const char* name, const QByteArray& content) const {
        const auto path = place(name);
        QFile file(QString::fromStdString(path.string()));
        if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size()) {
            qFatal("cannot write the test's own file");
        }
        return path;
    }

    static std::string textAt(upload::Source& source, std::uint64_t offset, std::size_t size) {
        Bytes out(size);
        return source.read(ByteOffset(offset), out) ? std::string(textOf(out)) : "failed";
    }

    static ErrorCode codeOf(const std::filesystem::path& path) {
        const auto source = upload::openFile(path);
        return source ? ErrorCode::Internal : source.error().code;
    }

    static bool changed(upload::Source& source) {
        const auto unchanged = source.checkUnchanged();
        return !unchanged && unchanged.error().code == ErrorCode::FileChanged;
    }

    std::unique_ptr<QTemporaryDir> m_folder;
};

}  // namespace

QTEST_GUILESS_MAIN(SourceTest)
#include "source_test.moc"
