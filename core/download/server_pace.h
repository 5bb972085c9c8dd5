#pragma once

#include "core/async/timers.h"
#include "core/foundation/ids.h"
#include "core/foundation/units.h"

#include <map>
#include <vector>

namespace tarn::download {

/// How quick servers have been so far, and from that how long one may take before another is asked as well.
///
/// One server is measured against the others: what is usual on a slow line is no reason for anything. Kept by whoever
/// makes many downloads, so that the next one begins with what the last one learned. Pure; thread: one at a time.
class ServerPace {
public:
    /// `server` gave `bytes` in answer to one call.
    void answered(const ServerId& server, ByteCount bytes, async::Milliseconds took);

    /// After so long, an answer of so many bytes is late: twice what the middle one of the servers takes, and a little.
    [[nodiscard]] async::Milliseconds patience(ByteCount bytes) const;

    /// Bytes a second; 0 where the server has not given enough to tell.
    [[nodiscard]] double rateOf(const ServerId& server) const;

    /// While nothing is known, and never longer.
    static constexpr async::Milliseconds mostPatience{10'000};

private:
    struct Server {
        double latency = -1;  ///< in milliseconds
        double rate = 0;      ///< in bytes a millisecond
    };
    std::map<ServerId, Server> m_servers;
};

}  // namespace tarn::download
