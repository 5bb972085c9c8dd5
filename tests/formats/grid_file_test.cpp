#include "core/formats/grid_file.h"
#include "core/foundation/base32.h"
#include "vectors.h"

using namespace tarn;
using namespace tarn::formats;

namespace {

const std::string furl = "pb://aaaqeayeaudaocajbifqydiob4ibceqt@tcp:192.0.2.1:3456/swissnum";
const std::string nurl = "pb://LHDhK3oGRvkiefQnx7OOczTY5Tic_xZ6HcMOc_gmtoM@192.0.2.1:3456/swissnum#v=1";
const std::string keyId = "v0-wpvm2m2dhmy3kjjdkebszgz6pixhvj3trvo6zxyn23dcnaefhqda";

/// A grid of one server with these lines in its announcement, beside a usable fURL and NURL.
std::string gridWith(const std::string& lines, const std::string& id = "my-server") {
    return "storage:\n  " + id + ":\n    ann:\n      anonymous-storage-FURL: " + furl +
           "\n      anonymous-storage-NURLs: ['" + nurl + "']\n" + lines;
}

std::string problemOf(const std::string& yaml) {
    const auto grid = parseGridFile(yaml);
    if (!grid) {
        return grid.error().code == ErrorCode::InvalidGrid ? "not a grid: " + grid.error().detail : "wrong code";
    }
    return grid->leftOut.empty() ? "" : grid->leftOut.front();
}

bool isRefused(const std::string& yaml) {
    return problemOf(yaml).starts_with("not a grid: ");
}

GridFile parsed(const std::string& yaml) {
    auto grid = parseGridFile(yaml);
    if (!grid) {
        qFatal("%s", grid.error().detail.c_str());
    }
    return *grid;
}

}  // namespace

class GridFileTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theCacheOfATahoeNodeIsRead() {
        const GridFile grid = parsed(vectors::readData("introducer_default_cache.yaml").toStdString());
        QCOMPARE(grid.servers.size(), std::size_t(2));
        QVERIFY(grid.leftOut.empty());
        const ServerAnnouncement& first = grid.servers[0];
        QCOMPARE(first.id.text(), keyId);
        QCOMPARE(first.nickname, std::string("caf\xc3\xa9 \xf0\x9f\x8f\x94 \xd0\xb1\xd0\xbe\xd1\x87\xd0\xba\xd0\xb0"));
        QCOMPARE(toBase32(first.permutationSeed), keyId.substr(3));
        QCOMPARE(toBase32(first.leaseSeed.bytes()), std::string("aaaqeayeaudaocajbifqydiob4ibceqt"));
        QCOMPARE(first.nurls.size(), std::size_t(1));
        QCOMPARE(first.nurls[0].reveal(), nurl);
        QVERIFY(grid.servers[1].permutationSeed == copyOf(viewOf("another seed")));
    }

    void theStaticServersOfATahoeNodeAreRead() {
        const GridFile grid = parsed(vectors::readData("servers.yaml").toStdString());
        QCOMPARE(grid.servers.size(), std::size_t(2));
        QCOMPARE(grid.servers[0].id.text(), std::string("my-server"));
        QCOMPARE(grid.servers[0].nickname, std::string("two"));
        // An id that is no key is hashed for its seed.
        QCOMPARE(grid.servers[0].permutationSeed, copyOf(crypto::sha256(viewOf("my-server")).bytes()));
        QCOMPARE(grid.servers[1].id.text(), keyId);
        QCOMPARE(grid.leftOut, std::vector<std::string>{"old-server: announces no HTTPS address"});
    }

    void aFileByHandIsRead() {
        const std::string yaml = "# my grid\n---\nother: [1, 2]\nstorage: {one: {ann: {anonymous-storage-FURL: '" +
                                 furl + "',\n  anonymous-storage-NURLs: [\"" + nurl + "\"], nickname: 'a: b'}}}\n...\n";
        const GridFile grid = parsed(yaml);
        QCOMPARE(grid.servers.size(), std::size_t(1));
        QCOMPARE(grid.servers[0].nickname, std::string("a: b"));
    }

    void anEmptyGridIsAGrid() {
        QVERIFY(parsed("storage: {}\n").servers.empty());
        QVERIFY(parsed("storage:\n").servers.empty());
        QVERIFY(parsed("[]").servers.empty());
        QVERIFY(parsed(writeGridFile({})).servers.empty());
    }

    void whatIsNoGridIsRefused() {
        for (const std::string& yaml :
             {std::string(), std::string("hello"), std::string("{}"), std::string("storage: 7"),
              std::string("storage: [a]"), std::string("storage"), std::string("a: b: c"), std::string("{storage: {"),
              std::string("storage: {a: {ann: [}}"), std::string("\"storage"), std::string("storage:\n\t- x"),
              std::string("%YAML 9.9\n---\nstorage: {}"), std::string("storage: !<tag {}"),
              std::string("storage: {}\0", 12), std::string("storage: {} \x04"), std::string("storage: {\xff\xfe: 1}"),
              std::string("\xff\xfe"
                          "s\0",
                          4)}) {
            QVERIFY2(isRefused(yaml), yaml.c_str());
        }
    }

    void aliasesAndAnchorsAreRefused() {
        QVERIFY(isRefused("storage: &a {}\n"));
        QVERIFY(isRefused("a: &a x\nstorage: {}\n"));
        QVERIFY(isRefused("storage: {a: *b}\n"));
        std::string laughs = "a0: &a0 [x]\n";
        for (int i = 1; i < 30; ++i) {
            const std::string last = "*a" + std::to_string(i - 1);
            laughs +=
                "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last + "," + last + "," + last + "]\n";
        }
        QVERIFY(isRefused(laughs + "storage: {}\n"));
    }

    void deepOrLongFilesAreRefused() {
        const auto nested = [](int depth) {
            return "storage: {}\nx: " + std::string(static_cast<std::size_t>(depth), '[') +
                   std::string(static_cast<std::size_t>(depth), ']') + "\n";
        };
        QVERIFY(!isRefused(nested(20)));
        QVERIFY(isRefused(nested(40)));
        QVERIFY(isRefused(nested(100000)));
        QVERIFY(isRefused("storage: " + std::string(100000, '{')));
        QVERIFY(isRefused("storage: {}\n#" + std::string(mostGridFile, 'x')));
        std::string many = "storage: {}\nx: [";
        for (int i = 0; i < 500000; ++i) {
            many += "1,";
        }
        QVERIFY(isRefused(many + "]\n"));
    }

    void tooManyServersAreRefused() {
        std::string yaml = "storage:\n";
        for (std::size_t i = 0; i < mostGridServers; ++i) {
            yaml += "  s" + std::to_string(i) + ": {}\n";
        }
        QCOMPARE(parsed(yaml).leftOut.size(), mostGridServers);
        QVERIFY(isRefused(yaml + "  one-more: {}\n"));
    }

    void aServerThatCannotBeUsedIsLeftOutWithTheReason_data() {
        QTest::addColumn<QByteArray>("yaml");
        QTest::addColumn<QByteArray>("reason");
        const auto row = [](const char* reason, const std::string& yaml) {
            QTest::newRow(reason) << QByteArray::fromStdString(yaml) << QByteArray(reason);
        };
        const std::string noNurl = "storage:\n  s:\n    ann:\n      anonymous-storage-FURL: " + furl + "\n";
        row("s: has no announcement", "storage: {s: {}}");
        row("s: has no announcement", "storage: {s: 1}");
        row("s: has no announcement", "storage: {s: {ann: [1]}}");
        row("my-server: is not a storage server", gridWith("      service-name: stub_client\n"));
        row("s: announces no usable fURL, which its lease secrets depend on", "storage: {s: {ann: {}}}");
        row("s: announces no usable fURL, which its lease secrets depend on",
            "storage: {s: {ann: {anonymous-storage-FURL: 'pb://x@y/z', anonymous-storage-NURLs: ['" + nurl + "']}}}");
        row("s: announces no HTTPS address", noNurl);
        row("s: announces no HTTPS address", noNurl + "      anonymous-storage-NURLs: []\n");
        row("s: announces no HTTPS address", noNurl + "      anonymous-storage-NURLs: text\n");
        row("s: announces no usable HTTPS address: the address is not text",
            noNurl + "      anonymous-storage-NURLs: [[x]]\n");
        row("s: announces no usable HTTPS address: the server address is a Tor address",
            noNurl + "      anonymous-storage-NURLs: ['pb+tor://x@y.onion:1/s#v=1']\n");
        row("my-server: announces a permutation seed that is not base32",
            gridWith("      permutation-seed-base32: '1!'\n"));
        row("my-server: announces a permutation seed that is not base32",
            gridWith("      permutation-seed-base32: " + std::string(1000, 'a') + "\n"));
        row("v0-ABCDEFGH…: announces a permutation seed that is not base32",
            gridWith("", "v0-ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZ"));
        row("a server without a usable id", gridWith("", "\"with space\""));
        row("a server without a usable id", gridWith("", "\"\""));
        row("a server without a usable id", gridWith("", "[a, b]"));
        row("a server without a usable id", gridWith("", "\xc3\xa9"));
        row("a server without a usable id", gridWith("", "\"line\\nbreak\""));
        row("a server without a usable id", gridWith("", std::string(300, 'x')));
        row("a server without a usable id", "[1]");
        row("a server without a usable id", "- ann: {}\n");
        row("s: has no announcement", "- key_s: s\n");
    }
    void aServerThatCannotBeUsedIsLeftOutWithTheReason() {
        QFETCH(QByteArray, yaml);
        QFETCH(QByteArray, reason);
        const GridFile grid = parsed(yaml.toStdString());
        QVERIFY(grid.servers.empty());
        QCOMPARE(grid.leftOut, std::vector<std::string>{reason.toStdString()});
    }

    void theRestOfAGridSurvivesABadServer() {
        const GridFile grid = parsed(gridWith("      nickname: good\n") + "  bad: {}\n");
        QCOMPARE(grid.servers.size(), std::size_t(1));
        QCOMPARE(grid.leftOut.size(), std::size_t(1));
    }

    void ofTwoServersWithOneIdTheFirstIsUsed() {
        const GridFile grid = parsed(gridWith("      nickname: first\n") + "  my-server:\n    ann: {}\n");
        QCOMPARE(grid.servers.size(), std::size_t(1));
        QCOMPARE(grid.servers[0].nickname, std::string("first"));
        QCOMPARE(grid.leftOut, std::vector<std::string>{"my-server: stands in the file twice, the first is used"});
    }

    void aUsableNurlAmongOthersIsKept() {
        const GridFile grid = parsed("storage: {s: {ann: {anonymous-storage-FURL: '" + furl +
                                     "', anonymous-storage-NURLs: ['pb+tor://x', 7, '" + nurl + "']}}}");
        QCOMPARE(grid.servers.size(), std::size_t(1));
        QCOMPARE(grid.servers[0].nurls.size(), std::size_t(1));
    }

    void nicknamesAreCleaned() {
        const auto nickname = [](const std::string& yaml) {
            return parsed(gridWith("      nickname: " + yaml)).servers[0].nickname;
        };
        QCOMPARE(nickname("\"a\\nb\\x1b[31mc\\x07\\x85\""), std::string("ab[31mc"));
        QCOMPARE(nickname("\"evil\\u202egpj\\u2066x\\u2028y\""), std::string("evilgpjxy"));
        QCOMPARE(nickname("\"\\U0001F3D4\""), std::string("\xf0\x9f\x8f\x94"));
        QCOMPARE(nickname("42"), std::string("42"));
        QCOMPARE(nickname("[1, 2]"), std::string());
        QCOMPARE(nickname(std::string(5000, 'n')), std::string(mostNickname, 'n'));
        QString longName;
        for (int i = 0; i < 300; ++i) {
            longName += QStringLiteral("\U0001F3D4");
        }
        QCOMPARE(QString::fromStdString(nickname(longName.toStdString())), longName.first(2 * mostNickname));
    }

    void anAnnouncementIsWrittenInTheFormThatTahoeReads() {
        // The same text is loaded by Tahoe-LAFS in check_announcement.py's run over the committed file.
        const ServerAnnouncement server{ServerId(keyId),
                                        "caf\xc3\xa9 \"quoted\" \\ \xf0\x9f\x8f\x94",
                                        fromBase32(keyId.substr(3)).value(),
                                        parseFurl(furl)->tubId,
                                        {*parseNurl(nurl)}};
        const std::string yaml = writeAnnouncement(server, furl);
        QCOMPARE(QByteArray::fromStdString(yaml), vectors::readData("announcement.yaml"));
        const GridFile grid = parsed(yaml);
        QCOMPARE(grid.servers.size(), std::size_t(1));
        QCOMPARE(grid.servers[0].nickname, server.nickname);
        QVERIFY(grid.servers[0].leaseSeed == server.leaseSeed);
        QCOMPARE(grid.servers[0].permutationSeed, server.permutationSeed);
    }

    void aWrittenGridRebuildsEachFurl() {
        const ServerAnnouncement server{
            ServerId("s"), "n", copyOf(viewOf("seed")), parseFurl(furl)->tubId, {*parseNurl(nurl)}};
        QVERIFY(writeGridFile({server}).find("anonymous-storage-FURL: \"" + furl + "\"") != std::string::npos);
    }

    void noProblemRepeatsASecret() {
        QVERIFY(
            problemOf("storage: {s: {ann: {anonymous-storage-FURL: 'pb://x@y/secretsecret'}}}").find("secretsecret") ==
            std::string::npos);
        QVERIFY(problemOf("storage: {s: secretsecret: }}").find("secretsecret") == std::string::npos);
    }
};

QTEST_GUILESS_MAIN(GridFileTest)
#include "grid_file_test.moc"
