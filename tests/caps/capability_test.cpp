#include "core/caps/capability.h"
#include "core/foundation/base32.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSet>
#include <QtTest>

using namespace tarn;

namespace {

QJsonArray vectors(const char* name) {
    QFile file(QStringLiteral(TARN_TEST_DATA "/data/capabilities.json"));
    const bool opened = file.open(QIODevice::ReadOnly);
    const QJsonArray list =
        QJsonDocument::fromJson(opened ? file.readAll() : QByteArray())[QLatin1String(name)].toArray();
    if (list.isEmpty()) {
        qFatal("no vectors named %s", name);
    }
    return list;
}

caps::Capability parsed(const std::string& text) {
    return caps::parse(text).value();
}

/// The capability's text, or JSON's null when there is none.
QJsonValue textOrNull(const std::optional<caps::Capability>& capability) {
    return capability ? QJsonValue(QString::fromStdString(caps::reveal(*capability))) : QJsonValue();
}

QString qString(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

const std::string someKey = "ihrbeov7lbvoduupd4qblysj7a";
const std::string someHash = "bg5agsdt62jb34hxvxmdsbza6do64f4fg5anxxod2buttbo6udzq";

std::string chkWith(const std::string& numbers) {
    return "URI:CHK:" + someKey + ':' + someHash + ':' + numbers;
}

}  // namespace

class CapabilityTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyKindPrintsWeakensAndIsFoundAsByTahoe() {
        QSet<QString> kinds;
        for (const QJsonValue row : vectors("capabilities")) {
            const QString text = row[QLatin1String("text")].toString();
            const auto capability = caps::parse(text.toStdString());
            QVERIFY2(capability.has_value(), qPrintable(text));
            QCOMPARE(qString(caps::kindName(*capability)), row[QLatin1String("kind")].toString());
            QCOMPARE(qString(caps::reveal(*capability)), row[QLatin1String("printed")].toString());
            QCOMPARE(textOrNull(caps::readOnly(*capability)), row[QLatin1String("readOnly")]);
            QCOMPARE(textOrNull(caps::verifier(*capability)), row[QLatin1String("verifier")]);
            const auto index = caps::storageIndex(*capability);
            QCOMPARE(index ? QJsonValue(qString(toBase32(index->bytes()))) : QJsonValue(),
                     row[QLatin1String("storageIndex")]);
            kinds.insert(row[QLatin1String("kind")].toString());
        }
        QCOMPARE(kinds.size(), 18);
    }

    void whatTahoeRefusesIsRefusedWithoutRepeatingIt() {
        for (const QJsonValue each : vectors("refused")) {
            const auto capability = caps::parse(each.toString().toStdString());
            QVERIFY2(!capability.has_value(), qPrintable(each.toString()));
            QCOMPARE(capability.error().code, ErrorCode::InvalidCapability);
            const QString detail = qString(capability.error().detail);
            for (const QString& field : each.toString().split(QLatin1Char(':')).mid(2)) {
                QVERIFY2(field.size() < 8 || !detail.contains(field), qPrintable(detail));
            }
        }
    }

    void anUnknownKindIsCarriedUntouched() {
        for (const QJsonValue each : vectors("unknown")) {
            const auto capability = caps::parse(each.toString().toStdString());
            QVERIFY2(capability && std::holds_alternative<caps::Unknown>(*capability), qPrintable(each.toString()));
            QCOMPARE(qString(caps::reveal(*capability)), each.toString());
            QCOMPARE(qString(caps::kindName(*capability)), QStringLiteral("unknown"));
            QVERIFY(!caps::readOnly(*capability));
            QVERIFY(!caps::verifier(*capability));
            QVERIFY(!caps::storageIndex(*capability));
        }
    }

    void aVouchedForKnownKindKeepsItsPrefix() {
        for (const std::string& prefix : {std::string("ro."), std::string("imm.")}) {
            const std::string text = prefix + chkWith("3:10:1000");
            const auto capability = parsed(text);
            QVERIFY(std::holds_alternative<caps::Unknown>(capability));
            QCOMPARE(caps::reveal(capability), text);
        }
        for (const char* text : {"ro.", "imm.", "ro.hello", "ro.imm.URI:FUTURE:x", "ro.ro.lafs://x"}) {
            QVERIFY2(!caps::parse(text).has_value(), text);
        }
    }

