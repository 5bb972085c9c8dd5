#pragma once

#include "core/storage/storage_server.h"

#include <map>
#include <optional>

namespace tarn::storage {

/// A whole storage server in memory: the reference for what the interface means, and the ground of every simulation.
///
/// Thread: one. Answers at once. Shares may be read and altered from outside, as a disk fault would.
class MemoryServer final : public StorageServer {
public:
    explicit MemoryServer(ServerDescription description, ByteCount capacity = ByteCount(~0ULL >> 1U));

    [[nodiscard]] const ServerDescription& description() const noexcept override { return m_description; }
    [[nodiscard]] async::Task<ServerVersion> version(std::stop_token stop) override;
    [[nodiscard]] async::Task<Allocation> allocate(StorageIndex index, std::set<ShareNum> wanted, ByteCount size,
                                                   UploadSecret upload, LeaseSecrets lease,
                                                   std::stop_token stop) override;
    [[nodiscard]] async::Task<WriteProgress> write(StorageIndex index, ShareNum share, UploadSecret upload,
                                                   ByteOffset offset, SharedBytes data, std::stop_token stop) override;
    [[nodiscard]] bool takesWholeShares() const noexcept override { return wholeShares; }
    [[nodiscard]] async::Task<Allocation> allocateAndWrite(StorageIndex index, std::set<ShareNum> wanted,
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

    struct Advice {
        StorageIndex index;
        ShareNum share;
        std::string reason;
    };

    /// A slot's shares, and who may change them.
    struct Slot {
        WriteEnabler enabler;
        std::map<ShareNum, Bytes> shares;
    };

    /// The slots that have shares, to look at or to damage.
    std::map<StorageIndex, Slot> slots;
    /// The complete shares, to look at or to damage.
    std::map<StorageIndex, std::map<ShareNum, Bytes>> shares;
    /// Whether it takes whole shares along with the question for their room, and sends them with their list.
    bool wholeShares = false;
    /// Bytes of immutable shares that came, whether it had a use for them or not.
    std::uint64_t bytesCame = 0;
    /// What clients complained of.
    std::vector<Advice> advice;

    /// Shares that are allocated and not complete.
    [[nodiscard]] std::size_t incomingCount() const noexcept;
    /// Different leases on the bucket, of complete shares and of others.
    [[nodiscard]] std::size_t leaseCount(StorageIndex index) const;

private:
    struct Incoming {
        Bytes data;
        std::map<std::size_t, std::size_t> written;  // begin to end; apart from each other
        UploadSecret secret;
    };

    [[nodiscard]] std::set<ShareNum> complete(StorageIndex index) const;
    [[nodiscard]] Result<formats::gbs::SlotReply> changeSlot(StorageIndex index, const WriteEnabler& enabler,
                                                             const formats::gbs::SlotRequest& request);
    void keepLease(StorageIndex index, const LeaseSecrets& lease);
    [[nodiscard]] std::optional<Error> findIncoming(StorageIndex index, ShareNum share, const UploadSecret& upload,
                                                    Incoming*& found);

    ServerDescription m_description;
    ByteCount m_free;
    std::map<StorageIndex, std::map<ShareNum, Incoming>> m_incoming;
    std::map<StorageIndex, std::vector<LeaseSecrets>> m_leases;
};

}  // namespace tarn::storage
