#include "core/bucketstore/disk_store.h"

#include <array>
#include <utility>

// What a DiskStore does with shares that are complete in the log and have no file yet.

namespace tarn::bucketstore {

namespace {

/// Shares that are complete and have no file: with more, files are made at the rate at which shares come.
constexpr std::size_t mostUnplaced = 2048;

}  // namespace

bool DiskStore::leaveUnplaced(StorageIndex index, const std::vector<Whole>& shares, ShareLog::Ticket& ticket) {
    if (m_placingFails || m_unplaced.count() >= mostUnplaced) {
        return false;
    }
    // With the bucket's gate, so that nothing else takes a place in between that a client is told is its share's.
    const BucketGate::Pass pass(m_gate, index);
    for (const Whole& share : shares) {
        if (m_files->fileSize(m_tree.sharePath(index, share.begun->key.second))) {
            return false;
        }
    }
    UnplacedShares::Batch batch{std::move(ticket), {}};
    for (std::size_t i = 0; i < shares.size(); ++i) {
        batch.shares.emplace_back(shares[i].begun->key, i);
    }
    // First of all: whoever sees that a share is logged may wait for its placing, which waits for the shares' locks.
    m_unplaced.add(index, std::move(batch));
    for (const Whole& share : shares) {
        Begun& begun = *share.begun;
        const std::lock_guard account(m_mutex);
        begun.logged = true;
        ++m_unplacedSum.shares;
        m_unplacedSum.bytes += begun.size + containerOverhead;
    }
    for (const Whole& share : shares) {
        m_caretaker->note(share.begun->key, 0, share.begun->client);
    }
    return true;
}

Result<void> DiskStore::placeLogged(UnplacedShares::Batch& batch) {
    Result<void> outcome;
    decltype(batch.shares) left;
    for (const auto& [key, entry] : batch.shares) {
        std::shared_ptr<Begun> begun;
        {
            const std::lock_guard lock(m_mutex);
            begun = m_begun.at(key);
        }
        const std::lock_guard lock(begun->mutex);
        auto placed = placeLogged(*begun, batch.ticket, entry);
        // Somebody put a share in its place by hand, or the disk lost what the log had of it.
        const auto isFinal = [](ErrorCode code) {
            return code == ErrorCode::Conflict || code == ErrorCode::CorruptShare;
        };
        const bool never = !placed && isFinal(placed.error().code);
        // Others place other buckets' shares meanwhile: what they say of the disk says nothing of this share.
        const bool failed = !placed && !never;
        m_placingFails = failed;
        if (failed) {
            begun->placedLate = true;
            outcome = std::move(placed);
            left.emplace_back(key, entry);
            continue;
        }
        if (never) {
            m_log.cancel(batch.ticket, entry, key);
            giveUp(*begun);
            continue;
        }
        forget(*begun);
        if (begun->placedLate) {
            m_caretaker->note(key, 0, begun->client);  // it looked before
        }
    }
    batch.shares = std::move(left);
    return outcome;
}

Result<void> DiskStore::placeLogged(Begun& begun, const ShareLog::Ticket& ticket, std::size_t entry) {
    const auto container = m_log.read(ticket, entry);
    if (!container) {
        return failure(container.error());
    }
    {
        const auto file = openIncoming(begun);
        if (!file) {
            return failure(file.error());
        }
        if (auto written = (*file)->write(0, std::array{ByteView(*container)}); !written) {
            return written;
        }
    }
    return place(begun);
}

}  // namespace tarn::bucketstore
