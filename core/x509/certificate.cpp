#include "core/x509/certificate.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>
#include <optional>

namespace tarn::x509 {

namespace {

constexpr std::string_view commonName = "tarn storage server";
constexpr int serialBits = 159;  // RFC 5280 allows 20 bytes with the sign bit clear
constexpr int validDays = 36525;
constexpr std::size_t mostBytes = 1024 * 1024;  // far above any certificate a peer could mean

template <auto Free>
struct FreeWith {
    template <typename T>
    void operator()(T* object) const noexcept {
        Free(object);
    }
};
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using Memory = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using Number = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;

/// OpenSSL's explanations stay in a queue of the thread, where they would colour a later, unrelated failure. This drops
/// those that came while it lived, and no others.
class OwnErrorsDropped {
public:
    OwnErrorsDropped() { ERR_set_mark(); }
    OwnErrorsDropped(const OwnErrorsDropped&) = delete;
    OwnErrorsDropped& operator=(const OwnErrorsDropped&) = delete;
    ~OwnErrorsDropped() { ERR_pop_to_mark(); }
};

Certificate parseDer(ByteView der) {
    if (der.empty() || der.size() > mostBytes) {
        return nullptr;
    }
    const Byte* at = der.data();
    Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    return at == der.data() + der.size() ? std::move(certificate) : nullptr;
}

/// Calls one of OpenSSL's i2d_ functions; empty when it fails.
template <typename Object, typename Encode>
Bytes toDer(Object* object, Encode encode) {
    const int size = encode(object, nullptr);
    if (size <= 0) {
        return {};
    }
    Bytes der(static_cast<std::size_t>(size));
    Byte* at = der.data();
    encode(object, &at);
    return der;
}

std::string textIn(BIO* memory) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

bool setRandomSerial(X509* certificate) {
    const Number serial(BN_new());
    return serial && BN_rand(serial.get(), serialBits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
           BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool setValidity(X509* certificate, WallTime now) {
    std::time_t seconds = std::chrono::system_clock::to_time_t(now);
    return X509_time_adj_ex(X509_getm_notBefore(certificate), -1, 0, &seconds) != nullptr &&
           X509_time_adj_ex(X509_getm_notAfter(certificate), validDays, 0, &seconds) != nullptr;
}

bool setNames(X509* certificate) {
    X509_NAME* const name = X509_get_subject_name(certificate);
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const Byte*>(commonName.data()),
                                      static_cast<int>(commonName.size()), -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1;
}

/// A certificate in PEM for `key`, signed by it; empty when the library fails.
std::string signSelf(EVP_PKEY* key, WallTime now) {
    const Certificate certificate(X509_new());
    const Memory pem(BIO_new(BIO_s_mem()));
    const bool made = certificate && pem && X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
                      setRandomSerial(certificate.get()) && setValidity(certificate.get(), now) &&
                      setNames(certificate.get()) && X509_set_pubkey(certificate.get(), key) == 1 &&
                      X509_sign(certificate.get(), key, EVP_sha256()) > 0 &&
                      PEM_write_bio_X509(pem.get(), certificate.get()) == 1;
    return made ? textIn(pem.get()) : std::string();
}

tl::unexpected<Error> notMade() {
    return failure(ErrorCode::Internal, "the cryptographic library could not make a certificate");
}

/// Without this callback OpenSSL would ask at the terminal for the password of an encrypted PEM block.
int noPassword(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) {
    return -1;
}

std::optional<WallTime> timeOf(const ASN1_TIME* time) {
    std::tm parts{};
    if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) {
        return std::nullopt;
    }
    return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

}  // namespace

Result<SelfSigned> makeSelfSigned(WallTime now) {
    const OwnErrorsDropped dropped;
    const Key key(EVP_EC_gen("P-256"));
    // Like any memory BIO of OpenSSL it is overwritten when freed, and kept out of the swap where that was set up.
    const Memory keyPem(BIO_new(BIO_s_secmem()));
    std::string certificatePem = key ? signSelf(key.get(), now) : std::string();
    if (certificatePem.empty() || !keyPem ||
        PEM_write_bio_PrivateKey(keyPem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
        return notMade();
    }
    return SelfSigned{std::move(certificatePem), textIn(keyPem.get())};
}

Result<std::string> renewSelfSigned(std::string_view privateKeyPem, WallTime now) {
    const OwnErrorsDropped dropped;
    if (privateKeyPem.empty() || privateKeyPem.size() > mostBytes) {
        return failure(ErrorCode::InvalidArgument, "not a private key in PEM");
    }
    const Memory memory(BIO_new_mem_buf(privateKeyPem.data(), static_cast<int>(privateKeyPem.size())));
    const Key key(memory ? PEM_read_bio_PrivateKey(memory.get(), nullptr, noPassword, nullptr) : nullptr);
    if (!key) {
        return failure(ErrorCode::InvalidArgument, "not a private key in PEM");
    }
    std::string pem = signSelf(key.get(), now);
    if (pem.empty()) {
        return notMade();
    }
    return pem;
}

Result<Validity> validityOf(ByteView der) {
    const OwnErrorsDropped dropped;
    const Certificate certificate = parseDer(der);
    const auto from = certificate ? timeOf(X509_get0_notBefore(certificate.get())) : std::nullopt;
    const auto until = certificate ? timeOf(X509_get0_notAfter(certificate.get())) : std::nullopt;
    if (!from || !until) {
        return failure(ErrorCode::InvalidArgument, "not a certificate");
    }
    return Validity{*from, *until};
}

Result<crypto::Hash> spkiHash(ByteView der) {
    const OwnErrorsDropped dropped;
    const Certificate certificate = parseDer(der);
    if (!certificate) {
        return failure(ErrorCode::InvalidArgument, "not a certificate");
    }
    const Bytes key = toDer(X509_get_X509_PUBKEY(certificate.get()), i2d_X509_PUBKEY);
    if (key.empty()) {
        return failure(ErrorCode::InvalidArgument, "a certificate without a public key");
    }
    return crypto::sha256(key);
}

Result<Bytes> certificateDer(std::string_view pem) {
    const OwnErrorsDropped dropped;
    if (pem.empty() || pem.size() > mostBytes) {
        return failure(ErrorCode::InvalidArgument, "not a certificate in PEM");
    }
    const Memory memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    const Certificate certificate(memory ? PEM_read_bio_X509(memory.get(), nullptr, noPassword, nullptr) : nullptr);
    Bytes der = certificate ? toDer(certificate.get(), i2d_X509) : Bytes();
    if (der.empty()) {
        return failure(ErrorCode::InvalidArgument, "not a certificate in PEM");
    }
    return der;
}

LeaseSeed tubId(ByteView der) {
    return *LeaseSeed::fromBytes(crypto::sha1(der).bytes());
}

}  // namespace tarn::x509
