#include "core/storage/limited_server.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tarn::storage {

namespace {

using Line = LimitedServer::Line;

/// The time to wait, in the timers' unit.
async::Milliseconds spanOf(TokenBucket::Duration wait) {
    return std::chrono::ceil<async::Milliseconds>(wait);
}

/// Waits until bytes may move that were taken.
async::Task<void> holdBack(std::shared_ptr<Line> line, TokenBucket::Duration wait, std::stop_token stop) {
    const auto span = spanOf(wait);
    if (span.count() <= 0) {
        co_return {};
    }
    ++line->heldBack;
    auto waited = co_await async::sleepFor(line->timers, span, stop);
    --line->heldBack;
    line->heldBackUntil = line->limits->now();
    co_return waited;
}

SharedBytes pieceOf(const SharedBytes& data, std::size_t begin, std::size_t size) {
    if (begin == 0 && size == data->size()) {
        return data;
    }
    const auto first = data->begin() + static_cast<std::ptrdiff_t>(begin);
    return std::make_shared<Bytes>(first, first + static_cast<std::ptrdiff_t>(size));
}

async::Task<WriteProgress> writeInPieces(std::shared_ptr<Line> line, StorageIndex index, ShareNum share,
                                         UploadSecret upload, ByteOffset offset, SharedBytes data,
                                         std::stop_token stop) {
    Result<WriteProgress> progress = WriteProgress{};
    std::size_t written = 0;
    do {
        // Asked for anew each time: the limits may change in the middle of a write.
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(data->size() - written, line->up.piece()));
        const auto waited = co_await holdBack(line, line->up.take(size), stop);
        if (!waited) {
            co_return failure(waited.error());
        }
        const auto at = offset + ByteCount(written);
        auto piece = pieceOf(data, written, size);
        progress = co_await line->inner->write(index, share, upload, at, std::move(piece), stop);
        written += size;
    } while (progress && written < data->size());
    co_return progress;
}

/// Shares go along as far as they make one piece; the others are written when they have room.
async::Task<Allocation> allocateWithWhat(std::shared_ptr<Line> line, StorageIndex index, std::set<ShareNum> shares,
                                         ByteCount size, WholeShares whole, UploadSecret upload, LeaseSecrets lease,
                                         std::stop_token stop) {
    while (!whole.empty() && whole.size() * size.value() > line->up.piece()) {
        whole.erase(std::prev(whole.end()));
    }
    // A mere question does not wait behind bytes.
    if (!whole.empty()) {
        const auto waited = co_await holdBack(line, line->up.take(whole.size() * size.value()), stop);
        if (!waited) {
            co_return failure(waited.error());
        }
    }
    auto allocation =
        co_await line->inner->allocateAndWrite(index, std::move(shares), size, std::move(whole), upload, lease, stop);
    co_return allocation;
}

async::Task<Bytes> readInPieces(std::shared_ptr<Line> line, StorageIndex index, ShareNum share, ByteOffset offset,
                                ByteCount length, std::stop_token stop) {
    Bytes all;
    while (all.size() < length.value()) {
        const auto size = std::min<std::uint64_t>(length.value() - all.size(), line->down.piece());
        const auto waited = co_await holdBack(line, line->down.take(size), stop);
        if (!waited) {
            co_return failure(waited.error());
        }
        const auto at = offset + ByteCount(all.size());
        auto piece = co_await line->inner->read(index, share, at, ByteCount(size), stop);
        if (!piece) {
            co_return piece;
        }
        const bool ends = piece->size() < size;
        if (all.empty()) {
            all = std::move(*piece);
        } else {
            all.insert(all.end(), piece->begin(), piece->end());
        }
        if (ends) {
            break;  // so does the share
        }
    }
    co_return all;
}

}  // namespace

