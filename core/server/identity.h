#pragma once

#include "core/crypto/ed25519.h"
#include "core/crypto/hash.h"
#include "core/formats/nurl.h"
#include "core/foundation/clock.h"
#include "core/foundation/ids.h"
#include "core/foundation/random.h"
#include "core/foundation/result.h"
#include "core/x509/certificate.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace tarn::server {

/// What a server is known by, for as long as its folder lives. Holds secrets.
struct Identity {
    x509::SelfSigned certificate;
    crypto::Hash spkiHash;
    LeaseSeed tubId;
    crypto::Ed25519PublicKey publicKey;
    Bytes permutationSeed;  ///< that clients place shares by: the public key, or what a node before had
    formats::Swissnum swissnum{{}};
    std::optional<std::uint16_t> port;  ///< the one it had last

    [[nodiscard]] ServerId serverId() const;
};

/// What an identity is made of. Holds secrets.
struct IdentityParts {
    x509::SelfSigned certificate;  ///< its key of any kind that TLS takes
    crypto::Ed25519Seed serverKey;
    formats::Swissnum swissnum{{}};
    Bytes permutationSeed;  ///< empty: the public key
    std::optional<std::uint16_t> port;
};

enum class OldIdentity : std::uint8_t { Stays, IsReplaced };

/// Makes `parts` the identity in FOLDER/identity; false when it is that already. To be called by whoever has the folder
/// for itself. One that is there is replaced only where told to, in one step, and kept as FOLDER/identity.replaced-N.
/// Fails: ProfileExists (there is another one, and it stays), ProfileDamaged (`parts` are none, or those that are
/// there), FileUnwritable.
[[nodiscard]] Result<bool> adoptIdentity(const std::filesystem::path& folder, const IdentityParts& parts,
                                         OldIdentity old);

/// Reads the identity in FOLDER/identity, or makes one if there is none. It is made whole under another name and then
/// renamed, so that there is never half of one. Fails: ProfileDamaged, FileUnwritable.
[[nodiscard]] Result<Identity> loadIdentity(const std::filesystem::path& folder, Clock& clock, Random& random);

/// Keeps the port for the next start. Fails: FileUnwritable.
[[nodiscard]] Result<void> keepPort(const std::filesystem::path& folder, std::uint16_t port);

/// Puts `text` into a file for its owner alone, all of it or nothing. Fails: FileUnwritable.
[[nodiscard]] Result<void> writePrivateFile(const std::filesystem::path& path, std::string_view text);

}  // namespace tarn::server
