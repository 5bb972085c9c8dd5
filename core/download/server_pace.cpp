#include "core/download/server_pace.h"

#include <algorithm>
#include <cmath>

namespace tarn::download {

namespace {

/// Answers up to this size tell of the way there and back, larger ones of the rate.
constexpr double smallAnswer = 32.0 * 1024;
/// How much the newest answer counts.
constexpr double newest = 0.3;
constexpr double late = 2;
/// Servers and networks stumble for such moments without being slow.
constexpr double stumble = 50;
/// Where nothing is known yet.
constexpr double assumedLatency = 500;
constexpr double assumedRate = 256;

double blended(double before, double now, bool known) {
    return known ? before + newest * (now - before) : now;
}

double middleOf(std::vector<double> values, double otherwise) {
    if (values.empty()) {
        return otherwise;
    }
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

}  // namespace

void ServerPace::answered(const ServerId& server, ByteCount bytes, async::Milliseconds took) {
    Server& known = m_servers[server];
    const auto size = static_cast<double>(bytes.value());
    const auto span = static_cast<double>(took.count());
    if (size <= smallAnswer) {
        known.latency = blended(known.latency, span, known.latency >= 0);
    } else {
        const double moving = std::max(1.0, span - std::max(0.0, known.latency));
        known.rate = blended(known.rate, size / moving, known.rate > 0);
    }
}

async::Milliseconds ServerPace::patience(ByteCount bytes) const {
    std::vector<double> latencies;
    std::vector<double> rates;
    for (const auto& [id, server] : m_servers) {
        if (server.latency >= 0) {
            latencies.push_back(server.latency);
        }
        if (server.rate > 0) {
            rates.push_back(server.rate);
        }
    }
    const double usual = middleOf(std::move(latencies), assumedLatency) +
                         static_cast<double>(bytes.value()) / middleOf(std::move(rates), assumedRate);
    const double most = static_cast<double>(mostPatience.count());
    return async::Milliseconds(std::llround(std::min(most, stumble + late * usual)));
}

double ServerPace::rateOf(const ServerId& server) const {
    const auto known = m_servers.find(server);
    return known == m_servers.end() ? 0 : known->second.rate * 1000;
}

}  // namespace tarn::download