LimitedServer::LimitedServer(std::shared_ptr<StorageServer> inner, std::shared_ptr<async::Timers> timers,
                             const std::shared_ptr<RateLimits>& limits)
    : m_inner(std::move(inner)), m_line(std::make_shared<Line>(Line{m_inner,
                                                                    std::move(timers),
                                                                    limits,
                                                                    {limits, RateLimits::Way::Direction::Up},
                                                                    {limits, RateLimits::Way::Direction::Down},
                                                                    0,
                                                                    SteadyTime::min()})) {}

SteadyTime LimitedServer::heldBackUntil() const noexcept {
    return m_line->heldBack > 0 ? m_line->limits->now() : m_line->heldBackUntil;
}

async::Task<Allocation> LimitedServer::allocate(StorageIndex index, std::set<ShareNum> shares, ByteCount size,
                                                UploadSecret upload, LeaseSecrets lease, std::stop_token stop) {
    return m_inner->allocate(index, std::move(shares), size, upload, lease, std::move(stop));
}

async::Task<WriteProgress> LimitedServer::write(StorageIndex index, ShareNum share, UploadSecret upload,
                                                ByteOffset offset, SharedBytes data, std::stop_token stop) {
    return writeInPieces(m_line, index, share, upload, offset, std::move(data), std::move(stop));
}

async::Task<Allocation> LimitedServer::allocateAndWrite(StorageIndex index, std::set<ShareNum> shares, ByteCount size,
                                                        WholeShares whole, UploadSecret upload, LeaseSecrets lease,
                                                        std::stop_token stop) {
    return allocateWithWhat(m_line, index, std::move(shares), size, std::move(whole), upload, lease, std::move(stop));
}

async::Task<void> LimitedServer::abort(StorageIndex index, ShareNum share, UploadSecret upload, std::stop_token stop) {
    return m_inner->abort(index, share, upload, std::move(stop));
}

async::Task<std::set<ShareNum>> LimitedServer::listShares(StorageIndex index, std::stop_token stop) {
    return m_inner->listShares(index, std::move(stop));
}

async::Task<FoundShares> LimitedServer::findShares(StorageIndex index, ByteCount along, std::stop_token stop) {
    // How much will come is not known before. Where it has to be counted, shares are read.
    const bool unlimited = m_line->down.piece() == ~std::uint64_t{0};
    return m_inner->findShares(index, unlimited ? along : ByteCount(0), std::move(stop));
}

async::Task<Bytes> LimitedServer::read(StorageIndex index, ShareNum share, ByteOffset offset, ByteCount length,
                                       std::stop_token stop) {
    return readInPieces(m_line, index, share, offset, length, std::move(stop));
}

async::Task<formats::gbs::SlotReply> LimitedServer::readTestWrite(StorageIndex index, WriteEnabler enabler,
                                                                  LeaseSecrets lease, formats::gbs::SlotRequest request,
                                                                  std::stop_token stop) {
    return m_inner->readTestWrite(index, enabler, lease, std::move(request), std::move(stop));
}

async::Task<std::set<ShareNum>> LimitedServer::listMutableShares(StorageIndex index, std::stop_token stop) {
    return m_inner->listMutableShares(index, std::move(stop));
}

async::Task<Bytes> LimitedServer::readMutable(StorageIndex index, ShareNum share, ByteOffset offset, ByteCount length,
                                              std::stop_token stop) {
    return m_inner->readMutable(index, share, offset, length, std::move(stop));
}

async::Task<void> LimitedServer::adviseMutableCorrupt(StorageIndex index, ShareNum share, std::string reason,
                                                      std::stop_token stop) {
    return m_inner->adviseMutableCorrupt(index, share, std::move(reason), std::move(stop));
}

async::Task<void> LimitedServer::addLease(StorageIndex index, LeaseSecrets lease, std::stop_token stop) {
    return m_inner->addLease(index, lease, std::move(stop));
}

async::Task<void> LimitedServer::adviseCorrupt(StorageIndex index, ShareNum share, std::string reason,
                                               std::stop_token stop) {
    return m_inner->adviseCorrupt(index, share, std::move(reason), std::move(stop));
}

}  // namespace tarn::storage
