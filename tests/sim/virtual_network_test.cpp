#include "tests/download/download_run.h"
#include "tests/sim/virtual_server.h"
#include "tests/upload/simulated_grid.h"

#include <QTest>

#include <random>

using namespace tarn;
using test::Line;
using test::SimulatedGrid;
using test::VirtualServer;

namespace {

constexpr std::size_t serverCount = 50;
constexpr int networks = 200;

/// Fifty servers far and near, quick and slow, of which some are full, some lose calls and some fall silent.
class VirtualNetwork {
public:
    explicit VirtualNetwork(unsigned seed) : m_generator(seed), grid(0) {
        const unsigned degree = within(0, 4);
        const unsigned trouble = degree < 4 ? degree : 18;  // how bad it is: mostly bearable
        for (std::size_t i = 0; i < serverCount; ++i) {
            const std::string name = "server-" + std::to_string(i);
            const bool full = within(0, 99) < 5 * trouble;
            auto server = std::make_shared<storage::MemoryServer>(
                storage::ServerDescription{ServerId(name), name, Bytes{Byte(i), 7, 9}, LeaseSeed()},
                ByteCount(full ? 100 : std::uint64_t{1} << 40U));
            server->wholeShares = within(0, 1) == 1;
            grid.memory.push_back(server);
            auto line = std::make_shared<Line>();
            line->time = grid.timers;
            line->bytesPerMillisecond = std::pow(10.0, 1.7 + within(0, 1000) * 0.0025);  // 50 kB/s to 16 MB/s
            line->oneWay = async::Milliseconds(within(1, 100));
            line->lostOfThousand = within(0, 20 * trouble);
            line->seed = seed * 100 + static_cast<unsigned>(i);
            if (within(0, 99) < 4 * trouble) {
                line->silentFrom = within(0, 4);
            }
            lines.push_back(line);
            servers.push_back(std::make_shared<VirtualServer>(server, line));
        }
    }

    [[nodiscard]] unsigned within(unsigned least, unsigned most) {
        return std::uniform_int_distribution<unsigned>(least, most)(m_generator);
    }

private:
    std::mt19937 m_generator;

public:
    SimulatedGrid grid;
    std::vector<std::shared_ptr<Line>> lines;
    storage::ServerList servers;
};

bool namesACause(const Error& error) {
    const bool expected = error.code == ErrorCode::NotEnoughServers || error.code == ErrorCode::NotEnoughShares;
    return expected && error.detail.find("server-") != std::string::npos;
}

}  // namespace

class VirtualNetworkTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyTransferEndsWellOrSaysWhyAndLeavesNothingHalf() {
        int stored = 0;
        int fetched = 0;
        int failed = 0;
        for (int seed = 0; seed < networks; ++seed) {
            VirtualNetwork network(static_cast<unsigned>(seed));
            const std::size_t sizes[] = {56, 1000, 100'000, 2'500'000};
            const Bytes file = test::someBytes(sizes[seed % 4]);
            const unsigned total = network.within(3, 12);
            const unsigned happy = network.within(1, total);
            const unsigned required = network.within(1, std::min(3U, total));
            const auto outcome = network.grid.put(upload::sourceOf(file),
                                                  test::encoding(required, happy, total, 400'000), network.servers);
            for (std::size_t i = 0; i < serverCount; ++i) {
                if (network.lines[i]->silentFrom > 100) {
                    QVERIFY2(network.grid.memory[i]->incomingCount() == 0,
                             ("seed " + std::to_string(seed) + ", server " + std::to_string(i) +
                              (outcome ? ", success" : outcome.error().detail))
                                 .c_str());
                }
            }
            if (!outcome) {
                QVERIFY2(namesACause(outcome.error()), outcome.error().detail.c_str());
                ++failed;
                continue;
            }
            QVERIFY(outcome->happiness >= happy);
            checkPlaces(network, *outcome);
            ++stored;
            const auto back = fetch(network, std::get<caps::Chk>(outcome->capability));
            if (!back) {
                QVERIFY2(namesACause(back.error()), back.error().detail.c_str());
                ++failed;
                continue;
            }
            QVERIFY(*back == file);
            ++fetched;
        }
        qInfo("%d stored, %d fetched, %d failed", stored, fetched, failed);
        QVERIFY(fetched > networks / 2);
        QVERIFY(failed > 0);
    }

private:
    /// Each share stands where the outcome says.
    static void checkPlaces(const VirtualNetwork& network, const upload::Outcome& outcome) {
        if (!std::holds_alternative<caps::Chk>(outcome.capability)) {
            return;
        }
        const auto index = std::get<caps::Chk>(outcome.capability).storageIndex();
        for (std::size_t number = 0; number < outcome.shares.size(); ++number) {
            const auto& share = outcome.shares[number];
            if (share.where == upload::ShareState::Where::Lost) {
                continue;
            }
            const auto holder = std::ranges::find_if(network.grid.memory, [&](const auto& server) {
                return server->description().nickname == share.server;
            });
            QVERIFY(holder != network.grid.memory.end());
            QVERIFY((*holder)->shares[index].contains(ShareNum(std::uint16_t(number))));
        }
    }

    static Result<Bytes> fetch(VirtualNetwork& network, const caps::Chk& capability) {
        const auto bytes = std::make_shared<Bytes>();
        const auto environment = std::make_shared<const download::Environment>(
            download::Environment{network.grid.environment->pools, network.grid.timers, network.grid.timers});
        std::optional<Result<void>> result;
        async::TaskScope scope;
        scope.spawn(download::download(capability, std::nullopt, network.servers, download::memorySink(bytes),
                                       environment, {}, std::stop_token()),
                    [&result](Result<void> outcome) { result.emplace(std::move(outcome)); });
        network.grid.runUntil([&result] { return result.has_value(); });
        return *result ? Result<Bytes>(std::move(*bytes)) : failure(result->error());
    }
};

QTEST_GUILESS_MAIN(VirtualNetworkTest)
#include "virtual_network_test.moc"
