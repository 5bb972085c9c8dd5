#pragma once

#include "core/server/identity.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tarn::server {

/// What a Tahoe-LAFS storage node is known by, and where. Holds secrets.
struct TahoeIdentity {
    IdentityParts parts;
    std::vector<std::string> locations;  ///< as the node announced them: `tcp:HOST:PORT`. No secret
};

/// Reads it from a node's folder: certificate and key (`private/node.pem`, from which the TubID follows), the Ed25519
/// key (`private/node.privkey`), the swissnum (`private/storage.furl`) and the seed by which clients place shares
/// (`permutation-seed`). Clients that know the node find their shares, renew their leases and write to their mutable
/// files with whoever has these and answers at the same place. Nothing when the folder is no node's, but a storage
/// folder perhaps. The folder is not changed.
///
/// Fails: FileUnreadable, InvalidGrid (a file is missing, does not parse, or is another node's; the detail names it and
/// holds no secret). Source: Tahoe-LAFS client.py, node.py; Foolscap's Tub.
[[nodiscard]] Result<std::optional<TahoeIdentity>> readTahoeIdentity(const std::filesystem::path& node);

}  // namespace tarn::server
