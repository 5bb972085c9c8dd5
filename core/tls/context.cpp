#include "core/tls/context.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <new>

namespace tarn::tls {

namespace {

template <typename T, void (*destroy)(T*)>
struct Destroy {
    void operator()(T* pointer) const noexcept { destroy(pointer); }
};
using ContextPointer = std::unique_ptr<SSL_CTX, Destroy<SSL_CTX, SSL_CTX_free>>;
using KeyPointer = std::unique_ptr<EVP_PKEY, Destroy<EVP_PKEY, EVP_PKEY_free>>;
using CertificatePointer = std::unique_ptr<X509, Destroy<X509, X509_free>>;
using BioPointer = std::unique_ptr<BIO, Destroy<BIO, BIO_free_all>>;

/// In the order of our liking, as ALPN writes them.
constexpr std::array<unsigned char, 12> protocols{2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

BioPointer memory(std::string_view text) {
    return BioPointer(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

int chooseProtocol(SSL*, const unsigned char** out, unsigned char* outSize, const unsigned char* offered,
                   unsigned int offeredSize, void*) {
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, outSize, protocols.data(), static_cast<unsigned int>(protocols.size()), offered,
                              offeredSize) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_NOACK;  // HTTP/1.1 is spoken where nothing is agreed on
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/// What both sides have in common.
void setUp(SSL_CTX* context) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    // A connection at rest holds no buffers.
    SSL_CTX_set_mode(context,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    // A record's head and body by one call of the system, and several records where they are there.
    constexpr std::size_t recordsAtOnce = 4;
    constexpr std::size_t longestRecord = 16UL * 1024 + 512;
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, recordsAtOnce * longestRecord);
}

tl::unexpected<Error> unusable(const char* what) {
    ERR_clear_error();
    return failure(ErrorCode::InvalidArgument, what);
}

}  // namespace

Result<std::shared_ptr<const Context>> Context::forServer(std::string_view certificatePem,
                                                          std::string_view privateKeyPem) {
    ContextPointer context(SSL_CTX_new(TLS_server_method()));
    const BioPointer certificateText = memory(certificatePem);
    const CertificatePointer certificate(PEM_read_bio_X509(certificateText.get(), nullptr, nullptr, nullptr));
    const BioPointer keyText = memory(privateKeyPem);
    const KeyPointer key(PEM_read_bio_PrivateKey(keyText.get(), nullptr, nullptr, nullptr));
    if (!context || !certificate || !key) {
        return unusable("no certificate, or no private key");
    }
    if (SSL_CTX_use_certificate(context.get(), certificate.get()) != 1 ||
        SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1 || SSL_CTX_check_private_key(context.get()) != 1) {
        return unusable("the certificate is not this private key's");
    }
    setUp(context.get());
    SSL_CTX_set_alpn_select_cb(context.get(), chooseProtocol, nullptr);
    return std::shared_ptr<const Context>(new Context(context.release(), true));
}

std::shared_ptr<const Context> Context::forClient(bool http2) {
    ContextPointer context(SSL_CTX_new(TLS_client_method()));
    if (!context) {
        throw std::bad_alloc();
    }
    setUp(context.get());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
    if (http2) {
        SSL_CTX_set_alpn_protos(context.get(), protocols.data(), static_cast<unsigned int>(protocols.size()));
    }
    return std::shared_ptr<const Context>(new Context(context.release(), false));
}

Context::~Context() {
    SSL_CTX_free(m_context);
}

}  // namespace tarn::tls
