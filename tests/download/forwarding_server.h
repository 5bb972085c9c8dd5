#pragma once

#include "core/storage/storage_server.h"

#include <memory>
#include <utility>

namespace tarn::download::testing {

/// Passes every call on: the ground for servers that differ in one.
class ForwardingServer : public storage::StorageServer {
public:
    explicit ForwardingServer(std::shared_ptr<StorageServer> inner) : m_inner(std::move(inner)) {}

    const storage::ServerDescription& description() const noexcept override { return m_inner->description(); }
    async::Task<storage::ServerVersion> version(std::stop_token stop) override { return m_inner->version(stop); }
    async::Task<storage::Allocation> allocate(StorageIndex index, std::set<ShareNum> shares, ByteCount size,
                                              UploadSecret upload, LeaseSecrets lease, std::stop_token stop) override {
        return m_inner->allocate(index, std::move(shares), size, upload, lease, stop);
    }
    async::Task<storage::WriteProgress> write(StorageIndex index, ShareNum share, UploadSecret upload,
                                              ByteOffset offset, SharedBytes data, std::stop_token stop) override {
        return m_inner->write(index, share, upload, offset, std::move(data), stop);
    }
    async::Task<void> abort(StorageIndex index, ShareNum share, UploadSecret upload, std::stop_token stop) override {
        return m_inner->abort(index, share, upload, stop);
    }
    async::Task<std::set<ShareNum>> listShares(StorageIndex index, std::stop_token stop) override {
        return m_inner->listShares(index, stop);
    }
    async::Task<Bytes> read(StorageIndex index, ShareNum share, ByteOffset offset, ByteCount length,
                            std::stop_token stop) override {
        return m_inner->read(index, share, offset, length, stop);
    }
    async::Task<formats::gbs::SlotReply> readTestWrite(StorageIndex index, WriteEnabler enabler, LeaseSecrets lease,
                                                       formats::gbs::SlotRequest request,
                                                       std::stop_token stop) override {
        return m_inner->readTestWrite(index, enabler, lease, std::move(request), stop);
    }
    async::Task<std::set<ShareNum>> listMutableShares(StorageIndex index, std::stop_token stop) override {
        return m_inner->listMutableShares(index, stop);
    }
    async::Task<Bytes> readMutable(StorageIndex index, ShareNum share, ByteOffset offset, ByteCount length,
                                   std::stop_token stop) override {
        return m_inner->readMutable(index, share, offset, length, stop);
    }
    async::Task<void> adviseMutableCorrupt(StorageIndex index, ShareNum share, std::string reason,
                                           std::stop_token stop) override {
        return m_inner->adviseMutableCorrupt(index, share, std::move(reason), stop);
    }
    async::Task<void> addLease(StorageIndex index, LeaseSecrets lease, std::stop_token stop) override {
        return m_inner->addLease(index, lease, stop);
    }
    async::Task<void> adviseCorrupt(StorageIndex index, ShareNum share, std::string reason,
                                    std::stop_token stop) override {
        return m_inner->adviseCorrupt(index, share, std::move(reason), stop);
    }

protected:
    [[nodiscard]] const std::shared_ptr<StorageServer>& inner() const noexcept { return m_inner; }

private:
    std::shared_ptr<StorageServer> m_inner;
};

}  // namespace tarn::download::testing
