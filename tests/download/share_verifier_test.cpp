#include "core/download/share_verifier.h"
#include "tests/download/make_shares.h"

#include <QTest>

#include <algorithm>

using namespace tarn;
using namespace tarn::download;
using namespace tarn::download::testing;
using Kind = ShareVerifier::Verdict::Kind;

namespace {

struct Examined {
    Result<ShareVerifier::Verdict> verdict;
    int rounds = 0;
    std::uint64_t bytes = 0;  ///< asked for
};

void give(ShareVerifier& verifier, const storage::ByteRange& range, ByteView share) {
    const std::size_t begin = std::min<std::size_t>(range.begin.value(), share.size());
    const std::size_t length = std::min<std::size_t>((range.end - range.begin).value(), share.size() - begin);
    verifier.take(range, copyOf(share.subspan(begin, length)));
}

Examined examine(ShareVerifier& verifier, ByteView share, const FileKnowledge& known = {}) {
    Examined examined{failure(ErrorCode::Internal, "never ends"), 0, 0};
    auto wants = verifier.isFresh() ? verifier.firstRanges() : std::vector<storage::ByteRange>();
    while (examined.rounds < 20) {
        for (const auto& range : wants) {
            examined.bytes += (range.end - range.begin).value();
            give(verifier, range, share);
        }
        examined.rounds += wants.empty() ? 0 : 1;
        auto verdict = verifier.examine(known);
        if (!verdict || verdict->kind != Kind::NeedsBytes) {
            examined.verdict = std::move(verdict);
            break;
        }
        wants = verdict->wants;
    }
    return examined;
}

Examined examine(const MadeFile& file, unsigned number, ByteView share, const FileKnowledge& known = {}) {
    ShareVerifier verifier(file.capability.verifier(), ShareNum(static_cast<std::uint16_t>(number)));
    return examine(verifier, share, known);
}

const Bytes& shareOf(const MadeFile& file, unsigned number) {
    return file.shares.at(ShareNum(static_cast<std::uint16_t>(number)));
}

bool isProved(const Examined& examined) {
    return examined.verdict && examined.verdict->kind == Kind::Proved;
}

}  // namespace

class ShareVerifierTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void goodSharesAreProved_data();
    void goodSharesAreProved();
    void noTurnedBitEverProvesAWrongHash();
    void aShareUnderAnotherNumberIsRefused();
    void aShareWithoutItsOwnExtensionWaitsForTheFacts();
    void offsetsThatLieDoNotCostMemory();
    void aFileOfTooManySegmentsIsRefused();
    void blocksOutOfPlaceAreRefused();
    void piecesOverlapAndJoin();
};

void ShareVerifierTest::goodSharesAreProved_data() {
    QTest::addColumn<quint64>("size");
    QTest::addColumn<quint64>("segment");
    QTest::addColumn<bool>("version2");
    QTest::addColumn<int>("rounds");
    QTest::newRow("small") << quint64(1000) << quint64(131072) << false << 1;
    QTest::newRow("small, version 2") << quint64(1000) << quint64(131072) << true << 1;
    QTest::newRow("small with many segments") << quint64(1000) << quint64(32) << false << 2;
    QTest::newRow("older segments") << quint64(3'000'001) << quint64(131072) << false << 1;
    QTest::newRow("older segments, version 2") << quint64(3'000'000) << quint64(131072) << true << 1;
    QTest::newRow("newer segments") << quint64(3'000'002) << quint64(1048576) << false << 1;
    QTest::newRow("newer segments, just two") << quint64(2 * 1048576) << quint64(1048576) << false << 1;
    QTest::newRow("newer segments, a byte more") << quint64(2 * 1048576 + 1) << quint64(1048576) << false << 1;
    QTest::newRow("smaller segments") << quint64(3'000'000) << quint64(4096) << false << 2;
    QTest::newRow("larger segments") << quint64(3'000'000) << quint64(2'000'000) << false << 1;
}

void ShareVerifierTest::goodSharesAreProved() {
    QFETCH(quint64, size);
    QFETCH(quint64, segment);
    QFETCH(bool, version2);
    QFETCH(int, rounds);
    const auto file = makeFile({3, 10, size, segment, version2, 31});
    for (unsigned number = 0; number < 10; ++number) {
        const auto examined = examine(file, number, shareOf(file, number));
        QVERIFY(isProved(examined));
        QCOMPARE(examined.rounds, rounds);
        const auto& verdict = *examined.verdict;
        QVERIFY(verdict.damage.empty());
        QVERIFY(!verdict.crypttextDamaged);
        // Where the guess of the segment size was too small, the share is good without them; they are read apart.
        QCOMPARE(verdict.crypttextHashes != nullptr, segment <= 1048576);
        QVERIFY(!verdict.crypttextHashes || verdict.crypttextHashes->size() == file.geometry.segmentCount);
        QVERIFY(verdict.share->facts->geometry == file.geometry);
        const SegmentRun all{0, file.geometry.segmentCount};
        const auto range = verdict.share->blockRange(all);
        QCOMPARE((range.end - range.begin).value(), file.geometry.shareDataSize);
        QVERIFY(verdict.share->checkBlocks(
            all, ByteView(shareOf(file, number)).subspan(range.begin.value(), file.geometry.shareDataSize)));
    }
}

