#include "core/crypto/hash.h"
#include "core/erasure/codec.h"

#include <QFile>
#include <QtTest>

#include <vector>

using namespace tarn;

namespace {

/// The bytes that data/make_vectors.py calls `block`.
Bytes patternBlock(std::size_t number, std::size_t length) {
    Bytes bytes(length);
    for (std::size_t i = 0; i < length; ++i) {
        bytes[i] = static_cast<Byte>((number * 29 + i * 113 + (i >> 8U) * 7 + 3) & 255U);
    }
    return bytes;
}

}  // namespace

class VectorsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void parityBlocksEqualZfecs() {
        QFile file(QStringLiteral(TARN_TEST_DATA "/data/zfec.txt"));
        QVERIFY(file.open(QIODevice::ReadOnly));
        int lines = 0;
        while (!file.atEnd()) {
            const QList<QByteArray> fields = file.readLine().trimmed().split(' ');
            QCOMPARE(fields.size(), 4);
            const unsigned required = fields[0].toUInt();
            const unsigned total = fields[1].toUInt();
            const std::size_t length = fields[2].toUInt();

            std::vector<Bytes> blocks;
            for (unsigned number = 0; number < required; ++number) {
                blocks.push_back(patternBlock(number, length));
            }
            // The parity blocks lie one after another, so that their hash is that of one piece of memory.
            Bytes parity((total - required) * length);
            std::vector<MutableByteView> to;
            for (unsigned i = 0; i < total - required; ++i) {
                to.push_back(MutableByteView(parity).subspan(i * length, length));
            }
            const std::vector<ByteView> from(blocks.begin(), blocks.end());
            const auto codec = erasure::Codec::make(required, total);
            QVERIFY(codec.has_value());
            codec->encode(from, to);
            const auto hash = crypto::sha256(parity);
            const QByteArray digest(reinterpret_cast<const char*>(hash.bytes().data()), 32);
            QVERIFY2(digest.toHex() == fields[3], fields.mid(0, 3).join(' ').constData());
            ++lines;
        }
        QVERIFY(lines > 100);
    }
};

QTEST_GUILESS_MAIN(VectorsTest)
#include "vectors_test.moc"
