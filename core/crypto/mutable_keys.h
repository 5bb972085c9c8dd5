#pragma once

#include "core/foundation/ids.h"
#include "core/foundation/secret.h"

namespace tarn::crypto {

/// Grants writing to a mutable file: 16 bytes, hash of its private key.
using WriteKey = Secret<struct WriteKeyTag, 16>;
/// Grants reading a mutable file.
using ReadKey = Secret<struct ReadKeyTag, 16>;

// The one-way steps between what a mutable file's capabilities hold. Source: Tahoe-LAFS docs/specifications/mutable.rst
// and util/hashutil.py, `ssk_readkey_hash` and `ssk_storage_index_hash`.
[[nodiscard]] ReadKey readKeyOf(const WriteKey& key);
[[nodiscard]] StorageIndex storageIndexOf(const ReadKey& key);

}  // namespace tarn::crypto
