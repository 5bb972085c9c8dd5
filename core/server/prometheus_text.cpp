#include "core/server/prometheus_text.h"

#include <array>
#include <cstdio>
#include <map>
#include <utility>

namespace tarn::server {

namespace {

/// Within a label's quotes. Line ends, quotes and backslashes are what the format has an escape for.
std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '\n') {
            out += "\\n";
            continue;
        }
        if (c == '"' || c == '\\') {
            out += '\\';
        }
        out += c;
    }
    return out;
}

std::string numberOf(double value) {
    std::array<char, 32> text{};
    const int length = std::snprintf(text.data(), text.size(), "%.9g", value);
    return {text.data(), static_cast<std::size_t>(length)};
}

double secondsOf(WallTime time) {
    return static_cast<double>(std::chrono::system_clock::to_time_t(time));
}

/// The text as it grows.
class Page {
public:
    using Labels = std::vector<std::pair<const char*, std::string>>;

    /// Says what the samples that follow are.
    void family(const char* name, const char* type, const char* help) {
        m_text += std::string("# HELP ") + name + ' ' + help + "\n# TYPE " + name + ' ' + type + '\n';
    }
    void sample(const std::string& name, const Labels& labels, const std::string& value) {
        m_text += name;
        for (std::size_t i = 0; i < labels.size(); ++i) {
            m_text += std::string(i == 0 ? "{" : ",") + labels[i].first + "=\"" + escaped(labels[i].second) + '"';
        }
        m_text += labels.empty() ? " " : "} ";
        m_text += value + '\n';
    }
    void single(const char* name, const char* type, const char* help, std::uint64_t value) {
        family(name, type, help);
        sample(name, {}, std::to_string(value));
    }
    void single(const char* name, const char* type, const char* help, double value) {
        family(name, type, help);
        sample(name, {}, numberOf(value));
    }
    [[nodiscard]] std::string take() { return std::move(m_text); }

private:
    std::string m_text;
};

void writeRequests(Page& page, const MetricsSnapshot& metrics) {
    std::map<std::pair<std::string, std::string>, std::uint64_t> byClass;
    for (const auto& one : metrics.answers) {
        byClass[{one.endpoint, std::to_string(one.status / 100) + "xx"}] += one.count;
    }
    page.family("tarn_requests_total", "counter", "Requests answered, by endpoint and class of status.");
    for (const auto& [key, count] : byClass) {
        page.sample("tarn_requests_total", {{"endpoint", key.first}, {"status", key.second}}, std::to_string(count));
    }
    page.family("tarn_request_duration_seconds", "histogram",
                "From a request's head to the begin of its reply, the client's sending included.");
    for (const auto& durations : metrics.durations) {
        const std::string name = "tarn_request_duration_seconds";
        std::uint64_t upTo = 0;
        for (std::size_t i = 0; i < durationBuckets; ++i) {
            upTo += durations.counts[i];
            const std::string end =
                i < durationBounds.size() ? numberOf(static_cast<double>(durationBounds[i].count()) / 1e6) : "+Inf";
            page.sample(name + "_bucket", {{"endpoint", durations.endpoint}, {"le", end}}, std::to_string(upTo));
        }
        page.sample(name + "_sum", {{"endpoint", durations.endpoint}},
                    numberOf(static_cast<double>(durations.sum.count()) / 1e6));
        page.sample(name + "_count", {{"endpoint", durations.endpoint}}, std::to_string(upTo));
    }
}

void writeConnections(Page& page, const MetricsSnapshot& metrics) {
    page.single("tarn_received_bytes_total", "counter", "Bytes received within TLS.", metrics.bytesReceived);
    page.single("tarn_body_received_bytes_total", "counter", "Bytes of requests' bodies received, shares among them.",
                metrics.bodyBytesReceived);
    page.single("tarn_sent_bytes_total", "counter", "Bytes sent within TLS.", metrics.bytesSent);
    page.single("tarn_connections", "gauge", "Connections that are open.", metrics.connections);
    page.single("tarn_connections_total", "counter", "Connections taken.", metrics.connectionsEver);
    page.family("tarn_connection_troubles_total", "counter", "Connections that went wrong outside of any request.");
    for (std::size_t kind = 0; kind < troubleKinds; ++kind) {
        page.sample("tarn_connection_troubles_total", {{"kind", troubleName(static_cast<Trouble>(kind))}},
                    std::to_string(metrics.troubles[kind]));
    }
}

}  // namespace

std::string prometheusText(const Status& status) {
    Page page;
    page.family("tarn_build_info", "gauge", "The version that runs.");
    page.sample("tarn_build_info", {{"version", status.version}}, "1");
    page.single("tarn_start_time_seconds", "gauge", "When the server started, in seconds since 1970.",
                secondsOf(status.started));
    page.single("tarn_certificate_end_seconds", "gauge", "Until when the certificate holds, in seconds since 1970.",
                secondsOf(status.certificateUntil));
    writeRequests(page, status.metrics);
    writeConnections(page, status.metrics);
    page.single("tarn_shares", "gauge", "Complete shares.", status.usage.shares);
    page.single("tarn_share_bytes", "gauge", "Bytes of complete shares' files.", status.usage.bytes.value());
    page.single("tarn_incoming_bytes", "gauge", "Bytes held for shares that are not complete.",
                status.usage.incomingBytes.value());
    page.single("tarn_available_bytes", "gauge", "Bytes that a new share may take.", status.usage.available.value());
    return page.take();
}

}  // namespace tarn::server
