#include "core/engine/session.h"

#include "core/gbs/gbs_server.h"
#include "core/storage/limited_server.h"

#include <string>
#include <utility>
#include <variant>

namespace tarn::engine {

namespace {

/// Threads that may wait for a disk at the same time; also for the journal and for a server that starts or stops.
constexpr int diskThreads = 4;

}  // namespace

std::shared_ptr<const upload::Environment> systemEnvironment() {
    auto environment = std::make_shared<upload::Environment>();
    environment->pools = std::make_shared<async::Pools>();
    environment->pools->disk.setMaxThreadCount(diskThreads);
    environment->timers = std::make_shared<async::EventLoopTimers>();
    environment->clock = std::make_shared<SystemClock>();
    environment->random = std::make_shared<SystemRandom>();
    return environment;
}

std::shared_ptr<const Session> makeSession(const Profile& profile,
                                           const std::vector<formats::ServerAnnouncement>& servers,
                                           std::shared_ptr<const upload::Environment> environment,
                                           const std::shared_ptr<storage::RateLimits>& limits) {
    auto session = std::make_shared<Session>();
    session->encoding = profile.settings.encoding;
    session->secrets = profile.secrets;
    session->servers.reserve(servers.size());
    for (const auto& announcement : servers) {
        std::shared_ptr<storage::StorageServer> server = gbs::makeGbsServer(announcement);
        if (limits) {
            server = std::make_shared<storage::LimitedServer>(std::move(server), environment->timers, limits);
        }
        session->servers.push_back(std::move(server));
    }
    session->downloads = std::make_shared<const download::Environment>(download::Environment{
        environment->pools, environment->timers, environment->clock, std::make_shared<download::ServerPace>()});
    session->uploads = std::move(environment);
    return session;
}

async::Task<upload::Outcome> putFile(std::shared_ptr<const Session> session, std::filesystem::path file,
                                     upload::Watch watch, std::shared_ptr<const upload::Continuation> continuation,
                                     std::stop_token stop) {
    auto open = [path = std::move(file)] {
        return upload::openFile(path);
    };
    auto source = co_await async::runOn(session->uploads->pools->disk, std::move(open));
    if (!source) {
        co_return failure(std::move(source.error()));
    }
    co_return co_await upload::upload(std::move(*source), session->encoding, session->secrets, session->servers,
                                      session->uploads, std::move(watch), std::move(continuation), stop);
}

Result<void> checkDownloadable(const caps::Capability& capability) {
    if (std::holds_alternative<caps::Chk>(capability) || std::holds_alternative<caps::Literal>(capability)) {
        return {};
    }
    return failure(ErrorCode::UnsupportedCapability, "its kind is " + std::string(caps::kindName(capability)));
}

async::Task<void> getFile(std::shared_ptr<const Session> session, caps::Capability capability,
                          std::optional<download::Range> range, std::vector<download::KnownShare> known,
                          OpenSink openSink, download::Watch watch, std::stop_token stop) {
    if (auto checked = checkDownloadable(capability); !checked) {
        co_return failure(std::move(checked.error()));
    }
    auto sink = co_await async::runOn(session->downloads->pools->disk, std::move(openSink));
    if (!sink) {
        co_return failure(std::move(sink.error()));
    }
    if (auto* const literal = std::get_if<caps::Literal>(&capability)) {
        auto deliver = [bytes = std::move(*literal), range, target = std::move(*sink)] {
            return download::deliverLiteral(bytes, range, *target);
        };
        co_return co_await async::runOn(session->downloads->pools->disk, std::move(deliver));
    }
    auto chk = std::get<caps::Chk>(capability);
    co_return co_await download::download(std::move(chk), range, std::move(known), session->servers, std::move(*sink),
                                          session->downloads, std::move(watch), stop);
}

}  // namespace tarn::engine
