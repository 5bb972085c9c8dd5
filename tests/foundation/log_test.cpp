#include "core/foundation/log.h"

#include <QTemporaryFile>
#include <QtTest>

#include <sys/stat.h>
#include <unistd.h>

using namespace tarn;

class LogTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void levelsHaveNames() {
        for (const auto level : {LogLevel::Error, LogLevel::Warning, LogLevel::Info, LogLevel::Debug}) {
            QVERIFY(logLevelOf(logLevelName(level)) == level);
        }
        QVERIFY(!logLevelOf("loud").has_value());
        QVERIFY(!logLevelOf("").has_value());
    }

    void whatIsBelowTheLevelIsNotWritten() {
        for (const auto most : {LogLevel::Error, LogLevel::Warning, LogLevel::Info, LogLevel::Debug}) {
            const auto lines = written(most, LogStyle::Journal, [](Log& log) {
                for (const auto level : {LogLevel::Error, LogLevel::Warning, LogLevel::Info, LogLevel::Debug}) {
                    log.write(level, logLevelName(level));
                }
            });
            QCOMPARE(lines, QByteArray("<3>error\n<4>warning\n<6>info\n<7>debug\n")
                                .left(std::array{9, 20, 28, 37}[static_cast<std::size_t>(most)]));
        }
        QVERIFY(!makeNoLog()->wants(LogLevel::Error));
    }

    void aPlainLineBeginsWithTheTimeAndTheLevel() {
        const auto line =
            written(LogLevel::Info, LogStyle::Plain, [](Log& log) { log.write(LogLevel::Info, "begun"); });
        QVERIFY2(QRegularExpression(QStringLiteral("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ info: begun\n$"))
                     .match(QString::fromUtf8(line))
                     .hasMatch(),
                 line.constData());
    }

    void aLineStaysOneLineAndBounded() {
        const auto line = written(LogLevel::Info, LogStyle::Journal, [](Log& log) {
            log.write(LogLevel::Info, std::string("a\nb\r\x1b[2Jc\x7f") + std::string(100'000, 'x'));
        });
        QVERIFY(line.startsWith("<6>a?b??[2Jc?xxx"));
        QCOMPARE(line.count('\n'), 1);
        QVERIFY(line.size() < 3000);
    }

    void aDescriptorThatTakesNothingIsBorne() {
        makeDescriptorLog(-1, LogLevel::Debug, LogStyle::Plain)->write(LogLevel::Error, "lost");
    }

    void theJournalIsKnownByItsFile() {
        QTemporaryFile file;
        QVERIFY(file.open());
        struct stat found {};
        QCOMPARE(::fstat(file.handle(), &found), 0);
        const auto stream =
            QByteArray::number(qulonglong(found.st_dev)) + ':' + QByteArray::number(qulonglong(found.st_ino));
        QVERIFY(logStyleOf(file.handle(), stream.constData()) == LogStyle::Journal);
        for (const auto& other :
             {QByteArray(), QByteArray("1"), QByteArray(":"), stream + '0', stream + 'x', "x" + stream}) {
            QVERIFY(logStyleOf(file.handle(), other.constData()) == LogStyle::Plain);
        }
        QVERIFY(logStyleOf(file.handle(), nullptr) == LogStyle::Plain);
        QVERIFY(logStyleOf(-1, stream.constData()) == LogStyle::Plain);
    }

private:
    template <typename Write>
    static QByteArray written(LogLevel most, LogStyle style, Write write) {
        QTemporaryFile file;
        if (!file.open()) {
            qFatal("no file");
        }
        write(*makeDescriptorLog(file.handle(), most, style));
        file.seek(0);
        return file.readAll();
    }
};

QTEST_GUILESS_MAIN(LogTest)
#include "log_test.moc"
