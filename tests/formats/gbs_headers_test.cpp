#include "core/formats/gbs_messages.h"
#include "core/foundation/base64.h"
#include "vectors.h"

using namespace tarn;
using namespace tarn::formats;

namespace {

void compareRanges(const QJsonObject& wanted, std::optional<gbs::Range> (*parse)(std::string_view)) {
    QVERIFY(wanted.size() > 10);
    for (auto it = wanted.begin(); it != wanted.end(); ++it) {
        const std::string value = it.key().toStdString();
        const auto range = parse(value);
        if (it.value().isNull()) {
            QVERIFY2(!range, value.c_str());
            continue;
        }
        QVERIFY2(range, value.c_str());
        QCOMPARE(std::to_string(range->begin), vectors::text(it.value()[0]));
        QCOMPARE(std::to_string(range->end), vectors::text(it.value()[1]));
    }
}

std::string lease(char fill) {
    return toBase64(Bytes(32, static_cast<Byte>(fill)));
}

}  // namespace

class GbsHeadersTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void rangesAreReadAsTahoeReadsThem() {
        const QJsonObject headers = vectors::readJson("headers.json").object();
        compareRanges(headers[u"range"].toObject(), gbs::parseRange);
        compareRanges(headers[u"content_range"].toObject(), gbs::parseContentRange);
    }

    void rangesBeyondWhatTahoeWasAskedAreRefused() {
        QVERIFY(!gbs::parseRange("bytes=0-18446744073709551615"));
        QVERIFY(!gbs::parseRange("bytes=0-18446744073709551616"));
        QVERIFY(!gbs::parseRange("bytes=0-" + std::string(5000, '9')));
        QVERIFY(!gbs::parseContentRange("bytes 0-9/9"));
        QVERIFY(!gbs::parseContentRange("bytes 0-9/*/*"));
        QVERIFY(!gbs::parseContentRange("bytes 0-18446744073709551615/*"));
    }

    void rangesGoThereAndBack() {
        for (const auto& [begin, end] : {std::pair<std::uint64_t, std::uint64_t>{0, 1},
                                         {5, 900},
                                         {std::uint64_t{1} << 33, (std::uint64_t{1} << 33) + 7},
                                         {0, ~std::uint64_t{0}}}) {
            for (const auto& range : {gbs::parseRange(gbs::writeRange({begin, end})),
                                      gbs::parseContentRange(gbs::writeContentRange({begin, end}))}) {
                QVERIFY(range);
                QCOMPARE(range->begin, begin);
                QCOMPARE(range->end, end);
            }
        }
        QCOMPARE(gbs::writeRange({0, 10}), std::string("bytes=0-9"));
        QCOMPARE(gbs::writeContentRange({5, 6}), std::string("bytes 5-5/*"));
    }

    void secretsGoThereAndBack() {
        const Bytes secret(32, 7);
        for (const auto kind : {gbs::SecretKind::LeaseRenew, gbs::SecretKind::LeaseCancel, gbs::SecretKind::Upload,
                                gbs::SecretKind::WriteEnabler}) {
            const auto parsed = gbs::parseSecretHeader(gbs::writeSecretHeader(kind, secret));
            QVERIFY(parsed);
            QCOMPARE(parsed->size(), std::size_t(1));
            QVERIFY(parsed->front().first == kind);
            QCOMPARE(parsed->front().second, secret);
        }
        QCOMPARE(gbs::writeSecretHeader(gbs::SecretKind::Upload, viewOf("abc")), std::string("upload-secret YWJj"));
    }

    void oneLineMayHoldSeveralSecrets() {
        const auto parsed = gbs::parseSecretHeader("lease-renew-secret " + lease(1) + ", lease-cancel-secret " +
                                                   lease(2) + ",upload-secret \t YWJj ");
        QVERIFY(parsed);
        QCOMPARE(parsed->size(), std::size_t(3));
        QVERIFY((*parsed)[0] == std::pair(gbs::SecretKind::LeaseRenew, Bytes(32, 1)));
        QVERIFY((*parsed)[1] == std::pair(gbs::SecretKind::LeaseCancel, Bytes(32, 2)));
        QVERIFY((*parsed)[2] == std::pair(gbs::SecretKind::Upload, copyOf(viewOf("abc"))));
    }

    void wrongSecretsAreRefusedAndNeverRepeated() {
        for (const std::string& value :
             {std::string(), std::string(","), std::string("upload-secret"), std::string("upload-secret "),
              std::string("upload-secret ****"), std::string("Upload-Secret YWJj"), std::string("other YWJj"),
              std::string("upload-secret YWJj,"), std::string("upload-secret YWJj, upload-secret YWJj"),
              std::string("lease-renew-secret YWJj"), std::string("upload-secretYWJj"),
              "upload-secret " + std::string(5000, 'A'), "upload-secret " + std::string(400, 'A')}) {
            const auto parsed = gbs::parseSecretHeader(value);
            QVERIFY2(!parsed, value.c_str());
            QCOMPARE(parsed.error().code, ErrorCode::ProtocolViolation);
            QVERIFY(parsed.error().detail.find("YWJj") == std::string::npos);
        }
    }

    void theAuthorizationHoldsTheSwissnumInBase64() {
        QCOMPARE(gbs::writeAuthorization("swissnum"), std::string("Tahoe-LAFS c3dpc3NudW0="));
    }
};

QTEST_GUILESS_MAIN(GbsHeadersTest)
#include "gbs_headers_test.moc"
