#pragma once

#include "core/crypto/hash.h"
#include "core/formats/encoding.h"
#include "core/foundation/bytes.h"
#include "core/foundation/result.h"

namespace tarn::formats {

/// The URI extension block: what a reader must know beyond the capability, fixed by the hash in it.
/// A sorted run of `key:netstring(value),`. Source: Tahoe-LAFS docs/specifications/URI-extension.rst, uri.py.
struct UriExtension {
    Geometry geometry;
    crypto::Hash crypttextHash;
    crypto::Hash crypttextRootHash;
    crypto::Hash shareRootHash;
};

[[nodiscard]] Bytes packUriExtension(const UriExtension& extension);
/// The length of every extension with this geometry (the hashes' values do not change it).
[[nodiscard]] std::size_t packedUriExtensionSize(const Geometry& geometry);

/// The most that `parseUriExtension` looks at.
inline constexpr std::size_t mostUriExtension = 4096;

/// Reads and checks an extension against the capability's k, n and size; unknown keys are passed over; every number
/// that is given must agree with the geometry it implies. Fails: CorruptFile.
[[nodiscard]] Result<UriExtension> parseUriExtension(ByteView packed, unsigned required, unsigned total,
                                                     ByteCount size);

}  // namespace tarn::formats
