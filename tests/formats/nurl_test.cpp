#include "core/formats/nurl.h"

#include <QTest>

using namespace tarn;
using namespace tarn::formats;

namespace {

const std::string hashText = "LHDhK3oGRvkiefQnx7OOczTY5Tic_xZ6HcMOc_gmtoM";
const std::string tubText = "aaaqeayeaudaocajbifqydiob4ibceqt";

std::string nurlWith(const std::string& rest) {
    return "pb://" + hashText + "@" + rest;
}

std::string problemOf(const std::string& text) {
    const auto nurl = parseNurl(text);
    return nurl || nurl.error().code != ErrorCode::InvalidLocator ? "none" : nurl.error().detail;
}

}  // namespace

class NurlTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aNurlComesApartAndTogether() {
        const std::string text = nurlWith("storage.example:3456/abc123#v=1");
        const auto nurl = parseNurl(text);
        QVERIFY(nurl);
        QCOMPARE(nurl->host, std::string("storage.example"));
        QCOMPARE(nurl->port, std::uint16_t(3456));
        QCOMPARE(nurl->swissnum.reveal(), std::string("abc123"));
        QCOMPARE(nurl->spkiHash.bytes()[0], Byte(0x2c));
        QCOMPARE(nurl->reveal(), text);
        QCOMPARE(nurl->address(), std::string("storage.example:3456"));
    }

    void anIpv6AddressStandsInBrackets() {
        const std::string text = nurlWith("[2001:db8::1]:1/s#v=1");
        const auto nurl = parseNurl(text);
        QVERIFY(nurl);
        QCOMPARE(nurl->host, std::string("2001:db8::1"));
        QCOMPARE(nurl->address(), std::string("[2001:db8::1]:1"));
        QCOMPARE(nurl->reveal(), text);
        QVERIFY(parseNurl(nurlWith("[::ffff:192.0.2.1]:65535/s#v=1")));
    }

    void aPercentEncodedSwissnumIsDecoded() {
        const auto nurl = parseNurl(nurlWith("192.0.2.1:80/a%2Db%7e#v=1"));
        QVERIFY(nurl);
        QCOMPARE(nurl->swissnum.reveal(), std::string("a-b~"));
        QCOMPARE(nurl->reveal(), nurlWith("192.0.2.1:80/a-b~#v=1"));
    }

    void whatIsNoNurlIsRefused_data() {
        QTest::addColumn<QByteArray>("text");
        const auto row = [](const std::string& text) {
            QTest::addRow("%s", text.c_str()) << QByteArray::fromStdString(text);
        };
        row("");
        row("pb://");
        row("http://" + hashText + "@host:1/s#v=1");
        row("PB://" + hashText + "@host:1/s#v=1");
        row(" " + nurlWith("host:1/s#v=1"));
        row(nurlWith("host:1/s"));
        row(nurlWith("host:1/s#v=2"));
        row(nurlWith("host:1/s#v=1 "));
        row(nurlWith("host:1/s?x#v=1"));
        row(nurlWith("host:1#v=1"));
        row(nurlWith("host:1/#v=1"));
        row(nurlWith("host:1/a/b#v=1"));
        row(nurlWith("host:1/a b#v=1"));
        row(nurlWith("host:1/a%2fb#v=1"));
        row(nurlWith("host:1/a%00b#v=1"));
        row(nurlWith("host:1/a%0d%0ab#v=1"));
        row(nurlWith("host:1/a%2#v=1"));
        row(nurlWith("host:1/a%gg#v=1"));
        row(nurlWith("host:1/\xc3\xa9#v=1"));
        row(nurlWith("host:1/" + std::string(513, 'a') + "#v=1"));
        row(nurlWith("host/s#v=1"));
        row(nurlWith("host:/s#v=1"));
        row(nurlWith("host:0/s#v=1"));
        row(nurlWith("host:65536/s#v=1"));
        row(nurlWith("host:18446744073709551617/s#v=1"));
        row(nurlWith("host:+1/s#v=1"));
        row(nurlWith("host:1x/s#v=1"));
        row(nurlWith(":1/s#v=1"));
        row(nurlWith("ho st:1/s#v=1"));
        row(nurlWith("ho%20st:1/s#v=1"));
        row(nurlWith("user@host:1/s#v=1"));
        row(nurlWith("-host:1/s#v=1"));
        row(nurlWith("a..b:1/s#v=1"));
        row(nurlWith("2001:db8::1:1/s#v=1"));
        row(nurlWith("[2001:db8::1]/s#v=1"));
        row(nurlWith("[2001:db8::1%25eth0]:1/s#v=1"));
        row(nurlWith("[host]:1/s#v=1"));
        row(nurlWith("[:1/s#v=1"));
        row("pb://@host:1/s#v=1");
        row("pb://" + hashText + "A@host:1/s#v=1");
        row("pb://" + hashText.substr(1) + "@host:1/s#v=1");
        row("pb://" + hashText + "=@host:1/s#v=1");
        row("pb://" + tubText + "@tcp:host:1/s");
    }
    void whatIsNoNurlIsRefused() {
        QFETCH(QByteArray, text);
        QVERIFY(problemOf(text.toStdString()) != "none");
    }

    void aTorOrI2pAddressIsCalledThat() {
        QVERIFY(problemOf("pb+tor://" + hashText + "@abc.onion:1/s#v=1").find("Tor") != std::string::npos);
        QVERIFY(problemOf("pb+i2p://" + hashText + "@abc.i2p:1/s#v=1").find("I2P") != std::string::npos);
    }

    void aProblemNeverRepeatsTheSecret() {
        for (const std::string& text : {nurlWith("host:99999/secretsecret#v=1"), nurlWith("host:1/secretsecret"),
                                        nurlWith("host:1/secret secret#v=1")}) {
            QVERIFY(problemOf(text).find("secretsec") == std::string::npos);
            QVERIFY(problemOf(text).find(hashText) == std::string::npos);
        }
    }

    void aLongTextIsNotLookedAt() { QVERIFY(problemOf(nurlWith(std::string(mostLocatorText, 'a'))) != "none"); }

    void aFurlComesApartAndTogether() {
        const std::string text = "pb://" + tubText + "@tcp:192.0.2.1:3456,tcp:[2001:db8::1]:3456/swissnum";
        const auto furl = parseFurl(text);
        QVERIFY(furl);
        QCOMPARE(furl->tubId.bytes()[19], Byte(19));
        QCOMPARE(furl->locationHints, (std::vector<std::string>{"tcp:192.0.2.1:3456", "tcp:[2001:db8::1]:3456"}));
        QCOMPARE(furl->swissnum.reveal(), std::string("swissnum"));
        QCOMPARE(furl->reveal(), text);
    }

    void aFurlNeedsNoHintAndTakesEitherCase() {
        const auto furl = parseFurl("pb://AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQT@/s");
        QVERIFY(furl);
        QVERIFY(furl->locationHints.empty());
        QCOMPARE(furl->reveal(), "pb://" + tubText + "@/s");
        QCOMPARE(parseFurl("pb://" + tubText + "@,a,,b,/s")->locationHints, (std::vector<std::string>{"a", "b"}));
    }

    void whatIsNoFurlIsRefused() {
        std::string hints;
        for (int i = 0; i < 100; ++i) {
            hints += "h,";
        }
        for (const std::string& text :
             {std::string(), std::string("pb://"), "pb://" + tubText, "pb://" + tubText + "@hint",
              "pb://" + tubText + "@hint/", "pb://" + tubText.substr(1) + "@hint/s", "pb://" + tubText + "a@hint/s",
              std::string("pb://@hint/s"), "pb://" + tubText + "@hi nt/s", "pb://" + tubText + "@hint/s\n",
              "http://" + tubText + "@hint/s", "pb://" + tubText + "@" + hints + "/s",
              "pb://" + tubText + "@" + std::string(3000, 'a') + "/s"}) {
            const auto furl = parseFurl(text);
            QVERIFY(!furl);
            QCOMPARE(furl.error().code, ErrorCode::InvalidLocator);
            QVERIFY(furl.error().detail.find(tubText) == std::string::npos);
        }
    }
};

QTEST_GUILESS_MAIN(NurlTest)
#include "nurl_test.moc"
