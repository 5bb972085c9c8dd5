#include "core/formats/ueb.h"
#include "vectors.h"

#include <algorithm>

using namespace tarn;
using namespace tarn::formats;

namespace {

Geometry geometryOf(const QJsonValue& file) {
    const EncodingParameters parameters{static_cast<unsigned>(file[u"k"].toInt()), 1,
                                        static_cast<unsigned>(file[u"n"].toInt()),
                                        ByteCount(vectors::number(file[u"max_segment_size"]))};
    return Geometry::make(parameters, ByteCount(vectors::number(file[u"length"]))).value();
}

UriExtension sample() {
    const auto geometry = Geometry::make({3, 1, 5, ByteCount(30)}, ByteCount(100)).value();
    return {geometry, crypto::sha256(viewOf("crypttext")), crypto::sha256(viewOf("root")),
            crypto::sha256(viewOf("share"))};
}

std::string packedText() {
    const Bytes packed = packUriExtension(sample());
    return std::string(textOf(packed));
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    if (at == std::string::npos) {
        qFatal("the text to replace is not there");
    }
    return text.replace(at, from.size(), to);
}

Result<UriExtension> parseSample(std::string_view text) {
    return parseUriExtension(viewOf(text), 3, 5, ByteCount(100));
}

bool isCorrupt(const Result<UriExtension>& result) {
    return !result && result.error().code == ErrorCode::CorruptFile;
}

}  // namespace

class UebTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void blocksAreThoseOfTahoeByteForByte() {
        const QJsonArray files = vectors::readJson("shares.json").array();
        QVERIFY(files.size() >= 12);
        for (const QJsonValue& file : files) {
            const Bytes wanted = vectors::fromBase64Text(file[u"uri_extension_b64"]);
            const Geometry geometry = geometryOf(file);
            QCOMPARE(geometry.segmentSize, vectors::number(file[u"segment_size"]));
            QCOMPARE(geometry.segmentCount, vectors::number(file[u"num_segments"]));
            QCOMPARE(geometry.blockSize, vectors::number(file[u"block_size"]));
            QCOMPARE(geometry.shareDataSize, vectors::number(file[u"share_data_size"]));

            const UriExtension extension{geometry, vectors::hashOf(file[u"crypttext_hash"]),
                                         vectors::hashOf(file[u"crypttext_root_hash"]),
                                         vectors::hashOf(file[u"share_root_hash"])};
            QCOMPARE(packUriExtension(extension), wanted);
            QCOMPARE(packedUriExtensionSize(geometry), wanted.size());
            QVERIFY(crypto::uriExtensionHash(wanted) == vectors::hashOf(file[u"uri_extension_hash"]));

            const auto parsed =
                parseUriExtension(wanted, geometry.required, geometry.total, ByteCount(geometry.fileSize));
            QVERIFY(parsed);
            QCOMPARE(parsed->geometry, geometry);
            QVERIFY(parsed->crypttextHash == extension.crypttextHash);
            QVERIFY(parsed->crypttextRootHash == extension.crypttextRootHash);
            QVERIFY(parsed->shareRootHash == extension.shareRootHash);
        }
    }

    void keysOfOldWritersArePassedOver() {
        const std::string hash(32, '\x07');
        const std::string text =
            packedText() + "plaintext_hash:32:" + hash + ",plaintext_root_hash:32:" + hash + ",zz:0:,";
        QVERIFY(parseSample(text));
    }

    void aBlockMayLeaveOutWhatFollowsFromTheRest() {
        std::string text = replaced(packedText(), "codec_name:3:crs,", "");
        text = replaced(text, "needed_shares:1:3,", "");
        text = replaced(text, "num_segments:1:4,", "");
        text = replaced(text, "size:3:100,", "");
        text = replaced(text, "total_shares:1:5,", "");
        QVERIFY(parseSample(text));
    }

    void whatMustBeThereIsMissed() {
        QVERIFY(isCorrupt(parseSample("")));
        QVERIFY(isCorrupt(parseSample(replaced(packedText(), "segment_size:2:30,", ""))));
        for (const std::string_view key : {"crypttext_hash", "crypttext_root_hash", "share_root_hash"}) {
            QVERIFY(isCorrupt(parseSample(replaced(packedText(), key, "another_key"))));
        }
    }

    void everyContradictionIsRefused_data() {
        QTest::addColumn<QByteArray>("from");
        QTest::addColumn<QByteArray>("to");
        const auto row = [](const char* from, const char* to) {
            QTest::newRow(to) << QByteArray(from) << QByteArray(to);
        };
        row("codec_name:3:crs,", "codec_name:3:xor,");
        row("codec_params:6:30-3-5,", "codec_params:6:30-3-6,");
        row("tail_codec_params:6:12-3-5,", "tail_codec_params:6:10-3-5,");
        row("needed_shares:1:3,", "needed_shares:1:2,");
        row("total_shares:1:5,", "total_shares:2:05,");
        row("num_segments:1:4,", "num_segments:1:5,");
        row("segment_size:2:30,", "segment_size:2:33,");
        row("segment_size:2:30,", "segment_size:2:31,");
        row("segment_size:2:30,", "segment_size:1:0,");
        row("segment_size:2:30,", "segment_size:20:18446744073709551615,");
        row("segment_size:2:30,", "segment_size:21:118446744073709551615,");
        row("segment_size:2:30,", "segment_size:2:-3,");
        row(",size:3:100,", ",size:3:101,");
        row("needed_shares:1:3,", "needed_shares:1:3,needed_shares:1:3,");
    }
    void everyContradictionIsRefused() {
        QFETCH(QByteArray, from);
        QFETCH(QByteArray, to);
        QVERIFY(isCorrupt(parseSample(replaced(packedText(), from.toStdString(), to.toStdString()))));
    }

    void theCapabilityOverrulesTheBlock() {
        const std::string text = packedText();
        QVERIFY(isCorrupt(parseUriExtension(viewOf(text), 2, 5, ByteCount(100))));
        QVERIFY(isCorrupt(parseUriExtension(viewOf(text), 3, 6, ByteCount(100))));
        QVERIFY(isCorrupt(parseUriExtension(viewOf(text), 3, 5, ByteCount(99))));
        QVERIFY(isCorrupt(parseUriExtension(viewOf(text), 0, 0, ByteCount(0))));
    }

    void aBlockCutAnywhereIsRefused() {
        const std::string text = packedText();
        // Three numbers stand behind the last hash and may be left out, so a cut right before one gives a block as
        // well.
        const std::set<std::size_t> whole = {text.find(",size:3:") + 1, text.find("tail_codec_params:"),
                                             text.find("total_shares:")};
        for (std::size_t length = 0; length < text.size(); ++length) {
            if (whole.contains(length)) {
                QVERIFY(parseSample(std::string_view(text).substr(0, length)));
                continue;
            }
            QVERIFY(isCorrupt(parseSample(std::string_view(text).substr(0, length))));
        }
    }

    void damagedNetstringsAreRefused() {
        const std::string text = packedText();
        for (const std::string_view more :
             {":", "x", "x:", "x:1", "x:1:", "x:1:a", "x:1:a;", "x:-1:a,", "x: 1:a,", "x:2:a,", ":1:a,",
              "x:18446744073709551615:a,", "x:99999999999999999999999:a,"}) {
            QVERIFY2(isCorrupt(parseSample(text + std::string(more))), more.data());
        }
    }

    void aBlockThatIsTooLongIsRefused() {
        std::string text = packedText();
        text += "x:3500:" + std::string(3500, 'x') + ",";
        QVERIFY(text.size() < mostUriExtension);
        QVERIFY(parseSample(text));
        text += "y:500:" + std::string(500, 'x') + ",";
        QVERIFY(text.size() > mostUriExtension);
        QVERIFY(isCorrupt(parseSample(text)));
    }

    void tooManyKeysAreRefused() {
        std::string text = packedText();
        for (int i = 0; i < 60; ++i) {
            text += "key" + std::to_string(i) + ":0:,";
        }
        QVERIFY(isCorrupt(parseSample(text)));
    }
};

QTEST_GUILESS_MAIN(UebTest)
#include "ueb_test.moc"
