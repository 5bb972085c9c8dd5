#pragma once

#include "core/formats/nurl.h"
#include "core/gbs/connection.h"
#include "core/gbs/exchange.h"
#include "core/gbs/gbs_server.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace tarn::gbs {

/// The HTTPS connections to one server at one address, open to nobody but the holder of the key that the NURL names.
///
/// The first handshake tells which version of HTTP the server speaks: over HTTP/2 there is one connection, which
/// carries many requests at once; over HTTP/1.1 up to `mostConnections`, with one request each. The others wait here,
/// where they cost no timeout. A connection that cannot be made ends what waits for it, a server with another key ends
/// every call under way and waiting with WrongCertificate.
///
/// A request is sent once more where its connection, good before, ended without an answer to it: servers hang up on
/// those that were idle, and a request may be on its way by then. Thread: that of the event loop it was made on.
class PinnedAccess final : private Connection::Owner {
public:
    PinnedAccess(const formats::Nurl& nurl, std::string server, const Limits& limits);
    PinnedAccess(const PinnedAccess&) = delete;
    PinnedAccess& operator=(const PinnedAccess&) = delete;
    ~PinnedAccess() override;

    [[nodiscard]] const std::string& server() const noexcept { return m_peer.name; }
    [[nodiscard]] const Limits& limits() const noexcept { return m_peer.limits; }

    /// As far as is known.
    [[nodiscard]] bool speaksHttp2() const noexcept { return m_version == Version::Http2; }

    /// Sends a request when its turn comes. The access must live until the exchange is over.
    [[nodiscard]] Exchanged send(Request request, std::stop_token stop);

    /// Ends every call with Cancelled, and later ones at once.
    void close();

    /// Over HTTP/1.1.
    static constexpr std::size_t mostConnections = 6;

private:
    enum class Version : std::uint8_t { Unknown, Http1, Http2 };

    void onReady(Connection& connection) override;
    void onGivenBack(const std::shared_ptr<Exchange>& exchange) override;
    void onOver(Connection& connection, Error error) override;

    void startWaiting();
    void openMore();
    void forget(const std::shared_ptr<Exchange>& exchange);
    void failWaiting(const Error& error);
    void failAll(const Error& error);

    Peer m_peer;
    std::deque<std::shared_ptr<Exchange>> m_waiting;
    tls::Poller m_poller;
    std::vector<std::unique_ptr<Connection>> m_connections;
    Version m_version = Version::Unknown;
    /// Connections that the server would have at once, as far as is known.
    std::size_t m_mostNow = mostConnections;
    bool m_closed = false;
};

}  // namespace tarn::gbs
