#include "core/formats/encoding.h"
#include "core/formats/share_layout.h"
#include "core/foundation/base64.h"
#include "core/upload/upload.h"
#include "tests/upload/simulated_grid.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

#include <algorithm>
#include <map>

using namespace tarn;

namespace {

struct Vector {
    crypto::ConvergenceSecret convergence;
    Bytes file;
    formats::EncodingParameters parameters;
    std::string expected;
};

Vector vectorOf(const QJsonObject& object) {
    const auto bytes = [&](QLatin1String name) {
        return *fromBase64(object.value(name).toString().toStdString());
    };
    const auto number = [&](QLatin1String name) {
        return unsigned(object.value(name).toInt());
    };
    const Bytes seed = bytes(QLatin1String("seed_b64"));
    Vector vector{crypto::ConvergenceSecret(bytes(QLatin1String("convergence_b64"))),
                  Bytes(number(QLatin1String("length"))),
                  test::encoding(number(QLatin1String("required")), 1, number(QLatin1String("total")),
                                 number(QLatin1String("segment_size"))),
                  object.value(QLatin1String("expected")).toString().toStdString()};
    for (std::size_t i = 0; i < vector.file.size(); ++i) {
        vector.file[i] = seed[i % seed.size()];
    }
    return vector;
}

Bytes contentOf(const QString& path) {
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly)) {
        return {};
    }
    const QByteArray content = file.readAll();
    return {content.begin(), content.end()};
}

struct ShareParts {
    Bytes beforeChain;
    std::map<std::uint64_t, crypto::Hash> chain;
    Bytes behindChain;
};

ShareParts partsOf(const Bytes& share) {
    const auto layout = formats::parseHeader(ByteView(share).first(std::min<std::size_t>(share.size(), 0x44)));
    if (!layout || layout->uriExtension > share.size()) {
        return {};
    }
    const auto chain = ByteView(share).subspan(layout->shareHashChain, layout->uriExtension - layout->shareHashChain);
    return {copyOf(ByteView(share).first(layout->shareHashChain)),
            formats::parseShareHashChain(chain).value_or(std::map<std::uint64_t, crypto::Hash>()),
            copyOf(ByteView(share).subspan(layout->uriExtension))};
}

}  // namespace

class UploadVectorsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theCapabilityIsTheOneThatTahoeGives_data() {
        QTest::addColumn<QJsonObject>("vector");
        QFile file(QStringLiteral(TARN_TEST_DATA "/data/chk_vectors.json"));
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QJsonArray vectors = QJsonDocument::fromJson(file.readAll()).array();
        QVERIFY(vectors.size() >= 50);
        for (const QJsonValue vector : vectors) {
            const QJsonObject object = vector.toObject();
            QTest::addRow("%d-of-%d, %d bytes, segments of %d", object.value(QLatin1String("required")).toInt(),
                          object.value(QLatin1String("total")).toInt(), object.value(QLatin1String("length")).toInt(),
                          object.value(QLatin1String("segment_size")).toInt())
                << object;
        }
    }

    void theCapabilityIsTheOneThatTahoeGives() {
        QFETCH(QJsonObject, vector);
        const Vector v = vectorOf(vector);
        const auto source = upload::sourceOf(v.file);
        const auto dry = upload::dryRun(*source, v.parameters, v.convergence);
        QVERIFY(dry);
        QCOMPARE(caps::reveal(*dry), v.expected);

        // The fake server looks at every byte by itself: the largest files would take it minutes.
        if (v.file.size() > 2'000'000 && v.parameters.total != 10) {
            return;
        }
        test::SimulatedGrid grid(3);
        grid.secrets = std::make_shared<upload::Secrets>(upload::Secrets{v.convergence, crypto::LeaseMaster()});
        const auto outcome = grid.put(source, v.parameters);
        QVERIFY2(outcome, outcome ? "" : outcome.error().detail.c_str());
        QCOMPARE(caps::reveal(outcome->capability), v.expected);
        QCOMPARE(outcome->sharesSent, v.parameters.total);
        QCOMPARE(grid.completeShares(), std::size_t(v.parameters.total));
        QCOMPARE(grid.incoming(), std::size_t(0));
    }

    /// Shares that Tahoe-LAFS wrote, byte for byte. Only the order within the share hash chain is free: Tahoe-LAFS
    /// writes a Python set as it happens to come, Tarn in the order of the numbers.
    void everyByteOfEveryShareIsAsTahoeWritesIt_data() {
        QTest::addColumn<QString>("name");
        QTest::addColumn<unsigned>("required");
        QTest::addColumn<unsigned>("total");
        QTest::addColumn<unsigned>("segmentSize");
        QTest::addColumn<unsigned>("size");
        QTest::newRow("several segments") << QStringLiteral("several-segments") << 3U << 5U << 128U << 1000U;
        QTest::newRow("full tail") << QStringLiteral("full-tail") << 3U << 5U << 126U << 1008U;
        QTest::newRow("one segment") << QStringLiteral("one-segment") << 3U << 10U << 131072U << 100U;
        QTest::newRow("one share") << QStringLiteral("one-share") << 1U << 1U << 64U << 200U;
    }

    void everyByteOfEveryShareIsAsTahoeWritesIt() {
        QFETCH(QString, name);
        QFETCH(unsigned, required);
        QFETCH(unsigned, total);
        QFETCH(unsigned, segmentSize);
        QFETCH(unsigned, size);
        test::SimulatedGrid grid(1);
        grid.secrets = std::make_shared<upload::Secrets>(
            upload::Secrets{crypto::ConvergenceSecret(copyOf(viewOf("tarn test shares"))), crypto::LeaseMaster()});
        const auto outcome =
            grid.put(upload::sourceOf(test::someBytes(size)), test::encoding(required, 1, total, segmentSize));
        QVERIFY(outcome);
        const QString folder = QStringLiteral(TARN_SOURCE_DIR "/tests/download/data/") + name;
        QCOMPARE(caps::reveal(outcome->capability), std::string(textOf(contentOf(folder + QStringLiteral(".cap")))));
        const auto& shares = grid.memory[0]->shares.begin()->second;
        QCOMPARE(shares.size(), std::size_t(total));
        for (const auto& [number, bytes] : shares) {
            const Bytes tahoes = contentOf(folder + QStringLiteral(".%1").arg(number.value()));
            QCOMPARE(bytes.size(), tahoes.size());
            const auto ours = partsOf(bytes);
            const auto theirs = partsOf(tahoes);
            QVERIFY(ours.beforeChain == theirs.beforeChain);
            QVERIFY(!ours.chain.empty());
            QVERIFY(ours.chain == theirs.chain);
            QVERIFY(ours.behindChain == theirs.behindChain);
        }
    }

    void aSmallFileIsALiteralAndTouchesNoServer() {
        for (const std::size_t size : {0, 1, 55}) {
            test::SimulatedGrid grid(3);
            const Bytes file = test::someBytes(size);
            const auto outcome = grid.put(upload::sourceOf(file), test::encoding(3, 3, 10));
            QVERIFY(outcome);
            QVERIFY(std::holds_alternative<caps::Literal>(outcome->capability));
            QVERIFY(std::get<caps::Literal>(outcome->capability).data == file);
            QVERIFY(grid.calls.empty());
            const auto source = upload::sourceOf(file);
            const auto dry = upload::dryRun(*source, test::encoding(3, 3, 10), grid.secrets->convergence);
            QVERIFY(dry);
            QCOMPARE(caps::reveal(*dry), caps::reveal(outcome->capability));
        }
    }

    void badParametersAreRefused() {
        test::SimulatedGrid grid(3);
        const auto source = upload::sourceOf(test::someBytes(100));
        for (const auto& parameters : {test::encoding(0, 1, 1), test::encoding(4, 1, 3), test::encoding(1, 1, 257),
                                       test::encoding(3, 11, 10), test::encoding(3, 7, 10, 0)}) {
            const auto outcome = grid.put(source, parameters);
            QVERIFY(!outcome);
            QVERIFY(outcome.error().code == ErrorCode::InvalidArgument);
            const auto dry = upload::dryRun(*source, parameters, grid.secrets->convergence);
            QVERIFY(!dry);
            QVERIFY(dry.error().code == ErrorCode::InvalidArgument);
        }
        QVERIFY(grid.calls.empty());
    }
};

QTEST_GUILESS_MAIN(UploadVectorsTest)
#include "vectors_test.moc"
