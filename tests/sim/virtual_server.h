#pragma once

#include "core/async/manual_timers.h"
#include "core/storage/storage_server.h"
#include "tests/download/forwarding_server.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

namespace tarn::test {

/// What lies between the client and one server.
struct Line {
    std::shared_ptr<async::ManualTimers> time;
    double bytesPerMillisecond = 10'000;
    async::Milliseconds oneWay{7};
    /// Of a thousand calls so many are lost, half of them before they reach the server and half after.
    unsigned lostOfThousand = 0;
    /// From this call on nothing is answered any more, though all is taken.
    std::size_t silentFrom = ~std::size_t{0};
    unsigned seed = 1;

    std::size_t calls = 0;
    async::Milliseconds upFreeAt{0};
    async::Milliseconds downFreeAt{0};

    [[nodiscard]] async::Milliseconds now() const {
        return std::chrono::duration_cast<async::Milliseconds>(time->steadyNow().time_since_epoch());
    }
    /// How long until `bytes` have passed, behind all that was sent in that direction before.
    [[nodiscard]] async::Milliseconds pass(async::Milliseconds& freeAt, std::uint64_t bytes) const {
        freeAt = std::max(freeAt, now()) +
                 async::Milliseconds(static_cast<std::int64_t>(static_cast<double>(bytes) / bytesPerMillisecond));
        return freeAt - now() + oneWay;
    }
    [[nodiscard]] unsigned chance() {
        seed = seed * 1664525U + 1013904223U;
        return (seed >> 16U) % 1000;
    }
};

/// Bytes of an answer beyond its head.
inline std::uint64_t sizeOf(const Result<Bytes>& answer) {
    return answer ? answer->size() : 0;
}
inline std::uint64_t sizeOf(const Result<storage::FoundShares>& answer) {
    std::uint64_t size = 0;
    if (answer) {
        for (const auto& [share, bytes] : answer->whole) {
            size += bytes.size();
        }
    }
    return size;
}
template <typename T>
std::uint64_t sizeOf(const Result<T>&) {
    return 0;
}

inline constexpr std::uint64_t headSize = 300;  ///< of a request or an answer, about

template <typename T>
async::Task<T> travel(std::shared_ptr<Line> line, std::uint64_t bytes, std::function<async::Task<T>()> call,
                      std::stop_token stop) {
    constexpr async::Milliseconds forever{std::chrono::hours(24 * 365)};
    const bool silent = line->calls++ >= line->silentFrom;
    const unsigned fate = line->chance();
    const async::Milliseconds there = line->pass(line->upFreeAt, headSize + bytes);
    if (auto slept = co_await async::sleepFor(line->time, there, stop); !slept) {
        // What was not sent yet is not sent any more.
        line->upFreeAt = std::min(line->upFreeAt, line->now());
        co_return failure(slept.error());
    }
    if (silent) {
        auto slept = co_await async::sleepFor(line->time, forever, stop);
        co_return failure(slept ? Error{ErrorCode::TimedOut, "silent", true} : slept.error());
    }
    if (fate < line->lostOfThousand / 2) {
        co_return failure(ErrorCode::Unreachable, "the line broke", true);
    }
    auto result = co_await call();
    const async::Milliseconds back = line->pass(line->downFreeAt, headSize + sizeOf(result));
    if (auto slept = co_await async::sleepFor(line->time, back, stop); !slept) {
        co_return failure(slept.error());
    }
    if (fate < line->lostOfThousand) {
        co_return failure(ErrorCode::Unreachable, "the line broke", true);
    }
    co_return result;
}

/// A server at the other end of a line that has a delay, a rate and faults, all on the simulation's time.
class VirtualServer final : public download::testing::ForwardingServer {
public:
    VirtualServer(std::shared_ptr<StorageServer> inner, std::shared_ptr<Line> line)
        : ForwardingServer(inner), m_inner(std::move(inner)), m_line(std::move(line)) {}

    [[nodiscard]] bool takesWholeShares() const noexcept override { return m_inner->takesWholeShares(); }

    async::Task<storage::Allocation> allocate(StorageIndex index, std::set<ShareNum> shares, ByteCount size,
                                              UploadSecret upload, LeaseSecrets lease, std::stop_token stop) override {
        return travel<storage::Allocation>(
            m_line, 0, [=, inner = m_inner] { return inner->allocate(index, shares, size, upload, lease, {}); }, stop);
    }
    async::Task<storage::Allocation> allocateAndWrite(StorageIndex index, std::set<ShareNum> shares, ByteCount size,
                                                      storage::WholeShares whole, UploadSecret upload,
                                                      LeaseSecrets lease, std::stop_token stop) override {
        return travel<storage::Allocation>(
            m_line, whole.size() * size.value(),
            [=, inner = m_inner] { return inner->allocateAndWrite(index, shares, size, whole, upload, lease, {}); },
            stop);
    }
    async::Task<storage::WriteProgress> write(StorageIndex index, ShareNum share, UploadSecret upload,
                                              ByteOffset offset, SharedBytes data, std::stop_token stop) override {
        return travel<storage::WriteProgress>(
            m_line, data->size(), [=, inner = m_inner] { return inner->write(index, share, upload, offset, data, {}); },
            stop);
    }
    async::Task<void> abort(StorageIndex index, ShareNum share, UploadSecret upload, std::stop_token stop) override {
        return travelEmpty([=, inner = m_inner] { return inner->abort(index, share, upload, {}); }, stop);
    }
    async::Task<std::set<ShareNum>> listShares(StorageIndex index, std::stop_token stop) override {
        return travel<std::set<ShareNum>>(
            m_line, 0, [=, inner = m_inner] { return inner->listShares(index, {}); }, stop);
    }
    async::Task<storage::FoundShares> findShares(StorageIndex index, ByteCount along, std::stop_token stop) override {
        return travel<storage::FoundShares>(
            m_line, 0, [=, inner = m_inner] { return inner->findShares(index, along, {}); }, stop);
    }
    async::Task<Bytes> read(StorageIndex index, ShareNum share, ByteOffset offset, ByteCount length,
                            std::stop_token stop) override {
        return travel<Bytes>(
            m_line, 0, [=, inner = m_inner] { return inner->read(index, share, offset, length, {}); }, stop);
    }

private:
    async::Task<void> travelEmpty(std::function<async::Task<void>()> call, std::stop_token stop) {
        return travel<void>(m_line, 0, std::move(call), std::move(stop));
    }

    std::shared_ptr<StorageServer> m_inner;
    std::shared_ptr<Line> m_line;
};

}  // namespace tarn::test
