#pragma once

#include "core/async/timers.h"
#include "core/storage/rate_limits.h"
#include "core/storage/storage_server.h"

#include <memory>

namespace tarn::storage {

/// Passes calls on to another server, share bytes no faster than the limits allow: a write or read that is too large to
/// move in a quarter of a second goes in pieces. Without limits everything passes as it is, and so do the small
/// messages that slots are made of. Thread: engine.
class LimitedServer final : public StorageServer {
public:
    LimitedServer(std::shared_ptr<StorageServer> inner, std::shared_ptr<async::Timers> timers,
                  const std::shared_ptr<RateLimits>& limits);

    [[nodiscard]] const ServerDescription& description() const noexcept override { return m_inner->description(); }
    [[nodiscard]] SteadyTime heldBackUntil() const noexcept override;
    [[nodiscard]] async::Task<ServerVersion> version(std::stop_token stop) override { return m_inner->version(stop); }
    [[nodiscard]] async::Task<Allocation> allocate(StorageIndex index, std::set<ShareNum> shares, ByteCount size,
                                                   UploadSecret upload, LeaseSecrets lease,
                                                   std::stop_token stop) override;
    [[nodiscard]] async::Task<WriteProgress> write(StorageIndex index, ShareNum share, UploadSecret upload,
                                                   ByteOffset offset, SharedBytes data, std::stop_token stop) override;
    [[nodiscard]] bool takesWholeShares() const noexcept override { return m_inner->takesWholeShares(); }
    [[nodiscard]] async::Task<Allocation> allocateAndWrite(StorageIndex index, std::set<ShareNum> shares,
                                                           ByteCount size, WholeShares whole, UploadSecret upload,
                                                           LeaseSecrets lease, std::stop_token stop) override;
    [[nodiscard]] async::Task<void> abort(StorageIndex index, ShareNum share, UploadSecret upload,
                                          std::stop_token stop) override;
    [[nodiscard]] async::Task<std::set<ShareNum>> listShares(StorageIndex index, std::stop_token stop) override;
    [[nodiscard]] async::Task<FoundShares> findShares(StorageIndex index, ByteCount along,
                                                      std::stop_token stop) override;
    [[nodiscard]] async::Task<Bytes> read(StorageIndex index, ShareNum share, ByteOffset offset, ByteCount length,
                                          std::stop_token stop) override;
    [[nodiscard]] async::Task<formats::gbs::SlotReply> readTestWrite(StorageIndex index, WriteEnabler enabler,
                                                                     LeaseSecrets lease,
                                                                     formats::gbs::SlotRequest request,
                                                                     std::stop_token stop) override;
    [[nodiscard]] async::Task<std::set<ShareNum>> listMutableShares(StorageIndex index, std::stop_token stop) override;
    [[nodiscard]] async::Task<Bytes> readMutable(StorageIndex index, ShareNum share, ByteOffset offset,
                                                 ByteCount length, std::stop_token stop) override;
    [[nodiscard]] async::Task<void> adviseMutableCorrupt(StorageIndex index, ShareNum share, std::string reason,
                                                         std::stop_token stop) override;
    [[nodiscard]] async::Task<void> addLease(StorageIndex index, LeaseSecrets lease, std::stop_token stop) override;
    [[nodiscard]] async::Task<void> adviseCorrupt(StorageIndex index, ShareNum share, std::string reason,
                                                  std::stop_token stop) override;

    /// What a task of this server's holds on to.
    struct Line {
        std::shared_ptr<StorageServer> inner;
        std::shared_ptr<async::Timers> timers;
        std::shared_ptr<RateLimits> limits;
        RateLimits::Way up;
        RateLimits::Way down;
        unsigned heldBack = 0;  ///< calls that wait for their time
        SteadyTime heldBackUntil = SteadyTime::min();
    };

private:
    std::shared_ptr<StorageServer> m_inner;
    std::shared_ptr<Line> m_line;
};

}  // namespace tarn::storage
