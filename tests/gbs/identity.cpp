#include "tests/gbs/identity.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <QtGlobal>

namespace tarn::testing {

namespace {

using Certificate = std::shared_ptr<X509>;

constexpr long day = 24 * 60 * 60;
constexpr const char* authorityName = "an authority";

Certificate make(EVP_PKEY* key, const std::string& name, EVP_PKEY* signerKey, const std::string& signerName,
                 bool isAuthority, bool expired) {
    static long serial = 1;
    Certificate certificate(X509_new(), &X509_free);
    X509* const x = certificate.get();
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), isAuthority ? 1 : ++serial);
    X509_gmtime_adj(X509_getm_notBefore(x), -10 * day);
    X509_gmtime_adj(X509_getm_notAfter(x), expired ? -day : 10 * day);
    const auto setName = [](X509_NAME* entry, const std::string& text) {
        X509_NAME_add_entry_by_txt(entry, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text.c_str()), -1,
                                   -1, 0);
    };
    setName(X509_get_subject_name(x), name);
    setName(X509_get_issuer_name(x), signerName);
    X509_set_pubkey(x, key);
    if (isAuthority) {
        X509_EXTENSION* const extension =
            X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE");
        X509_add_ext(x, extension, -1);
        X509_EXTENSION_free(extension);
    }
    if (X509_sign(x, signerKey, EVP_sha256()) <= 0) {
        qFatal("could not make a certificate for the test");
    }
    return certificate;
}

QByteArray taken(BIO* memory) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    QByteArray text(data, size);
    BIO_free(memory);
    return text;
}

QSslCertificate toQt(X509* certificate) {
    BIO* const memory = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(memory, certificate);
    return QSslCertificate(taken(memory));
}

QSslKey toQt(EVP_PKEY* key) {
    BIO* const memory = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(memory, key, nullptr, nullptr, 0, nullptr, nullptr);
    return QSslKey(taken(memory), QSsl::Ec);
}

crypto::Hash pinOf(X509* certificate) {
    unsigned char* der = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    const auto pin = crypto::sha256({der, static_cast<std::size_t>(size)});
    OPENSSL_free(der);
    return pin;
}

}  // namespace

KeyPair makeKey() {
    return KeyPair(EVP_EC_gen("P-256"), &EVP_PKEY_free);
}

Identity selfSigned(const KeyPair& key, const std::string& commonName, bool expired) {
    const auto certificate = make(key.get(), commonName, key.get(), commonName, false, expired);
    return {toQt(key.get()), {toQt(certificate.get())}, pinOf(certificate.get())};
}

Authority makeAuthority() {
    const KeyPair key = makeKey();
    return {key, make(key.get(), authorityName, key.get(), authorityName, true, false)};
}

Identity issuedBy(const Authority& authority, const KeyPair& key, const std::string& commonName) {
    const auto certificate = make(key.get(), commonName, authority.key.get(), authorityName, false, false);
    return {toQt(key.get()), {toQt(certificate.get()), toQt(authority.certificate.get())}, pinOf(certificate.get())};
}

}  // namespace tarn::testing
