#include "core/engine/home_store.h"

#include "core/engine/grid_source.h"
#include "core/engine/private_file.h"

#include <QNetworkProxy>
#include <QTcpSocket>

#include <chrono>
#include <thread>
#include <utility>

namespace tarn::engine {

namespace {

/// How often, and how far apart, the folder is looked at while another program is just starting or just stopping in it.
constexpr int attempts = 20;
constexpr std::chrono::milliseconds between{100};
constexpr int connectLimit = 1000;  // milliseconds; it is this computer

Result<formats::ServerAnnouncement> readAnnouncement(const std::filesystem::path& file) {
    auto grid = readGrid(file);
    if (!grid) {
        return failure(std::move(grid.error()));
    }
    if (grid->servers.size() != 1 || grid->servers.front().nurls.empty()) {
        return failure(ErrorCode::InvalidGrid, file.string() + ": does not announce one server");
    }
    return std::move(grid->servers.front());
}

/// Whether anything listens there. Who it is, each request finds out for itself.
bool answers(const formats::ServerAnnouncement& announcement) {
    const auto& nurl = announcement.nurls.front();
    QTcpSocket socket;
    socket.setProxy(QNetworkProxy::NoProxy);
    socket.connectToHost(QString::fromStdString(nurl.host), nurl.port);
    return socket.waitForConnected(connectLimit);
}

}  // namespace

Result<HomeStore> openHomeStore(const std::filesystem::path& folder, std::shared_ptr<Clock> clock,
                                std::shared_ptr<Random> random) {
    if (auto made = makePrivateFolder(folder); !made) {
        return failure(std::move(made.error()));
    }
    for (int attempt = 1;; ++attempt) {
        server::Options options;
        options.store.folder = folder;
        auto started = server::Server::start(std::move(options), clock, random);
        if (started) {
            auto announcement = readAnnouncement((*started)->announcementFile());
            if (!announcement) {
                return failure(std::move(announcement.error()));
            }
            return HomeStore{std::move(*started), std::move(*announcement)};
        }
        if (started.error().code != ErrorCode::ProfileLocked) {
            return failure(std::move(started.error()));
        }
        // The other program may be just starting: its announcement is then missing, or says where it was last time. Or
        // just ending: it then lets go of the folder soon.
        auto announcement = readAnnouncement(folder / "announcement.yaml");
        if (announcement && answers(*announcement)) {
            return HomeStore{nullptr, std::move(*announcement)};
        }
        if (attempt == attempts) {
            return failure(std::move(started.error()));
        }
        std::this_thread::sleep_for(between);
    }
}

}  // namespace tarn::engine