void ShareVerifierTest::noTurnedBitEverProvesAWrongHash() {
    for (const bool version2 : {false, true}) {
        const auto file = makeFile({3, 10, 500, 64, version2, 32});
        const auto good = examine(file, 4, shareOf(file, 4));
        QVERIFY(isProved(good));
        const FileKnowledge everything{good.verdict->share->facts, good.verdict->crypttextHashes};
        Bytes share = shareOf(file, 4);
        for (std::size_t at = 0; at < share.size(); ++at) {
            for (const Byte bit : {Byte(0x01), Byte(0x80)}) {
                share[at] ^= bit;
                for (const auto& known : {FileKnowledge{}, everything}) {
                    const auto examined = examine(file, 4, share, known);
                    if (isProved(examined)) {
                        QVERIFY(*examined.verdict->share->blockHashes == *good.verdict->share->blockHashes);
                        QVERIFY(!examined.verdict->crypttextHashes ||
                                *examined.verdict->crypttextHashes == *everything.crypttextHashes);
                    } else if (examined.verdict) {
                        QCOMPARE(examined.verdict->kind, Kind::NeedsFacts);
                        QVERIFY(!known.facts);
                    } else {
                        QCOMPARE(examined.verdict.error().code, ErrorCode::CorruptShare);
                    }
                }
                share[at] ^= bit;
            }
        }
    }
}

void ShareVerifierTest::aShareUnderAnotherNumberIsRefused() {
    const auto file = makeFile({});
    for (unsigned number = 1; number < 10; ++number) {
        const auto examined = examine(file, 0, shareOf(file, number));
        // Every chain holds the hash of the neighbour too, so that only the blocks' own hashes tell them apart.
        QVERIFY(!examined.verdict);
        QCOMPARE(examined.verdict.error().code, ErrorCode::CorruptShare);
    }
}

void ShareVerifierTest::aShareWithoutItsOwnExtensionWaitsForTheFacts() {
    const auto file = makeFile({});
    Bytes share = shareOf(file, 2);
    share.back() ^= 1U;
    ShareVerifier verifier(file.capability.verifier(), ShareNum(2));
    const auto waiting = examine(verifier, share);
    QVERIFY(waiting.verdict);
    QCOMPARE(waiting.verdict->kind, Kind::NeedsFacts);
    const auto facts = examine(file, 3, shareOf(file, 3)).verdict->share->facts;
    const auto proved = examine(verifier, share, {facts, nullptr});
    QVERIFY(isProved(proved));
    QCOMPARE(proved.verdict->damage.size(), 1U);
}

void ShareVerifierTest::offsetsThatLieDoNotCostMemory() {
    const auto file = makeFile({3, 10, 3'000'000, 131072, true, 33});
    const FileKnowledge known{examine(file, 0, shareOf(file, 0)).verdict->share->facts, nullptr};
    using Layout = formats::ShareLayout;
    const std::vector<std::uint64_t> values = {0,          1,          0x44,       1000,       1ULL << 20, 1ULL << 31,
                                               1ULL << 32, 1ULL << 40, 1ULL << 61, 1ULL << 63, ~0ULL};
    for (const auto field : {&Layout::data, &Layout::plaintextHashTree, &Layout::crypttextHashTree,
                             &Layout::blockHashTree, &Layout::shareHashChain, &Layout::uriExtension}) {
        for (const auto value : values) {
            // One field alone, or it and all that stand behind it, so that the order holds.
            for (const bool shiftAll : {false, true}) {
                Layout layout = file.layout;
                bool behind = false;
                for (const auto other : {&Layout::data, &Layout::plaintextHashTree, &Layout::crypttextHashTree,
                                         &Layout::blockHashTree, &Layout::shareHashChain, &Layout::uriExtension}) {
                    behind = behind || other == field;
                    if (other == field || (shiftAll && behind)) {
                        layout.*other = shiftAll ? file.layout.*other - file.layout.*field + value : value;
                    }
                }
                Bytes share = shareOf(file, 1);
                std::ranges::copy(formats::packHeader(layout), share.begin());
                for (const auto& knowledge : {FileKnowledge{}, known}) {
                    const auto examined = examine(file, 1, share, knowledge);
                    QVERIFY(examined.verdict || examined.verdict.error().code == ErrorCode::CorruptShare);
                    QVERIFY2(examined.bytes < 4U << 20U, std::to_string(examined.bytes).c_str());
                }
            }
        }
    }
}

