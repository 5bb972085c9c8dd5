#include "core/bucketstore/slot_store.h"

#include "core/bucketstore/slot_version.h"

#include <algorithm>

namespace tarn::bucketstore {

namespace {

using formats::gbs::SlotRead;
using formats::gbs::SlotReply;
using formats::gbs::SlotRequest;
using formats::gbs::SlotTest;

constexpr std::size_t comparedAtOnce = 64UL * 1024;

/// How much of `range` there is in data of `length` bytes.
std::uint64_t available(SlotRead range, std::uint64_t length) noexcept {
    return range.offset >= length ? 0 : std::min(range.size, length - range.offset);
}

Result<void> readExactly(const File& file, std::uint64_t offset, MutableByteView out) {
    const auto got = file.read(slotDataOffset + offset, out);
    if (!got) {
        return failure(got.error());
    }
    return *got == out.size() ? Result<void>() : failure(ErrorCode::ServerFailed, "mutable share is cut short");
}

Result<bool> holds(const SlotTest& test, const File* file, std::uint64_t length) {
    if (available(test.range, length) != test.specimen.size()) {
        return false;
    }
    Bytes piece;
    for (std::size_t at = 0; at < test.specimen.size(); at += piece.size()) {
        const ByteView wanted = test.specimen.subspan(at, std::min(comparedAtOnce, test.specimen.size() - at));
        piece.resize(wanted.size());
        if (auto read = readExactly(*file, test.range.offset + at, piece); !read) {
            return failure(read.error());
        }
        if (!std::ranges::equal(piece, wanted)) {
            return false;
        }
    }
    return true;
}

/// Whether a change of this many names needs a record to be one step.
bool isRecorded(const SlotCommit& commit) noexcept {
    return commit.placed.size() + commit.removed.size() > 1;
}

/// An open share of a slot: the version that was current when it was opened, to the end.
class SlotShareReader final : public ShareReader {
public:
    SlotShareReader(std::unique_ptr<File> file, std::uint64_t length) : m_file(std::move(file)), m_length(length) {}

    [[nodiscard]] ByteCount size() const noexcept override { return ByteCount(m_length); }

