#include "core/crypto/aes_ctr.h"
#include "tests/crypto/vectors.h"

#include <QtTest>

#include <algorithm>

using namespace tarn;
using namespace tarn::test;

namespace {

crypto::FileKey someKey() {
    return crypto::FileKey::fromBytes(pattern(crypto::FileKey::size)).value();
}

}  // namespace

class AesCtrTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theZeroKeysStreamIsThePublishedOne() {
        // The blocks E(0, 0) and E(0, 1) of AES-128, as the GCM specification's first test case prints them.
        crypto::AesCtr cipher{crypto::FileKey()};
        Bytes stream(32);
        cipher.process(stream, stream);
        QCOMPARE(hexOf(stream), QStringLiteral("66e94bd4ef8a2c3b884cfa59ca342b2e58e2fccefa7e3061367f1d57a4e7455a"));
    }

    void theStreamEqualsTahoesFromAnyOffset() {
        for (const QJsonValue row : vectors("ciphers")) {
            const ByteOffset from(row[QLatin1String("offset")].toString().toULongLong());
            crypto::AesCtr cipher(fixedFromHex<crypto::FileKey>(row[QLatin1String("key")]), from);
            const Bytes zeros(100);
            Bytes stream(zeros.size());
            cipher.process(zeros, stream);
            QCOMPARE(hexOf(stream), row[QLatin1String("stream")].toString());
        }
    }

    void anyPiecesGiveTheSameBytesAndDecryptToThePlaintext() {
        const Bytes plain = pattern(70001);
        Bytes whole(plain.size());
        crypto::AesCtr(someKey()).process(plain, whole);
        for (const std::size_t piece : {1U, 15U, 16U, 17U, 4096U, 16384U, 16385U, 70001U}) {
            crypto::AesCtr cipher(someKey());
            Bytes pieces(plain.size());
            for (std::size_t at = 0; at < plain.size(); at += piece) {
                const std::size_t now = std::min(piece, plain.size() - at);
                cipher.process(ByteView(plain).subspan(at, now), MutableByteView(pieces).subspan(at, now));
                cipher.process({}, {});
            }
            QVERIFY2(pieces == whole, qPrintable(QString::number(piece)));
        }
        Bytes back(plain.size());
        crypto::AesCtr(someKey()).process(whole, back);
        QVERIFY(back == plain);
    }

    void workingInPlaceGivesTheSameBytes() {
        Bytes data = pattern(100003);
        Bytes apart(data.size());
        crypto::AesCtr(someKey()).process(data, apart);
        crypto::AesCtr(someKey()).process(data, data);
        QVERIFY(data == apart);
    }

    void severalObjectsShareOneFileEachFromItsOffset() {
        const Bytes plain = pattern(5000);
        Bytes whole(plain.size());
        crypto::AesCtr(someKey()).process(plain, whole);
        for (const std::size_t from : {1U, 16U, 31U, 4999U, 5000U}) {
            Bytes tail(plain.size() - from);
            crypto::AesCtr(someKey(), ByteOffset(from)).process(ByteView(plain).subspan(from), tail);
            QVERIFY2(std::equal(tail.begin(), tail.end(), whole.begin() + static_cast<std::ptrdiff_t>(from)),
                     qPrintable(QString::number(from)));
        }
    }
};

QTEST_GUILESS_MAIN(AesCtrTest)
#include "aes_ctr_test.moc"
