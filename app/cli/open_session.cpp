#include "app/cli/open_session.h"

#include <utility>

namespace tarn::cli {

namespace {

bool mayComeFromTheServer(ErrorCode code) {
    switch (code) {
    case ErrorCode::Unreachable:
    case ErrorCode::TimedOut:
    case ErrorCode::ServerFailed:
    case ErrorCode::NotFound:
    case ErrorCode::NotEnoughServers:
    case ErrorCode::NotEnoughShares: return true;
    default: return false;
    }
}

Result<void> openHome(OpenSession& open, std::shared_ptr<const upload::Environment> environment) {
    auto home = engine::openHomeStore(open.profile.settings.serverFolder, environment->clock, environment->random);
    if (!home) {
        return failure(std::move(home.error()));
    }
    open.home = std::move(*home);
    open.servers = {open.home.announcement};
    open.session = engine::makeSession(open.profile, open.servers, std::move(environment));
    return {};
}

}  // namespace

Result<OpenSession> openSession(const std::filesystem::path& profileFolder) {
    auto profile = engine::loadProfile(profileFolder);
    if (!profile) {
        return failure(std::move(profile.error()));
    }
    OpenSession open;
    open.profile = std::move(*profile);
    auto environment = engine::systemEnvironment();
    if (open.profile.settings.home) {
        if (auto opened = openHome(open, std::move(environment)); !opened) {
            return failure(std::move(opened.error()));
        }
        return open;
    }
    open.servers = open.profile.servers;
    open.session = engine::makeSession(open.profile, open.servers, std::move(environment));
    return open;
}

std::shared_ptr<const engine::Session> renew(OpenSession& open, const engine::Session& used, const Error& error) {
    if (!open.profile.settings.home || !mayComeFromTheServer(error.code)) {
        return nullptr;
    }
    if (open.session.get() != &used) {
        return open.session;  // renewed already, for other work that failed at the same time
    }
    if (open.home.server || !openHome(open, used.uploads)) {
        return nullptr;
    }
    return open.session;
}

}  // namespace tarn::cli
