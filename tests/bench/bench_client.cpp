// Times uploads and downloads of Tarn's client in one warm process, as a node that stays up would do them.
//
// Usage: bench_client GRID.yaml K HAPPY N FILE-SIZE COUNT AT-ONCE FOLDER
// Prints one JSON line: seconds and CPU seconds of all uploads ("up"), of all downloads by one who knows where the
// shares are, as whoever stored them does ("down"), and by one who does not ("down-unknown"); and each file's seconds.
// Files too large for memory are downloaded once unmeasured before: a virtual machine hands the kernel pages for so
// large a file only as they are touched first, and whoever came first would pay for all (at 1 GB, half of its time).

#include "core/async/task_scope.h"
#include "core/caps/capability.h"
#include "core/download/download.h"
#include "core/formats/grid_file.h"
#include "core/foundation/allocator.h"
#include "core/gbs/gbs_server.h"
#include "core/upload/upload.h"

#include <QCoreApplication>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include <sys/resource.h>
#include <unistd.h>

namespace {

using namespace tarn;

double cpuSeconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// The highest resident set so far, in MiB.
double peakMebibytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024;
}

/// Of the processes whose numbers stand in TARN_BENCH_SERVERS, so far.
double serversCpuSeconds() {
    double ticks = 0;
    for (const auto& process : qEnvironmentVariable("TARN_BENCH_SERVERS").split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
        std::ifstream file("/proc/" + process.toStdString() + "/stat");
        const std::string stat((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
        const auto fields = QString::fromStdString(stat.substr(stat.rfind(')') + 2)).split(QLatin1Char(' '));
        ticks += fields.value(11).toDouble() + fields.value(12).toDouble();
    }
    return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double residentMebibytes() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmRSS:")) {
            return std::stod(line.substr(6)) / 1024;
        }
    }
    return 0;
}

/// All that the measured work shares; it outlives every task.
struct Bench {
    storage::ServerList servers;
    formats::EncodingParameters parameters;
    std::shared_ptr<const upload::Environment> uploadEnvironment;
    std::shared_ptr<const download::Environment> downloadEnvironment;
    std::shared_ptr<const upload::Secrets> secrets;
    std::shared_ptr<Random> random = std::make_shared<SystemRandom>();
    std::filesystem::path folder;
    std::size_t size = 0;
    std::size_t count = 0;
    std::size_t next = 0;
    std::vector<std::shared_ptr<upload::Source>> sources;
    std::vector<upload::Outcome> stored;
    QJsonArray seconds;
};

/// Up to this size a file is held in memory, so that only the transfer is measured.
constexpr std::size_t inMemory = 1 << 20;
/// Servers of ours put what came into its place within this time.
constexpr std::chrono::milliseconds untilPlaced{2500};

Result<std::shared_ptr<upload::Source>> makeSource(Bench& bench) {
    if (bench.size <= inMemory) {
        Bytes bytes(bench.size);
        bench.random->fill(bytes);
        return upload::sourceOf(std::move(bytes));
    }
    const auto path = bench.folder / "plaintext";
    std::ofstream out(path, std::ios::binary);
    Bytes piece(inMemory);
    for (std::size_t written = 0; written < bench.size; written += piece.size()) {
        bench.random->fill(piece);
        const auto now = std::min(piece.size(), bench.size - written);
        out.write(reinterpret_cast<const char*>(piece.data()), static_cast<std::streamsize>(now));
    }
    out.close();
    return upload::openFile(path);
}

