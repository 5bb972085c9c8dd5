#include "core/storage/memory_server.h"

#include <algorithm>

namespace tarn::storage {

namespace {

/// An answer that is there already.
template <typename T>
async::Task<T> answer(Result<T> result) {
    co_return result;
}

template <typename T>
async::Task<T> cancelled() {
    return answer<T>(failure(ErrorCode::Cancelled));
}

using formats::gbs::mostSlotOffset;
using formats::gbs::SlotChange;
using formats::gbs::SlotRead;
using formats::gbs::SlotReply;
using formats::gbs::SlotRequest;
using formats::gbs::SlotTest;
using formats::gbs::SlotWrite;

Bytes readFrom(const Bytes& data, SlotRead range) {
    const std::size_t begin = std::min<std::size_t>(range.offset, data.size());
    const std::size_t size = std::min<std::size_t>(range.size, data.size() - begin);
    return copyOf(ByteView(data).subspan(begin, size));
}

bool holds(const SlotTest& test, const Bytes& data) {
    return std::ranges::equal(readFrom(data, test.range), test.specimen);
}

/// How long the writes leave data that was `length` bytes long.
std::uint64_t lengthAfter(std::uint64_t length, const SlotChange& change) {
    for (const SlotWrite& write : change.writes) {
        length = std::max(length, write.offset + write.data.size());
    }
    return std::min(length, change.newLength.value_or(length));
}

/// The gaps that `written` leaves in [0, size).
std::vector<ByteRange> missingRanges(const std::map<std::size_t, std::size_t>& written, std::size_t size) {
    std::vector<ByteRange> missing;
    std::size_t reached = 0;
    for (const auto& [begin, end] : written) {
        if (begin > reached) {
            missing.push_back({ByteOffset(reached), ByteOffset(begin)});
        }
        reached = end;
    }
    if (reached < size) {
        missing.push_back({ByteOffset(reached), ByteOffset(size)});
    }
    return missing;
}

/// Whether every byte of `data` that falls on a written one equals it.
bool agrees(const std::map<std::size_t, std::size_t>& written, const Bytes& share, std::size_t begin, ByteView data) {
    return std::ranges::all_of(written, [&](const auto& range) {
        const std::size_t from = std::max(range.first, begin);
        const std::size_t to = std::min(range.second, begin + data.size());
        return from >= to ||
               std::ranges::equal(ByteView(share).subspan(from, to - from), data.subspan(from - begin, to - from));
    });
}

/// Adds [begin, end) to `written`, whose ranges neither overlap nor touch.
void include(std::map<std::size_t, std::size_t>& written, std::size_t begin, std::size_t end) {
    auto next = written.begin();
    while (next != written.end()) {
        if (next->first <= end && next->second >= begin) {
            begin = std::min(begin, next->first);
            end = std::max(end, next->second);
            next = written.erase(next);
        } else {
            ++next;
        }
    }
    written.emplace(begin, end);
}

}  // namespace

MemoryServer::MemoryServer(ServerDescription description, ByteCount capacity)
    : m_description(std::move(description)), m_free(capacity) {}

async::Task<ServerVersion> MemoryServer::version(std::stop_token stop) {
    if (stop.stop_requested()) {
        return cancelled<ServerVersion>();
    }
    return answer<ServerVersion>(ServerVersion{m_free, m_free, m_free, "tarn-memory"});
}

async::Task<Allocation> MemoryServer::allocate(StorageIndex index, std::set<ShareNum> wanted, ByteCount size,
                                               UploadSecret upload, LeaseSecrets lease, std::stop_token stop) {
    if (stop.stop_requested()) {
        return cancelled<Allocation>();
    }
    if (slots.contains(index)) {
        return answer<Allocation>(failure(ErrorCode::Conflict, "a mutable slot stands here"));
    }
    Allocation result;
    result.alreadyHave = complete(index);
    for (const ShareNum number : wanted) {
        if (result.alreadyHave.contains(number)) {
            continue;
        }
        auto& bucket = m_incoming[index];
        if (bucket.contains(number)) {
            if (bucket[number].secret == upload) {
                result.allocated.insert(number);
            }
            continue;
        }
        if (size > m_free) {
            continue;
        }
        m_free = ByteCount(m_free.value() - size.value());
        bucket.emplace(number, Incoming{Bytes(size.value()), {}, upload});
        result.allocated.insert(number);
    }
    keepLease(index, lease);
    return answer<Allocation>(std::move(result));
}

async::Task<Allocation> MemoryServer::allocateAndWrite(StorageIndex index, std::set<ShareNum> wanted, ByteCount size,
                                                       WholeShares whole, UploadSecret upload, LeaseSecrets lease,
                                                       std::stop_token stop) {
    auto granted = co_await allocate(index, std::move(wanted), size, upload, lease, stop);
    if (!granted || !wholeShares) {
        co_return granted;
    }
    for (const auto& [share, bytes] : whole) {
        if (!granted->allocated.contains(share)) {
            bytesCame += bytes->size();
            continue;
        }
        const auto written = co_await write(index, share, upload, ByteOffset(0), bytes, stop);
        if (written && written->complete) {
            granted->stored.insert(share);
        }
    }
    co_return granted;
}

std::set<ShareNum> MemoryServer::complete(StorageIndex index) const {
    std::set<ShareNum> numbers;
    if (const auto bucket = shares.find(index); bucket != shares.end()) {
        for (const auto& [number, data] : bucket->second) {
            numbers.insert(number);
        }
    }
    return numbers;
}

void MemoryServer::keepLease(StorageIndex index, const LeaseSecrets& lease) {
    auto& leases = m_leases[index];
    if (std::ranges::none_of(leases, [&](const LeaseSecrets& kept) { return kept.renew == lease.renew; })) {
        leases.push_back(lease);
    }
}

std::optional<Error> MemoryServer::findIncoming(StorageIndex index, ShareNum share, const UploadSecret& upload,
                                                Incoming*& found) {
    const auto bucket = m_incoming.find(index);
    if (bucket == m_incoming.end() || !bucket->second.contains(share)) {
        return Error{ErrorCode::NotFound, "share is not allocated"};
    }
    found = &bucket->second.at(share);
    if (!(found->secret == upload)) {
        return Error{ErrorCode::Unauthorized, "wrong upload secret"};
    }
    return std::nullopt;
}

async::Task<WriteProgress> MemoryServer::write(StorageIndex index, ShareNum share, UploadSecret upload,
                                               ByteOffset offset, SharedBytes data, std::stop_token stop) {
    if (stop.stop_requested()) {
        return cancelled<WriteProgress>();
    }
    if (data->empty()) {
        return answer<WriteProgress>(failure(ErrorCode::InvalidArgument, "nothing to write"));
    }
    bytesCame += data->size();
    Incoming* incoming = nullptr;
    if (auto error = findIncoming(index, share, upload, incoming)) {
        return answer<WriteProgress>(failure(*error));
    }
    const std::size_t begin = offset.value();
    if (begin > incoming->data.size() || data->size() > incoming->data.size() - begin) {
        return answer<WriteProgress>(failure(ErrorCode::ProtocolViolation, "write past the allocated size"));
    }
    if (!agrees(incoming->written, incoming->data, begin, *data)) {
        return answer<WriteProgress>(failure(ErrorCode::Conflict, "other bytes stand here already"));
    }
    std::ranges::copy(*data, incoming->data.begin() + static_cast<std::ptrdiff_t>(begin));
    include(incoming->written, begin, begin + data->size());
    WriteProgress progress;
    progress.required = missingRanges(incoming->written, incoming->data.size());
    progress.complete = progress.required.empty();
    if (progress.complete) {
        shares[index][share] = std::move(incoming->data);
        m_incoming[index].erase(share);
    }
    return answer<WriteProgress>(std::move(progress));
}

async::Task<void> MemoryServer::abort(StorageIndex index, ShareNum share, UploadSecret upload, std::stop_token stop) {
    if (stop.stop_requested()) {
        return cancelled<void>();
    }
    if (complete(index).contains(share)) {
        return answer<void>(failure(ErrorCode::Conflict, "share is complete"));
    }
    Incoming* incoming = nullptr;
    if (auto error = findIncoming(index, share, upload, incoming)) {
        return answer<void>(failure(*error));
    }
    m_free += ByteCount(incoming->data.size());
    m_incoming[index].erase(share);
    return answer<void>(Result<void>());
}

async::Task<std::set<ShareNum>> MemoryServer::listShares(StorageIndex index, std::stop_token stop) {
    if (stop.stop_requested()) {
        return cancelled<std::set<ShareNum>>();
    }
    return answer<std::set<ShareNum>>(complete(index));
}

async::Task<FoundShares> MemoryServer::findShares(StorageIndex index, ByteCount along, std::stop_token stop) {
    if (stop.stop_requested()) {
        return cancelled<FoundShares>();
    }
    FoundShares found{complete(index)};
    std::uint64_t left = wholeShares ? along.value() : 0;
    for (const ShareNum share : found.shares) {
        const Bytes& data = shares.at(index).at(share);
        if (data.size() > left) {
            break;
        }
        left -= data.size();
        found.whole.emplace(share, data);
    }
    return answer<FoundShares>(std::move(found));
}

async::Task<Bytes> MemoryServer::read(StorageIndex index, ShareNum share, ByteOffset offset, ByteCount length,
                                      std::stop_token stop) {
    if (stop.stop_requested()) {
        return cancelled<Bytes>();
    }
    const auto bucket = shares.find(index);
    if (bucket == shares.end() || !bucket->second.contains(share)) {
        return answer<Bytes>(failure(ErrorCode::NotFound, "no such share"));
    }
    const Bytes& data = bucket->second.at(share);
    const std::size_t begin = std::min<std::size_t>(offset.value(), data.size());
    const std::size_t size = std::min<std::size_t>(length.value(), data.size() - begin);
    const auto from = data.begin() + static_cast<std::ptrdiff_t>(begin);
    return answer<Bytes>(Bytes(from, from + static_cast<std::ptrdiff_t>(size)));
}

async::Task<SlotReply> MemoryServer::readTestWrite(StorageIndex index, WriteEnabler enabler, LeaseSecrets lease,
                                                   SlotRequest request, std::stop_token stop) {
    if (stop.stop_requested()) {
        return cancelled<SlotReply>();
    }
    auto reply = changeSlot(index, enabler, request);
    if (reply && reply->success) {
        keepLease(index, lease);
    }
    return answer<SlotReply>(std::move(reply));
}

Result<SlotReply> MemoryServer::changeSlot(StorageIndex index, const WriteEnabler& enabler,
                                           const SlotRequest& request) {
    if (!complete(index).empty()) {
        return failure(ErrorCode::Conflict, "immutable shares stand here");
    }
    const auto known = slots.find(index);
    if (known != slots.end() && !(known->second.enabler == enabler)) {
        return failure(ErrorCode::Unauthorized, "wrong write enabler");
    }
    Slot slot = known == slots.end() ? Slot{enabler, {}} : known->second;
    SlotReply reply{true, {}};
    for (const auto& [share, change] : request.changes) {
        const auto there = slot.shares.find(share);
        const Bytes& data = there == slot.shares.end() ? Bytes() : there->second;
        reply.success = reply.success &&
                        std::ranges::all_of(change.tests, [&data](const SlotTest& test) { return holds(test, data); });
    }
    for (const auto& [share, data] : slot.shares) {
        for (const SlotRead& read : request.reads) {
            reply.reads[share].push_back(readFrom(data, read));
        }
        reply.reads.try_emplace(share);
    }
    if (!reply.success) {
        return reply;
    }
    std::uint64_t room = m_free.value();
    for (const auto& [share, change] : request.changes) {
        if (std::ranges::any_of(change.writes, [](const SlotWrite& write) {
                return write.offset > mostSlotOffset || write.data.size() > mostSlotOffset - write.offset;
            })) {
            return failure(ErrorCode::ProtocolViolation, "a write past the largest offset");
        }
        const auto there = slot.shares.find(share);
        const std::uint64_t before = there == slot.shares.end() ? 0 : there->second.size();
        room += before;
        if (change.newLength == std::uint64_t{0}) {
            slot.shares.erase(share);
            continue;
        }
        const std::uint64_t after = lengthAfter(before, change);
        if (after > room) {
            return failure(ErrorCode::NoSpace, "no room for the slot to grow");
        }
        room -= after;
        Bytes& data = slot.shares[share];
        data.resize(static_cast<std::size_t>(after));
        for (const SlotWrite& write : change.writes) {
            const auto offset = static_cast<std::size_t>(std::min(write.offset, after));
            const ByteView kept = write.data.first(std::min<std::size_t>(write.data.size(), data.size() - offset));
            std::ranges::copy(kept, data.begin() + static_cast<std::ptrdiff_t>(offset));
        }
    }
    m_free = ByteCount(room);
    if (slot.shares.empty()) {
        slots.erase(index);
    } else {
        slots.insert_or_assign(index, std::move(slot));
    }
    return reply;
}

async::Task<std::set<ShareNum>> MemoryServer::listMutableShares(StorageIndex index, std::stop_token stop) {
    if (stop.stop_requested()) {
        return cancelled<std::set<ShareNum>>();
    }
    std::set<ShareNum> numbers;
    if (const auto slot = slots.find(index); slot != slots.end()) {
        for (const auto& [number, data] : slot->second.shares) {
            numbers.insert(number);
        }
    }
    return answer<std::set<ShareNum>>(std::move(numbers));
}

async::Task<Bytes> MemoryServer::readMutable(StorageIndex index, ShareNum share, ByteOffset offset, ByteCount length,
                                             std::stop_token stop) {
    if (stop.stop_requested()) {
        return cancelled<Bytes>();
    }
    const auto slot = slots.find(index);
    if (slot == slots.end() || !slot->second.shares.contains(share)) {
        return answer<Bytes>(failure(ErrorCode::NotFound, "no such share"));
    }
    return answer<Bytes>(readFrom(slot->second.shares.at(share), {offset.value(), length.value()}));
}

async::Task<void> MemoryServer::adviseMutableCorrupt(StorageIndex index, ShareNum share, std::string reason,
                                                     std::stop_token stop) {
    if (stop.stop_requested()) {
        return cancelled<void>();
    }
    const auto slot = slots.find(index);
    if (slot == slots.end() || !slot->second.shares.contains(share)) {
        return answer<void>(failure(ErrorCode::NotFound, "no such share"));
    }
    advice.push_back({index, share, std::move(reason)});
    return answer<void>(Result<void>());
}

async::Task<void> MemoryServer::addLease(StorageIndex index, LeaseSecrets lease, std::stop_token stop) {
    if (stop.stop_requested()) {
        return cancelled<void>();
    }
    if (complete(index).empty() && !slots.contains(index)) {
        return answer<void>(failure(ErrorCode::NotFound, "no such bucket"));
    }
    keepLease(index, lease);
    return answer<void>(Result<void>());
}

async::Task<void> MemoryServer::adviseCorrupt(StorageIndex index, ShareNum share, std::string reason,
                                              std::stop_token stop) {
    if (stop.stop_requested()) {
        return cancelled<void>();
    }
    if (!complete(index).contains(share)) {
        return answer<void>(failure(ErrorCode::NotFound, "no such share"));
    }
    advice.push_back({index, share, std::move(reason)});
    return answer<void>(Result<void>());
}

std::size_t MemoryServer::incomingCount() const noexcept {
    std::size_t count = 0;
    for (const auto& [index, bucket] : m_incoming) {
        count += bucket.size();
    }
    return count;
}

std::size_t MemoryServer::leaseCount(StorageIndex index) const {
    const auto found = m_leases.find(index);
    return found == m_leases.end() ? 0 : found->second.size();
}

}  // namespace tarn::storage
