#include "core/engine/grid_source.h"
#include "core/engine/tahoe_config.h"
#include "core/foundation/base32.h"
#include "tests/engine/grids.h"

#include <QObject>
#include <QTemporaryDir>
#include <QTest>

#include <fstream>

using namespace tarn;
using namespace tarn::engine;

namespace {

/// An introducer's cache as a node writes it, for the same servers that `gridYaml` lists.
std::string cacheYaml(const std::vector<std::string>& names) {
    std::string yaml;
    for (const auto& name : names) {
        const auto server = test::announcementOf(name);
        yaml += "- ann:\n    anonymous-storage-FURL: pb://" + toBase32(server.leaseSeed.bytes()) +
                "@tcp:192.0.2.1:4711/swissnum\n    anonymous-storage-NURLs:\n    - " + server.nurls.front().reveal() +
                "\n    nickname: " + name + "\n    permutation-seed-base32: " + toBase32(server.permutationSeed) +
                "\n  key_s: v0-" + name + "\n";
    }
    return yaml;
}

}  // namespace

class GridSourceTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { m_temporary = std::make_unique<QTemporaryDir>(); }

    void aServersFileGivesItsServers() {
        write("servers.yaml", test::gridYaml({"alpha", "beta"}));
        const auto grid = readGrid(folder() / "servers.yaml");
        QVERIFY2(grid, grid ? "" : grid.error().detail.c_str());
        QCOMPARE(grid->servers.size(), std::size_t{2});
        QVERIFY(!grid->required);
        QVERIFY(!grid->convergence);
    }

    void aNodeFolderGivesServersEncodingAndConvergence() {
        write("node/private/servers.yaml", test::gridYaml({"alpha"}));
        write("node/private/introducer_default_cache.yaml", cacheYaml({"alpha", "beta"}));
        write("node/private/introducer_other_cache.yaml", cacheYaml({"gamma"}));
        write("node/private/convergence", "mfrggzdfmztwq2lkmfrggzdfmy\n");
        write("node/tahoe.cfg",
              "[node]\nshares.needed = 9\n[client]\nshares.needed = 2\nshares.happy=3\nshares.total = 4\n");
        const auto grid = readGrid(folder() / "node");
        QVERIFY2(grid, grid ? "" : grid.error().detail.c_str());
        QCOMPARE(grid->servers.size(), std::size_t{3});
        QCOMPARE(*grid->required, 2U);
        QCOMPARE(*grid->happy, 3U);
        QCOMPARE(*grid->total, 4U);
        QVERIFY(grid->convergence);
        QCOMPARE(toBase32(grid->convergence->reveal()), std::string("mfrggzdfmztwq2lkmfrggzdfmy"));
    }

    void aNodeThatNeverHeardOfServersIsReported() {
        write("node/tahoe.cfg", "[client]\n");
        const auto grid = readGrid(folder() / "node");
        QVERIFY(!grid);
        QVERIFY(grid.error().code == ErrorCode::InvalidGrid);
        QVERIFY(grid.error().detail.find("servers.yaml") != std::string::npos);
    }

    void aFileThatIsNoGridIsNamed() {
        write("shopping.txt", "- milk\n- bread\n");
        const auto grid = readGrid(folder() / "shopping.txt");
        QVERIFY(!grid || grid->servers.empty());
        write("broken.yaml", "storage: [[[");
        const auto broken = readGrid(folder() / "broken.yaml");
        QVERIFY(!broken);
        QVERIFY(broken.error().code == ErrorCode::InvalidGrid);
        QVERIFY(broken.error().detail.find("broken.yaml") != std::string::npos);
    }

    void aFileThatIsNotThereIsReported() {
        const auto grid = readGrid(folder() / "nothing.yaml");
        QVERIFY(!grid);
        QVERIFY(grid.error().code == ErrorCode::FileNotFound);
    }

    void aFurlIsRefusedWithoutRepeatingIt() {
        const auto grid = parseGrid("pb://mfrggzdfmztwq2lkmfrggzdfmztwq2lk@tcp:192.0.2.1:4711/introducersecret\n");
        QVERIFY(!grid);
        QVERIFY(grid.error().code == ErrorCode::InvalidGrid);
        QVERIFY(grid.error().detail.find("introducersecret") == std::string::npos);
        QVERIFY(grid.error().detail.find("servers.yaml") != std::string::npos);
    }

    void joiningKeepsEachServerOnce() {
        auto first = parseGrid(test::gridYaml({"alpha", "beta"}));
        auto second = parseGrid(test::gridYaml({"beta", "gamma"}));
        QVERIFY(first && second);
        second->required = 2;
        second->happy = 2;
        second->total = 2;
        QVERIFY(joinGrid(*first, std::move(*second)));
        QCOMPARE(first->servers.size(), std::size_t{3});
        QCOMPARE(first->servers.back().nickname, std::string("gamma"));
        QCOMPARE(*first->total, 2U);
    }

    void aConfigurationIsReadWhateverItsStyle_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<int>("required");
        QTest::newRow("plain") << QByteArray("[client]\nshares.needed = 4\n") << 4;
        QTest::newRow("tight, carriage returns") << QByteArray("[client]\r\nshares.needed=4\r\n") << 4;
        QTest::newRow("colon, no end of line") << QByteArray("[client]\nshares.needed: 4") << 4;
        QTest::newRow("commented out") << QByteArray("[client]\n#shares.needed = 4\n") << 0;
        QTest::newRow("another section") << QByteArray("[storage]\nshares.needed = 4\n") << 0;
        QTest::newRow("left again") << QByteArray("[client]\n[node]\nshares.needed = 4\n") << 0;
        QTest::newRow("no number") << QByteArray("[client]\nshares.needed = four\n") << 0;
        QTest::newRow("too large") << QByteArray("[client]\nshares.needed = 257\n") << 0;
        QTest::newRow("zero") << QByteArray("[client]\nshares.needed = 0\n") << 0;
        QTest::newRow("nothing") << QByteArray() << 0;
    }
    void aConfigurationIsReadWhateverItsStyle() {
        QFETCH(const QByteArray, text);
        QFETCH(const int, required);
        const auto encoding = parseTahoeEncoding(text.toStdString());
        QCOMPARE(static_cast<int>(encoding.required.value_or(0)), required);
    }

private:
    [[nodiscard]] std::filesystem::path folder() const { return m_temporary->path().toStdString(); }

    void write(const std::string& name, const std::string& content) const {
        const auto path = folder() / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << content;
    }

    std::unique_ptr<QTemporaryDir> m_temporary;
};

QTEST_GUILESS_MAIN(GridSourceTest)
#include "grid_source_test.moc"
