#pragma once

#include "core/foundation/clock.h"
#include "core/foundation/log.h"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace tarn::server {

enum class Endpoint : std::uint8_t;
enum class HttpStatus : std::uint16_t;

/// What goes wrong with a connection outside of any request.
enum class Trouble : std::uint8_t {
    TooManyConnections,
    NotAccepted,      ///< the system gave none, as when descriptors have run out
    HandshakeFailed,  ///< not TLS, or no TLS that we speak
    TooSlow,          ///< a client that did not go on in time
};
inline constexpr std::size_t troubleKinds = 4;
[[nodiscard]] const char* troubleName(Trouble kind) noexcept;

/// The upper ends of the histogram's buckets; one more holds what took longer.
inline constexpr std::array<std::chrono::microseconds, 14> durationBounds{
    std::chrono::microseconds(100),      std::chrono::microseconds(250),     std::chrono::microseconds(500),
    std::chrono::microseconds(1000),     std::chrono::microseconds(2500),    std::chrono::microseconds(5000),
    std::chrono::microseconds(10000),    std::chrono::microseconds(25000),   std::chrono::microseconds(100000),
    std::chrono::microseconds(250000),   std::chrono::microseconds(1000000), std::chrono::microseconds(5000000),
    std::chrono::microseconds(10000000), std::chrono::microseconds(30000000)};
inline constexpr std::size_t durationBuckets = durationBounds.size() + 1;

/// Most clients that are told apart; the connections of further ones count for the server alone.
inline constexpr std::size_t mostClients = 1024;

/// The figures at one moment. No secret, no storage index.
struct MetricsSnapshot {
    /// How often an endpoint answered with a status. `endpoint` is "none" where a request was refused by its head.
    struct Answers {
        std::string endpoint;
        std::uint16_t status = 0;
        std::uint64_t count = 0;
        bool operator==(const Answers&) const = default;
    };
    /// How long an endpoint took, from a request's head to the begin of its reply.
    struct Durations {
        std::string endpoint;
        std::array<std::uint64_t, durationBuckets> counts{};  ///< of each bucket alone
        std::chrono::microseconds sum{0};
    };
    struct Client {
        std::string address;
        std::uint64_t connections = 0;  ///< now
        std::uint64_t requests = 0;
        std::uint64_t failed = 0;  ///< of these, answered with 400 and above
        std::uint64_t bytesReceived = 0;
        std::uint64_t bytesSent = 0;
        std::chrono::seconds lastSeen{0};  ///< since 1970
        bool operator==(const Client&) const = default;
    };
    std::vector<Answers> answers;
    std::vector<Durations> durations;
    std::array<std::uint64_t, troubleKinds> troubles{};
    std::vector<Client> clients;      ///< the last seen first
    std::uint64_t bytesReceived = 0;  ///< within TLS, heads and bodies
    std::uint64_t bytesSent = 0;
    /// Of the bodies of requests that went beyond their heads: of shares, and of the messages that shares come in.
    std::uint64_t bodyBytesReceived = 0;
    std::uint64_t connections = 0;  ///< now
    std::uint64_t connectionsEver = 0;

    [[nodiscard]] std::uint64_t requests() const noexcept;
    /// Requests by their head alone, and connections over the limit.
    [[nodiscard]] std::uint64_t refused() const noexcept;
};

/// Counts what a server does, and says in its log what a person should know of it. Thread: any.
class Metrics {
public:
    Metrics(std::shared_ptr<Clock> clock, std::shared_ptr<Log> log);

    class Visit;
    /// To be kept for as long as a client at `address` is connected.
    [[nodiscard]] std::unique_ptr<Visit> visit(const std::string& address);
    void trouble(Trouble kind, const std::string& address);
    void bodyReceived(std::uint64_t bytes) noexcept;
    [[nodiscard]] MetricsSnapshot snapshot() const;

private:
    using Counter = std::atomic<std::uint64_t>;
    static constexpr std::size_t endpointSlots = 32;  ///< the last is for none
    static constexpr std::size_t statusSlots = 32;

    struct Client {
        Counter connections = 0;
        Counter requests = 0;
        Counter failed = 0;
        Counter bytesReceived = 0;
        Counter bytesSent = 0;
        std::atomic<std::int64_t> lastSeen = 0;
    };
    /// Lets a few lines of a kind through a minute and counts the others, so that a stranger cannot fill the log.
    struct LineBudget {
        SteadyTime since;
        int left = 0;
        std::uint64_t dropped = 0;
    };
    enum class LineKind : std::uint8_t { Stranger, Trouble, Failure, Advice };

    [[nodiscard]] std::shared_ptr<Client> clientAt(const std::string& address);
    void say(LineKind kind, LogLevel level, const std::string& line);

    const std::shared_ptr<Clock> m_clock;
    const std::shared_ptr<Log> m_log;
    std::array<std::array<Counter, statusSlots>, endpointSlots> m_answers{};
    std::array<std::array<Counter, durationBuckets>, endpointSlots> m_durations{};
    std::array<Counter, endpointSlots> m_durationSums{};  ///< microseconds
    std::array<Counter, troubleKinds> m_troubles{};
    Counter m_bytesReceived = 0;
    Counter m_bytesSent = 0;
    Counter m_bodyBytesReceived = 0;
    Counter m_connections = 0;
    Counter m_connectionsEver = 0;

    mutable std::mutex m_mutex;  ///< guards what follows
    std::map<std::string, std::shared_ptr<Client>> m_clients;
    std::array<LineBudget, 4> m_budgets{};
};

/// What one connection tells of itself. Thread: the server's.
class Metrics::Visit {
public:
    Visit(Metrics& metrics, std::string address, std::shared_ptr<Client> client);
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    ~Visit();

    void received(std::uint64_t bytes) noexcept;
    void sent(std::uint64_t bytes) noexcept;
    /// Once for each request, when the status of its reply is known. `endpoint`: none where the request was refused by
    /// its head alone. `took`: from the head to now.
    void answered(std::optional<Endpoint> endpoint, HttpStatus status, std::chrono::nanoseconds took);
    void trouble(Trouble kind) { m_metrics.trouble(kind, m_address); }

private:
    Metrics& m_metrics;
    const std::string m_address;
    const std::shared_ptr<Client> m_client;
};

}  // namespace tarn::server
