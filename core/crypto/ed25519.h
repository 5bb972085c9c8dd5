#pragma once

#include "core/foundation/bytes.h"
#include "core/foundation/ids.h"
#include "core/foundation/random.h"
#include "core/foundation/secret.h"

namespace tarn::crypto {

/// A server's lasting identity.
using Ed25519Seed = Secret<struct Ed25519SeedTag, 32>;
using Ed25519PublicKey = FixedId<struct Ed25519PublicKeyTag, 32>;
using Ed25519Signature = FixedId<struct Ed25519SignatureTag, 64>;

[[nodiscard]] Ed25519PublicKey publicKeyOf(const Ed25519Seed& seed);
[[nodiscard]] Ed25519Signature sign(const Ed25519Seed& seed, ByteView message);
[[nodiscard]] bool verify(const Ed25519PublicKey& key, ByteView message, const Ed25519Signature& signature);

}  // namespace tarn::crypto