    [[nodiscard]] Result<std::size_t> read(ByteOffset offset, MutableByteView out) const override {
        const std::uint64_t most = available({offset.value(), out.size()}, m_length);
        auto got = m_file->read(slotDataOffset + offset.value(), out.first(static_cast<std::size_t>(most)));
        if (!got) {
            return failure(ErrorCode::ServerFailed, got.error().detail);
        }
        return got;
    }

private:
    std::unique_ptr<File> m_file;
    std::uint64_t m_length;
};

}  // namespace

SlotStore::SlotStore(std::shared_ptr<FileSystem> files, std::shared_ptr<Clock> clock, std::string incoming,
                     bool readOnly, ShareTree& tree, UnplacedShares& unplaced, UsageCounter& usage, BucketGate& gate,
                     Room room)
    : m_files(std::move(files)), m_clock(std::move(clock)), m_incoming(std::move(incoming)), m_readOnly(readOnly),
      m_tree(tree), m_unplaced(unplaced), m_usage(usage), m_gate(gate), m_room(std::move(room)) {}

Result<std::set<ShareNum>> SlotStore::list(StorageIndex index) {
    const BucketGate::Pass pass(m_gate, index);
    if (auto finished = finishEarlier(index); !finished) {
        return failure(finished.error());
    }
    auto shares = m_tree.shares(index);
    if (!shares || shares->empty()) {
        return shares;
    }
    const auto kind = bucketKind(*m_files, m_tree, index, *shares);
    if (!kind) {
        return failure(kind.error());
    }
    return *kind == ContainerKind::Immutable ? std::set<ShareNum>() : std::move(*shares);
}

Result<std::shared_ptr<const ShareReader>> SlotStore::open(StorageIndex index, ShareNum share) {
    const BucketGate::Pass pass(m_gate, index);
    if (auto finished = finishEarlier(index); !finished) {
        return failure(finished.error());
    }
    auto opened = openContainer(index, share);
    if (!opened) {
        return failure(opened.error());
    }
    return std::shared_ptr<const ShareReader>(
        std::make_shared<SlotShareReader>(std::move(opened->file), opened->layout.dataLength));
}

Result<SlotStore::OpenShare> SlotStore::openContainer(StorageIndex index, ShareNum share) const {
    auto file = m_files->open(m_tree.sharePath(index, share), FileSystem::Access::Read);
    if (!file) {
        return failure(file.error());
    }
    const auto kind = containerKind(**file);
    if (!kind) {
        return failure(kind.error());
    }
    if (*kind == ContainerKind::Immutable) {
        return failure(ErrorCode::NotFound, "no such mutable share");
    }
    auto layout = readSlotLayout(**file);
    if (!layout) {
        return failure(layout.error());
    }
    const auto size = (*file)->size();
    if (!size) {
        return failure(size.error());
    }
    return OpenShare{std::move(*file), *layout, *size};
}

Result<SlotStore::Slot> SlotStore::openSlot(StorageIndex index, const WriteEnabler& enabler,
                                            const SlotRequest& request) const {
    const auto shares = m_tree.shares(index);
    if (!shares) {
        return failure(shares.error());
    }
    Slot slot;
    for (const ShareNum share : *shares) {
        auto opened = openContainer(index, share);
        if (!opened && opened.error().code == ErrorCode::NotFound) {
            return failure(ErrorCode::Conflict, "immutable shares stand here");
        }
        if (!opened) {
            // Damage to one share is no reason to keep the client from the others.
            if (request.changes.contains(share) || opened.error().code != ErrorCode::ServerFailed) {
                return failure(opened.error());
            }
            continue;
        }
        if (!(opened->layout.enabler == enabler)) {
            return failure(ErrorCode::Unauthorized, "wrong write enabler");
        }
        slot.emplace(share, std::move(*opened));
    }
    return slot;
}

namespace {

template <typename Slot>
Result<bool> allTestsHold(const Slot& slot, const SlotRequest& request) {
    for (const auto& [share, change] : request.changes) {
        const auto present = slot.find(share);
        const bool there = present != slot.end();
        for (const SlotTest& test : change.tests) {
            auto held = holds(test, there ? present->second.file.get() : nullptr,
                              there ? present->second.layout.dataLength : 0);
            if (!held || !*held) {
                return held;
            }
        }
    }
    return true;
}

template <typename Slot>
Result<void> readAll(const Slot& slot, const SlotRequest& request, SlotReply& reply) {
    std::uint64_t total = 0;
    for (const auto& [share, opened] : slot) {
        for (const SlotRead& range : request.reads) {
            total += available(range, opened.layout.dataLength);
            if (total > mostSlotReply) {
                return failure(ErrorCode::InvalidArgument, "more to read than one reply may hold");
            }
        }
    }
    for (const auto& [share, opened] : slot) {
        auto& reads = reply.reads[share];
        for (const SlotRead& range : request.reads) {
            Bytes bytes(static_cast<std::size_t>(available(range, opened.layout.dataLength)));
            if (auto read = readExactly(*opened.file, range.offset, bytes); !read) {
                return read;
            }
            reads.push_back(std::move(bytes));
        }
    }
    return {};
}

}  // namespace

Result<SlotReply> SlotStore::readTestWrite(StorageIndex index, const WriteEnabler& enabler, const LeaseSecrets& lease,
                                           const SlotRequest& request) {
    const BucketGate::Pass pass(m_gate, index);
    if (auto finished = finishEarlier(index); !finished) {
        return failure(finished.error());
    }
    const auto slot = openSlot(index, enabler, request);
    if (!slot) {
        return failure(slot.error());
    }
    const auto held = allTestsHold(*slot, request);
    if (!held) {
        return failure(held.error());
    }
    SlotReply reply;
    reply.success = *held;
    if (auto read = readAll(*slot, request, reply); !read) {
        return failure(read.error());
    }
    if (!reply.success) {
        return reply;
    }
    const Lease granted(lease, m_clock->wallNow());
    auto changes = plan(index, *slot, enabler, granted, request);
    if (!changes) {
        return failure(changes.error());
    }
    if (auto renewed = renewKept(*changes, granted); !renewed) {
        return failure(renewed.error());
    }
    if (changes->commit.placed.empty() && changes->commit.removed.empty()) {
        return reply;
    }
    if (m_readOnly) {
        return failure(ErrorCode::NoSpace, "the store is read-only");
    }
    const std::uint64_t growth = changes->bytes > 0 ? static_cast<std::uint64_t>(changes->bytes) : 0;
    if (growth > 0) {
        if (auto claimed = m_room.claim(growth, changes->written); !claimed) {
            return failure(claimed.error());
        }
    }
    auto made = writeVersions(*slot, *changes);
    if (made) {
        made = make(std::move(*changes));
    }
    if (growth > 0) {
        m_room.release(growth);
    }
    if (!made) {
        return failure(made.error());
    }
    return reply;
}

Result<SlotStore::Changes> SlotStore::plan(StorageIndex index, const Slot& slot, const WriteEnabler& enabler,
                                           const Lease& lease, const SlotRequest& request) {
    Changes changes;
    changes.commit.index = index;
    changes.commit.number = ++m_lastNumber;
    for (const auto& [share, change] : request.changes) {
        const auto present = slot.find(share);
        const bool there = present != slot.end();
        auto planned = planSlotChange(there ? std::optional(present->second.layout.dataLength) : std::nullopt, change);
        if (!planned) {
            return failure(planned.error());
        }
        switch (planned->kind) {
        case SlotPlan::Kind::Nothing: break;
        case SlotPlan::Kind::Keep: changes.kept.insert(share); break;
        case SlotPlan::Kind::Remove:
            changes.commit.removed.insert(share);
            --changes.shares;
            changes.bytes -= static_cast<std::int64_t>(present->second.fileSize);
            break;
        case SlotPlan::Kind::Rewrite: {
            Version version;
            version.plan = std::move(*planned);
            if (there) {
                version.form = present->second.layout.version;
                auto parts = readSlotParts(*present->second.file, present->second.layout);
                if (!parts) {
                    return failure(parts.error());
                }
                version.parts = std::move(*parts);
                changes.bytes -= static_cast<std::int64_t>(present->second.fileSize);
            } else {
                version.parts.head = makeSlotHead(m_nodeId, enabler);
                ++changes.shares;
            }
            // A share without room for one more lease is a good share all the same.
            (void)putLease(version.parts, lease, version.form, m_nodeId);
            const std::uint64_t size = slotVersionSize(version.parts, version.plan);
            changes.bytes += static_cast<std::int64_t>(size);
            changes.written += size;
            changes.commit.placed.insert(share);
            changes.versions.emplace(share, std::move(version));
            break;
        }
        }
    }
    return changes;
}

Result<void> SlotStore::renewKept(const Changes& changes, const Lease& lease) {
    for (const ShareNum share : changes.kept) {
        const auto grown = addOrRenewLease(*m_files, m_tree.sharePath(changes.commit.index, share), lease, m_nodeId);
        if (!grown && grown.error().code != ErrorCode::NoSpace) {
            return failure(grown.error());
        }
        if (grown && grown->grown > 0) {
            const auto held = m_usage.hold();
            m_usage.add(held, changes.commit.index, 0, static_cast<std::int64_t>(grown->grown));
        }
    }
    return {};
}

Result<void> SlotStore::writeVersions(const Slot& slot, const Changes& changes) {
    const SlotCommit& commit = changes.commit;
    for (const auto& [share, version] : changes.versions) {
        const std::string path = newVersionPath(m_incoming, commit.index, commit.number, share);
        const auto present = slot.find(share);
        auto file = m_files->open(path, FileSystem::Access::CreateNew);
        Result<void> written = file ? Result<void>() : failure(file.error());
        if (written) {
            written = writeSlotVersion(**file, version.parts, version.plan,
                                       present == slot.end() ? nullptr : present->second.file.get());
        }
        if (written) {
            written = (*file)->sync();
        }
        if (!written) {
            file = failure(written.error());  // closes it
            dropVersions(commit);
            return written;
        }
    }
    return {};
}

Result<void> SlotStore::make(Changes changes) {
    const SlotCommit& commit = changes.commit;
    if (!isRecorded(commit)) {
        // One name changes in one step.
        if (auto done = carryOutCounted(changes); !done) {
            dropVersions(commit);
            return done;
        }
        return finish({Unfinished::Step::Settle, std::move(changes)});
    }
    if (!commit.placed.empty()) {
        // No change of names may lack room once the record counts.
        if (auto folders = m_tree.makeFolders(commit.index); !folders) {
            dropVersions(commit);
            return folders;
        }
    }
    if (auto recorded = record(commit); !recorded) {
        Unfinished undoing{Unfinished::Step::Undo, std::move(changes)};
        auto undone = goOn(undoing);
        return undone ? recorded : undone;
    }
    return finish({Unfinished::Step::Redo, std::move(changes)});
}

Result<void> SlotStore::finish(Unfinished unfinished) {
    auto done = goOn(unfinished);
    // What is settled stays, whatever becomes of its record.
    return unfinished.step == Unfinished::Step::Clear ? Result<void>() : done;
}

Result<void> SlotStore::record(const SlotCommit& commit) {
    auto file = m_files->open(commitPath(m_incoming, commit), FileSystem::Access::CreateNew);
    if (!file) {
        return failure(file.error());
    }
    auto done = (*file)->write(0, std::array{ByteView(writeSlotCommit(commit))});
    if (done) {
        done = (*file)->sync();
    }
    return done ? m_files->syncFolder(m_incoming) : done;
}

Result<void> SlotStore::carryOutCounted(const Changes& changes) {
    const auto held = m_usage.hold();
    auto done = carryOut(*m_files, m_tree, m_incoming, changes.commit);
    if (done) {
        m_usage.add(held, changes.commit.index, changes.shares, changes.bytes);
    }
    return done;
}

Result<void> SlotStore::goOn(Unfinished& unfinished) {
    using Step = Unfinished::Step;
    const SlotCommit commit = unfinished.changes.commit;
    Result<void> done;
    if (unfinished.step == Step::Redo && (done = carryOutCounted(unfinished.changes))) {
        unfinished.step = Step::Settle;
    }
    if (unfinished.step == Step::Settle && (done = m_tree.settle(commit.index))) {
        unfinished.step = Step::Clear;
    }
    if (unfinished.step == Step::Undo || (unfinished.step == Step::Clear && isRecorded(commit))) {
        done = clear(commit);
    }
    const std::lock_guard lock(m_mutex);
    if (done) {
        m_unfinished.erase(commit.index);
        return {};
    }
    m_unfinished.insert_or_assign(commit.index, unfinished);
    return failure(ErrorCode::ServerFailed, done.error().detail);
}

Result<void> SlotStore::finishEarlier(StorageIndex index) {
    if (auto placed = m_unplaced.place(index); !placed) {
        return placed;
    }
    std::optional<Unfinished> earlier;
    {
        const std::lock_guard lock(m_mutex);
        const auto known = m_unfinished.find(index);
        if (known == m_unfinished.end()) {
            return {};
        }
        earlier = known->second;
    }
    return goOn(*earlier);
}

Result<void> SlotStore::clear(const SlotCommit& commit) {
    auto removed = m_files->remove(commitPath(m_incoming, commit));
    if (!removed && removed.error().code != ErrorCode::NotFound) {
        return removed;
    }
    // The versions go after the record is gone for good: a record that finds half of them would be carried out by half.
    auto synced = m_files->syncFolder(m_incoming);
    if (synced) {
        dropVersions(commit);
    }
    return synced;
}

void SlotStore::dropVersions(const SlotCommit& commit) {
    for (const ShareNum share : commit.placed) {
        // Where even this fails, the next start clears it away: no record names it.
        (void)m_files->remove(newVersionPath(m_incoming, commit.index, commit.number, share));
    }
}

}  // namespace tarn::bucketstore
