#include "core/bucketstore/slot_commit.h"

#include "core/bucketstore/container.h"
#include "core/crypto/hash.h"
#include "core/foundation/base32.h"

#include <algorithm>

namespace tarn::bucketstore {

namespace {

constexpr std::string_view magic = "tarn slot commit 1\n";
constexpr std::string_view commitSuffix = ".commit";
constexpr std::size_t fixedSize = magic.size() + StorageIndex::size + 8 + 2;
constexpr std::size_t entrySize = 2;
constexpr std::size_t mostEntries = 256;
constexpr std::size_t mostRecord = fixedSize + mostEntries * entrySize + crypto::Hash::size;

enum class Action : Byte { Remove = 0, Place = 1 };

std::string stem(const std::string& incoming, StorageIndex index, std::uint64_t number) {
    return incoming + '/' + toBase32(index.bytes()) + ".v" + std::to_string(number);
}

Result<void> removeIfThere(FileSystem& files, const std::string& path) {
    auto removed = files.remove(path);
    if (!removed && removed.error().code == ErrorCode::NotFound) {
        return {};
    }
    return removed;
}

}  // namespace

std::string newVersionPath(const std::string& incoming, StorageIndex index, std::uint64_t number, ShareNum share) {
    return stem(incoming, index, number) + '.' + std::to_string(share.value());
}

std::string commitPath(const std::string& incoming, const SlotCommit& commit) {
    return stem(incoming, commit.index, commit.number).append(commitSuffix);
}

bool isCommitName(std::string_view name) noexcept {
    return name.ends_with(commitSuffix);
}

Bytes writeSlotCommit(const SlotCommit& commit) {
    const std::size_t count = commit.placed.size() + commit.removed.size();
    Bytes record(fixedSize + count * entrySize + crypto::Hash::size);
    auto at = std::ranges::copy(magic, record.begin()).out;
    at = std::ranges::copy(commit.index.bytes(), at).out;
    at = std::ranges::copy(bigEndian64(commit.number), at).out;
    *at++ = static_cast<Byte>(count >> 8U);
    *at++ = static_cast<Byte>(count);
    const auto putEntries = [&at](const std::set<ShareNum>& shares, Action action) {
        for (const ShareNum share : shares) {
            *at++ = static_cast<Byte>(action);
            *at++ = static_cast<Byte>(share.value());
        }
    };
    putEntries(commit.placed, Action::Place);
    putEntries(commit.removed, Action::Remove);
    const ByteView summed = ByteView(record).first(record.size() - crypto::Hash::size);
    std::ranges::copy(crypto::sha256(summed).bytes(), at);
    return record;
}

std::optional<SlotCommit> parseSlotCommit(ByteView record) {
    if (record.size() < fixedSize + crypto::Hash::size || record.size() > mostRecord ||
        !textOf(record).starts_with(magic)) {
        return std::nullopt;
    }
    const ByteView summed = record.first(record.size() - crypto::Hash::size);
    if (!std::ranges::equal(crypto::sha256(summed).bytes(), record.last(crypto::Hash::size))) {
        return std::nullopt;
    }
    SlotCommit commit;
    ByteView rest = summed.subspan(magic.size());
    commit.index = *StorageIndex::fromBytes(rest.first(StorageIndex::size));
    commit.number = readBigEndian64(rest.subspan(StorageIndex::size));
    rest = summed.subspan(fixedSize - 2);
    const std::size_t count = std::size_t{rest[0]} << 8U | rest[1];
    rest = rest.subspan(2);
    if (rest.size() != count * entrySize) {
        return std::nullopt;
    }
    for (; !rest.empty(); rest = rest.subspan(entrySize)) {
        if (rest[0] > static_cast<Byte>(Action::Place)) {
            return std::nullopt;
        }
        (rest[0] == static_cast<Byte>(Action::Place) ? commit.placed : commit.removed).insert(ShareNum(rest[1]));
    }
    return commit;
}

Result<void> carryOut(FileSystem& files, ShareTree& tree, const std::string& incoming, const SlotCommit& commit) {
    for (const ShareNum share : commit.placed) {
        const std::string from = newVersionPath(incoming, commit.index, commit.number, share);
        const auto waiting = files.fileSize(from);
        if (!waiting && waiting.error().code == ErrorCode::NotFound) {
            continue;  // it is in its place
        }
        if (!waiting) {
            return failure(waiting.error());
        }
        if (auto placed = tree.replace(from, commit.index, share); !placed) {
            return placed;
        }
    }
    for (const ShareNum share : commit.removed) {
        if (auto removed = removeIfThere(files, tree.sharePath(commit.index, share)); !removed) {
            return removed;
        }
    }
    return {};
}

Result<void> redoSlotCommits(FileSystem& files, ShareTree& tree, const std::string& incoming) {
    const auto names = files.names(incoming);
    if (!names) {
        return failure(names.error());
    }
    for (const std::string& name : *names) {
        if (!isCommitName(name)) {
            continue;
        }
        std::string path = incoming;
        path.append(1, '/').append(name);
        const auto file = files.open(path, FileSystem::Access::Read);
        if (!file) {
            return failure(file.error());
        }
        Bytes record(mostRecord + 1);
        const auto got = (*file)->read(0, record);
        if (!got) {
            return failure(got.error());
        }
        const auto commit = parseSlotCommit(ByteView(record).first(*got));
        if (!commit) {
            continue;
        }
        auto done = carryOut(files, tree, incoming, *commit);
        if (done && !commit->placed.empty()) {
            done = tree.settle(commit->index);
        }
        if (!done) {
            return done;
        }
    }
    return {};
}

}  // namespace tarn::bucketstore