    void theFieldsOfAFileCapabilityAreRead() {
        const auto chk = std::get<caps::Chk>(parsed(chkWith("3:10:28733")));
        QCOMPARE(toBase32(chk.key.reveal()), someKey);
        QCOMPARE(toBase32(chk.uriExtensionHash.bytes()), someHash);
        QCOMPARE(chk.required, 3U);
        QCOMPARE(chk.total, 10U);
        QCOMPARE(chk.size.value(), std::uint64_t{28733});
        const auto literal = std::get<caps::Literal>(parsed("URI:LIT:nbswy3dp"));
        QCOMPARE(textOf(literal.data), std::string_view("hello"));
        QVERIFY(std::get<caps::Literal>(parsed("URI:LIT:")).data.empty());
        const auto write = std::get<caps::MutableWrite>(parsed("URI:MDMF:" + someKey + ':' + someHash));
        QVERIFY(write.format == caps::MutableFormat::Mdmf);
        QVERIFY(write.readOnly().format == caps::MutableFormat::Mdmf);
        QCOMPARE(toBase32(write.fingerprint.bytes()), someHash);
        const auto directory =
            std::get<caps::Directory<caps::MutableRead>>(parsed("URI:DIR2-RO:" + someKey + ':' + someHash));
        QVERIFY(directory.file.format == caps::MutableFormat::Sdmf);
    }

    void numbersOutsideTheCodesRangeAreRefused() {
        for (const char* numbers : {"1:1:0", "256:256:1", "1:256:18446744073709551615"}) {
            QVERIFY2(caps::parse(chkWith(numbers)).has_value(), numbers);
        }
        for (const char* numbers :
             {"0:1:5", "0:0:5", "2:1:5", "11:10:5", "1:257:5", "257:257:5", "4294967297:4294967298:5",
              "3:10:18446744073709551616", "3:10:99999999999999999999999999999999", "3:10:0x10", "3:10:1e3", "3:10",
              "3:10:", "::", "3:10:5 6", "3:10:\xC2\xB2"}) {
            QVERIFY2(!caps::parse(chkWith(numbers)).has_value(), numbers);
        }
    }

    void whiteSpaceAroundIsDroppedAndWithinRefused() {
        const std::string text = chkWith("3:10:1000");
        QCOMPARE(caps::reveal(parsed(" \t\r\n" + text + "\n  ")), text);
        QVERIFY(!caps::parse("URI:CHK: " + someKey + ':' + someHash + ":3:10:1000").has_value());
        QVERIFY(!caps::parse(text + '\n' + text).has_value());
        QVERIFY(!caps::parse("URI:FUTURE:a b").has_value());
        QVERIFY(!caps::parse("URI:FUTURE:a\nb").has_value());
        QVERIFY(!caps::parse(std::string("URI:FUTURE:a\0b", 14)).has_value());
        QVERIFY(!caps::parse("URI:FUTURE:a\x1b[2Jb").has_value());
    }

    void whatIsNoCapabilityIsRefused() {
        for (const char* text : {"", " ", "hello", "URI", "URI:", "URI::", "URI::x", "URI:CHK", "URI:DIR2", "uri:chk:x",
                                 "URI%3ACHK%3Ax", "http://localhost/uri/URI:CHK:x", "URI:a.b:c", "lafs:/x"}) {
            const auto capability = caps::parse(text);
            QVERIFY2(!capability.has_value(), text);
            QCOMPARE(capability.error().code, ErrorCode::InvalidCapability);
        }
    }

    void onlyTextUpToTheLimitIsLookedAt() {
        const std::string head = "URI:FUTURE:";
        const std::string longest = head + std::string(caps::mostCapabilityText - head.size(), 'x');
        QVERIFY(caps::parse(longest).has_value());
        QVERIFY(!caps::parse(longest + 'x').has_value());
        QVERIFY(!caps::parse(std::string(1000000, 'x')).has_value());
    }

    void weakeningNeverHandsOutAStrongerKey() {
        const auto write = parsed("URI:DIR2-MDMF:" + someKey + ':' + someHash);
        const std::string read = caps::reveal(caps::readOnly(write).value());
        const std::string verify = caps::reveal(caps::verifier(write).value());
        QVERIFY(read.find(someKey) == std::string::npos);
        const std::string readKey =
            toBase32(std::get<caps::Directory<caps::MutableRead>>(parsed(read)).file.key.reveal());
        QVERIFY(verify.find(someKey) == std::string::npos && verify.find(readKey) == std::string::npos);
        QVERIFY(!caps::readOnly(parsed(verify)));
        const std::string chkVerifier = caps::reveal(caps::verifier(parsed(chkWith("3:10:1000"))).value());
        QVERIFY(chkVerifier.find(someKey) == std::string::npos);
    }
};

QTEST_GUILESS_MAIN(CapabilityTest)
#include "capability_test.moc"
