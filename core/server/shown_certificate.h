#pragma once

#include "core/foundation/clock.h"
#include "core/foundation/result.h"
#include "core/server/identity.h"

#include <filesystem>
#include <string>

namespace tarn::server {

/// A certificate is renewed when it has less than this left: long enough that no server runs into its end.
inline constexpr std::chrono::hours renewalAhead{24 * 365 * 10};

/// The certificate that connections are shown. It may be another one than the identity's, never for another key.
struct ShownCertificate {
    std::string pem;
    WallTime until;
    bool isNew = false;  ///< made by this call
    bool isKept = true;  ///< false when it could not be written: the next start makes another one
};

/// Takes the identity's own certificate while its dates are good, else the renewed one in
/// FOLDER/identity/renewed-certificate.pem, else makes that. What is damaged there is made anew: nothing hangs on it.
///
/// Nothing that a server is known by changes: a NURL pins the key, which stays; the TubID, from which clients derive
/// lease secrets and write enablers, is the digest of the identity's own certificate, which is kept for it. Neither
/// Tahoe-LAFS's clients nor ours look at a certificate's dates (storage/http_client.py takes expired ones); other
/// programs may.
///
/// `anew`: makes one in any case. Fails: Internal.
[[nodiscard]] Result<ShownCertificate> showCertificate(const std::filesystem::path& folder, const Identity& identity,
                                                       WallTime now, bool anew = false);

}  // namespace tarn::server
