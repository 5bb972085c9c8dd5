#include "core/server/server.h"

#include "core/formats/gbs_messages.h"
#include "core/formats/grid_file.h"
#include "core/foundation/base32.h"
#include "core/server/identity.h"
#include "core/server/listener.h"
#include "core/server/metrics_port.h"
#include "core/server/order_channel.h"
#include "core/server/prometheus_text.h"
#include "core/server/shown_certificate.h"
#include "core/server/status_channel.h"
#include "core/server/status_document.h"

#include <QEventLoop>
#include <QJsonDocument>
#include <QMetaObject>
#include <QThread>

#include <algorithm>
#include <future>

#include <sys/resource.h>

namespace tarn::server {

namespace {

/// Each connection takes a socket and may read a share: make sure that the limit on connections is the one that counts.
void raiseOpenFileLimit(const Limits& limits) {
    constexpr rlim_t others = 256;
    rlimit current{};
    if (::getrlimit(RLIMIT_NOFILE, &current) != 0) {
        return;
    }
    const rlim_t wanted =
        std::min<rlim_t>(current.rlim_max, static_cast<rlim_t>(std::max(limits.mostConnections, 0)) * 2 + others);
    if (current.rlim_cur < wanted) {
        current.rlim_cur = wanted;
        (void)::setrlimit(RLIMIT_NOFILE, &current);
    }
}

std::string textOf(const HostPort& address) {
    const bool bracketed = address.host.find(':') != std::string::npos;
    return (bracketed ? '[' + address.host + ']' : address.host) + ':' + std::to_string(address.port);
}

class ThreadedServer final : public Server {
public:
    ThreadedServer(const Options& options, std::shared_ptr<Clock> clock,
                   std::shared_ptr<bucketstore::BucketStore> store, const Identity& identity,
                   const ShownCertificate& shown)
        : m_folder(options.store.folder), m_log(options.log), m_begun(clock->steadyNow()), m_shared(options.limits) {
        m_fixed.version = applicationVersion;
        m_fixed.started = clock->wallNow();
        m_fixed.certificateUntil = shown.until;
        m_fixed.readOnly = options.store.readOnly;
        m_fixed.maximumSize = options.store.maximumSize;
        m_shared.store = std::move(store);
        m_shared.metrics = std::make_shared<Metrics>(clock, options.log);
        m_shared.clock = std::move(clock);
        m_shared.authorization = formats::gbs::writeAuthorization(identity.swissnum.reveal());
    }

    ~ThreadedServer() override {
        if (!m_thread) {
            return;
        }
        if (m_port == 0) {
            m_thread->wait();
            return;
        }
        m_log->write(LogLevel::Info, "stopping; requests under way are finished");
        m_stop();
        m_thread->wait();
        m_log->write(LogLevel::Info, "stopped");
    }

    /// Starts the thread and waits until it listens.
    [[nodiscard]] Result<void> listen(const Options& options, std::shared_ptr<const tls::Context> context) {
        std::promise<Result<std::uint16_t>> listening;
        auto outcome = listening.get_future();
        m_thread.reset(QThread::create([this, &listening, &options, context] { serve(listening, options, context); }));
        m_thread->setObjectName(QStringLiteral("tarn-server"));
        m_thread->start();
        const auto listened = outcome.get();
        if (!listened) {
            return failure(listened.error());
        }
        m_port = *listened;
        return {};
    }

    [[nodiscard]] Result<void> announce(const Options& options, const Identity& identity) {
        std::vector<formats::Nurl> nurls;
        formats::Furl furl;
        furl.tubId = identity.tubId;
        furl.swissnum = identity.swissnum;
        for (const HostPort& address : options.advertise.empty() ? m_listened : options.advertise) {
            formats::Nurl nurl;
            nurl.spkiHash = identity.spkiHash;
            nurl.host = address.host;
            nurl.port = address.port != 0 ? address.port : m_port;
            nurl.swissnum = identity.swissnum;
            furl.locationHints.push_back("tcp:" + textOf({nurl.host, nurl.port}));
            nurls.push_back(std::move(nurl));
        }
        m_nurl = nurls.front().reveal();

        formats::ServerAnnouncement announcement;
        announcement.id = identity.serverId();
        announcement.nickname = options.nickname;
        announcement.permutationSeed = identity.permutationSeed;
        announcement.leaseSeed = identity.tubId;
        announcement.nurls = std::move(nurls);
        return writePrivateFile(announcementFile(), formats::writeAnnouncement(announcement, furl.reveal()));
    }

