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
#include <string>

namespace tarn::server {

/// What one server takes from the outside before it refuses.
struct Limits {
    std::size_t mostHeader = 16 * 1024;
    std::size_t mostCborBody = 64 * 1024;
    std::uint64_t mostShareBody = 64ULL * 1024 * 1024;  ///< of one PATCH
    int mostConnections = 1024;
    std::chrono::milliseconds handshakeTimeout{15'000};
    std::chrono::milliseconds headerTimeout{15'000};
    std::chrono::milliseconds bodySilenceTimeout{30'000};
    std::chrono::milliseconds idleTimeout{300'000};
};

struct Options {
    bucketstore::Options store;  ///< `store.folder` also keeps the server's identity
    std::string listenAddress = "127.0.0.1";
    std::uint16_t port = 0;           ///< 0 takes a free one, and keeps it for the next start
    std::string advertiseHost;        ///< empty: the listen address
    std::uint16_t advertisePort = 0;  ///< 0: the port that is listened on
    std::string nickname = "tarn";
    Limits limits;
    std::shared_ptr<Log> log;  ///< none: nothing is said
};

/// What a server knows of itself at one moment. No secret.
struct Status {
    MetricsSnapshot metrics;
    bucketstore::Usage usage;
};

/// A storage server that speaks GBS over HTTPS on a thread of its own, from start to destruction.
///
/// It serves immutable shares only: version, allocate, write, abort, list, read, lease and corruption advice. The
/// routes of mutable shares do not exist (404), and it announces that it takes none. Status codes are Tahoe-LAFS's;
/// beyond those it answers 507 when the disk is full, 411 to a body without a length, and 413 and 431 to what is over
/// its limits. Source: Tahoe-LAFS docs/specifications/http-storage-node-protocol.rst, storage/http_server.py.
///
/// Its identity (certificate, Ed25519 key, swissnum) is made once and kept in the folder, 0600; the announcement is
/// written to FOLDER/announcement.yaml at each start. Thread: any.
class Server {
public:
    /// Returns when it listens. Fails: ProfileLocked (another program serves this folder), Unreachable (the address or
    /// port cannot be had), FileUnwritable, ProfileDamaged (an identity file does not parse).
    [[nodiscard]] static Result<std::unique_ptr<Server>> start(Options options, std::shared_ptr<Clock> clock,
                                                               std::shared_ptr<Random> random);
    /// Takes no new request, finishes those in flight (for at most 5 s), then ends the thread.
    virtual ~Server() = default;

    /// Secret: whoever has it may store here.
    [[nodiscard]] virtual std::string nurl() const = 0;
    [[nodiscard]] virtual std::uint16_t port() const = 0;
    [[nodiscard]] virtual std::filesystem::path announcementFile() const = 0;
    [[nodiscard]] virtual Status status() const = 0;
};

}  // namespace tarn::server
