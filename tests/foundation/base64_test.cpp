#include "core/foundation/base64.h"

#include <QByteArray>
#include <QtTest>

using namespace tarn;

class Base64Test : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theVectorsOfRfc4648Hold() {
        const std::pair<std::string_view, std::string_view> vectors[] = {
            {"", ""},
            {"f", "Zg=="},
            {"fo", "Zm8="},
            {"foo", "Zm9v"},
            {"foob", "Zm9vYg=="},
            {"fooba", "Zm9vYmE="},
            {"foobar", "Zm9vYmFy"},
        };
        for (const auto& [plain, text] : vectors) {
            QCOMPARE(toBase64(viewOf(plain)), std::string(text));
            const auto bytes = fromBase64(text);
            QVERIFY(bytes.has_value());
            QCOMPARE(textOf(*bytes), plain);
        }
    }

    void bothFormsEqualQtsAtEveryLength() {
        Bytes bytes;
        for (unsigned i = 0; i < 300; ++i) {
            const QByteArray plain(reinterpret_cast<const char*>(bytes.data()), static_cast<qsizetype>(bytes.size()));
            QCOMPARE(toBase64(bytes), plain.toBase64().toStdString());
            QCOMPARE(toBase64Url(bytes),
                     plain.toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals).toStdString());
            QVERIFY(fromBase64(toBase64(bytes)) == bytes);
            QVERIFY(fromBase64Url(toBase64Url(bytes)) == bytes);
            bytes.push_back(static_cast<Byte>((i * 89 + 251) & 255U));
        }
    }

    void theTwoAlphabetsDoNotMix() {
        const Bytes bytes{0xFB, 0xFF, 0xFE};
        QCOMPARE(toBase64(bytes), std::string("+//+"));
        QCOMPARE(toBase64Url(bytes), std::string("-__-"));
        QVERIFY(!fromBase64("-__-").has_value());
        QVERIFY(!fromBase64Url("+//+").has_value());
    }

    void wrongOrMissingPaddingIsRefused() {
        for (const char* text :
             {"Zg", "Zg=", "Zg===", "Zg====", "Zm8", "Zm8==", "Z", "Z===", "=", "====", "Zm=v", "=Zm9"}) {
            QVERIFY2(!fromBase64(text).has_value(), text);
        }
        for (const char* text : {"Zg==", "Zm8=", "Z", "Zm9vY"}) {
            QVERIFY2(!fromBase64Url(text).has_value(), text);
        }
    }

    void spareBitsThatAreNotZeroAreRefused() {
        for (const char* text : {"Zh==", "Zm9="}) {
            QVERIFY2(!fromBase64(text).has_value(), text);
        }
        for (const char* text : {"Zh", "Zm9"}) {
            QVERIFY2(!fromBase64Url(text).has_value(), text);
        }
    }

    void foreignCharactersAreRefused() {
        for (const char* text : {"Zm9 ", "Zm\n9", "Zm9v\n", "Zm.v",
                                 "\xC3\xA9"
                                 "Zm"}) {
            QVERIFY2(!fromBase64(text).has_value(), text);
            QVERIFY2(!fromBase64Url(text).has_value(), text);
        }
        QVERIFY(!fromBase64(std::string_view("Zm\0v", 4)).has_value());
    }
};

QTEST_GUILESS_MAIN(Base64Test)
#include "base64_test.moc"
