#pragma once

#include "core/crypto/aes_ctr.h"
#include "core/crypto/hash.h"
#include "core/foundation/ids.h"
#include "core/foundation/secret.h"
#include "core/foundation/units.h"

namespace tarn::crypto {

/// Mixed into every convergent key, so that nobody outside can tell which files a person has. 16 bytes where Tahoe-LAFS
/// or Tarn made it, any length where a person chose it.
class ConvergenceSecret {
public:
    explicit ConvergenceSecret(Bytes bytes) : m_bytes(std::move(bytes)) {}
    ConvergenceSecret(const ConvergenceSecret&) = default;
    ConvergenceSecret& operator=(const ConvergenceSecret&) = default;
    ~ConvergenceSecret() { wipe(m_bytes); }
    [[nodiscard]] ByteView reveal() const noexcept { return m_bytes; }

private:
    Bytes m_bytes;
};

/// From this one secret come all lease secrets of a client.
using LeaseMaster = Secret<struct LeaseMasterTag, 32>;

/// Hashes a whole plaintext to its convergent key.
/// Source: Tahoe-LAFS util/hashutil.py, `convergence_hasher`. Thread: one at a time.
class ConvergentKeyHasher {
public:
    /// `segmentSize` is the file's own: the profile's maximum, cut to the file and rounded up to a multiple of
    /// `required`.
    ConvergentKeyHasher(const ConvergenceSecret& secret, unsigned required, unsigned total, ByteCount segmentSize);
    void update(ByteView plaintext) { m_hasher.update(plaintext); }
    [[nodiscard]] FileKey finish();

private:
    TaggedHasher m_hasher;
};

[[nodiscard]] StorageIndex storageIndexOf(const FileKey& key);

/// The lease secrets for one bucket on one server.
/// Source: Tahoe-LAFS util/hashutil.py, `bucket_renewal_secret_hash` and what leads to it.
[[nodiscard]] LeaseSecrets leaseSecretsFor(const LeaseMaster& master, StorageIndex index, LeaseSeed server);

/// Where the upload secrets of one person's `number`th transfer come from. Known again as long as the master is, so
/// that what it began can be gone on with; nothing in it tells of the master, or of another number.
[[nodiscard]] UploadSecret uploadSeedFor(const LeaseMaster& master, std::uint64_t number);
/// The secret for one bucket on one server, from such a seed.
[[nodiscard]] UploadSecret uploadSecretFor(const UploadSecret& seed, StorageIndex index, LeaseSeed server);

}  // namespace tarn::crypto
