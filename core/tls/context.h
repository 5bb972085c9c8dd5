#pragma once

#include "core/foundation/result.h"

#include <memory>
#include <string_view>

struct ssl_ctx_st;

namespace tarn::tls {

/// What one side shows and offers: TLS 1.2 or later, and HTTP/2 or HTTP/1.1 by ALPN. Sessions are not resumed, so that
/// nothing is kept of a connection that has ended and each is judged by its own handshake. Thread: any, once made.
class Context {
public:
    /// For a client. It takes any certificate: whoever uses it judges the one that was shown, before anything else.
    [[nodiscard]] static std::shared_ptr<const Context> forClient(bool http2);
    /// For a server, with what it shows.
    /// Fails: InvalidArgument (no certificate, no key, or they do not fit each other).
    [[nodiscard]] static Result<std::shared_ptr<const Context>> forServer(std::string_view certificatePem,
                                                                          std::string_view privateKeyPem);
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context();

    [[nodiscard]] bool isServer() const noexcept { return m_isServer; }
    /// OpenSSL's own, for `Socket`.
    [[nodiscard]] ssl_ctx_st* get() const noexcept { return m_context; }

private:
    Context(ssl_ctx_st* context, bool isServer) : m_context(context), m_isServer(isServer) {}

    ssl_ctx_st* m_context;
    bool m_isServer;
};

}  // namespace tarn::tls
