#include "core/server/metrics.h"

#include "core/server/call.h"

#include <algorithm>
#include <numeric>

namespace tarn::server {

namespace {

constexpr std::size_t noEndpoint = 31;
constexpr int linesAMinute = 10;
constexpr std::chrono::minutes minute{1};

/// Every status that is told apart; another one counts as the first of its hundred.
constexpr std::array<std::uint16_t, 24> statuses{200, 201, 204, 206, 400, 401, 404, 405, 406, 408, 409, 411,
                                                 413, 415, 416, 417, 421, 426, 429, 431, 500, 501, 503, 507};

std::size_t slotOf(HttpStatus status) noexcept {
    const auto number = static_cast<std::uint16_t>(status);
    const auto* found = std::ranges::find(statuses, number);
    if (found == statuses.end()) {
        found = std::ranges::find_if(statuses, [&](std::uint16_t one) { return one / 100 == number / 100; });
    }
    return static_cast<std::size_t>((found == statuses.end() ? std::ranges::find(statuses, 500) : found) -
                                    statuses.begin());
}

/// Stable: monitoring is built on these.
const char* nameOf(Endpoint endpoint) noexcept {
    switch (endpoint) {
    case Endpoint::Version: return "version";
    case Endpoint::Allocate: return "allocate";
    case Endpoint::WriteShare: return "write";
    case Endpoint::ReadShare: return "read";
    case Endpoint::AbortShare: return "abort";
    case Endpoint::AdviseCorrupt: return "corrupt";
    case Endpoint::ListShares: return "list";
    case Endpoint::AddLease: return "lease";
    case Endpoint::ReadTestWrite: return "slot-write";
    case Endpoint::ListSlot: return "slot-list";
    case Endpoint::ReadSlotShare: return "slot-read";
    }
    return "none";
}

const char* nameOfSlot(std::size_t slot) noexcept {
    return slot == noEndpoint ? "none" : nameOf(static_cast<Endpoint>(slot));
}

std::size_t bucketOf(std::chrono::microseconds took) noexcept {
    return static_cast<std::size_t>(std::ranges::lower_bound(durationBounds, took) - durationBounds.begin());
}

std::uint64_t read(const std::atomic<std::uint64_t>& counter) noexcept {
    return counter.load(std::memory_order_relaxed);
}

void count(std::atomic<std::uint64_t>& counter, std::uint64_t more = 1) noexcept {
    counter.fetch_add(more, std::memory_order_relaxed);
}

}  // namespace

const char* troubleName(Trouble kind) noexcept {
    switch (kind) {
    case Trouble::TooManyConnections: return "too-many-connections";
    case Trouble::NotAccepted: return "not-accepted";
    case Trouble::HandshakeFailed: return "handshake-failed";
    case Trouble::TooSlow: return "too-slow";
    }
    return "";
}

std::uint64_t MetricsSnapshot::requests() const noexcept {
    return std::accumulate(answers.begin(), answers.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const Answers& one) { return sum + one.count; });
}

std::uint64_t MetricsSnapshot::refused() const noexcept {
    std::uint64_t sum = troubles[static_cast<std::size_t>(Trouble::TooManyConnections)] +
                        troubles[static_cast<std::size_t>(Trouble::NotAccepted)];
    for (const Answers& one : answers) {
        sum += one.endpoint == "none" ? one.count : 0;
    }
    return sum;
}

Metrics::Metrics(std::shared_ptr<Clock> clock, std::shared_ptr<Log> log)
    : m_clock(std::move(clock)), m_log(std::move(log)) {
    static_assert(statuses.size() <= statusSlots && noEndpoint == endpointSlots - 1);
}

std::unique_ptr<Metrics::Visit> Metrics::visit(const std::string& address) {
    return std::make_unique<Visit>(*this, address, clientAt(address));
}

std::shared_ptr<Metrics::Client> Metrics::clientAt(const std::string& address) {
    const std::lock_guard lock(m_mutex);
    const auto found = m_clients.find(address);
    if (found != m_clients.end()) {
        return found->second;
    }
    if (m_clients.size() >= mostClients) {
        // Whoever is gone for longest makes room.
        auto oldest = m_clients.end();
        for (auto each = m_clients.begin(); each != m_clients.end(); ++each) {
            if (each->second->connections == 0 &&
                (oldest == m_clients.end() || each->second->lastSeen < oldest->second->lastSeen)) {
                oldest = each;
            }
        }
        if (oldest == m_clients.end()) {
            return std::make_shared<Client>();
        }
        m_clients.erase(oldest);
    }
    return m_clients[address] = std::make_shared<Client>();
}

void Metrics::trouble(Trouble kind, const std::string& address) {
    count(m_troubles[static_cast<std::size_t>(kind)]);
    const bool ours = kind == Trouble::TooManyConnections || kind == Trouble::NotAccepted;
    const LogLevel level = ours ? LogLevel::Warning : LogLevel::Info;
    if (m_log->wants(level)) {
        say(LineKind::Trouble, level, std::string("connection from ") + address + ": " + troubleName(kind));
    }
}

void Metrics::bodyReceived(std::uint64_t bytes) noexcept {
    count(m_bodyBytesReceived, bytes);
}

