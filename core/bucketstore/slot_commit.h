#pragma once

#include "core/bucketstore/share_tree.h"

#include <map>

namespace tarn::bucketstore {

// A change of several shares of one slot, as one step: a record of it in `incoming/` that is made durable before the
// first share is touched, and by which a restart finishes what was begun. See core/doc/formats/bucket-store.md.

/// What is to happen to the shares of one slot. The new versions wait in `incoming/` under names that hold `number`, so
/// that no record can be taken for another's, nor its files.
struct SlotCommit {
    StorageIndex index;
    std::uint64_t number = 0;
    std::set<ShareNum> placed;
    std::set<ShareNum> removed;
};

[[nodiscard]] std::string newVersionPath(const std::string& incoming, StorageIndex index, std::uint64_t number,
                                         ShareNum share);
[[nodiscard]] std::string commitPath(const std::string& incoming, const SlotCommit& commit);
/// Whether a name in `incoming/` is a commit record's.
[[nodiscard]] bool isCommitName(std::string_view name) noexcept;

[[nodiscard]] Bytes writeSlotCommit(const SlotCommit& commit);
/// Nothing when it is no record, or not a whole one: then no share was touched.
[[nodiscard]] std::optional<SlotCommit> parseSlotCommit(ByteView record);

/// Moves the new versions to their places and removes what is to go, as far as that is not done yet. May be called
/// again after a failure, and after a restart. What it did is to be settled.
[[nodiscard]] Result<void> carryOut(FileSystem& files, ShareTree& tree, const std::string& incoming,
                                    const SlotCommit& commit);

/// Carries out the records that a stopped program left in `incoming`. The caller makes sure that all is on the disk
/// before it removes the records.
[[nodiscard]] Result<void> redoSlotCommits(FileSystem& files, ShareTree& tree, const std::string& incoming);

}  // namespace tarn::bucketstore
