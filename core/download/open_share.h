#pragma once

#include "core/download/file_facts.h"
#include "core/formats/share_layout.h"
#include "core/foundation/result.h"
#include "core/storage/storage_server.h"

#include <optional>

namespace tarn::download {

/// Segments [first, first + count) of a file.
struct SegmentRun {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    bool operator==(const SegmentRun&) const = default;
};

/// A share whose hash of each block is proved: what remains is to read blocks and compare. Immutable; thread: any.
struct OpenShare {
    formats::ShareLayout layout;
    std::shared_ptr<const FileFacts> facts;
    HashRow blockHashes;
    /// The share's data region, where reading the hashes brought it along (small shares come in one piece).
    std::optional<Bytes> blocks;

    /// Where the blocks of a run stand: one range.
    [[nodiscard]] storage::ByteRange blockRange(SegmentRun run) const;
    /// A run's blocks, if the share holds its data region.
    [[nodiscard]] std::optional<Bytes> heldBlocks(SegmentRun run) const;
    /// Checks a run's blocks, end to end in `runBlocks`. Fails: CorruptShare (names the first bad one, or says that
    /// bytes lack).
    [[nodiscard]] Result<void> checkBlocks(SegmentRun run, ByteView runBlocks) const;

    /// Where the crypttext hash of each segment stands, cut into reads of a bounded size.
    [[nodiscard]] std::vector<storage::ByteRange> crypttextHashRanges() const;
};

/// Checks that `packed` is a whole row of leaf hashes under `root`. Fails: CorruptShare.
[[nodiscard]] Result<HashRow> proveRow(ByteView packed, const crypto::Hash& root);

/// Where the leaf hashes of a tree that begins at `tree` stand in a share: padding left out.
[[nodiscard]] storage::ByteRange leafRange(std::uint64_t tree, std::uint64_t leafCount) noexcept;
/// `range` cut into pieces of at most 4 MiB.
[[nodiscard]] std::vector<storage::ByteRange> inPieces(storage::ByteRange range);

}  // namespace tarn::download
