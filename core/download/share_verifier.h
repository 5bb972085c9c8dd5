#pragma once

#include "core/caps/capability.h"
#include "core/download/held_bytes.h"
#include "core/download/open_share.h"

#include <optional>
#include <string>
#include <vector>

namespace tarn::download {

/// Finds out whether one share belongs to a capability, and what its blocks must hash to. Pure: it says which bytes it
/// needs, takes them, and looks again.
///
///     capability ── URI extension ──┬── share root ── chain ── block root ── block hashes
///                                   └── crypttext root ── crypttext hashes
///
/// Only the last row of a stored hash tree is relied on: the rows above are worked out and compared with the proved
/// root. What is not needed to read may be damaged; a share is then still used, and the damage is told in `damage`.
/// Memory is bounded whatever the share says: 2 MiB and 16 MiB / k for a first answer, then the hash rows, which
/// `mostHashBytes` limits. Thread: one at a time; `examine` hashes up to that many bytes and belongs on the CPU pool.
/// Source: Tahoe-LAFS immutable/layout.py, immutable/downloader/share.py, docs/specifications/file-encoding.rst.
class ShareVerifier {
public:
    /// All hash rows (k shares' and the crypttext's) of one download may take this much memory: at k = 3 enough for a
    /// million segments. A file with more is refused.
    static constexpr std::uint64_t mostHashBytes = 128ULL * 1024 * 1024;

    ShareVerifier(caps::ChkVerifier capability, ShareNum share);

    /// What a share of the file takes at most, where that is little enough to read it whole at once.
    [[nodiscard]] static std::optional<ByteCount> smallShare(const caps::ChkVerifier& capability);
    /// What to ask for before anything is known, all at the same time. A small share comes whole.
    [[nodiscard]] std::vector<storage::ByteRange> firstRanges() const;
    /// Takes what a server gave for a range.
    void take(storage::ByteRange asked, Bytes bytes) { m_held.add(asked, std::move(bytes)); }
    /// Takes all the bytes of the share, as far as its server has them.
    void takeWhole(Bytes bytes);
    /// Nothing has come yet.
    [[nodiscard]] bool isFresh() const noexcept { return m_held.isEmpty(); }

    struct Verdict {
        enum class Kind : std::uint8_t {
            NeedsBytes,  ///< read `wants`, then examine again
            NeedsFacts,  ///< its URI extension is damaged: it can be used once another share has proved the file's
                         ///< facts
            Proved,      ///< `share` is ready
        };
        Kind kind = Kind::NeedsBytes;
        std::vector<storage::ByteRange> wants;
        std::shared_ptr<const OpenShare> share;
        /// Proved along the way, where the bytes were at hand.
        HashRow crypttextHashes;
        bool crypttextDamaged = false;
        /// What was found damaged so far without making the share useless, for its server.
        std::vector<std::string> damage;
    };

    /// Looks at all that has come. Fails: CorruptShare (this share cannot be used); CorruptFile, UnsupportedCapability
    /// (the capability itself names a file that cannot be read, so no share can help).
    [[nodiscard]] Result<Verdict> examine(const FileKnowledge& known);

private:
    /// What a step of the examination comes to; nothing when the next step can go on.
    using Step = Result<std::optional<Verdict>>;

    [[nodiscard]] Step readHeader();
    [[nodiscard]] Step readUriExtension();
    [[nodiscard]] Step readChain();
    [[nodiscard]] Step readBlockHashes();
    void readCrypttextHashes(const FileKnowledge& known);
    void compareUnusedFields();

    /// The most bytes to read at once of a share that has proved nothing yet.
    [[nodiscard]] std::uint64_t mostGuess() const noexcept;
    /// Nothing when all of `needed` is here; otherwise asks for `wants`, or says that the share ends too early.
    [[nodiscard]] Step require(storage::ByteRange needed, std::vector<storage::ByteRange> wants) const;
    [[nodiscard]] storage::ByteRange treeRange(std::uint64_t tree) const;
    /// Whether a stored tree differs from the one that its proved leaves make. False where it is not all at hand.
    [[nodiscard]] bool differsFrom(std::uint64_t tree, const HashRow& leaves) const;
    void noteDamage(std::string what);

    caps::ChkVerifier m_capability;
    ShareNum m_share;
    HeldBytes m_held;
    std::optional<formats::ShareLayout> m_layout;
    bool m_extensionRead = false;
    std::shared_ptr<const FileFacts> m_facts;
    std::optional<crypto::Hash> m_blockRoot;
    HashRow m_blockHashes;
    HashRow m_crypttextHashes;
    bool m_crypttextDamaged = false;
    std::vector<std::string> m_damage;
};

}  // namespace tarn::download
