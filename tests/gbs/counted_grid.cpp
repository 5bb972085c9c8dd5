#include "tests/gbs/counted_grid.h"

#include "core/foundation/random.h"
#include "core/gbs/gbs_server.h"
#include "core/upload/file_hashes.h"
#include "tests/gbs/announced.h"
#include "tests/storage/awaited.h"

#include <stdexcept>

namespace tarn::testing {

namespace {

constexpr formats::EncodingParameters parameters{CountedGrid::required, 1, CountedGrid::total, ByteCount(1024 * 1024)};
constexpr std::chrono::milliseconds stillnesses[] = {std::chrono::milliseconds(100), std::chrono::milliseconds(800),
                                                     std::chrono::milliseconds(6000)};
/// As many requests at once as one server's connections take.
constexpr std::size_t widestUse = 6;

void require(bool condition, const std::string& what) {
    if (!condition) {
        throw std::runtime_error(what);
    }
}

}  // namespace

CountedGrid::CountedGrid()
    : m_uploadEnvironment(std::make_shared<upload::Environment>()),
      m_downloadEnvironment(std::make_shared<download::Environment>()) {
    const auto pools = std::make_shared<async::Pools>();
    const auto timers = std::make_shared<async::EventLoopTimers>();
    const auto clock = std::make_shared<SystemClock>();
    const auto random = std::make_shared<SystemRandom>();
    *m_uploadEnvironment = {pools, timers, clock, random};
    *m_downloadEnvironment = {pools, timers, clock};
    m_secrets = std::make_shared<const upload::Secrets>(
        upload::Secrets{crypto::ConvergenceSecret(Bytes(16, 7)), random->make<crypto::LeaseMaster>()});
}

CountedGrid::~CountedGrid() {
    m_clients.clear();
    if (m_tahoe.state() != QProcess::NotRunning) {
        m_tahoe.closeWriteChannel();
        m_tahoe.waitForFinished(30'000);
    }
}

std::unique_ptr<CountedGrid> CountedGrid::ofTarn(std::size_t servers) {
    std::unique_ptr<CountedGrid> grid(new CountedGrid());
    std::vector<std::string> nurls;
    for (std::size_t number = 0; number < servers; ++number) {
        server::Options options;
        options.store.folder = grid->m_folder.filePath(QString::number(number)).toStdString();
        auto started =
            server::Server::start(options, std::make_shared<SystemClock>(), std::make_shared<SystemRandom>());
        require(started.has_value(), started ? "" : started.error().detail);
        grid->m_servers.push_back(std::move(*started));
        nurls.push_back(grid->m_servers.back()->nurl());
    }
    grid->connectTo(nurls);
    return grid;
}

std::unique_ptr<CountedGrid> CountedGrid::ofTahoe(std::size_t servers) {
    std::unique_ptr<CountedGrid> grid(new CountedGrid());
    const QString python = qEnvironmentVariable("TARN_TAHOE_PYTHON");
    grid->m_tahoe.setStandardErrorFile(grid->m_folder.filePath(QStringLiteral("errors")));
    grid->m_tahoe.start(python, {QStringLiteral(TARN_SOURCE_DIR "/tests/gbs/tahoe_storage_server.py"),
                                 grid->m_folder.filePath(QStringLiteral("tahoe")), QString::number(servers)});
    std::vector<std::string> nurls;
    QByteArray line;
    while (nurls.size() < servers && (grid->m_tahoe.canReadLine() || grid->m_tahoe.waitForReadyRead(60'000))) {
        line += grid->m_tahoe.readLine();
        if (line.endsWith('\n')) {
            nurls.push_back(std::exchange(line, {}).trimmed().toStdString());
        }
    }
    require(nurls.size() == servers, "the Tahoe-LAFS storage servers did not start; tests/run.sh sets them up");
    grid->connectTo(nurls);
    return grid;
}

void CountedGrid::connectTo(const std::vector<std::string>& nurls) {
    for (std::size_t number = 0; number < nurls.size(); ++number) {
        auto announcement = announced(nurls[number]);
        announcement.id = ServerId("v0-" + std::to_string(number));
        announcement.permutationSeed = Bytes(20, static_cast<Byte>(number));
        formats::Nurl& nurl = announcement.nurls.front();
        nurl.port = m_counter.lead(nurl.port);
        require(nurl.port != 0, "no port to count at");
        m_clients.push_back(gbs::makeGbsServer(announcement));
    }
    warmUp();
}

/// Opens every connection that a client may use, and lets it learn what its servers are.
void CountedGrid::warmUp() {
    for (const auto& client : m_clients) {
        std::vector<async::Task<storage::ServerVersion>> calls;
        for (std::size_t i = 0; i < widestUse; ++i) {
            calls.push_back(client->version({}));
        }
        for (const auto& version : awaitedAll(std::move(calls))) {
            require(version.has_value(), version ? "" : version.error().detail);
        }
    }
    const Bytes file = fresh(Bytes(2000, 1));
    get(put(file), file, false);
}

Bytes CountedGrid::fresh(const Bytes& file) {
    Bytes bytes = file;
    ++m_files;
    for (std::size_t i = 0; i < sizeof m_files; ++i) {
        bytes.at(i) = static_cast<Byte>(m_files >> (8 * i));
    }
    return bytes;
}

upload::Outcome CountedGrid::put(const Bytes& file) {
    auto outcome = awaited(upload::upload(upload::sourceOf(file), parameters, m_secrets, m_clients, m_uploadEnvironment,
                                          {}, std::stop_token()));
    require(outcome.has_value(), outcome ? "" : outcome.error().detail);
    require(outcome->sharesSent == total, "not every share was sent");
    return std::move(*outcome);
}

void CountedGrid::get(const upload::Outcome& stored, const Bytes& expected, bool whoHasIsKnown) {
    std::vector<download::KnownShare> known;
    for (std::uint16_t share = 0; whoHasIsKnown && share < total; ++share) {
        known.push_back({stored.shares[share].id, ShareNum(share)});
    }
    const auto bytes = std::make_shared<Bytes>();
    const auto done =
        awaited(download::download(std::get<caps::Chk>(stored.capability), std::nullopt, std::move(known), m_clients,
                                   download::memorySink(bytes), m_downloadEnvironment, {}, std::stop_token()));
    require(done.has_value(), done ? "" : done.error().detail);
    require(*bytes == expected, "other bytes came back");
}

CountedGrid::Counted CountedGrid::counted(int enough, const std::function<void()>& work) {
    Counted result;
    for (const auto stillness : stillnesses) {
        m_counter.begin(stillness);
        work();
        result.roundTrips = m_counter.end();
        result.sent = m_counter.sent();
        result.answered = m_counter.answered();
        if (result.roundTrips <= enough) {
            break;
        }
    }
    return result;
}

CountedGrid::Counted CountedGrid::upload(const Bytes& file, int enough) {
    return counted(enough, [this, &file] { (void)put(fresh(file)); });
}

CountedGrid::Counted CountedGrid::download(const Bytes& file, bool whoHasIsKnown, int enough) {
    const Bytes stored = fresh(file);
    const auto outcome = put(stored);
    return counted(enough, [&] { get(outcome, stored, whoHasIsKnown); });
}

std::uint64_t CountedGrid::shareBytes(std::size_t fileSize) {
    return upload::shareSizeOf(*formats::Geometry::make(parameters, ByteCount(fileSize))) * total;
}

}  // namespace tarn::testing
