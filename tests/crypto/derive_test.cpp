#include "core/crypto/derive.h"
#include "core/crypto/mutable_keys.h"
#include "tests/crypto/vectors.h"

#include <QtTest>

using namespace tarn;
using namespace tarn::test;

class DeriveTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void convergentKeysEqualTahoesForOddSecretsAndShapes() {
        for (const QJsonValue row : vectors("convergence")) {
            const crypto::ConvergenceSecret secret(fromHex(row[QLatin1String("secret")]));
            const auto required = static_cast<unsigned>(row[QLatin1String("required")].toInt());
            const auto total = static_cast<unsigned>(row[QLatin1String("total")].toInt());
            const ByteCount segment(row[QLatin1String("segment")].toString().toULongLong());
            crypto::ConvergentKeyHasher hasher(secret, required, total, segment);
            const Bytes plaintext = pattern(sizeIn(row));
            const std::size_t half = plaintext.size() / 2;
            hasher.update(ByteView(plaintext).first(half));
            hasher.update(ByteView(plaintext).subspan(half));
            const auto key = hasher.finish();
            QCOMPARE(hexOf(key.reveal()), row[QLatin1String("key")].toString());
            QCOMPARE(hexOf(crypto::storageIndexOf(key).bytes()), row[QLatin1String("storageIndex")].toString());
        }
    }

    void leaseSecretsEqualTahoes() {
        for (const QJsonValue row : vectors("leases")) {
            const auto secrets =
                crypto::leaseSecretsFor(fixedFromHex<crypto::LeaseMaster>(row[QLatin1String("master")]),
                                        fixedFromHex<StorageIndex>(row[QLatin1String("storageIndex")]),
                                        fixedFromHex<LeaseSeed>(row[QLatin1String("server")]));
            QCOMPARE(hexOf(secrets.renew.reveal()), row[QLatin1String("renew")].toString());
            QCOMPARE(hexOf(secrets.cancel.reveal()), row[QLatin1String("cancel")].toString());
        }
    }

    void mutableKeysEqualTahoes() {
        for (const QJsonValue row : vectors("mutable")) {
            const auto read = crypto::readKeyOf(fixedFromHex<crypto::WriteKey>(row[QLatin1String("writeKey")]));
            QCOMPARE(hexOf(read.reveal()), row[QLatin1String("readKey")].toString());
            QCOMPARE(hexOf(crypto::storageIndexOf(read).bytes()), row[QLatin1String("storageIndex")].toString());
        }
    }
};

QTEST_GUILESS_MAIN(DeriveTest)
#include "derive_test.moc"
