#include "core/storage/memory_server.h"

#include <algorithm>

namespace tarn::storage {

namespace {

/// An answer that is there already.
template <typename T>
async::Task<T> answer(Result<T> result) {
    co_return result;
}

std::vector<ByteRange> missingRanges(const std::vector<bool>& written) {
    std::vector<ByteRange> missing;
    for (std::size_t i = 0; i < written.size();) {
        if (written[i]) {
            ++i;
            continue;
        }
        const std::size_t begin = i;
        while (i < written.size() && !written[i]) {
            ++i;
        }
        missing.push_back({ByteOffset(begin), ByteOffset(i)});
    }
    return missing;
}

}  // namespace

MemoryServer::MemoryServer(ServerDescription description, ByteCount capacity)
    : m_description(std::move(description)), m_free(capacity) {}

async::Task<ServerVersion> MemoryServer::version(std::stop_token) {
    return answer<ServerVersion>(ServerVersion{m_free, m_free, m_free, "tarn-memory"});
}

async::Task<Allocation> MemoryServer::allocate(StorageIndex index, std::set<ShareNum> wanted, ByteCount size,
                                               UploadSecret upload, LeaseSecrets lease, std::stop_token) {
    Allocation result;
    for (const auto& [number, data] : shares[index]) {
        result.alreadyHave.insert(number);
    }
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
        bucket.emplace(number, Incoming{Bytes(size.value()), std::vector<bool>(size.value()), upload});
        result.allocated.insert(number);
    }
    m_leases[index].push_back(lease);
    return answer<Allocation>(std::move(result));
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
                                               ByteOffset offset, SharedBytes data, std::stop_token) {
    Incoming* incoming = nullptr;
    if (auto error = findIncoming(index, share, upload, incoming)) {
        return answer<WriteProgress>(failure(*error));
    }
    const std::size_t begin = offset.value();
    if (begin > incoming->data.size() || data->size() > incoming->data.size() - begin) {
        return answer<WriteProgress>(failure(ErrorCode::ProtocolViolation, "write past the allocated size"));
    }
    for (std::size_t i = 0; i < data->size(); ++i) {
        if (incoming->written[begin + i] && incoming->data[begin + i] != (*data)[i]) {
            return answer<WriteProgress>(failure(ErrorCode::Conflict, "other bytes stand here already"));
        }
    }
    std::copy(data->begin(), data->end(), incoming->data.begin() + static_cast<std::ptrdiff_t>(begin));
    std::fill_n(incoming->written.begin() + static_cast<std::ptrdiff_t>(begin), data->size(), true);
    WriteProgress progress;
    progress.required = missingRanges(incoming->written);
    progress.complete = progress.required.empty();
    if (progress.complete) {
        shares[index][share] = std::move(incoming->data);
        m_incoming[index].erase(share);
    }
    return answer<WriteProgress>(std::move(progress));
}

async::Task<void> MemoryServer::abort(StorageIndex index, ShareNum share, UploadSecret upload, std::stop_token) {
    if (shares[index].contains(share)) {
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

async::Task<std::set<ShareNum>> MemoryServer::listShares(StorageIndex index, std::stop_token) {
    std::set<ShareNum> numbers;
    for (const auto& [number, data] : shares[index]) {
        numbers.insert(number);
    }
    return answer<std::set<ShareNum>>(std::move(numbers));
}

async::Task<Bytes> MemoryServer::read(StorageIndex index, ShareNum share, ByteOffset offset, ByteCount length,
                                      std::stop_token) {
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

async::Task<void> MemoryServer::addLease(StorageIndex index, LeaseSecrets lease, std::stop_token) {
    if (shares[index].empty()) {
        return answer<void>(failure(ErrorCode::NotFound, "no such bucket"));
    }
    m_leases[index].push_back(lease);
    return answer<void>(Result<void>());
}

async::Task<void> MemoryServer::adviseCorrupt(StorageIndex index, ShareNum share, std::string reason, std::stop_token) {
    if (!shares[index].contains(share)) {
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
