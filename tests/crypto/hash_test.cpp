#include "core/crypto/hash.h"
#include "tests/crypto/vectors.h"

#include <QtTest>

#include <algorithm>

using namespace tarn;
using namespace tarn::test;

class HashTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theHashesOfAFileEqualTahoes() {
        for (const QJsonValue row : vectors("hashes")) {
            const Bytes data = pattern(sizeIn(row));
            QCOMPARE(hexOf(crypto::blockHash(data).bytes()), row[QLatin1String("block")].toString());
            QCOMPARE(hexOf(crypto::crypttextSegmentHash(data).bytes()),
                     row[QLatin1String("crypttextSegment")].toString());
            QCOMPARE(hexOf(crypto::uriExtensionHash(data).bytes()), row[QLatin1String("uriExtension")].toString());
            auto hasher = crypto::crypttextHasher();
            hasher.update(data);
            QCOMPARE(hexOf(hasher.finish().bytes()), row[QLatin1String("crypttext")].toString());
        }
    }

    void plainDigestsEqualThoseOfOtherLibraries() {
        for (const QJsonValue row : vectors("hashes")) {
            const Bytes data = pattern(sizeIn(row));
            QCOMPARE(hexOf(crypto::sha256(data).bytes()), row[QLatin1String("sha256")].toString());
            QCOMPARE(hexOf(crypto::sha1(data).bytes()), row[QLatin1String("sha1")].toString());
            QCOMPARE(hexOf(crypto::blake2b(data).bytes()), row[QLatin1String("blake2b")].toString());
        }
    }

    void taggedAndPairHashesEqualTahoesForTagsOfAllLengths() {
        for (const QJsonValue row : vectors("tagged")) {
            const std::string tag = row[QLatin1String("tag")].toString().toStdString();
            const Bytes a = fromHex(row[QLatin1String("a")]);
            const Bytes b = fromHex(row[QLatin1String("b")]);
            QCOMPARE(hexOf(crypto::taggedHash(tag, a).bytes()), row[QLatin1String("hash")].toString());
            QCOMPARE(hexOf(crypto::taggedPairHash(tag, a, b).bytes()), row[QLatin1String("pair")].toString());
        }
    }

    void feedingInAnyPiecesGivesTheSameHash() {
        const Bytes data = pattern(1000);
        const auto whole = crypto::taggedHash("tag", data);
        for (const std::size_t piece : {1U, 7U, 63U, 64U, 65U, 128U, 999U, 1000U}) {
            crypto::TaggedHasher hasher("tag");
            for (ByteView rest(data); !rest.empty(); rest = rest.subspan(std::min(piece, rest.size()))) {
                hasher.update(rest.first(std::min(piece, rest.size())));
                hasher.update({});
            }
            QVERIFY2(hasher.finish() == whole, qPrintable(QString::number(piece)));
        }
    }

    void aMovedHasherGoesOnWhereItWas() {
        crypto::TaggedHasher first("tag");
        first.update(viewOf("one"));
        crypto::TaggedHasher second(std::move(first));
        second.update(viewOf("two"));
        QVERIFY(second.finish() == crypto::taggedHash("tag", viewOf("onetwo")));
    }

    void finishIntoGivesTheFirstBytesOfTheDigest() {
        const auto whole = crypto::taggedHash("tag", viewOf("data"));
        for (const std::size_t size : {1U, 16U, 32U}) {
            crypto::TaggedHasher hasher("tag");
            hasher.update(viewOf("data"));
            Bytes cut(size);
            hasher.finishInto(cut);
            QCOMPARE(hexOf(cut), hexOf(whole.bytes().first(size)));
        }
    }
};

QTEST_GUILESS_MAIN(HashTest)
#include "hash_test.moc"