void Metrics::say(LineKind kind, LogLevel level, const std::string& line) {
    const SteadyTime now = m_clock->steadyNow();
    std::uint64_t dropped = 0;
    {
        const std::lock_guard lock(m_mutex);
        LineBudget& budget = m_budgets[static_cast<std::size_t>(kind)];
        if (budget.since == SteadyTime() || now - budget.since >= minute) {
            dropped = budget.dropped;
            budget = {now, linesAMinute, 0};
        }
        if (budget.left == 0) {
            ++budget.dropped;
            return;
        }
        --budget.left;
    }
    if (dropped > 0) {
        m_log->write(level, std::to_string(dropped) + " more lines like the following were left out");
    }
    m_log->write(level, line);
}

MetricsSnapshot Metrics::snapshot() const {
    MetricsSnapshot snapshot;
    for (std::size_t endpoint = 0; endpoint < endpointSlots; ++endpoint) {
        bool any = false;
        for (std::size_t status = 0; status < statuses.size(); ++status) {
            if (const std::uint64_t times = read(m_answers[endpoint][status]); times > 0) {
                any = true;
                snapshot.answers.push_back({nameOfSlot(endpoint), statuses[status], times});
            }
        }
        if (any) {
            MetricsSnapshot::Durations durations;
            durations.endpoint = nameOfSlot(endpoint);
            std::ranges::transform(m_durations[endpoint], durations.counts.begin(), read);
            durations.sum = std::chrono::microseconds(read(m_durationSums[endpoint]));
            snapshot.durations.push_back(std::move(durations));
        }
    }
    std::ranges::transform(m_troubles, snapshot.troubles.begin(), read);
    snapshot.bytesReceived = read(m_bytesReceived);
    snapshot.bytesSent = read(m_bytesSent);
    snapshot.bodyBytesReceived = read(m_bodyBytesReceived);
    snapshot.connections = read(m_connections);
    snapshot.connectionsEver = read(m_connectionsEver);
    {
        const std::lock_guard lock(m_mutex);
        for (const auto& [address, client] : m_clients) {
            snapshot.clients.push_back({address, read(client->connections), read(client->requests),
                                        read(client->failed), read(client->bytesReceived), read(client->bytesSent),
                                        std::chrono::seconds(client->lastSeen)});
        }
    }
    std::ranges::stable_sort(snapshot.clients, std::ranges::greater(), &MetricsSnapshot::Client::lastSeen);
    return snapshot;
}

Metrics::Visit::Visit(Metrics& metrics, std::string address, std::shared_ptr<Client> client)
    : m_metrics(metrics), m_address(std::move(address)), m_client(std::move(client)) {
    count(m_client->connections);
    count(m_metrics.m_connections);
    count(m_metrics.m_connectionsEver);
    m_client->lastSeen = std::chrono::system_clock::to_time_t(m_metrics.m_clock->wallNow());
}

Metrics::Visit::~Visit() {
    --m_client->connections;
    --m_metrics.m_connections;
}

void Metrics::Visit::received(std::uint64_t bytes) noexcept {
    count(m_metrics.m_bytesReceived, bytes);
    count(m_client->bytesReceived, bytes);
}

void Metrics::Visit::sent(std::uint64_t bytes) noexcept {
    count(m_metrics.m_bytesSent, bytes);
    count(m_client->bytesSent, bytes);
}

void Metrics::Visit::answered(std::optional<Endpoint> endpoint, HttpStatus status, std::chrono::nanoseconds took) {
    const auto number = static_cast<std::uint16_t>(status);
    const std::size_t slot =
        endpoint ? std::min<std::size_t>(static_cast<std::size_t>(*endpoint), noEndpoint) : noEndpoint;
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(std::max(took, {}));
    count(m_metrics.m_answers[slot][slotOf(status)]);
    count(m_metrics.m_durations[slot][bucketOf(micros)]);
    count(m_metrics.m_durationSums[slot], static_cast<std::uint64_t>(micros.count()));
    count(m_client->requests);
    if (number >= 400) {
        count(m_client->failed);
    }
    m_client->lastSeen = std::chrono::system_clock::to_time_t(m_metrics.m_clock->wallNow());

    if (endpoint == Endpoint::AdviseCorrupt && number < 300 && m_metrics.m_log->wants(LogLevel::Warning)) {
        m_metrics.say(LineKind::Advice, LogLevel::Warning,
                      m_address + " says that a share is damaged; \"tarn serve status\" shows which");
    }
    const bool stranger = status == HttpStatus::Unauthorized && !endpoint;
    const bool failed = number >= 500;
    if (failed ? m_metrics.m_log->wants(LogLevel::Warning) : stranger && m_metrics.m_log->wants(LogLevel::Info)) {
        const std::string line = m_address + ": " + nameOfSlot(slot) + " answered " + std::to_string(number);
        m_metrics.say(failed ? LineKind::Failure : LineKind::Stranger, failed ? LogLevel::Warning : LogLevel::Info,
                      line);
    } else if (m_metrics.m_log->wants(LogLevel::Debug)) {
        m_metrics.m_log->write(LogLevel::Debug, m_address + ": " + nameOfSlot(slot) + " answered " +
                                                    std::to_string(number) + " in " + std::to_string(micros.count()) +
                                                    " us");
    }
}

}  // namespace tarn::server
