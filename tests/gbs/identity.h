#pragma once

#include "core/crypto/hash.h"

#include <QList>
#include <QSslCertificate>
#include <QSslKey>

#include <memory>
#include <string>

typedef struct evp_pkey_st EVP_PKEY;
typedef struct x509_st X509;

namespace tarn::testing {

/// A private key for certificates of a test.
using KeyPair = std::shared_ptr<EVP_PKEY>;
[[nodiscard]] KeyPair makeKey();

/// What a TLS server shows: its own certificate first, then those that lead to its issuer.
struct Identity {
    QSslKey key;
    QList<QSslCertificate> chain;
    crypto::Hash pin;  ///< SHA-256 of the first certificate's SubjectPublicKeyInfo
};

/// A self-signed certificate for `key` in the name `commonName`; made out so that it is over already if `expired`.
[[nodiscard]] Identity selfSigned(const KeyPair& key, const std::string& commonName, bool expired = false);

/// Signs certificates, as a public authority does for everyone who asks.
struct Authority {
    KeyPair key;
    std::shared_ptr<X509> certificate;
};
[[nodiscard]] Authority makeAuthority();

/// A certificate for `key` signed by `authority`, with the authority's own behind it.
[[nodiscard]] Identity issuedBy(const Authority& authority, const KeyPair& key, const std::string& commonName);

}  // namespace tarn::testing
