#include "core/bucketstore/disk_failure.h"
#include "core/bucketstore/disk_store.h"
#include "core/foundation/base32.h"

#include <algorithm>
#include <chrono>
#include <thread>

namespace tarn::bucketstore {

namespace {

constexpr std::size_t copiedAtOnce = 256UL * 1024;

/// Whether two containers hold the same data, whatever their leases are.
Result<bool> sameData(const File& a, const File& b) {
    const auto left = readShareRecord(a);
    const auto right = readShareRecord(b);
    if (!left || !right) {
        return false;
    }
    if (left->kind != right->kind || left->dataLength != right->dataLength) {
        return false;
    }
    const std::uint64_t begin = left->kind == ContainerKind::Mutable ? slotDataOffset : containerHeaderSize;
    Bytes here(copiedAtOnce);
    Bytes there(copiedAtOnce);
    for (std::uint64_t at = 0; at < left->dataLength; at += copiedAtOnce) {
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(copiedAtOnce, left->dataLength - at));
        const auto gotHere = a.read(begin + at, MutableByteView(here).first(count));
        const auto gotThere = b.read(begin + at, MutableByteView(there).first(count));
        if (!gotHere || !gotThere) {
            return failure(gotHere ? gotThere.error() : gotHere.error());
        }
        if (*gotHere != count || *gotThere != count ||
            !std::equal(here.begin(), here.begin() + std::ptrdiff_t(count), there.begin())) {
            return false;
        }
    }
    return true;
}

Result<void> copyAndCompare(FileSystem& files, const std::string& from, const std::string& to, std::uint64_t size) {
    const auto source = files.open(from, FileSystem::Access::Read);
    if (!source) {
        return failure(source.error());
    }
    (void)files.remove(to);  // what an import that was stopped left here
    const auto copy = files.open(to, FileSystem::Access::CreateNew);
    if (!copy) {
        return failure(copy.error());
    }
    Bytes piece(copiedAtOnce);
    Bytes check(copiedAtOnce);
    for (const bool comparing : {false, true}) {
        for (std::uint64_t at = 0; at < size; at += copiedAtOnce) {
            const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(copiedAtOnce, size - at));
            const MutableByteView bytes = MutableByteView(piece).first(count);
            const auto got = (*source)->read(at, bytes);
            if (!got) {
                return failure(got.error());
            }
            if (*got != count) {
                return failure(ErrorCode::ServerFailed, "the share changed while it was copied");
            }
            if (!comparing) {
                if (auto written = (*copy)->write(at, std::array{ByteView(bytes)}); !written) {
                    return written;
                }
                continue;
            }
            const auto again = (*copy)->read(at, MutableByteView(check).first(count));
            if (!again || *again != count || !std::ranges::equal(bytes, ByteView(check).first(count))) {
                return failure(ErrorCode::ServerFailed, "the copy of a share is not what it was copied from");
            }
        }
        if (!comparing) {
            if (auto synced = (*copy)->sync(); !synced) {
                return synced;
            }
        }
    }
    return {};
}

}  // namespace

void DiskStore::waitUntilCounted() const {
    while (!m_usage.certain()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

Result<DiskStore::Adopted> DiskStore::adopt(const ShareKey& share, const std::string& from, std::uint64_t size) {
    const BucketGate::Pass pass(m_gate, share.first);
    if (auto placed = m_unplaced.place(share.first); !placed) {
        return diskFailure(placed.error());
    }
    const std::string place = m_tree.sharePath(share.first, share.second);
    if (const auto there = m_files->open(place, FileSystem::Access::Read)) {
        const auto source = m_files->open(from, FileSystem::Access::Read);
        if (!source) {
            return failure(source.error());
        }
        const auto same = sameData(**there, **source);
        if (!same) {
            return failure(same.error());
        }
        return *same ? Result<Adopted>(Adopted::AlreadyThere)
                     : failure(ErrorCode::Conflict, "another share stands in its place here");
    }
    const auto freeOnDisk = m_files->freeSpace(m_folder);
    if (!freeOnDisk) {
        return failure(freeOnDisk.error());
    }
    {
        const std::uint64_t used = m_usage.now().bytes;
        const std::lock_guard lock(m_mutex);
        if (m_begun.contains(share)) {
            return failure(ErrorCode::Conflict, "the share is being uploaded");
        }
        if (size > roomLeft(*freeOnDisk, used)) {
            return Adopted::NoRoom;
        }
    }
    std::string incoming = m_folder;
    incoming.append("/incoming/import.").append(toBase32(share.first.bytes())).append(1, '.');
    incoming.append(std::to_string(share.second.value()));
    (void)m_files->remove(incoming);
    auto result = Adopted::Linked;
    auto brought = m_files->link(from, incoming);
    if (!brought && brought.error().code == ErrorCode::InvalidArgument) {
        result = Adopted::Copied;
        brought = copyAndCompare(*m_files, from, incoming, size);
    }
    if (brought) {
        const auto held = m_usage.hold();
        brought = m_tree.place(incoming, share.first, share.second);
        if (brought) {
            m_usage.add(held, share.first, 1, static_cast<std::int64_t>(size));
        }
    }
    if (!brought) {
        (void)m_files->remove(incoming);
        return failure(brought.error());
    }
    m_caretaker->note(share, noLeasePlace, {});
    return result;
}

}  // namespace tarn::bucketstore