    [[nodiscard]] std::string nurl() const override { return m_nurl; }
    [[nodiscard]] std::uint16_t port() const override { return m_port; }
    [[nodiscard]] bucketstore::StoreReport storeReport() override { return m_shared.store->report(); }
    [[nodiscard]] Result<void> pauseExpiry(bool paused) override { return m_shared.store->pauseExpiry(paused); }
    [[nodiscard]] std::filesystem::path announcementFile() const override { return m_folder / "announcement.yaml"; }
    [[nodiscard]] Status status() const override {
        Status status = m_fixed;
        status.uptime = std::chrono::duration_cast<std::chrono::seconds>(m_shared.clock->steadyNow() - m_begun);
        status.metrics = m_shared.metrics->snapshot();
        status.usage = m_shared.store->usage();
        return status;
    }

private:
    /// The whole life of the server's thread.
    void serve(std::promise<Result<std::uint16_t>>& listening, const Options& options,
               std::shared_ptr<const tls::Context> context) {
        Listener listener(m_shared, std::move(context));
        PooledDiskWork disk;  // goes before the listener, once what it runs is done
        QEventLoop loop;
        m_shared.disk = &disk;
        StatusChannel channel(
            m_folder, [this] { return wholeDocument(); }, disk);
        OrderChannel orders(
            m_folder, [this](std::string_view order) { return obey(order); }, disk);
        MetricsPort metrics([this] { return QByteArray::fromStdString(prometheusText(status())); }, disk);
        m_stop = [&listener, &loop] {
            QMetaObject::invokeMethod(
                &listener, [&listener, &loop] { listener.stop([&loop] { loop.quit(); }); }, Qt::QueuedConnection);
        };
        auto listened = begin(listener, metrics, options);
        const bool good = listened.has_value();
        if (good) {
            if (const auto opened = channel.open(); !opened) {
                m_log->write(LogLevel::Warning,
                             opened.error().detail + "; \"tarn serve status\" will not find this server");
            }
            if (const auto opened = orders.open(); !opened) {
                m_log->write(LogLevel::Warning,
                             opened.error().detail + "; \"tarn serve expiry\" will not find this server");
            }
        }
        listening.set_value(std::move(listened));  // `options` may be gone from here on
        if (good) {
            loop.exec();
        }
    }

    [[nodiscard]] Result<void> obey(std::string_view order) {
        const bool pause = order == pauseExpiryOrder;
        if (!pause && order != resumeExpiryOrder) {
            return failure(ErrorCode::InvalidArgument, "this server knows no such order");
        }
        auto obeyed = m_shared.store->pauseExpiry(pause);
        m_log->write(obeyed ? LogLevel::Info : LogLevel::Warning,
                     std::string(pause ? "expiry is paused" : "expiry goes on") +
                         (obeyed ? "" : " until the next start: " + obeyed.error().detail));
        return obeyed;
    }

    [[nodiscard]] QByteArray wholeDocument() const {
        QJsonObject document = statusDocument(status());
        document.insert(QStringLiteral("store"), storeDocument(m_shared.store->report()));
        return QJsonDocument(document).toJson(QJsonDocument::Compact);
    }

    /// Listens wherever it should. Gives the first port.
    [[nodiscard]] Result<std::uint16_t> begin(Listener& listener, MetricsPort& metrics, const Options& options) {
        auto listened = options.sockets.empty() ? listener.begin(options.listen) : listener.adopt(options.sockets);
        if (!listened) {
            return failure(listened.error());
        }
        if (options.metrics) {
            const auto port = metrics.listen(*options.metrics);
            if (!port) {
                return failure(port.error());
            }
            m_fixed.metricsPort = *port;
        }
        for (const HostPort& address : *listened) {
            m_fixed.addresses.push_back(textOf(address));
            m_log->write(LogLevel::Info, "listening on " + textOf(address));
        }
        m_listened = std::move(*listened);
        return m_listened.front().port;
    }

    const std::filesystem::path m_folder;
    const std::shared_ptr<Log> m_log;
    const SteadyTime m_begun;
    Status m_fixed;  ///< what stays the same while it runs
    std::vector<HostPort> m_listened;
    std::string m_nurl;
    std::uint16_t m_port = 0;
    Shared m_shared;
    std::function<void()> m_stop;  ///< set by the thread before it says that it listens
    std::unique_ptr<QThread> m_thread;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(Options options, std::shared_ptr<Clock> clock,
                                              std::shared_ptr<Random> random) {
    if (options.listen.empty() && options.sockets.empty()) {
        return failure(ErrorCode::InvalidArgument, "no address to listen on");
    }
    raiseOpenFileLimit(options.limits);
    auto store = bucketstore::BucketStore::open(options.store, clock);
    if (!store) {
        return failure(store.error());
    }
    const auto identity = loadIdentity(options.store.folder, *clock, *random);
    if (!identity) {
        return failure(identity.error());
    }
    const auto shown = showCertificate(options.store.folder, *identity, clock->wallNow(), options.renewCertificate);
    if (!shown) {
        return failure(shown.error());
    }
    if (!options.log) {
        options.log = makeNoLog();
    }
    if (shown->isNew) {
        options.log->write(shown->isKept ? LogLevel::Info : LogLevel::Warning,
                           std::string("the certificate was renewed, for the same key") +
                               (shown->isKept ? "" : "; it could not be written and will be made again"));
    }
    (*store)->nameNode(identity->tubId);
    auto server = std::make_unique<ThreadedServer>(options, std::move(clock), std::move(*store), *identity, *shown);
    if (options.sockets.empty() && options.listen.front().port == 0) {
        options.listen.front().port = identity->port.value_or(0);
    }
    const auto context = tls::Context::forServer(shown->pem, identity->certificate.privateKeyPem);
    if (!context) {
        return failure(context.error());
    }
    if (auto listening = server->listen(options, *context); !listening) {
        return failure(listening.error());
    }
    if (identity->port != server->port()) {
        if (auto kept = keepPort(options.store.folder, server->port()); !kept) {
            return failure(kept.error());
        }
    }
    if (auto announced = server->announce(options, *identity); !announced) {
        return failure(announced.error());
    }
    return std::unique_ptr<Server>(std::move(server));
}

}  // namespace tarn::server
