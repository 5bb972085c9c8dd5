#pragma once

#include "core/bucketstore/bucket_store.h"
#include "core/foundation/clock.h"
#include "core/server/disk_work.h"
#include "core/server/memory_budget.h"
#include "core/server/metrics.h"
#include "core/server/operations.h"
#include "core/server/server.h"

#include <memory>
#include <optional>
#include <string>

namespace tarn::server {

/// What the connections of one server share. Thread: the server's, but for the metrics and the store.
struct Shared {
    explicit Shared(const Limits& mostTaken) : limits(mostTaken), memory(mostTaken.mostBodiesHeld) {}

    std::shared_ptr<bucketstore::BucketStore> store;
    std::shared_ptr<Clock> clock;
    std::shared_ptr<Metrics> metrics;
    const Limits limits;
    std::string authorization;  ///< what the Authorization field must be. Secret

    DiskWork* disk = nullptr;
    bool stopping = false;
    Outcome version;  ///< the last answer to a version request, for the many that ask
    std::optional<SteadyTime> versionTime;
    MemoryBudget memory;
};

/// What is open from one address: one person's, or everyone's behind one router. Thread: the server's.
struct Client {
    explicit Client(Shared& shared) : memory(shared.limits.mostBodiesHeld / 2, &shared.memory) {}

    std::string address;  ///< of its newest connection, as text
    int connections = 0;
    int exchanges = 0;  ///< requests under way, and disk work of some whose client gave up
    MemoryBudget memory;
};

}  // namespace tarn::server
