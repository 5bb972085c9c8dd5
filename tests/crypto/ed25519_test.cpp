#include "core/crypto/ed25519.h"
#include "tests/crypto/vectors.h"

#include <QtTest>

using namespace tarn;
using namespace tarn::test;

namespace {

template <typename Fixed>
Fixed fixed(const QByteArray& hex) {
    return fixedFromHex<Fixed>(QString::fromLatin1(hex));
}

/// `signature` with the group order added to its second half: the same number to a lax verifier.
crypto::Ed25519Signature withOrderAdded(const crypto::Ed25519Signature& signature) {
    const Bytes order = fromHex(QStringLiteral("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010"));
    Bytes bytes = copyOf(signature.bytes());
    unsigned carry = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        carry += static_cast<unsigned>(bytes[32 + i]) + order[i];
        bytes[32 + i] = static_cast<Byte>(carry & 255U);
        carry >>= 8U;
    }
    return crypto::Ed25519Signature::fromBytes(bytes).value();
}

}  // namespace

class Ed25519Test : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theVectorsOfRfc8032Hold_data() {
        QTest::addColumn<QByteArray>("seed");
        QTest::addColumn<QByteArray>("publicKey");
        QTest::addColumn<QByteArray>("message");
        QTest::addColumn<QByteArray>("signature");
        QTest::newRow("section 7.1, test 1")
            << QByteArray("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
            << QByteArray("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a") << QByteArray()
            << QByteArray("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf"
                          "9b46bd25bf5f0595bbe24655141438e7a100b");
        QTest::newRow("section 7.1, test 2")
            << QByteArray("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
            << QByteArray("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c") << QByteArray("72")
            << QByteArray("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f"
                          "11d8c387b2eaeb4302aeeb00d291612bb0c00");
        QTest::newRow("section 7.1, test 3")
            << QByteArray("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7")
            << QByteArray("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025") << QByteArray("af82")
            << QByteArray("6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984"
                          "dc6594a7c15e9716ed28dc027beceea1ec40a");
    }

    void theVectorsOfRfc8032Hold() {
        QFETCH(QByteArray, seed);
        QFETCH(QByteArray, publicKey);
        QFETCH(QByteArray, message);
        QFETCH(QByteArray, signature);
        const auto secret = fixed<crypto::Ed25519Seed>(seed);
        const Bytes text = fromHex(QString::fromLatin1(message));
        const auto made = crypto::sign(secret, text);
        QCOMPARE(hexOf(crypto::publicKeyOf(secret).bytes()), QString::fromLatin1(publicKey));
        QCOMPARE(hexOf(made.bytes()), QString::fromLatin1(signature));
        QVERIFY(crypto::verify(fixed<crypto::Ed25519PublicKey>(publicKey), text, made));
    }

    void signaturesEqualThoseOfAnotherLibrary() {
        for (const QJsonValue row : vectors("signatures")) {
            const auto seed = fixedFromHex<crypto::Ed25519Seed>(row[QLatin1String("seed")]);
            const auto key = crypto::publicKeyOf(seed);
            const Bytes message = pattern(sizeIn(row));
            QCOMPARE(hexOf(key.bytes()), row[QLatin1String("publicKey")].toString());
            const auto signature = crypto::sign(seed, message);
            QCOMPARE(hexOf(signature.bytes()), row[QLatin1String("signature")].toString());
            QVERIFY(crypto::verify(key, message, signature));
        }
    }

    void aChangeInKeyMessageOrSignatureIsRefused() {
        const crypto::Ed25519Seed seed;
        const auto key = crypto::publicKeyOf(seed);
        const Bytes message = pattern(40);
        const auto signature = crypto::sign(seed, message);
        for (std::size_t i = 0; i < signature.bytes().size(); ++i) {
            Bytes other = copyOf(signature.bytes());
            other[i] ^= 0x10U;
            QVERIFY(!crypto::verify(key, message, crypto::Ed25519Signature::fromBytes(other).value()));
        }
        for (std::size_t i = 0; i < key.bytes().size(); ++i) {
            Bytes other = copyOf(key.bytes());
            other[i] ^= 1U;
            QVERIFY(!crypto::verify(crypto::Ed25519PublicKey::fromBytes(other).value(), message, signature));
        }
        QVERIFY(!crypto::verify(key, pattern(41), signature));
        QVERIFY(!crypto::verify(key, {}, signature));
    }

    void aSecondSpellingOfASignatureIsRefused() {
        const crypto::Ed25519Seed seed;
        const auto signature = crypto::sign(seed, viewOf("message"));
        QVERIFY(crypto::verify(crypto::publicKeyOf(seed), viewOf("message"), signature));
        QVERIFY(!crypto::verify(crypto::publicKeyOf(seed), viewOf("message"), withOrderAdded(signature)));
    }
};

QTEST_GUILESS_MAIN(Ed25519Test)
#include "ed25519_test.moc"
