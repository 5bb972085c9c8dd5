#include "core/x509/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QtTest>

#include <memory>

using namespace tarn;

namespace {

QJsonArray certificates() {
    QFile file(QStringLiteral(TARN_TEST_DATA "/data/certificates.json"));
    if (!file.open(QIODevice::ReadOnly)) {
        qFatal("no certificates");
    }
    return QJsonDocument::fromJson(file.readAll()).array();
}

Bytes fromHex(const QJsonValue& value) {
    const QByteArray bytes = QByteArray::fromHex(value.toString().toLatin1());
    return {bytes.begin(), bytes.end()};
}

QString hexOf(ByteView bytes) {
    return QString::fromLatin1(
        QByteArray(reinterpret_cast<const char*>(bytes.data()), static_cast<qsizetype>(bytes.size())).toHex());
}

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Memory = std::unique_ptr<BIO, decltype(&BIO_free)>;

Memory memoryOf(const std::string& text) {
    return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free};
}
Certificate readCertificate(const std::string& pem) {
    return {PEM_read_bio_X509(memoryOf(pem).get(), nullptr, nullptr, nullptr), &X509_free};
}
Key readKey(const std::string& pem) {
    return {PEM_read_bio_PrivateKey(memoryOf(pem).get(), nullptr, nullptr, nullptr), &EVP_PKEY_free};
}

WallTime atYear(int year) {
    return WallTime(std::chrono::seconds(QDateTime(QDate(year, 6, 1), QTime(12, 0), Qt::UTC).toSecsSinceEpoch()));
}

}  // namespace

class CertificateTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theSpkiHashOfEveryKeyTypeIsWhatOthersFind() {
        QVERIFY(!certificates().isEmpty());
        for (const QJsonValue row : certificates()) {
            const auto hash = x509::spkiHash(fromHex(row[QLatin1String("der")]));
            QVERIFY2(hash.has_value(), qPrintable(row[QLatin1String("key")].toString()));
            QCOMPARE(hexOf(hash->bytes()), row[QLatin1String("spkiHash")].toString());
        }
    }

    void theTubIdIsTheCertificatesSha1() {
        for (const QJsonValue row : certificates()) {
            QCOMPARE(hexOf(x509::tubId(fromHex(row[QLatin1String("der")])).bytes()),
                     row[QLatin1String("tubId")].toString());
        }
    }

    void pemGivesTheDerWithinAlsoAmongOtherText() {
        for (const QJsonValue row : certificates()) {
            const std::string pem = row[QLatin1String("pem")].toString().toStdString();
            for (const std::string& text : {pem, "some words\n" + pem + "more words\n" + pem}) {
                const auto der = x509::certificateDer(text);
                QVERIFY(der.has_value());
                QCOMPARE(hexOf(*der), row[QLatin1String("der")].toString());
            }
        }
    }

    void aMadeCertificateIsSelfSignedByItsP256Key() {
        const auto made = x509::makeSelfSigned(atYear(2024));
        QVERIFY(made.has_value());
        const Certificate certificate = readCertificate(made->certificatePem);
        const Key key = readKey(made->privateKeyPem);
        QVERIFY(certificate && key);
        QCOMPARE(X509_verify(certificate.get(), key.get()), 1);
        QCOMPARE(X509_check_private_key(certificate.get(), key.get()), 1);
        QCOMPARE(X509_get_signature_nid(certificate.get()), NID_ecdsa_with_SHA256);
        QCOMPARE(X509_NAME_cmp(X509_get_subject_name(certificate.get()), X509_get_issuer_name(certificate.get())), 0);
        char group[32] = {};
        QCOMPARE(EVP_PKEY_get_group_name(key.get(), group, sizeof group, nullptr), 1);
        QCOMPARE(QByteArray(group), QByteArray("prime256v1"));
        QVERIFY(X509_get_serialNumber(certificate.get())->length >= 16);
        QVERIFY(x509::spkiHash(x509::certificateDer(made->certificatePem).value()).has_value());
    }

    void aMadeCertificateHoldsFromTheDayBeforeForAHundredYears_data() {
        QTest::addColumn<int>("year");
        QTest::newRow("both ends in two-digit years' reach and out of it") << 2024;
        QTest::newRow("past the last two-digit year") << 2051;
    }
    void aMadeCertificateHoldsFromTheDayBeforeForAHundredYears() {
        QFETCH(int, year);
        const WallTime now = atYear(year);
        const auto made = x509::makeSelfSigned(now);
        QVERIFY(made.has_value());
        const Certificate certificate = readCertificate(made->certificatePem);
        std::time_t seconds = std::chrono::system_clock::to_time_t(now);
        int days = 0;
        int rest = 0;
        ASN1_TIME* const base = ASN1_TIME_set(nullptr, seconds);
        QCOMPARE(ASN1_TIME_diff(&days, &rest, base, X509_get0_notBefore(certificate.get())), 1);
        QCOMPARE(days, -1);
        QCOMPARE(ASN1_TIME_diff(&days, &rest, base, X509_get0_notAfter(certificate.get())), 1);
        QVERIFY(days >= 36524);
        ASN1_TIME_free(base);
    }

    void aRenewedCertificateHasTheSameKeyAndNewDates() {
        const auto made = x509::makeSelfSigned(atYear(1970));
        const auto renewed = x509::renewSelfSigned(made->privateKeyPem, atYear(2060));
        QVERIFY(renewed.has_value());
        const Bytes before = x509::certificateDer(made->certificatePem).value();
        const Bytes after = x509::certificateDer(*renewed).value();
        QCOMPARE(x509::spkiHash(after).value(), x509::spkiHash(before).value());
        QVERIFY(x509::tubId(after) != x509::tubId(before));
        const Certificate certificate = readCertificate(*renewed);
        QCOMPARE(X509_verify(certificate.get(), readKey(made->privateKeyPem).get()), 1);
        const auto validity = x509::validityOf(after);
        QVERIFY(validity.has_value());
        QVERIFY(validity->from == atYear(2060) - std::chrono::hours(24));
        QVERIFY(validity->until == atYear(2060) + std::chrono::hours(24) * 36525);
        QVERIFY(x509::validityOf(before)->from < atYear(1970));
    }

    void whatIsNoKeyRenewsNothing() {
        const auto made = x509::makeSelfSigned(atYear(2024));
        for (const std::string& bad : {std::string(), std::string("no key"), made->certificatePem,
                                       made->privateKeyPem.substr(0, made->privateKeyPem.size() / 2)}) {
            QCOMPARE(x509::renewSelfSigned(bad, atYear(2024)).error().code, ErrorCode::InvalidArgument);
        }
        QCOMPARE(x509::validityOf(Bytes(100, 0x30)).error().code, ErrorCode::InvalidArgument);
    }

    void noTwoCertificatesShareKeyOrSerial() {
        const auto one = x509::makeSelfSigned(atYear(2024));
        const auto two = x509::makeSelfSigned(atYear(2024));
        QVERIFY(one && two);
        QVERIFY(one->privateKeyPem != two->privateKeyPem);
        const Certificate first = readCertificate(one->certificatePem);
        const Certificate second = readCertificate(two->certificatePem);
        QVERIFY(ASN1_INTEGER_cmp(X509_get_serialNumber(first.get()), X509_get_serialNumber(second.get())) != 0);
    }

    void whatIsNoCertificateIsRefused() {
        const Bytes good = fromHex(certificates()[0].toObject()[QLatin1String("der")]);
        Bytes trailing = good;
        trailing.push_back(0);
        const Bytes cut(good.begin(), good.end() - 1);
        const Bytes huge(2 * 1024 * 1024, 0x30);
        for (const Bytes& bad : {Bytes(), Bytes{0x30}, Bytes(500, 0xFF), trailing, cut, huge}) {
            const auto hash = x509::spkiHash(bad);
            QVERIFY(!hash.has_value());
            QCOMPARE(hash.error().code, ErrorCode::InvalidArgument);
        }
        for (const char* bad : {"", "no pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                                "-----BEGIN CERTIFICATE-----\n"}) {
            const auto der = x509::certificateDer(bad);
            QVERIFY(!der.has_value());
            QCOMPARE(der.error().code, ErrorCode::InvalidArgument);
        }
        const std::string pem = certificates()[0].toObject()[QLatin1String("pem")].toString().toStdString();
        const auto key = x509::makeSelfSigned(atYear(2024));
        QVERIFY(key.has_value());
        QVERIFY(!x509::certificateDer(key->privateKeyPem).has_value());
        QVERIFY(x509::certificateDer(pem).has_value());
    }

    void failuresLeaveTheLibrarysErrorQueueAsItWas() {
        ERR_clear_error();
        QVERIFY(!x509::spkiHash(Bytes(500, 0xFF)).has_value());
        QVERIFY(!x509::certificateDer("no pem").has_value());
        QCOMPARE(ERR_peek_error(), 0UL);
        ERR_raise(ERR_LIB_USER, 1);
        const unsigned long before = ERR_peek_last_error();
        QVERIFY(!x509::spkiHash(Bytes(500, 0xFF)).has_value());
        QCOMPARE(ERR_peek_last_error(), before);
        ERR_clear_error();
    }
};

QTEST_GUILESS_MAIN(CertificateTest)
#include "certificate_test.moc"
