#include "core/server/server.h"

#include "core/formats/gbs_messages.h"
#include "core/formats/grid_file.h"
#include "core/foundation/base32.h"
#include "core/server/identity.h"
#include "core/server/listener.h"
#include "core/server/shown_certificate.h"

#include <QEventLoop>
#include <QMetaObject>
#include <QSslCertificate>
#include <QSslKey>
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

QSslConfiguration tlsConfiguration(const Identity& identity, const ShownCertificate& shown) {
    QSslConfiguration configuration = QSslConfiguration::defaultConfiguration();
    configuration.setLocalCertificate(QSslCertificate(QByteArray::fromStdString(shown.pem), QSsl::Pem));
    configuration.setPrivateKey(
        QSslKey(QByteArray::fromStdString(identity.certificate.privateKeyPem), QSsl::Ec, QSsl::Pem, QSsl::PrivateKey));
    configuration.setPeerVerifyMode(QSslSocket::VerifyNone);
    configuration.setCaCertificates({});
    configuration.setProtocol(QSsl::TlsV1_2OrLater);
    configuration.setAllowedNextProtocols(
        {QSslConfiguration::ALPNProtocolHTTP2, QSslConfiguration::NextProtocolHttp1_1});
    configuration.setSslOption(QSsl::SslOptionDisableSessionTickets, true);
    configuration.setSslOption(QSsl::SslOptionDisableCompression, true);
    return configuration;
}

class ThreadedServer final : public Server {
public:
    ThreadedServer(const Options& options, std::shared_ptr<Clock> clock,
                   std::shared_ptr<bucketstore::BucketStore> store, const Identity& identity)
        : m_announcementFile(options.store.folder / "announcement.yaml"), m_shared(options.limits) {
        m_shared.store = std::move(store);
        m_shared.metrics = std::make_shared<Metrics>(clock, options.log);
        m_shared.clock = std::move(clock);
        m_shared.authorization = formats::gbs::writeAuthorization(identity.swissnum.reveal());
    }

    ~ThreadedServer() override {
        if (!m_thread) {
            return;
        }
        if (m_port != 0) {
            m_stop();
        }
        m_thread->wait();
    }

    /// Starts the thread and waits until it listens.
    [[nodiscard]] Result<void> listen(const std::vector<HostPort>& addresses, const QSslConfiguration& configuration) {
        std::promise<Result<std::uint16_t>> listening;
        auto outcome = listening.get_future();
        m_thread.reset(QThread::create(
            [this, &listening, addresses, configuration] { serve(listening, addresses, configuration); }));
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
        for (const HostPort& address : options.advertise.empty() ? options.listen : options.advertise) {
            formats::Nurl nurl;
            nurl.spkiHash = identity.spkiHash;
            nurl.host = address.host;
            nurl.port = address.port != 0 ? address.port : m_port;
            nurl.swissnum = identity.swissnum;
            const bool bracketed = nurl.host.find(':') != std::string::npos;
            furl.locationHints.push_back("tcp:" + (bracketed ? '[' + nurl.host + ']' : nurl.host) + ':' +
                                         std::to_string(nurl.port));
            nurls.push_back(std::move(nurl));
        }
        m_nurl = nurls.front().reveal();

        formats::ServerAnnouncement announcement;
        announcement.id = identity.serverId();
        announcement.nickname = options.nickname;
        announcement.permutationSeed = copyOf(identity.publicKey.bytes());
        announcement.leaseSeed = identity.tubId;
        announcement.nurls = std::move(nurls);
        return writePrivateFile(m_announcementFile, formats::writeAnnouncement(announcement, furl.reveal()));
    }

    [[nodiscard]] std::string nurl() const override { return m_nurl; }
    [[nodiscard]] std::uint16_t port() const override { return m_port; }
    [[nodiscard]] std::filesystem::path announcementFile() const override { return m_announcementFile; }
    [[nodiscard]] bucketstore::StoreReport storeReport() override { return m_shared.store->report(); }
    void pauseExpiry(bool paused) override { m_shared.store->pauseExpiry(paused); }
    [[nodiscard]] Status status() const override { return {m_shared.metrics->snapshot(), m_shared.store->usage()}; }

private:
    /// The whole life of the server's thread.
    void serve(std::promise<Result<std::uint16_t>>& listening, const std::vector<HostPort>& addresses,
               const QSslConfiguration& configuration) {
        Listener listener(m_shared, configuration);
        PooledDiskWork disk;  // goes before the listener, once what it runs is done
        QEventLoop loop;
        m_shared.disk = &disk;
        m_shared.earlyWrites = std::make_unique<EarlyWrites>(m_shared.clock);
        m_stop = [&listener, &loop] {
            QMetaObject::invokeMethod(
                &listener, [&listener, &loop] { listener.stop([&loop] { loop.quit(); }); }, Qt::QueuedConnection);
        };
        auto listened = listener.begin(addresses);
        const bool good = listened.has_value();
        listening.set_value(std::move(listened));
        if (good) {
            loop.exec();
        }
        m_shared.earlyWrites.reset();
    }

    const std::filesystem::path m_announcementFile;
    std::string m_nurl;
    std::uint16_t m_port = 0;
    Shared m_shared;
    std::function<void()> m_stop;  ///< set by the thread before it says that it listens
    std::unique_ptr<QThread> m_thread;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(Options options, std::shared_ptr<Clock> clock,
                                              std::shared_ptr<Random> random) {
    if (options.listen.empty()) {
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
    auto server = std::make_unique<ThreadedServer>(options, std::move(clock), std::move(*store), *identity);
    if (options.listen.front().port == 0) {
        options.listen.front().port = identity->port.value_or(0);
    }
    if (auto listening = server->listen(options.listen, tlsConfiguration(*identity, *shown)); !listening) {
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
