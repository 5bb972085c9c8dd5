// What is written comes back, for values drawn at random (from a fixed seed, so that a failure repeats).

#include "core/formats/gbs_messages.h"
#include "core/formats/grid_file.h"
#include "core/formats/share_layout.h"
#include "core/formats/ueb.h"

#include <QTest>

#include <array>
#include <random>

using namespace tarn;
using namespace tarn::formats;

namespace {

class Draw {
public:
    explicit Draw(unsigned seed) : m_random(seed) {}

    std::uint64_t upTo(std::uint64_t most) { return std::uniform_int_distribution<std::uint64_t>(0, most)(m_random); }
    /// Small and huge numbers alike.
    std::uint64_t anySize() { return m_random() >> upTo(63); }
    bool coin() { return upTo(1) == 1; }

    Bytes bytes(std::size_t length) {
        Bytes drawn(length);
        for (Byte& byte : drawn) {
            byte = static_cast<Byte>(upTo(255));
        }
        return drawn;
    }
    template <typename Fixed>
    Fixed fixed() {
        return Fixed::fromBytes(bytes(Fixed::size)).value();
    }
    std::string text(std::string_view alphabet, std::size_t length) {
        std::string drawn;
        for (std::size_t i = 0; i < length; ++i) {
            drawn += alphabet[upTo(alphabet.size() - 1)];
        }
        return drawn;
    }
    std::set<ShareNum> shares() {
        std::set<ShareNum> drawn;
        for (std::uint64_t count = upTo(300); count > 0; --count) {
            drawn.insert(ShareNum(static_cast<std::uint16_t>(upTo(255))));
        }
        return drawn;
    }
    Geometry geometry() {
        for (;;) {
            const auto total = static_cast<unsigned>(1 + upTo(255));
            const auto required = static_cast<unsigned>(1 + upTo(total - 1));
            const std::uint64_t size = 1 + upTo((std::uint64_t{1} << upTo(60)) - 1);
            const std::uint64_t segment = 1 + upTo((std::uint64_t{1} << upTo(26)) - 1);
            if (const auto made = Geometry::make({required, 1, total, ByteCount(segment)}, ByteCount(size))) {
                return *made;
            }
        }
    }

private:
    std::mt19937_64 m_random;
};

constexpr int rounds = 2000;

}  // namespace

class FormatsRoundTripTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void geometriesAddUp() {
        Draw draw(1);
        for (int round = 0; round < rounds; ++round) {
            const Geometry g = draw.geometry();
            QCOMPARE((g.segmentCount - 1) * g.segmentSize + g.tailSize, g.fileSize);
            QCOMPARE(g.blockSize * g.required, g.segmentSize);
            QCOMPARE(g.tailBlockSize * g.required, g.paddedTailSize);
            QVERIFY(g.paddedTailSize - g.tailSize < g.required);
            QVERIFY(g.tailSize >= 1 && g.tailSize <= g.segmentSize);
            const auto again = Geometry::fromSegmentSize(g.required, g.total, ByteCount(g.fileSize), g.segmentSize);
            QVERIFY(again);
            QCOMPARE(*again, g);
        }
    }

    void uriExtensionsComeBack() {
        Draw draw(2);
        for (int round = 0; round < rounds; ++round) {
            const UriExtension extension{draw.geometry(), draw.fixed<crypto::Hash>(), draw.fixed<crypto::Hash>(),
                                         draw.fixed<crypto::Hash>()};
            const Geometry& g = extension.geometry;
            const Bytes packed = packUriExtension(extension);
            QCOMPARE(packed.size(), packedUriExtensionSize(g));
            QVERIFY(packed.size() <= 600);
            const auto parsed = parseUriExtension(packed, g.required, g.total, ByteCount(g.fileSize));
            QVERIFY(parsed);
            QCOMPARE(parsed->geometry, g);
            QCOMPARE(packUriExtension(*parsed), packed);
        }
    }

    void headersAndChainsComeBack() {
        Draw draw(3);
        for (int round = 0; round < rounds; ++round) {
            const Geometry g = draw.geometry();
            const auto layout = ShareLayout::forWriting(g, packedUriExtensionSize(g), draw.coin());
            const auto parsed = parseHeader(packHeader(layout));
            QVERIFY(parsed);
            QCOMPARE(*parsed, layout);

            std::map<std::uint64_t, crypto::Hash> chain;
            for (std::uint64_t count = draw.upTo(12); count > 0; --count) {
                chain.emplace(draw.upTo(510), draw.fixed<crypto::Hash>());
            }
            const auto parsedChain = parseShareHashChain(packShareHashChain(chain));
            QVERIFY(parsedChain);
            QVERIFY(*parsedChain == chain);
        }
    }

    void aHeaderWithAnyBitFlippedIsReadSafely() {
        Draw draw(4);
        for (int round = 0; round < 200; ++round) {
            const Geometry g = draw.geometry();
            const Bytes header = packHeader(ShareLayout::forWriting(g, packedUriExtensionSize(g)));
            for (std::size_t bit = 0; bit < header.size() * 8; ++bit) {
                Bytes flipped = header;
                flipped[bit / 8] = static_cast<Byte>(flipped[bit / 8] ^ (1U << bit % 8));
                if (const auto parsed = parseHeader(flipped)) {
                    QVERIFY(parsed->headerSize() <= parsed->data);
                    QVERIFY(parsed->data <= parsed->plaintextHashTree);
                    QVERIFY(parsed->plaintextHashTree <= parsed->crypttextHashTree);
                    QVERIFY(parsed->crypttextHashTree <= parsed->blockHashTree);
                    QVERIFY(parsed->blockHashTree < parsed->shareHashChain);
                    QVERIFY(parsed->shareHashChain < parsed->uriExtension);
                    QVERIFY(parsed->shareSize(mostUriExtension) > parsed->uriExtension);
                    QCOMPARE(packHeader(*parsed), flipped);
                } else {
                    QCOMPARE(parsed.error().code, ErrorCode::CorruptShare);
                }
            }
        }
    }

    void messagesComeBack() {
        Draw draw(5);
        for (int round = 0; round < rounds; ++round) {
            const gbs::VersionReply version{draw.anySize(), draw.anySize(), draw.anySize(), draw.text("abc/1.0", 12)};
            const auto parsedVersion = gbs::parseVersionReply(gbs::writeVersionReply(version));
            QVERIFY(parsedVersion);
            QCOMPARE(parsedVersion->maximumImmutableShareSize, version.maximumImmutableShareSize);
            QCOMPARE(parsedVersion->maximumMutableShareSize, version.maximumMutableShareSize);
            QCOMPARE(parsedVersion->availableSpace, version.availableSpace);
            QCOMPARE(parsedVersion->application, version.application);

            const gbs::AllocateRequest request{draw.shares(), draw.anySize()};
            const auto parsedRequest = gbs::parseAllocateRequest(gbs::writeAllocateRequest(request));
            QVERIFY(parsedRequest);
            QVERIFY(parsedRequest->shares == request.shares);
            QCOMPARE(parsedRequest->allocatedSize, request.allocatedSize);

            const gbs::AllocateReply reply{draw.shares(), draw.shares()};
            const auto parsedReply = gbs::parseAllocateReply(gbs::writeAllocateReply(reply));
            QVERIFY(parsedReply);
            QVERIFY(parsedReply->alreadyHave == reply.alreadyHave);
            QVERIFY(parsedReply->allocated == reply.allocated);

            gbs::WriteReply write;
            for (std::uint64_t count = draw.upTo(20); count > 0; --count) {
                const std::uint64_t begin = draw.anySize() / 2;
                write.required.emplace_back(begin, begin + 1 + draw.anySize() / 4);
            }
            const auto parsedWrite = gbs::parseWriteReply(gbs::writeWriteReply(write));
            QVERIFY(parsedWrite);
            QVERIFY(parsedWrite->required == write.required);
        }
    }

    void secretsAndRangesComeBack() {
        Draw draw(6);
        for (int round = 0; round < rounds; ++round) {
            const Bytes upload = draw.bytes(1 + draw.upTo(63));
            const Bytes renew = draw.bytes(32);
            const auto secrets = gbs::parseSecretHeader(gbs::writeSecretHeader(gbs::SecretKind::Upload, upload) + "," +
                                                        gbs::writeSecretHeader(gbs::SecretKind::LeaseRenew, renew));
            QVERIFY(secrets);
            QCOMPARE(secrets->at(0).second, upload);
            QCOMPARE(secrets->at(1).second, renew);

            const std::uint64_t begin = draw.anySize() / 2;
            const gbs::Range range{begin, begin + 1 + draw.anySize() / 4};
            for (const auto& parsed :
                 {gbs::parseRange(gbs::writeRange(range)), gbs::parseContentRange(gbs::writeContentRange(range))}) {
                QVERIFY(parsed);
                QCOMPARE(parsed->begin, range.begin);
                QCOMPARE(parsed->end, range.end);
            }
        }
    }

    void nurlsAndFurlsComeBack() {
        Draw draw(7);
        const std::string_view unreserved = "abcxyzABCXYZ0189-._~";
        for (int round = 0; round < rounds; ++round) {
            const Nurl nurl{
                draw.fixed<crypto::Hash>(),
                draw.coin() ? "h" + draw.text("abz09-", draw.upTo(60)) : draw.text("0123456789abcdef", 4) + "::1",
                static_cast<std::uint16_t>(1 + draw.upTo(65534)), Swissnum(draw.text(unreserved, 1 + draw.upTo(63)))};
            const auto parsed = parseNurl(nurl.reveal());
            QVERIFY2(parsed, nurl.reveal().c_str());
            QVERIFY(parsed->spkiHash == nurl.spkiHash);
            QCOMPARE(parsed->host, nurl.host);
            QCOMPARE(parsed->port, nurl.port);
            QCOMPARE(parsed->swissnum.reveal(), nurl.swissnum.reveal());

            Furl furl{draw.fixed<LeaseSeed>(), {}, Swissnum(draw.text(unreserved, 1 + draw.upTo(63)))};
            for (std::uint64_t count = draw.upTo(4); count > 0; --count) {
                furl.locationHints.push_back("tcp:" + draw.text(unreserved, 10));
            }
            const auto parsedFurl = parseFurl(furl.reveal());
            QVERIFY(parsedFurl);
            QVERIFY(parsedFurl->tubId == furl.tubId);
            QCOMPARE(parsedFurl->locationHints, furl.locationHints);
        }
    }

    void gridsComeBack() {
        Draw draw(8);
        const std::array<std::string_view, 6> pieces = {
            "a", "\"", "\\", "\xc3\xa9", "\xf0\x9f\x8f\x94", ": #-{}[]&*!|>'%@`"};
        for (int round = 0; round < 200; ++round) {
            std::vector<ServerAnnouncement> servers;
            for (std::uint64_t count = draw.upTo(5); count > 0; --count) {
                ServerAnnouncement server;
                server.id = ServerId("server-" + std::to_string(count) + draw.text("abc\"\\'#:{}", 6));
                for (std::uint64_t piece = draw.upTo(10); piece > 0; --piece) {
                    server.nickname += pieces[draw.upTo(pieces.size() - 1)];
                }
                server.permutationSeed = draw.bytes(1 + draw.upTo(40));
                server.leaseSeed = draw.fixed<LeaseSeed>();
                for (std::uint64_t nurls = 1 + draw.upTo(3); nurls > 0; --nurls) {
                    server.nurls.push_back({draw.fixed<crypto::Hash>(), "host.example", 443, Swissnum("s")});
                }
                servers.push_back(std::move(server));
            }
            const auto parsed = parseGridFile(writeGridFile(servers));
            QVERIFY(parsed);
            QVERIFY(parsed->leftOut.empty());
            QCOMPARE(parsed->servers.size(), servers.size());
            for (std::size_t i = 0; i < servers.size(); ++i) {
                const ServerAnnouncement& got = parsed->servers[i];
                QVERIFY(got.id == servers[i].id);
                QCOMPARE(got.nickname, servers[i].nickname);
                QCOMPARE(got.permutationSeed, servers[i].permutationSeed);
                QVERIFY(got.leaseSeed == servers[i].leaseSeed);
                QCOMPARE(got.nurls.size(), servers[i].nurls.size());
                for (std::size_t n = 0; n < got.nurls.size(); ++n) {
                    QCOMPARE(got.nurls[n].reveal(), servers[i].nurls[n].reveal());
                }
            }
        }
    }
};

QTEST_GUILESS_MAIN(FormatsRoundTripTest)
#include "formats_round_trip_test.moc"
