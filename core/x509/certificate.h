#pragma once

#include "core/crypto/hash.h"
#include "core/foundation/bytes.h"
#include "core/foundation/clock.h"
#include "core/foundation/ids.h"
#include "core/foundation/result.h"

#include <string>
#include <string_view>

namespace tarn::x509 {

/// A self-signed certificate and its P-256 private key, both in PEM. `privateKeyPem` is a secret.
struct SelfSigned {
    std::string certificatePem;
    std::string privateKeyPem;
};

/// Makes a server's certificate, valid from a day before `now` for a hundred years (clients pin the key; no CA counts).
[[nodiscard]] Result<SelfSigned> makeSelfSigned(WallTime now);

/// Makes another certificate, as `makeSelfSigned` does, for the key that is there: whoever pins the key sees no change.
/// The TubID is another one. Fails: InvalidArgument when `privateKeyPem` is no private key.
[[nodiscard]] Result<std::string> renewSelfSigned(std::string_view privateKeyPem, WallTime now);

/// From when to when a certificate says that it holds.
struct Validity {
    WallTime from;
    WallTime until;
};
/// Fails: InvalidArgument when `certificateDer` is no certificate, or its times are none.
[[nodiscard]] Result<Validity> validityOf(ByteView certificateDer);

/// SHA-256 over the certificate's DER SubjectPublicKeyInfo: what a NURL pins. Works for every key type.
/// Fails: InvalidArgument when `certificateDer` is no certificate. Source: RFC 7469, section 2.4.
[[nodiscard]] Result<crypto::Hash> spkiHash(ByteView certificateDer);

/// The DER form of the first certificate in `pem`. Fails: InvalidArgument.
[[nodiscard]] Result<Bytes> certificateDer(std::string_view pem);

/// SHA-1 of the certificate: the TubID that Foolscap URLs and lease secrets name a server by.
[[nodiscard]] LeaseSeed tubId(ByteView certificateDer);

}  // namespace tarn::x509