double secondsSince(SteadyTime start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

async::Task<void> uploadSome(std::shared_ptr<Bench> bench, std::stop_token stop) {
    while (bench->next < bench->count) {
        const auto number = bench->next++;
        // Named on purpose: GCC 12 destroys a temporary in an awaited call twice.
        auto source = std::exchange(bench->sources[number], nullptr);
        const auto start = std::chrono::steady_clock::now();
        auto outcome = co_await upload::upload(
            std::move(source), bench->parameters, bench->secrets, bench->servers, bench->uploadEnvironment,
            [](const upload::Progress&) {}, stop);
        if (!outcome) {
            co_return failure(outcome.error());
        }
        bench->seconds.append(secondsSince(start));
        bench->stored[number] = std::move(*outcome);
    }
    co_return {};
}

std::vector<download::KnownShare> sharesOf(const upload::Outcome& stored) {
    std::vector<download::KnownShare> known;
    for (std::size_t share = 0; share < stored.shares.size(); ++share) {
        known.push_back({stored.shares[share].id, ShareNum(static_cast<std::uint16_t>(share))});
    }
    return known;
}

async::Task<void> downloadSome(std::shared_ptr<Bench> bench, bool knowing, std::stop_token stop) {
    while (bench->next < bench->count) {
        const auto number = bench->next++;
        std::shared_ptr<download::Sink> sink;
        if (bench->size <= inMemory) {
            sink = download::memorySink(std::make_shared<Bytes>());
        } else {
            // Its pages are free for the next one, rather than only when that one takes its place.
            std::filesystem::remove(bench->folder / "copy");
            auto made = download::fileSink(bench->folder / "copy");
            if (!made) {
                co_return failure(made.error());
            }
            sink = *made;
        }
        const auto start = std::chrono::steady_clock::now();
        std::vector<download::KnownShare> known;
        if (knowing) {
            known = sharesOf(bench->stored[number]);
        }
        auto done = co_await download::download(
            std::get<caps::Chk>(bench->stored[number].capability), std::nullopt, std::move(known), bench->servers, sink,
            bench->downloadEnvironment, [](const download::Progress&) {}, stop);
        if (!done) {
            co_return failure(done.error());
        }
        bench->seconds.append(secondsSince(start));
    }
    co_return {};
}

async::Task<void> downloadKnowing(std::shared_ptr<Bench> bench, std::stop_token stop) {
    return downloadSome(std::move(bench), true, std::move(stop));
}
async::Task<void> downloadNotKnowing(std::shared_ptr<Bench> bench, std::stop_token stop) {
    return downloadSome(std::move(bench), false, std::move(stop));
}

using Work = async::Task<void> (*)(std::shared_ptr<Bench>, std::stop_token);

/// Runs `work` `atOnce` times side by side and gives wall and CPU seconds; exits when any fails.
QJsonObject measure(const std::shared_ptr<Bench>& bench, Work work, int atOnce) {
    bench->next = 0;
    bench->seconds = {};
    async::TaskScope scope;
    const double cpu = cpuSeconds();
    const double serversCpu = serversCpuSeconds();
    const double rest = residentMebibytes();
    const auto start = std::chrono::steady_clock::now();
    int running = atOnce;
    for (int i = 0; i < atOnce; ++i) {
        scope.spawn(work(bench, scope.token()), [&running](const Result<void>& result) {
            if (!result) {
                std::fprintf(stderr, "%s: %s\n", std::string(errorName(result.error().code)).c_str(),
                             result.error().detail.c_str());
                std::exit(1);
            }
            --running;
        });
    }
    while (running > 0) {
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
    }
    QJsonObject figures;
    figures[QLatin1String("seconds")] = secondsSince(start);
    figures[QLatin1String("cpu")] = cpuSeconds() - cpu;
    figures[QLatin1String("servers_cpu")] = serversCpuSeconds() - serversCpu;
    figures[QLatin1String("each")] = bench->seconds;
    figures[QLatin1String("rest_mib")] = rest;
    figures[QLatin1String("peak_mib")] = peakMebibytes();
    return figures;
}

}  // namespace

int main(int argc, char** argv) {
    prepareAllocator();
    QCoreApplication application(argc, argv);
    const QStringList arguments = QCoreApplication::arguments();
    if (arguments.size() != 9) {
        std::fputs("usage: bench_client GRID.yaml K HAPPY N FILE-SIZE COUNT AT-ONCE FOLDER\n", stderr);
        return 2;
    }
    QFile file(arguments[1]);
    if (!file.open(QIODevice::ReadOnly)) {
        std::fputs("the grid file cannot be read\n", stderr);
        return 1;
    }
    const auto grid = formats::parseGridFile(file.readAll().toStdString());
    if (!grid) {
        std::fputs("the grid file does not parse\n", stderr);
        return 1;
    }
    auto bench = std::make_shared<Bench>();
    for (const auto& server : grid->servers) {
        bench->servers.push_back(gbs::makeGbsServer(server));
    }
    bench->parameters.required = arguments[2].toUInt();
    bench->parameters.happy = arguments[3].toUInt();
    bench->parameters.total = arguments[4].toUInt();
    bench->size = arguments[5].toULongLong();
    bench->count = arguments[6].toULongLong();
    bench->folder = arguments[8].toStdString();
    bench->stored.resize(bench->count);
    const auto pools = std::make_shared<async::Pools>();
    const auto timers = std::make_shared<async::EventLoopTimers>();
    const auto clock = std::make_shared<SystemClock>();
    bench->uploadEnvironment =
        std::make_shared<const upload::Environment>(upload::Environment{pools, timers, clock, bench->random});
    bench->downloadEnvironment = std::make_shared<const download::Environment>(
        download::Environment{pools, timers, clock, std::make_shared<download::ServerPace>()});
    Bytes convergence(16);
    bench->random->fill(convergence);
    bench->secrets = std::make_shared<const upload::Secrets>(
        upload::Secrets{crypto::ConvergenceSecret(convergence), bench->random->make<crypto::LeaseMaster>()});

    const int atOnce = arguments[7].toInt();
    // The files are made before anything is measured; a large one is made once.
    for (std::size_t i = 0; i < bench->count; ++i) {
        auto source = makeSource(*bench);
        if (!source) {
            std::fprintf(stderr, "%s\n", source.error().detail.c_str());
            return 1;
        }
        bench->sources.push_back(std::move(*source));
    }
    QJsonObject figures;
    QJsonObject up = measure(bench, uploadSome, atOnce);
    if (bench->size <= inMemory) {
        // What servers of ours do later about small shares that are safe: it counts, and is no part of what follows.
        const double before = serversCpuSeconds();
        std::this_thread::sleep_for(untilPlaced);
        up[QLatin1String("servers_cpu")] = up[QLatin1String("servers_cpu")].toDouble() + serversCpuSeconds() - before;
    }
    figures[QLatin1String("up")] = up;
    if (!qEnvironmentVariableIsSet("TARN_BENCH_UP_ONLY")) {
        if (bench->size > inMemory) {
            (void)measure(bench, downloadNotKnowing, atOnce);
        }
        figures[QLatin1String("down")] = measure(bench, downloadKnowing, atOnce);
        figures[QLatin1String("down-unknown")] = measure(bench, downloadNotKnowing, atOnce);
    }
    std::puts(QJsonDocument(figures).toJson(QJsonDocument::Compact).constData());
    return 0;
}
