#include "core/api/error_text.h"
#include "core/foundation/error.h"

#include <QObject>
#include <QSet>
#include <QTest>

using namespace tarn;

class ErrorTextTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyCodeHasSentencesOfItsOwn() {
        QSet<QString> seen;
        for (int code = 0; code <= static_cast<int>(ErrorCode::CorruptFile); ++code) {
            const auto name = nameOf(static_cast<ErrorCode>(code));
            const auto text = api::errorText(name);
            QVERIFY2(text.what.endsWith(QLatin1Char('.')), qPrintable(name));
            QVERIFY2(text.advice.endsWith(QLatin1Char('.')), qPrintable(name));
            QVERIFY2(text.kept.isEmpty() || text.kept.endsWith(QLatin1Char('.')), qPrintable(name));
            QVERIFY2(!seen.contains(text.what), qPrintable(name));
            seen.insert(text.what);
        }
        QCOMPARE(seen.size(), static_cast<int>(ErrorCode::CorruptFile) + 1);
    }

    void onlyAProfileThatIsNotThereKeepsNothing() {
        for (int code = 0; code <= static_cast<int>(ErrorCode::CorruptFile); ++code) {
            const auto name = nameOf(static_cast<ErrorCode>(code));
            const bool missing = static_cast<ErrorCode>(code) == ErrorCode::ProfileMissing;
            QCOMPARE(api::errorText(name).kept.isEmpty(), missing);
        }
    }

    void anUnknownNameGivesTheTextOfAnInternalFault() {
        QCOMPARE(api::errorText(QStringLiteral("NoSuchCode")).what, api::errorText(QStringLiteral("Internal")).what);
        QCOMPARE(api::errorText(QString()).what, api::errorText(QStringLiteral("Internal")).what);
    }

    void theAdviceForAMissingProfileNamesTheCommand() {
        QVERIFY(api::errorText(QStringLiteral("ProfileMissing")).advice.contains(QStringLiteral("tarn init")));
    }

private:
    static QString nameOf(ErrorCode code) {
        const auto name = errorName(code);
        return QString::fromLatin1(name.data(), static_cast<qsizetype>(name.size()));
    }
};

QTEST_GUILESS_MAIN(ErrorTextTest)
#include "error_text_test.moc"
