#pragma once

#include "core/foundation/result.h"

#include <memory>
#include <string_view>

struct ssl_ctx_st;

namespace tarn::tls {

/// What a server shows and offers: its certificate, its key, TLS 1.2 or later, and HTTP/2 or HTTP/1.1 by ALPN. Sessions
/// are not resumed, so that nothing is kept of a connection that has ended. Thread: any, once made.
class Context {
public:
    /// Fails: InvalidArgument (no certificate, no key, or they do not fit each other).
    [[nodiscard]] static Result<std::shared_ptr<const Context>> forServer(std::string_view certificatePem,
                                                                          std::string_view privateKeyPem);
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context();

    /// OpenSSL's own, for `Socket`.
    [[nodiscard]] ssl_ctx_st* get() const noexcept { return m_context; }

private:
    explicit Context(ssl_ctx_st* context) : m_context(context) {}

    ssl_ctx_st* m_context;
};

}  // namespace tarn::tls
