#include "core/download/download.h"
#include "tests/download/download_run.h"
#include "tests/download/forwarding_server.h"

#include <QTest>

#include <algorithm>
#include <bit>
#include <fstream>

using namespace tarn;
using namespace tarn::download;
using namespace tarn::download::testing;

namespace {

struct Field {
    std::string name;
    std::uint64_t offset;
    bool told;  ///< its damage is noticed wherever the share is read
};

/// Every field of a share and every part of it, by a byte in it.
std::vector<Field> fieldsOf(const MadeFile& file) {
    const auto& layout = file.layout;
    const std::uint64_t width = layout.version == 1 ? 4 : 8;
    std::vector<Field> fields = {{"version", 3, true}};
    const std::vector<std::string> header = {
        "block size",        "data size",    "data offset",         "plaintext tree offset", "crypttext tree offset",
        "block tree offset", "chain offset", "URI extension offset"};
    for (std::size_t i = 0; i < header.size(); ++i) {
        fields.push_back({header[i] + ", low byte", 4 + (i + 1) * width - 1, true});
        fields.push_back({header[i] + ", high byte", 4 + i * width, true});
    }
    const std::uint64_t tree = formats::nodeCount(file.geometry.segmentCount) * crypto::Hash::size;
    for (std::uint64_t segment = 0; segment < file.geometry.segmentCount; ++segment) {
        fields.push_back({"block " + std::to_string(segment), layout.data + segment * file.geometry.blockSize, true});
    }
    for (std::uint64_t node = 0; node < tree; node += crypto::Hash::size) {
        fields.push_back({"plaintext tree", layout.plaintextHashTree + node, false});
        fields.push_back({"crypttext tree", layout.crypttextHashTree + node, true});
        fields.push_back({"block tree", layout.blockHashTree + node, true});
    }
    for (std::uint64_t at = layout.shareHashChain; at < layout.uriExtension; at += 34) {
        fields.push_back({"chain number", at + 1, true});
        fields.push_back({"chain number, high byte", at, true});
        fields.push_back({"chain hash", at + 5, true});
    }
    fields.push_back({"URI extension length, low byte", layout.uriExtension + width - 1, true});
    fields.push_back({"URI extension length, high byte", layout.uriExtension, true});
    const std::uint64_t size = file.shares.at(ShareNum(0)).size();
    for (std::uint64_t at = layout.uriExtension + width; at < size; at += 16) {
        fields.push_back({"URI extension", at, true});
    }
    fields.push_back({"last byte", size - 1, true});
    return fields;
}

Bytes readFile(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

class DownloadTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyShapeOfFileComesBack_data();
    void everyShapeOfFileComesBack();
    void sharesOfTheRealTahoeAreRead_data();
    void sharesOfTheRealTahoeAreRead();
    void everyRangeComesBackExactly();
    void aRangeOfALargeFileReadsOnlyItsSegments();
    void rangesThatCannotBeAreRefused();
    void aSmallFileTakesOneRequestAShareAndOneQuestionEach();
    void fewServersSendSeveralSharesAlong();
    void theOtherServersAreAskedWhereTheFirstHaveTooLittle();
    void aServerThatIsSilentAtFirstHoldsNobodyUp();
    void aShareOfMoreThanFourGibibytesIsRead();
    void aBitTurnedInAnyFieldIsNoticedAndTheFileComesBack_data();
    void aBitTurnedInAnyFieldIsNoticedAndTheFileComesBack();
    void damageThatReadingDoesNotNeedCostsNothing();
    void killingServersUntilThreeSharesAreLeftKeepsTheFile();
    void theErrorNamesWhatIsMissing();
    void sharesOfAnyLengthButTheirOwnDoNoHarm();
    void theShareOfAnotherFileIsNotTaken();
    void aGoodCopyOfAShareStandsInForABadOne();
    void blocksThatMakeAnotherFileThanTheCapabilitySaysAreRefused();
    void aSinkThatFailsEndsTheDownload();
    void progressGoesForwardToTheEnd();
    void aCapabilityForNoPossibleFileIsRefused();
};

void DownloadTest::everyShapeOfFileComesBack_data() {
    QTest::addColumn<unsigned>("k");
    QTest::addColumn<unsigned>("n");
    QTest::addColumn<quint64>("size");
    QTest::addColumn<quint64>("segment");
    QTest::addColumn<bool>("version2");
    QTest::newRow("one of one") << 1U << 1U << quint64(56) << quint64(131072) << false;
    QTest::newRow("one byte") << 3U << 10U << quint64(1) << quint64(131072) << false;
    QTest::newRow("one segment") << 3U << 10U << quint64(1000) << quint64(131072) << false;
    QTest::newRow("one segment exactly") << 3U << 10U << quint64(1002) << quint64(1002) << false;
    QTest::newRow("one byte over") << 3U << 10U << quint64(1003) << quint64(1002) << false;
    QTest::newRow("many segments") << 3U << 10U << quint64(10000) << quint64(64) << false;
    QTest::newRow("version 2") << 3U << 10U << quint64(10000) << quint64(64) << true;
    QTest::newRow("256 of 256") << 256U << 256U << quint64(5000) << quint64(1024) << false;
    QTest::newRow("100 of 256") << 100U << 256U << quint64(70000) << quint64(10000) << false;
    QTest::newRow("several runs") << 3U << 10U << quint64(11 * 1024 * 1024 + 1) << quint64(1024 * 1024) << false;
    QTest::newRow("small segments, large file") << 2U << 3U << quint64(4 * 1024 * 1024) << quint64(512) << false;
}

void DownloadTest::everyShapeOfFileComesBack() {
    QFETCH(unsigned, k);
    QFETCH(unsigned, n);
    QFETCH(quint64, size);
    QFETCH(quint64, segment);
    QFETCH(bool, version2);
    const auto file = makeFile({k, n, size, segment, version2, 5});
    // From the first shares, which need no decoding, and from the last.
    for (const bool fromLast : {false, true}) {
        DownloadRun run;
        run.spread(file);
        for (unsigned share = 0; fromLast && share < n - k; ++share) {
            run.servers[share % run.servers.size()]->shares[file.capability.storageIndex()].erase(
                ShareNum(static_cast<std::uint16_t>(share)));
        }
        const auto result = run.run(file.capability);
        QVERIFY2(result, said(result).c_str());
        QVERIFY(run.sink->committed);
        QVERIFY(run.sink->bytes == file.plaintext);
        QCOMPARE(run.adviceCount(), 0U);
    }
}

void DownloadTest::sharesOfTheRealTahoeAreRead_data() {
    QTest::addColumn<QString>("name");
    for (const char* name : {"several-segments", "full-tail", "one-segment", "one-share", "version-2"}) {
        QTest::newRow(name) << QString::fromLatin1(name);
    }
}

void DownloadTest::sharesOfTheRealTahoeAreRead() {
    QFETCH(QString, name);
    const std::string path = std::string(TARN_TEST_DATA "/data/") + name.toStdString();
    const Bytes text = readFile(path + ".cap");
    const auto capability = std::get<caps::Chk>(caps::parse(textOf(text)).value());
    Bytes expected(capability.size.value());
    for (std::uint64_t i = 0; i < expected.size(); ++i) {
        expected[i] = static_cast<Byte>((i * i + 7 * i + 3) % 251);
    }
    // Every k shares that follow one another: also those that need decoding.
    for (unsigned first = 0; first + capability.required <= capability.total; ++first) {
        DownloadRun run;
        for (unsigned i = first; i < first + capability.required; ++i) {
            const ShareNum number(static_cast<std::uint16_t>(i));
            run.servers[i % 5]->shares[capability.storageIndex()][number] = readFile(path + "." + std::to_string(i));
        }
        const auto result = run.run(capability);
        QVERIFY2(result, said(result).c_str());
        QVERIFY(run.sink->bytes == expected);
        QCOMPARE(run.adviceCount(), 0U);
    }
}

void DownloadTest::everyRangeComesBackExactly() {
    const auto file = makeFile({2, 3, 25, 8, false, 3});
    for (std::uint64_t begin = 0; begin < 25; ++begin) {
        for (std::uint64_t end = begin; end <= 30; ++end) {
            DownloadRun run(3);
            run.spread(file);
            const auto result = run.run(file.capability, Range{ByteOffset(begin), ByteOffset(end)});
            QVERIFY2(result, said(result).c_str());
            const auto wanted = ByteView(file.plaintext).subspan(begin, std::min<std::uint64_t>(end, 25) - begin);
            QVERIFY(std::ranges::equal(run.sink->bytes, wanted));
            QVERIFY(run.sink->committed);
        }
    }
}

namespace {

/// Notes how many bytes were read, and with how many calls.
class CountingServer final : public ForwardingServer {
public:
    using ForwardingServer::ForwardingServer;
    async::Task<std::set<ShareNum>> listShares(StorageIndex index, std::stop_token stop) override {
        ++lists;
        return ForwardingServer::listShares(index, stop);
    }
    async::Task<storage::FoundShares> findShares(StorageIndex index, ByteCount along, std::stop_token stop) override {
        ++lists;
        return inner()->findShares(index, along, stop);
    }
    async::Task<Bytes> read(StorageIndex index, ShareNum share, ByteOffset offset, ByteCount length,
                            std::stop_token stop) override {
        ++reads;
        bytes += length.value();
        return ForwardingServer::read(index, share, offset, length, stop);
    }

