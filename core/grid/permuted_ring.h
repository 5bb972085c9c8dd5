#pragma once

#include "core/storage/storage_server.h"

namespace tarn::grid {

/// The servers in the order in which shares of `index` are offered to them and looked for on them: by the SHA-1 of the
/// storage index followed by each server's permutation seed. Source: Tahoe-LAFS storage_client.py,
/// `get_servers_for_psi`.
[[nodiscard]] storage::ServerList permuted(storage::ServerList servers, StorageIndex index);

}  // namespace tarn::grid
