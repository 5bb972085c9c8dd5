#pragma once

#include "core/crypto/aes_ctr.h"
#include "core/crypto/hash.h"
#include "core/crypto/mutable_keys.h"
#include "core/foundation/bytes.h"
#include "core/foundation/ids.h"
#include "core/foundation/result.h"
#include "core/foundation/units.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace tarn::caps {

// Capabilities are unrelated types: a write capability is not a kind of read capability, it can be weakened to one.
// None of them converts to text by itself or goes to a stream; `reveal()` is the one place where the secret leaves.
// Source: Tahoe-LAFS docs/specifications/uri.rst and uri.py.

using crypto::ReadKey;
using crypto::WriteKey;

/// `URI:CHK-Verifier:` checks the shares of an immutable file without reading it.
struct ChkVerifier {
    StorageIndex storageIndex;
    crypto::Hash uriExtensionHash;
    unsigned required = 0;
    unsigned total = 0;
    ByteCount size;
    [[nodiscard]] std::string reveal() const;
};

/// `URI:CHK:` reads an immutable file kept in shares.
struct Chk {
    crypto::FileKey key;
    crypto::Hash uriExtensionHash;
    unsigned required = 0;
    unsigned total = 0;
    ByteCount size;
    [[nodiscard]] ChkVerifier verifier() const;
    [[nodiscard]] StorageIndex storageIndex() const;
    [[nodiscard]] std::string reveal() const;
};

/// `URI:LIT:` is the file: its bytes stand in the capability itself. Written for files of up to 55 bytes.
struct Literal {
    static constexpr std::size_t mostWritten = 55;
    Bytes data;
    [[nodiscard]] std::string reveal() const;
};

/// `URI:SSK-Verifier:` (SDMF) and `URI:MDMF-Verifier:`.
enum class MutableFormat : std::uint8_t { Sdmf, Mdmf };

struct MutableVerifier {
    MutableFormat format = MutableFormat::Sdmf;
    StorageIndex storageIndex;
    crypto::Hash fingerprint;
    [[nodiscard]] std::string reveal() const;
};

/// `URI:SSK-RO:` and `URI:MDMF-RO:`.
struct MutableRead {
    MutableFormat format = MutableFormat::Sdmf;
    ReadKey key;
    crypto::Hash fingerprint;
    [[nodiscard]] MutableVerifier verifier() const;
    [[nodiscard]] StorageIndex storageIndex() const;
    [[nodiscard]] std::string reveal() const;
};

/// `URI:SSK:` and `URI:MDMF:`.
struct MutableWrite {
    MutableFormat format = MutableFormat::Sdmf;
    WriteKey key;
    crypto::Hash fingerprint;
    [[nodiscard]] MutableRead readOnly() const;
    [[nodiscard]] MutableVerifier verifier() const;
    [[nodiscard]] StorageIndex storageIndex() const;
    [[nodiscard]] std::string reveal() const;
};

/// A directory, told by the file that holds it: `URI:DIR2:`, `URI:DIR2-CHK:`, `URI:DIR2-MDMF-RO:` and the others.
template <typename File>
struct Directory {
    File file;
    [[nodiscard]] std::string reveal() const;
};

/// A capability of a kind that this version does not know, carried untouched.
struct Unknown {
    std::string text;
    [[nodiscard]] std::string reveal() const { return text; }
};

using Capability = std::variant<Chk, ChkVerifier, Literal, MutableWrite, MutableRead, MutableVerifier, Directory<Chk>,
                                Directory<ChkVerifier>, Directory<Literal>, Directory<MutableWrite>,
                                Directory<MutableRead>, Directory<MutableVerifier>, Unknown>;

/// The longest text that `parse` looks at.
inline constexpr std::size_t mostCapabilityText = 4096;

/// Reads a capability as a person pastes it: white space around it is dropped; percent-encoding is not undone.
///
/// A kind that Tahoe-LAFS knows is taken in every spelling that Tahoe-LAFS takes (leading zeros of a number; anything
/// after the last field of CHK-Verifier, or after a colon behind an MDMF kind) and printed in the one it prints;
/// besides, 1 <= required <= total <= 256 must hold. Carried untouched as Unknown: another kind (`URI:<kind>:…`),
/// another scheme
/// (`lafs://…`, `x-…`), and any capability behind `ro.` or `imm.`: by that a directory vouches that its child is
/// read-only or immutable, and dropping the prefix would drop the promise.
/// Fails: InvalidCapability (the detail never repeats the text).
[[nodiscard]] Result<Capability> parse(std::string_view text);

[[nodiscard]] std::string reveal(const Capability& capability);

/// The read-only form; the same when it is read-only already; nothing when it cannot read (verifiers, unknown).
[[nodiscard]] std::optional<Capability> readOnly(const Capability& capability);
/// The verifier; nothing for literals (nothing to verify) and unknown kinds.
[[nodiscard]] std::optional<Capability> verifier(const Capability& capability);
/// Where it lives on servers; nothing for literals and unknown kinds.
[[nodiscard]] std::optional<StorageIndex> storageIndex(const Capability& capability);
/// A short name of its kind: "CHK", "LIT", "SSK-RO", "DIR2-MDMF-Verifier", "unknown".
[[nodiscard]] std::string_view kindName(const Capability& capability);

}  // namespace tarn::caps