    int lists = 0;
    int reads = 0;
    std::uint64_t bytes = 0;
};

struct Counted {
    std::vector<std::shared_ptr<CountingServer>> servers;
    int lists = 0;
    int reads = 0;
    std::uint64_t bytes = 0;

    auto wrapper() {
        return [this](std::size_t, std::shared_ptr<storage::StorageServer> inner) {
            servers.push_back(std::make_shared<CountingServer>(std::move(inner)));
            return servers.back();
        };
    }
    void add() {
        for (const auto& server : servers) {
            lists += server->lists;
            reads += server->reads;
            bytes += server->bytes;
        }
    }
};

}  // namespace

void DownloadTest::aRangeOfALargeFileReadsOnlyItsSegments() {
    const auto file = makeFile({3, 10, 8 * 1024 * 1024, 128 * 1024, false, 9});
    DownloadRun run;
    run.spread(file);
    Counted counted;
    run.wrap = counted.wrapper();
    const Range range{ByteOffset(5'000'000), ByteOffset(5'000'100)};
    QVERIFY(run.run(file.capability, range));
    QVERIFY(std::ranges::equal(run.sink->bytes, ByteView(file.plaintext).subspan(5'000'000, 100)));
    counted.add();
    QVERIFY2(counted.bytes < 3 * 128 * 1024 / 3 + 100'000, std::to_string(counted.bytes).c_str());
}

void DownloadTest::rangesThatCannotBeAreRefused() {
    const auto file = makeFile({});
    for (const auto& [begin, end] : {std::pair(1000U, 1001U), std::pair(2000U, 3000U), std::pair(10U, 9U)}) {
        DownloadRun run;
        run.spread(file);
        const auto result = run.run(file.capability, Range{ByteOffset(begin), ByteOffset(end)});
        QVERIFY(!result);
        QCOMPARE(result.error().code, ErrorCode::InvalidArgument);
        QCOMPARE(run.sink->calls, 0);
    }
}

void DownloadTest::aSmallFileTakesOneRequestAShareAndOneQuestionEach() {
    for (const std::uint64_t size : {1000U, 100'000U, 300'000U}) {
        for (const bool along : {false, true}) {
            const auto file = makeFile({3, 10, size, 128 * 1024, false, 4});
            DownloadRun run;
            run.spread(file);
            if (along) {
                run.sendSharesAlong();
            }
            Counted counted;
            run.wrap = counted.wrapper();
            QVERIFY(run.run(file.capability));
            QVERIFY(run.sink->bytes == file.plaintext);
            counted.add();
            QCOMPARE(counted.lists, 3);
            QCOMPARE(counted.reads, along ? 0 : 3);
            QCOMPARE(run.timers->steadyNow().time_since_epoch().count(), 0);
        }
    }
}

void DownloadTest::fewServersSendSeveralSharesAlong() {
    for (const std::size_t servers : {1U, 2U}) {
        const auto file = makeFile({3, 10, 5000, 128 * 1024, false, 4});
        DownloadRun run(servers);
        run.spread(file);
        run.sendSharesAlong();
        Counted counted;
        run.wrap = counted.wrapper();
        QVERIFY(run.run(file.capability));
        QVERIFY(run.sink->bytes == file.plaintext);
        counted.add();
        QCOMPARE(counted.lists, static_cast<int>(servers));
        QCOMPARE(counted.reads, 0);
        QCOMPARE(run.timers->steadyNow().time_since_epoch().count(), 0);
    }
}

void DownloadTest::theOtherServersAreAskedWhereTheFirstHaveTooLittle() {
    // The first server asked has nothing, the second fails: what the others have comes along with their answers.
    const auto file = makeFile({3, 10, 5000, 128 * 1024, false, 4});
    DownloadRun run;
    run.orderFor(file.capability);
    run.spread(file);
    run.sendSharesAlong();
    run.servers[0]->shares.clear();
    Counted counted;
    run.wrap = [&](std::size_t index, std::shared_ptr<storage::StorageServer> inner) {
        auto faulty = std::make_shared<storage::FaultyServer>(std::move(inner), run.timers, [index](storage::Call) {
            storage::Fault fault;
            fault.kind = index == 1 ? storage::Fault::Kind::Fail : storage::Fault::Kind::None;
            fault.error = {ErrorCode::Unreachable, "connection refused", true};
            return fault;
        });
        return counted.wrapper()(index, std::move(faulty));
    };
    QVERIFY(run.run(file.capability));
    QVERIFY(run.sink->bytes == file.plaintext);
    counted.add();
    QCOMPARE(counted.lists, 5);
    QCOMPARE(counted.reads, 0);
    QCOMPARE(run.timers->steadyNow().time_since_epoch().count(), 0);
}

void DownloadTest::aServerThatIsSilentAtFirstHoldsNobodyUp() {
    const auto file = makeFile({3, 10, 5000, 128 * 1024, false, 4});
    for (const bool along : {false, true}) {
        DownloadRun run;
        run.orderFor(file.capability);
        run.spread(file);
        if (along) {
            run.sendSharesAlong();
        }
        run.wrap = [&](std::size_t index, std::shared_ptr<storage::StorageServer> inner) {
            return std::make_shared<storage::FaultyServer>(std::move(inner), run.timers, [index](storage::Call) {
                storage::Fault fault;
                fault.kind = index == 1 ? storage::Fault::Kind::Hang : storage::Fault::Kind::None;
                return fault;
            });
        };
        QVERIFY(run.run(file.capability));
        QVERIFY(run.sink->bytes == file.plaintext);
        // The others answer in no time here, so it is late very soon.
        QVERIFY(run.timers->steadyNow().time_since_epoch() <= async::Milliseconds(100));
    }
}

namespace {

async::Task<Bytes> answer(Bytes bytes) {
    co_return bytes;
}

/// A share that is zeros but for some places.
class SparseServer final : public ForwardingServer {
public:
    using ForwardingServer::ForwardingServer;
    async::Task<Bytes> read(StorageIndex, ShareNum, ByteOffset offset, ByteCount length, std::stop_token) override {
        const std::uint64_t begin = offset.value();
        Bytes bytes(std::min(length.value(), size - std::min(begin, size)));
        for (const auto& [at, piece] : pieces) {
            for (std::size_t i = 0; i < piece.size(); ++i) {
                if (at + i >= begin && at + i - begin < bytes.size()) {
                    bytes[at + i - begin] = piece[i];
                }
            }
        }
        return answer(std::move(bytes));
    }

    std::map<std::uint64_t, Bytes> pieces;
    std::uint64_t size = 0;
};

}  // namespace

void DownloadTest::aShareOfMoreThanFourGibibytesIsRead() {
    // One share of one, 5 GiB: only the last segment is a real one, all other hashes stand for blocks that nobody
    // reads.
    constexpr std::uint64_t mib = 1024 * 1024;
    const auto geometry = formats::Geometry::make({1, 1, 1, ByteCount(mib)}, ByteCount(5 * 1024 * mib + 1000)).value();
    const auto key = *crypto::FileKey::fromBytes(noise(16, 21));
    const Bytes plaintext = noise(1000, 22);
    Bytes crypttext(plaintext.size());
    const std::uint64_t lastStart = (geometry.segmentCount - 1) * geometry.segmentSize;
    crypto::AesCtr(key, ByteOffset(lastStart)).process(plaintext, crypttext);
    std::vector<crypto::Hash> segments(geometry.segmentCount, crypto::sha256({}));
    std::vector<crypto::Hash> blocks = segments;
    segments.back() = crypto::crypttextSegmentHash(crypttext);
    blocks.back() = crypto::blockHash(crypttext);
    const auto crypttextTree = formats::buildTree(segments);
    const auto blockTree = formats::buildTree(blocks);
    const Bytes extension =
        formats::packUriExtension({geometry, crypto::sha256({}), crypttextTree.front(), blockTree.front()});
    const auto layout = formats::ShareLayout::forWriting(geometry, extension.size());
    QCOMPARE(layout.version, 2U);
    const caps::Chk capability{key, crypto::uriExtensionHash(extension), 1, 1, ByteCount(geometry.fileSize)};

    DownloadRun run(1);
    run.servers[0]->shares[capability.storageIndex()][ShareNum(0)] = {};
    run.wrap = [&](std::size_t, std::shared_ptr<storage::StorageServer> inner) {
        auto server = std::make_shared<SparseServer>(std::move(inner));
        server->pieces = {{0, formats::packHeader(layout)},
                          {layout.data + lastStart, crypttext},
                          {layout.crypttextHashTree, formats::packHashes(crypttextTree)},
                          {layout.blockHashTree, formats::packHashes(blockTree)},
                          {layout.shareHashChain, formats::packShareHashChain({{0, blockTree.front()}})},
                          {layout.uriExtension, formats::packUriExtensionField(layout, extension)}};
        server->size = layout.shareSize(extension.size());
        return server;
    };
    const auto result = run.run(capability, Range{ByteOffset(lastStart + 10), ByteOffset(~0ULL)});
    QVERIFY2(result, said(result).c_str());
    QVERIFY(std::ranges::equal(run.sink->bytes, ByteView(plaintext).subspan(10)));
    QCOMPARE(run.adviceCount(), 0U);
}

void DownloadTest::aBitTurnedInAnyFieldIsNoticedAndTheFileComesBack_data() {
    QTest::addColumn<bool>("version2");
    QTest::addColumn<quint64>("size");
    QTest::addColumn<bool>("along");
    QTest::newRow("version 1") << false << quint64(1000) << false;
    QTest::newRow("version 2") << true << quint64(1000) << false;
    QTest::newRow("version 1, along with the list") << false << quint64(1000) << true;
    QTest::newRow("version 2, along with the list") << true << quint64(1000) << true;
    QTest::newRow("read in parts") << false << quint64(600'000) << false;
}

void DownloadTest::aBitTurnedInAnyFieldIsNoticedAndTheFileComesBack() {
    QFETCH(bool, version2);
    QFETCH(quint64, size);
    QFETCH(bool, along);
    const auto file = makeFile({3, 10, size, size / 5, version2, 8});
    for (const auto& field : fieldsOf(file)) {
        // The share is one of the three that get read, in turn.
        for (unsigned damaged = 0; damaged < 3; ++damaged) {
            DownloadRun run;
            run.orderFor(file.capability);
            if (along) {
                run.sendSharesAlong();
            }
            // With k = 3 shares on three servers and the rest on the others, who answers later, those three are read.
            for (const auto& [number, bytes] : file.shares) {
                const std::size_t server = number.value() < 3 ? number.value() : 3 + number.value() % 2;
                run.servers[server]->shares[file.capability.storageIndex()][number] = bytes;
            }
            run.wrap = [&run](std::size_t index, std::shared_ptr<storage::StorageServer> inner) {
                return std::make_shared<storage::FaultyServer>(inner, run.timers, [index](storage::Call call) {
                    storage::Fault fault;
                    if (index > 2 && call == storage::Call::ListShares) {
                        fault.kind = storage::Fault::Kind::Delay;
                        fault.delay = async::Milliseconds(1);
                    }
                    return fault;
                });
            };
            run.share(file, damaged, damaged)[field.offset] ^= 0x04U;
            const auto result = run.run(file.capability);
            QVERIFY2(result, (field.name + " of share " + std::to_string(damaged) + ": " + said(result)).c_str());
            QVERIFY2(run.sink->bytes == file.plaintext, field.name.c_str());
            if (field.told && (size < 100'000 || field.name != "plaintext tree")) {
                QVERIFY2(run.adviceCount() == 1,
                         (field.name + " at " + std::to_string(field.offset) + " of share " + std::to_string(damaged))
                             .c_str());
                QCOMPARE(run.servers[damaged]->advice.at(0).share.value(), damaged);
                QVERIFY(!run.servers[damaged]->advice.at(0).reason.empty());
            }
        }
    }
}

void DownloadTest::damageThatReadingDoesNotNeedCostsNothing() {
    // Just three shares are left, and one has lost its own URI extension, or rows of trees that can be worked out.
    const auto file = makeFile({});
    for (const std::uint64_t offset :
         {file.layout.uriExtension + 20, file.layout.uriExtension + 3, file.layout.crypttextHashTree,
          file.layout.crypttextHashTree + 15 * 32, file.layout.blockHashTree + 32, std::uint64_t(7)}) {
        for (unsigned damaged = 0; damaged < 3; ++damaged) {
            DownloadRun run;
            for (unsigned share = 0; share < 3; ++share) {
                const ShareNum number(static_cast<std::uint16_t>(share));
                run.servers[share]->shares[file.capability.storageIndex()][number] = file.shares.at(number);
            }
            run.share(file, damaged, damaged)[offset] ^= 0x40U;
            const auto result = run.run(file.capability);
            QVERIFY2(result, said(result).c_str());
            QVERIFY(run.sink->bytes == file.plaintext);
            QVERIFY2(run.adviceCount() == 1, std::to_string(offset).c_str());
        }
    }
}

void DownloadTest::killingServersUntilThreeSharesAreLeftKeepsTheFile() {
    const auto file = makeFile({});
    for (unsigned gone = 0; gone < 32; ++gone) {
        DownloadRun run;
        // Ten shares on five servers; every set of servers that are gone.
        run.spread(file);
        run.wrap = [gone, &run](std::size_t index, std::shared_ptr<storage::StorageServer> inner) {
            return std::make_shared<storage::FaultyServer>(inner, run.timers, [gone, index](storage::Call) {
                storage::Fault fault;
                if ((gone >> index & 1U) != 0) {
                    fault.kind = storage::Fault::Kind::Fail;
                    fault.error = {ErrorCode::Unreachable, "connection refused", true};
                }
                return fault;
            });
        };
        const auto result = run.run(file.capability);
        const unsigned left = 2 * (5 - static_cast<unsigned>(std::popcount(gone)));
        QCOMPARE(result.has_value(), left >= 3);
        if (result) {
            QVERIFY(run.sink->bytes == file.plaintext);
        } else {
            QCOMPARE(result.error().code, ErrorCode::NotEnoughShares);
            QVERIFY(result.error().retryable);
            QCOMPARE(run.sink->calls, 0);
        }
    }
}

void DownloadTest::theErrorNamesWhatIsMissing() {
    const auto file = makeFile({});
    DownloadRun run;
    const auto index = file.capability.storageIndex();
    run.servers[0]->shares[index][ShareNum(1)] = file.shares.at(ShareNum(1));
    run.servers[1]->shares[index][ShareNum(4)] = file.shares.at(ShareNum(4));
    run.servers[3]->shares[index][ShareNum(7)] = file.shares.at(ShareNum(7));
    run.servers[3]->shares[index][ShareNum(7)][file.layout.blockHashTree + 9 * 32] ^= 1U;
    run.wrap = [&run](std::size_t server, std::shared_ptr<storage::StorageServer> inner) {
        return std::make_shared<storage::FaultyServer>(inner, run.timers, [server](storage::Call) {
            storage::Fault fault;
            if (server == 2) {
                fault.kind = storage::Fault::Kind::Fail;
                fault.error = {ErrorCode::Unreachable, "connection refused", true};
            }
            return fault;
        });
    };
    const auto result = run.run(file.capability);
    QVERIFY(!result);
    QCOMPARE(result.error().code, ErrorCode::NotEnoughShares);
    const auto& detail = result.error().detail;
    QVERIFY2(detail.starts_with("found 2 of the 3 shares needed: "), detail.c_str());
    for (const char* part : {"share 1 on alpha", "share 4 on beta", "gamma did not answer (connection refused)",
                             "share 7 on delta is damaged"}) {
        QVERIFY2(detail.find(part) != std::string::npos, detail.c_str());
    }
    QCOMPARE(run.servers[3]->advice.size(), 1U);
    QCOMPARE(run.sink->calls, 0);
}

void DownloadTest::sharesOfAnyLengthButTheirOwnDoNoHarm() {
    const auto file = makeFile({3, 10, 400, 128, false, 2});
    const std::size_t size = file.shares.at(ShareNum(0)).size();
    for (std::size_t length = 0; length < size + 40; ++length) {
        DownloadRun run;
        run.spread(file);
        run.share(file, 0, 0).resize(length);
        const auto result = run.run(file.capability);
        QVERIFY2(result, said(result).c_str());
        QVERIFY(run.sink->bytes == file.plaintext);
    }
    // All of them cut: an error in words, and not a byte delivered that was not checked.
    for (std::size_t length = 0; length < size; length += 7) {
        DownloadRun run;
        run.spread(file);
        for (unsigned share = 0; share < 10; ++share) {
            run.share(file, share % 5, share).resize(length);
        }
        const auto result = run.run(file.capability);
        QVERIFY(!result);
        QCOMPARE(result.error().code, ErrorCode::NotEnoughShares);
        QCOMPARE(run.sink->calls, 0);
    }
}

void DownloadTest::theShareOfAnotherFileIsNotTaken() {
    const auto file = makeFile({});
    auto shape = FileShape{};
    shape.seed = 77;
    const auto other = makeFile(shape);
    for (unsigned wrong = 0; wrong < 10; ++wrong) {
        DownloadRun run;
        run.spread(file);
        run.share(file, wrong % 5, wrong) = other.shares.at(ShareNum(static_cast<std::uint16_t>(wrong)));
        QVERIFY(run.run(file.capability));
        QVERIFY(run.sink->bytes == file.plaintext);
    }
    // Another share of the same file, under a number that is not its own.
    DownloadRun run;
    run.spread(file);
    for (unsigned wrong = 0; wrong < 3; ++wrong) {
        run.share(file, wrong, wrong) = file.shares.at(ShareNum(static_cast<std::uint16_t>(wrong + 1)));
    }
    QVERIFY(run.run(file.capability));
    QVERIFY(run.sink->bytes == file.plaintext);
    QVERIFY(run.adviceCount() > 0);
}

void DownloadTest::aGoodCopyOfAShareStandsInForABadOne() {
    const auto file = makeFile({});
    const auto index = file.capability.storageIndex();
    for (unsigned good = 0; good < 2; ++good) {
        for (const auto& field : fieldsOf(file)) {
            DownloadRun run;
            for (unsigned share = 0; share < 3; ++share) {
                const ShareNum number(static_cast<std::uint16_t>(share));
                run.servers[share]->shares[index][number] = file.shares.at(number);
            }
            run.servers[3]->shares[index][ShareNum(0)] = file.shares.at(ShareNum(0));
            run.share(file, good == 0 ? 3 : 0, 0)[field.offset] ^= 0x80U;
            const auto result = run.run(file.capability);
            QVERIFY2(result, (field.name + ": " + said(result)).c_str());
            QVERIFY(run.sink->bytes == file.plaintext);
        }
    }
}

void DownloadTest::blocksThatMakeAnotherFileThanTheCapabilitySaysAreRefused() {
    // Whoever made the file gave it hashes of blocks and of segments that do not belong together.
    auto file = makeFile({1, 1, 100, 64, false, 1});
    auto other = makeFile({1, 1, 100, 64, false, 2});
    auto& bytes = file.shares.at(ShareNum(0));
    const auto& layout = file.layout;
    const auto tree =
        formats::parseHashes(
            ByteView(other.shares.at(ShareNum(0))).subspan(layout.crypttextHashTree, 3 * crypto::Hash::size))
            .value();
    const auto field = layout.uriExtension + layout.lengthFieldSize();
    auto extension = formats::parseUriExtension(ByteView(bytes).subspan(field), 1, 1, ByteCount(100)).value();
    extension.crypttextRootHash = tree.front();
    const Bytes packed = formats::packUriExtension(extension);
    bytes.resize(field);
    append(bytes, packed);
    std::ranges::copy(formats::packHashes(tree), bytes.begin() + static_cast<std::ptrdiff_t>(layout.crypttextHashTree));
    file.capability.uriExtensionHash = crypto::uriExtensionHash(packed);

    DownloadRun run(1);
    run.spread(file);
    const auto result = run.run(file.capability);
    QVERIFY(!result);
    QCOMPARE(result.error().code, ErrorCode::CorruptFile);
    QCOMPARE(run.sink->calls, 0);
}

void DownloadTest::aSinkThatFailsEndsTheDownload() {
    const auto file = makeFile({});
    DownloadRun run;
    run.spread(file);
    run.sink->failWith = Error{ErrorCode::DiskFull, "no room", false};
    const auto result = run.run(file.capability);
    QVERIFY(!result);
    QCOMPARE(result.error().code, ErrorCode::DiskFull);
    QCOMPARE(run.sink->calls, 1);
    QVERIFY(!run.sink->committed);
}

void DownloadTest::progressGoesForwardToTheEnd() {
    const auto file = makeFile({3, 10, 11 * 1024 * 1024 + 1, 1024 * 1024, false, 6});
    DownloadRun run;
    run.spread(file);
    QVERIFY(run.run(file.capability));
    QVERIFY(run.progress.size() >= 6);
    for (std::size_t i = 1; i < run.progress.size(); ++i) {
        QVERIFY(run.progress[i - 1].phase <= run.progress[i].phase);
        QVERIFY(run.progress[i - 1].delivered <= run.progress[i].delivered);
        QCOMPARE(run.progress[i].total.value(), file.plaintext.size());
        QCOMPARE(run.progress[i].sharesNeeded, 3U);
    }
    QVERIFY(run.progress.front().phase == Phase::FindingShares);
    QVERIFY(run.progress.back().phase == Phase::Done);
    QCOMPARE(run.progress.back().delivered.value(), file.plaintext.size());
    QCOMPARE(run.progress.back().sharesFound, 10U);
}

void DownloadTest::aCapabilityForNoPossibleFileIsRefused() {
    for (const auto& [k, n, size] :
         {std::tuple(0U, 1U, 100U), std::tuple(4U, 3U, 100U), std::tuple(1U, 257U, 100U), std::tuple(3U, 10U, 0U)}) {
        auto capability = makeFile({}).capability;
        capability.required = k;
        capability.total = n;
        capability.size = ByteCount(size);
        DownloadRun run;
        const auto result = run.run(capability);
        QVERIFY(!result);
        QCOMPARE(result.error().code, ErrorCode::InvalidCapability);
        QCOMPARE(run.sink->calls, 0);
    }
}

QTEST_GUILESS_MAIN(DownloadTest)
#include "download_test.moc"
