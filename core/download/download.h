#pragma once

#include "core/async/pools.h"
#include "core/async/timers.h"
#include "core/caps/capability.h"
#include "core/download/server_pace.h"
#include "core/download/sink.h"
#include "core/foundation/clock.h"
#include "core/storage/storage_server.h"

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

namespace tarn::download {

/// The steps of one download as a person sees them, in order.
enum class Phase : std::uint8_t { FindingShares, Reading, Done };

struct Progress {
    Phase phase = Phase::FindingShares;
    ByteCount total;      ///< plaintext bytes asked for
    ByteCount delivered;  ///< plaintext bytes verified and written
    unsigned sharesFound = 0;
    unsigned sharesNeeded = 0;
};

/// Plaintext bytes [begin, end); `end` past the file's end is cut to it.
struct Range {
    ByteOffset begin;
    ByteOffset end;
};

struct Environment {
    std::shared_ptr<async::Pools> pools;
    std::shared_ptr<async::Timers> timers;
    std::shared_ptr<Clock> clock;
    /// What downloads learn of servers and the next ones begin with; none: each begins with nothing.
    std::shared_ptr<ServerPace> pace = {};
};

/// A share that was put there, or seen there, before.
struct KnownShare {
    ServerId server;
    ShareNum share;
};

using Watch = std::function<void(const Progress&)>;

/// Reads an immutable file (or a range of it) into `sink`, from any k good shares on `servers` (any order), and
/// commits.
///
/// Every byte handed to `sink` has been checked against the capability's hash trees. A server that is gone, slow or
/// lies is left for another share; one that lies is told (advise corrupt share). At most a bounded window of segments
/// is in memory. Thread: engine. Fails: NotEnoughShares (the detail names how many of k were found, and the servers
/// that did not answer), CorruptFile, FileUnwritable, DiskFull, Cancelled, InvalidArgument (range begins past the end).
/// Cancel: after stop is requested `sink` is not called again.
/// Source: Tahoe-LAFS docs/specifications/file-encoding.rst.
[[nodiscard]] async::Task<void> download(caps::Chk capability, std::optional<Range> range, storage::ServerList servers,
                                         std::shared_ptr<Sink> sink, std::shared_ptr<const Environment> environment,
                                         Watch watch, std::stop_token stop);

/// The same by one who knows where shares are. With k of them nobody is asked who has which, which saves a round trip;
/// that they are not there any more costs time and nothing else.
[[nodiscard]] async::Task<void> download(caps::Chk capability, std::optional<Range> range,
                                         std::vector<KnownShare> known, storage::ServerList servers,
                                         std::shared_ptr<Sink> sink, std::shared_ptr<const Environment> environment,
                                         Watch watch, std::stop_token stop);

/// The same for a literal, which needs no servers. Thread: disk pool.
[[nodiscard]] Result<void> deliverLiteral(const caps::Literal& literal, std::optional<Range> range, Sink& sink);

}  // namespace tarn::download
