#include "ui/models/quantity_words.h"
#include "ui/widgets/language.h"

#include <QTest>

#include <limits>

namespace tarn::ui_test {

using ui::QuantityWords;

class QuantityWordsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void sizesAreInDecimalUnitsOfTheirOwnRank() {
        const ui::Language language{QLocale(QLocale::English, QLocale::UnitedStates)};
        const QLocale locale;
        QCOMPARE(QuantityWords::size(0, locale), QStringLiteral("0 bytes"));
        QCOMPARE(QuantityWords::size(1, locale), QStringLiteral("1 byte"));
        QCOMPARE(QuantityWords::size(999, locale), QStringLiteral("999 bytes"));
        QCOMPARE(QuantityWords::size(1000, locale), QStringLiteral("1.0 kB"));
        QCOMPARE(QuantityWords::size(12'345'678, locale), QStringLiteral("12.3 MB"));
        QCOMPARE(QuantityWords::size(2'500'000'000'000, locale), QStringLiteral("2.5 TB"));
    }

    void theLargestSizeIsNotNegative() {
        const QLocale locale(QLocale::English);
        QVERIFY(!QuantityWords::size(std::numeric_limits<quint64>::max(), locale).contains(QLatin1Char('-')));
    }

    void germanNumbersHaveACommaAndGermanWords() {
        const ui::Language language{QLocale(QLocale::German, QLocale::Germany)};
        QCOMPARE(QuantityWords::size(12'345'678, QLocale()), QStringLiteral("12,3 MB"));
        QCOMPARE(QuantityWords::timeLeft(30), QStringLiteral("noch 30 s"));
    }

    void anUnknownSpeedSaysNothing() {
        const QLocale locale(QLocale::English);
        QVERIFY(QuantityWords::speed(0, locale).isEmpty());
        QVERIFY(QuantityWords::speed(-5, locale).isEmpty());
        QVERIFY(QuantityWords::speed(std::numeric_limits<double>::quiet_NaN(), locale).isEmpty());
        QCOMPARE(QuantityWords::speed(4'200'000, locale), QStringLiteral("4.2 MB/s"));
        QVERIFY(!QuantityWords::speed(std::numeric_limits<double>::infinity(), locale).isEmpty());
    }

    void timeLeftIsRoundedUpAndGrowsCoarserWithItsLength() {
        const ui::Language language{QLocale(QLocale::English, QLocale::UnitedStates)};
        QCOMPARE(QuantityWords::timeLeft(0), QStringLiteral("0 s left"));
        QCOMPARE(QuantityWords::timeLeft(89), QStringLiteral("89 s left"));
        QCOMPARE(QuantityWords::timeLeft(90), QStringLiteral("2 min left"));
        QCOMPARE(QuantityWords::timeLeft(121), QStringLiteral("3 min left"));
        QCOMPARE(QuantityWords::timeLeft(90 * 60), QStringLiteral("90 min left"));
        QCOMPARE(QuantityWords::timeLeft(2 * 3600 - 1), QStringLiteral("2 h 0 min left"));
        QCOMPARE(QuantityWords::timeLeft(36 * 3600), QStringLiteral("2 days left"));
        QCOMPARE(QuantityWords::timeLeft(std::numeric_limits<quint64>::max()), QStringLiteral("9999 days left"));
    }
};

}  // namespace tarn::ui_test

QTEST_GUILESS_MAIN(tarn::ui_test::QuantityWordsTest)
#include "quantity_words_test.moc"