void ShareVerifierTest::aFileOfTooManySegmentsIsRefused() {
    // A capability may have been made to hurt: a terabyte in segments of three bytes.
    const auto geometry = formats::Geometry::fromSegmentSize(3, 10, ByteCount(1ULL << 40), 3).value();
    const Bytes extension = formats::packUriExtension({geometry, {}, {}, {}});
    const auto layout = formats::ShareLayout::forWriting(geometry, extension.size());
    const caps::ChkVerifier capability{{}, crypto::uriExtensionHash(extension), 3, 10, ByteCount(geometry.fileSize)};
    ShareVerifier verifier(capability, ShareNum(0));
    auto wants = verifier.firstRanges();
    for (int round = 0; round < 5; ++round) {
        for (const auto& range : wants) {
            QVERIFY((range.end - range.begin).value() < 4U << 20U);
            Bytes bytes((range.end - range.begin).value());
            const Bytes header = formats::packHeader(layout);
            const Bytes end = formats::packUriExtensionField(layout, extension);
            for (std::size_t i = 0; i < bytes.size(); ++i) {
                const std::uint64_t at = range.begin.value() + i;
                if (at < header.size()) {
                    bytes[i] = header[at];
                } else if (at >= layout.uriExtension && at - layout.uriExtension < end.size()) {
                    bytes[i] = end[at - layout.uriExtension];
                }
            }
            verifier.take(range, std::move(bytes));
        }
        const auto verdict = verifier.examine({});
        if (!verdict) {
            QCOMPARE(verdict.error().code, ErrorCode::UnsupportedCapability);
            return;
        }
        wants = verdict->wants;
    }
    QFAIL("the file was not refused");
}

void ShareVerifierTest::blocksOutOfPlaceAreRefused() {
    const auto file = makeFile({3, 10, 1000, 128, false, 34});
    const auto share = examine(file, 0, shareOf(file, 0)).verdict->share;
    const auto blocks = ByteView(shareOf(file, 0)).subspan(file.layout.data, file.geometry.shareDataSize);
    const std::size_t size = file.geometry.blockSize;
    QVERIFY(share->checkBlocks({1, 2}, blocks.subspan(size, 2 * size)));
    QVERIFY(!share->checkBlocks({1, 2}, blocks.subspan(0, 2 * size)));
    QVERIFY(!share->checkBlocks({1, 2}, blocks.subspan(size, 2 * size - 1)));
    QVERIFY(!share->checkBlocks({1, 2}, blocks.subspan(size, 2 * size + 1)));
    QVERIFY(!share->checkBlocks({1, 2}, {}));
}

void ShareVerifierTest::piecesOverlapAndJoin() {
    HeldBytes held;
    QVERIFY(held.isEmpty());
    held.add(rangeFrom(10, 5), Bytes{10, 11, 12, 13, 14});
    held.add(rangeFrom(0, 4), Bytes{0, 1, 2, 3});
    QCOMPARE(held.state(rangeFrom(0, 4)), HeldBytes::State::Here);
    QCOMPARE(held.state(rangeFrom(0, 5)), HeldBytes::State::Missing);
    held.add(rangeFrom(3, 9), Bytes{3, 4, 5, 6, 7, 8, 9, 10, 11});
    QCOMPARE(held.state(rangeFrom(0, 15)), HeldBytes::State::Here);
    const Bytes copied = held.copy(rangeFrom(2, 11));
    QCOMPARE(copied.size(), 11U);
    for (std::size_t i = 0; i < copied.size(); ++i) {
        QCOMPARE(copied[i], static_cast<Byte>(i + 2));
    }
    // A short answer is where the share ends; more than was asked for is not taken.
    held.add(rangeFrom(15, 10), Bytes{15, 16});
    QCOMPARE(held.state(rangeFrom(15, 2)), HeldBytes::State::Here);
    QCOMPARE(held.state(rangeFrom(15, 3)), HeldBytes::State::Beyond);
    HeldBytes longer;
    longer.add(rangeFrom(0, 2), Bytes{0, 1, 2, 3});
    QCOMPARE(longer.state(rangeFrom(0, 3)), HeldBytes::State::Missing);
}

QTEST_GUILESS_MAIN(ShareVerifierTest)
#include "share_verifier_test.moc"
