#pragma once

#include "core/async/pools.h"
#include "core/async/timers.h"
#include "core/caps/capability.h"
#include "core/crypto/derive.h"
#include "core/formats/encoding.h"
#include "core/foundation/clock.h"
#include "core/foundation/random.h"
#include "core/storage/storage_server.h"
#include "core/upload/shared_window.h"
#include "core/upload/source.h"

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace tarn::upload {

/// The steps of one upload as a person sees them, in order.
enum class Phase : std::uint8_t { Hashing, Allocate, Shares, HashTrees, Ueb, Close, Done };

/// One of the n shares as it stands now.
struct ShareState {
    enum class Where : std::uint8_t { Waiting, Sending, Placed, FoundThere, Lost };
    Where where = Where::Waiting;
    std::string server;  ///< nickname or id; empty while waiting
    ServerId id = {};    ///< the same server, for programs
};

/// A snapshot for whoever watches. `acknowledged` counts share bytes that servers have confirmed.
struct Progress {
    Phase phase = Phase::Hashing;
    ByteCount fileSize;
    ByteCount hashed;  ///< of the file, during Hashing
    ByteCount toSend;  ///< share bytes to be sent in all; 0 until allocation is over
    ByteCount acknowledged;
    std::vector<ShareState> shares;
};

/// What became of an upload.
struct Outcome {
    caps::Capability capability;     ///< Chk, or Literal for small files
    std::vector<ShareState> shares;  ///< by share number; empty for literals
    unsigned sharesSent = 0;
    unsigned sharesFound = 0;  ///< were on servers already
    unsigned happiness = 0;
};

/// All that an upload needs from around it. Shared: it lives until the last task that uses it.
struct Environment {
    std::shared_ptr<async::Pools> pools;
    std::shared_ptr<async::Timers> timers;
    std::shared_ptr<Clock> clock;
    std::shared_ptr<Random> random;
    /// Of all uploads that have this environment.
    std::shared_ptr<SharedWindow> window = std::make_shared<SharedWindow>();
};

/// What one person's uploads have in common.
struct Secrets {
    crypto::ConvergenceSecret convergence;
    crypto::LeaseMaster leases;
};

using Watch = std::function<void(const Progress&)>;

/// Lets an upload that ended early be gone on with by a later one, also of another run of the program: what a server
/// has acknowledged is not sent a second time.
struct Continuation {
    /// The upload secrets come from it: with the same seed, what an earlier upload of the same file began is found
    /// again.
    UploadSecret seed;
    /// There may have been an earlier one: servers are asked how much they have of what it began.
    bool again = false;
    /// That one was probably cut off in the midst: nothing is sent before the servers have said what they have, small
    /// shares neither.
    bool cutOff = false;
    /// Looked at when the upload is stopped: true leaves what was begun on the servers. Where it fails for a reason
    /// that may pass, it is left there in any case.
    std::shared_ptr<const bool> keep;
};

/// Uploads `source` as an immutable file onto `servers` (any order; it permutes them).
///
/// With a `continuation` it goes on with an earlier one, and can be gone on with itself.
///
/// Shares that are lost on their way are sent to other servers, as far as these take them; `source` is then read once
/// more. Streams: at most `window` bytes of encoded blocks are in memory at once, whatever the file's size. On failure
/// every share that it began is aborted before it returns, so no half share stays behind. Thread: engine; `watch` is
/// called there, seldom enough for a screen. Fails: FileChanged, FileUnreadable, NotEnoughServers (the detail says how
/// many of how many, and what each server answered), Cancelled, InvalidArgument. Source: Tahoe-LAFS
/// docs/specifications/file-encoding.rst, servers-of-happiness.rst.
[[nodiscard]] async::Task<Outcome> upload(std::shared_ptr<Source> source, formats::EncodingParameters parameters,
                                          std::shared_ptr<const Secrets> secrets, storage::ServerList servers,
                                          std::shared_ptr<const Environment> environment, Watch watch,
                                          std::shared_ptr<const Continuation> continuation, std::stop_token stop);
/// The same, standing for itself.
[[nodiscard]] async::Task<Outcome> upload(std::shared_ptr<Source> source, formats::EncodingParameters parameters,
                                          std::shared_ptr<const Secrets> secrets, storage::ServerList servers,
                                          std::shared_ptr<const Environment> environment, Watch watch,
                                          std::stop_token stop);

/// The capability that `upload` would give; touches no network.
/// Thread: any; blocks for as long as the file takes. Fails: as `upload`, for the file.
[[nodiscard]] Result<caps::Capability> dryRun(Source& source, const formats::EncodingParameters& parameters,
                                              const crypto::ConvergenceSecret& convergence);

}  // namespace tarn::upload
