#include "core/formats/hash_tree.h"
#include "core/formats/share_layout.h"
#include "core/formats/ueb.h"
#include "vectors.h"

using namespace tarn;
using namespace tarn::formats;

namespace {

struct File {
    Geometry geometry;
    unsigned version = 1;
    Bytes extension;
    std::map<std::string, std::uint64_t> offsets;
    std::vector<Bytes> shares;
};

std::vector<File> readFiles() {
    std::vector<File> files;
    for (const QJsonValue& json : vectors::readJson("shares.json").array()) {
        File file;
        const EncodingParameters parameters{static_cast<unsigned>(json[u"k"].toInt()), 1,
                                            static_cast<unsigned>(json[u"n"].toInt()),
                                            ByteCount(vectors::number(json[u"max_segment_size"]))};
        file.geometry = Geometry::make(parameters, ByteCount(vectors::number(json[u"length"]))).value();
        file.version = static_cast<unsigned>(json[u"version"].toInt());
        file.extension = vectors::fromBase64Text(json[u"uri_extension_b64"]);
        const QJsonObject offsets = json[u"offsets"].toObject();
        for (auto it = offsets.begin(); it != offsets.end(); ++it) {
            file.offsets.emplace(it.key().toStdString(), vectors::number(it.value()));
        }
        for (const QJsonValue& share : json[u"shares_b64"].toArray()) {
            file.shares.push_back(vectors::fromBase64Text(share));
        }
        files.push_back(std::move(file));
    }
    return files;
}

ByteView part(const Bytes& share, std::uint64_t from, std::uint64_t to) {
    return ByteView(share).subspan(from, to - from);
}

std::map<NodeIndex, crypto::Hash> numbered(const std::vector<crypto::Hash>& tree) {
    std::map<NodeIndex, crypto::Hash> nodes;
    for (NodeIndex node = 0; node < tree.size(); ++node) {
        nodes.emplace(node, tree[node]);
    }
    return nodes;
}

ShareLayout sample(bool forceV2 = false) {
    const auto geometry = Geometry::make({3, 1, 5, ByteCount(30)}, ByteCount(100)).value();
    return ShareLayout::forWriting(geometry, packedUriExtensionSize(geometry), forceV2);
}

template <typename T>
bool isCorrupt(const Result<T>& result) {
    return !result && result.error().code == ErrorCode::CorruptShare;
}

}  // namespace

class ShareLayoutTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void headersAreThoseOfTahoe() {
        const auto files = readFiles();
        QVERIFY(files.size() >= 12);
        for (const File& file : files) {
            const auto layout = ShareLayout::forWriting(file.geometry, file.extension.size(), file.version == 2);
            QCOMPARE(layout.version, file.version);
            QCOMPARE(layout.data, file.offsets.at("data"));
            QCOMPARE(layout.plaintextHashTree, file.offsets.at("plaintext_hash_tree"));
            QCOMPARE(layout.crypttextHashTree, file.offsets.at("crypttext_hash_tree"));
            QCOMPARE(layout.blockHashTree, file.offsets.at("block_hashes"));
            QCOMPARE(layout.shareHashChain, file.offsets.at("share_hashes"));
            QCOMPARE(layout.uriExtension, file.offsets.at("uri_extension"));
            const Bytes header = packHeader(layout);
            QCOMPARE(header.size(), layout.headerSize());
            for (const Bytes& share : file.shares) {
                QCOMPARE(copyOf(part(share, 0, layout.headerSize())), header);
                QCOMPARE(layout.shareSize(file.extension.size()), share.size());
                const auto parsed = parseHeader(part(share, 0, 0x44));
                QVERIFY(parsed);
                QCOMPARE(*parsed, layout);
            }
        }
    }

    void everyPartOfATahoeShareIsFoundAndProved() {
        for (const File& file : readFiles()) {
            const Geometry& geometry = file.geometry;
            for (std::size_t number = 0; number < file.shares.size(); ++number) {
                const Bytes& share = file.shares[number];
                const ShareLayout layout = parseHeader(share).value();

                const auto length = parseUriExtensionLength(layout, ByteView(share).subspan(layout.uriExtension));
                QVERIFY(length);
                const std::uint64_t extensionAt = layout.uriExtension + layout.lengthFieldSize();
                const ByteView packed = part(share, extensionAt, extensionAt + *length);
                QCOMPARE(copyOf(packed), file.extension);
                QCOMPARE(packUriExtensionField(layout, packed), copyOf(part(share, layout.uriExtension, share.size())));
                const auto extension =
                    parseUriExtension(packed, geometry.required, geometry.total, ByteCount(geometry.fileSize)).value();

                const ByteView chainBytes = part(share, layout.shareHashChain, layout.uriExtension);
                const auto chain = parseShareHashChain(chainBytes);
                QVERIFY(chain);
                QCOMPARE(chain->size(), shareHashChainLength(geometry.total));
                QCOMPARE(packShareHashChain(*chain).size(), chainBytes.size());
                QVERIFY(parseShareHashChain(packShareHashChain(*chain)).value() == *chain);
                HashVerifier shareHashes(geometry.total, extension.shareRootHash);
                QVERIFY(shareHashes.add(*chain));

                const auto blockTree = parseHashes(part(share, layout.blockHashTree, layout.shareHashChain)).value();
                QCOMPARE(blockTree.size(), nodeCount(geometry.segmentCount));
                HashVerifier blockHashes(geometry.segmentCount,
                                         shareHashes.node(leafNode(geometry.total, number)).value());
                QVERIFY(blockHashes.add(numbered(blockTree)));
                std::uint64_t at = layout.data;
                for (std::uint64_t segment = 0; segment < geometry.segmentCount; ++segment) {
                    const std::uint64_t end = at + geometry.sizeOfBlock(segment);
                    QVERIFY(blockHashes.addLeaf(segment, crypto::blockHash(part(share, at, end))));
                    at = end;
                }
                QCOMPARE(at, layout.plaintextHashTree);

                const ByteView crypttext = part(share, layout.crypttextHashTree, layout.blockHashTree);
                HashVerifier crypttextHashes(geometry.segmentCount, extension.crypttextRootHash);
                QVERIFY(crypttextHashes.add(numbered(parseHashes(crypttext).value())));
                QCOMPARE(packHashes(parseHashes(crypttext).value()), copyOf(crypttext));

                const ByteView unused = part(share, layout.plaintextHashTree, layout.crypttextHashTree);
                QVERIFY(std::ranges::all_of(unused, [](Byte byte) { return byte == 0; }));
            }
        }
    }

    void aShareIsVersion2OnlyWhereAFieldOfVersion1WouldOverflow() {
        const auto at = [](std::uint64_t fileSize) {
            const auto geometry = Geometry::make({1, 1, 1, ByteCount(1024 * 1024)}, ByteCount(fileSize)).value();
            return ShareLayout::forWriting(geometry, packedUriExtensionSize(geometry));
        };
        // The block's offset is the largest: find the last file whose share is version 1.
        std::uint64_t fits = 1;
        std::uint64_t over = std::uint64_t{1} << 32;
        while (over - fits > 1) {
            const std::uint64_t middle = fits + (over - fits) / 2;
            (at(middle).version == 1 ? fits : over) = middle;
        }
        QCOMPARE(at(fits).uriExtension, (std::uint64_t{1} << 32) - 1);
        const ShareLayout large = at(over);
        QCOMPARE(large.version, 2U);
        QCOMPARE(large.data, 0x44U);
        QCOMPARE(large.uriExtension, (std::uint64_t{1} << 32) + 0x20);
        QCOMPARE(parseHeader(packHeader(large)).value(), large);
    }

    void sharesOverFourGiBAddUp() {
        // 100 GB at 3 of 10: every number here was worked out by hand from the format's description.
        const std::uint64_t fileSize = 100'000'000'000;
        const auto geometry = Geometry::make({3, 7, 10, ByteCount(1024 * 1024)}, ByteCount(fileSize)).value();
        QCOMPARE(geometry.segmentCount, 95368U);
        const ShareLayout layout = ShareLayout::forWriting(geometry, packedUriExtensionSize(geometry));
        const std::uint64_t tree = (2 * 131072 - 1) * 32;
        QCOMPARE(layout.version, 2U);
        QCOMPARE(layout.dataSize, 33'333'333'334U);
        QCOMPARE(layout.plaintextHashTree, 0x44 + layout.dataSize);
        QCOMPARE(layout.crypttextHashTree, layout.plaintextHashTree + tree);
        QCOMPARE(layout.blockHashTree, layout.crypttextHashTree + tree);
        QCOMPARE(layout.shareHashChain, layout.blockHashTree + tree);
        QCOMPARE(layout.uriExtension, layout.shareHashChain + std::uint64_t{5} * 34);
        QCOMPARE(parseHeader(packHeader(layout)).value(), layout);
    }

    void theLargestFileHasALayout() {
        const auto geometry = Geometry::make({1, 1, 1, ByteCount(1024 * 1024)}, ByteCount(mostFileSize)).value();
        const ShareLayout layout = ShareLayout::forWriting(geometry, packedUriExtensionSize(geometry));
        QCOMPARE(parseHeader(packHeader(layout)).value(), layout);
        // And the one with the most segments.
        const auto finest = Geometry::fromSegmentSize(1, 1, ByteCount(mostFileSize), 4096).value();
        QCOMPARE(finest.segmentCount, mostSegments);
        const ShareLayout trees = ShareLayout::forWriting(finest, 1000);
        QVERIFY(trees.uriExtension > trees.dataSize);
        QCOMPARE(parseHeader(packHeader(trees)).value(), trees);
    }

    void aHeaderCutShortIsRefused() {
        for (const bool forceV2 : {false, true}) {
            const Bytes header = packHeader(sample(forceV2));
            for (std::size_t length = 0; length < header.size(); ++length) {
                QVERIFY(isCorrupt(parseHeader(ByteView(header).first(length))));
            }
            QVERIFY(parseHeader(header));
        }
    }

    void unknownVersionsAreRefused() {
        for (const unsigned version : {0U, 3U, 0x01000000U, 0xFFFFFFFFU}) {
            Bytes header = packHeader(sample());
            for (unsigned i = 0; i < 4; ++i) {
                header[i] = static_cast<Byte>(version >> (24 - 8 * i));
            }
            header.resize(0x44);
            QVERIFY(isCorrupt(parseHeader(header)));
        }
    }

    void partsOutOfOrderAreRefused() {
        using Field = std::uint64_t ShareLayout::*;
        const std::vector<Field> fields = {
            &ShareLayout::data,          &ShareLayout::plaintextHashTree, &ShareLayout::crypttextHashTree,
            &ShareLayout::blockHashTree, &ShareLayout::shareHashChain,    &ShareLayout::uriExtension};
        for (const bool forceV2 : {false, true}) {
            for (std::size_t i = 0; i < fields.size(); ++i) {
                ShareLayout before = sample(forceV2);
                before.*fields[i] = i == 0 ? before.headerSize() - 1 : before.*fields[i - 1] - 1;
                QVERIFY(isCorrupt(parseHeader(packHeader(before))));
                ShareLayout after = sample(forceV2);
                after.*fields[i] = i + 1 == fields.size() ? after.uriExtension + 1 : after.*fields[i + 1] + 1;
                QVERIFY(isCorrupt(parseHeader(packHeader(after))));
            }
        }
        ShareLayout huge = sample(true);
        huge.uriExtension = huge.shareHashChain + (std::uint64_t{1} << 63) / 34 * 34;
        QVERIFY(isCorrupt(parseHeader(packHeader(huge))));
    }

    void theSizesInTheHeaderAreNotTrustedAndNotMissed() {
        ShareLayout layout = sample();
        layout.blockSize = 0xFFFFFFFF;
        layout.dataSize = 0;
        const auto parsed = parseHeader(packHeader(layout));
        QVERIFY(parsed);
        QCOMPARE(*parsed, layout);
    }

    void hashesEndWhole() {
        QVERIFY(isCorrupt(parseHashes(Bytes(31))));
        QVERIFY(isCorrupt(parseHashes(Bytes(65))));
        QVERIFY(parseHashes(Bytes())->empty());
        QCOMPARE(parseHashes(Bytes(96))->size(), std::size_t(3));
    }

    void aChainWithARepeatedOrImpossibleNumberIsRefused() {
        const auto entry = [](unsigned node) {
            Bytes bytes(34);
            bytes[0] = static_cast<Byte>(node >> 8);
            bytes[1] = static_cast<Byte>(node);
            return bytes;
        };
        const auto chain = [](const std::vector<Bytes>& entries) {
            Bytes all;
            for (const Bytes& one : entries) {
                all.insert(all.end(), one.begin(), one.end());
            }
            return all;
        };
        QVERIFY(parseShareHashChain(chain({entry(510), entry(0), entry(1)})));
        QVERIFY(isCorrupt(parseShareHashChain(chain({entry(2), entry(2)}))));
        QVERIFY(isCorrupt(parseShareHashChain(entry(511))));
        QVERIFY(isCorrupt(parseShareHashChain(entry(65535))));
        QVERIFY(isCorrupt(parseShareHashChain(Bytes(33))));
        QCOMPARE(shareHashChainLength(1), std::size_t(1));
        QCOMPARE(shareHashChainLength(10), std::size_t(5));
        QCOMPARE(shareHashChainLength(256), std::size_t(9));
    }

    void anImpossibleExtensionLengthIsRefused() {
        for (const bool forceV2 : {false, true}) {
            const ShareLayout layout = sample(forceV2);
            Bytes field(layout.lengthFieldSize());
            QVERIFY(isCorrupt(parseUriExtensionLength(layout, field)));
            field.back() = 200;
            QCOMPARE(parseUriExtensionLength(layout, field).value(), std::size_t(200));
            QVERIFY(isCorrupt(parseUriExtensionLength(layout, ByteView(field).first(field.size() - 1))));
            field[field.size() - 2] = 0x10;
            QVERIFY(isCorrupt(parseUriExtensionLength(layout, field)));
            field.assign(field.size(), 0xFF);
            QVERIFY(isCorrupt(parseUriExtensionLength(layout, field)));
        }
    }
};

QTEST_GUILESS_MAIN(ShareLayoutTest)
#include "share_layout_test.moc"
