#include "core/foundation/base32.h"

#include <QtTest>

using namespace tarn;

class Base32Test : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theVectorsOfRfc4648HoldInLowerCaseWithoutPadding() {
        const std::pair<std::string_view, std::string_view> vectors[] = {
            {"", ""},
            {"f", "my"},
            {"fo", "mzxq"},
            {"foo", "mzxw6"},
            {"foob", "mzxw6yq"},
            {"fooba", "mzxw6ytb"},
            {"foobar", "mzxw6ytboi"},
            {"hello", "nbswy3dp"},
        };
        for (const auto& [plain, text] : vectors) {
            QCOMPARE(toBase32(viewOf(plain)), std::string(text));
            const auto bytes = fromBase32(text);
            QVERIFY(bytes.has_value());
            QCOMPARE(textOf(*bytes), plain);
        }
    }

    void allByteValuesRoundTripAtEveryLength() {
        Bytes bytes;
        for (unsigned i = 0; i < 600; ++i) {
            QVERIFY(fromBase32(toBase32(bytes)) == bytes);
            bytes.push_back(static_cast<Byte>((i * 167 + 13) & 255U));
        }
    }

    void everyLengthThatNoBytesGiveIsRefused() {
        for (const std::size_t length : {1U, 3U, 6U, 9U, 11U, 14U}) {
            QVERIFY2(!fromBase32(std::string(length, 'a')).has_value(), qPrintable(QString::number(length)));
        }
        for (const std::size_t length : {2U, 4U, 5U, 7U, 8U, 10U}) {
            QVERIFY2(fromBase32(std::string(length, 'a')).has_value(), qPrintable(QString::number(length)));
        }
    }

    void spareBitsThatAreNotZeroAreRefused() {
        // The last character of two carries two spare bits, so one in four stands for a byte.
        int accepted = 0;
        for (const char c : std::string_view("abcdefghijklmnopqrstuvwxyz234567")) {
            accepted += fromBase32(std::string("a") + c).has_value() ? 1 : 0;
        }
        QCOMPARE(accepted, 8);
    }

    void foreignCharactersAreRefusedWhereverTheyStand() {
        for (const char c : {'A', 'Z', '0', '1', '8', '9', '=', ' ', '\n', '\0', '-', '\xff'}) {
            for (std::size_t at = 0; at < 8; ++at) {
                std::string text = "nbswy3dp";
                text[at] = c;
                QVERIFY(!fromBase32(text).has_value());
            }
        }
        QVERIFY(!fromBase32("my======").has_value());
    }
};

QTEST_GUILESS_MAIN(Base32Test)
#include "base32_test.moc"
