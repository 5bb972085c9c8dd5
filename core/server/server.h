#pragma once

#include "core/bucketstore/bucket_store.h"
#include "core/foundation/clock.h"
#include "core/foundation/log.h"
#include "core/foundation/random.h"
#include "core/foundation/result.h"
#include "core/server/metrics.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tarn::server {

/// What one server takes from the outside before it refuses.
struct Limits {
    std::size_t mostHeader = 16 * 1024;
    std::size_t mostCborBody = 64 * 1024;  ///< not of an allocation, which may bring shares: gbs::mostAllocateRequest
    std::uint64_t mostShareBody = 64ULL * 1024 * 1024;  ///< of one PATCH
    std::uint64_t mostSlotBody = 32ULL * 1024 * 1024;   ///< of one read-test-write
    int mostConnections = 4096;
    int mostConnectionsPerClient = 2048;  ///< from one address
    int mostExchangesPerClient = 2048;    ///< requests under way from one address
    std::uint32_t mostStreams = 128;      ///< requests under way on one connection of HTTP/2
    /// Memory for the bodies of all requests and replies under way, half of it at most for one address. On top of it
    /// come what the disk threads have in hand, what the allocator keeps (see prepareAllocator), and for each
    /// connection 80 KiB at rest and up to 320 KiB for one that sends without end and reads nothing.
    std::uint64_t mostBodiesHeld = 128ULL * 1024 * 1024;
    std::chrono::milliseconds handshakeTimeout{15'000};
    std::chrono::milliseconds headerTimeout{15'000};
    std::chrono::milliseconds bodySilenceTimeout{30'000};
    std::chrono::milliseconds idleTimeout{300'000};
    std::chrono::milliseconds stopTimeout{30'000};  ///< for requests under way when the server is told to stop
};

/// Where a server is: to listen, an address of this computer, of IPv4 or IPv6; to others, perhaps a name.
struct HostPort {
    std::string host;
    std::uint16_t port = 0;
};

struct Options {
    bucketstore::Options store;  ///< `store.folder` also keeps the server's identity
    /// Port 0 takes the one of the first address; there it takes a free one, and keeps it for the next start.
    std::vector<HostPort> listen{{"127.0.0.1", 0}};
    /// Sockets that listen already, made by a service manager; the server's from now on. Where there are any, they take
    /// the place of `listen`.
    std::vector<int> sockets;
    /// How others reach it, best first. None: the addresses that are listened on. Port 0: the first of these.
    std::vector<HostPort> advertise;
    std::string nickname = "tarn";
    Limits limits;
    std::shared_ptr<Log> log;       ///< none: nothing is said
    bool renewCertificate = false;  ///< though its dates are good; see shown_certificate.h
    /// Where Prometheus may read the figures: a loopback address. Port 0 takes a free one.
    std::optional<HostPort> metrics;
};

/// What a server knows of itself at one moment. No secret.
struct Status {
    std::string version;
    WallTime started;
    std::chrono::seconds uptime{0};
    std::vector<std::string> addresses;  ///< that it listens on, with their ports
    std::uint16_t metricsPort = 0;       ///< 0: none
    WallTime certificateUntil;
    bool readOnly = false;
    std::optional<ByteCount> maximumSize;
    MetricsSnapshot metrics;
    bucketstore::Usage usage;
};

/// A storage server that speaks GBS over HTTPS on a thread of its own, from start to destruction.
///
/// It serves all of GBS: immutable shares, mutable slots, leases and corruption advice. Status codes are Tahoe-LAFS's;
/// beyond those it answers 507 when the disk is full, 411 to a body without a length, and 413 and 431 to what is over
/// its limits. Source: Tahoe-LAFS docs/specifications/http-storage-node-protocol.rst, storage/http_server.py.
///
/// Its identity (certificate, Ed25519 key, swissnum) is made once and kept in the folder, 0600; the certificate that it
/// shows is renewed at a start ten years ahead of its end, for the same key; the announcement is written to
/// FOLDER/announcement.yaml at each start. Whoever owns the folder may ask it for its status through
/// FOLDER/status.sock, and may hold back expiry through FOLDER/orders.sock: see status_channel.h and order_channel.h.
/// Thread: any.
class Server {
public:
    /// Returns when it listens. Fails: ProfileLocked (another program serves this folder), Unreachable (an address or
    /// port cannot be had), InvalidArgument (metrics for others, a socket that does not listen), FileUnwritable,
    /// ProfileDamaged (an identity file does not parse).
    [[nodiscard]] static Result<std::unique_ptr<Server>> start(Options options, std::shared_ptr<Clock> clock,
                                                               std::shared_ptr<Random> random);
    /// Takes no new request, finishes those in flight (for at most `Limits::stopTimeout`), then ends the thread.
    virtual ~Server() = default;

    /// Secret: whoever has it may store here.
    [[nodiscard]] virtual std::string nurl() const = 0;
    /// Of the first address.
    [[nodiscard]] virtual std::uint16_t port() const = 0;
    [[nodiscard]] virtual std::filesystem::path announcementFile() const = 0;
    /// Waits for the disk.
    [[nodiscard]] virtual Status status() const = 0;
    /// The store's shares, leases and clients, and what expiry does. Waits for the disk.
    [[nodiscard]] virtual bucketstore::StoreReport storeReport() = 0;
    /// See BucketStore::pauseExpiry.
    [[nodiscard]] virtual Result<void> pauseExpiry(bool paused) = 0;
};

}  // namespace tarn::server
