#pragma once

#include "core/async/timers.h"
#include "core/storage/storage_server.h"

#include <functional>

namespace tarn::storage {

/// The calls of a StorageServer, to say which one a fault strikes.
enum class Call : std::uint8_t {
    Version,
    Allocate,
    Write,
    Abort,
    ListShares,
    Read,
    AddLease,
    AdviseCorrupt,
    ReadTestWrite,
    ListMutableShares,
    ReadMutable,
    AdviseMutableCorrupt,
};

/// What happens to one call instead of (or before) the real thing.
struct Fault {
    enum class Kind : std::uint8_t {
        None,      ///< the call goes through
        Fail,      ///< it fails with `error` and never reaches the server
        FailLate,  ///< it reaches the server, and its answer is lost: fails with `error`
        Hang,      ///< it never answers, until stopped
        Delay,     ///< it goes through after `delay`
        Garble,    ///< reads give bytes with one bit turned; other calls fail with ProtocolViolation
    };
    Kind kind = Kind::None;
    Error error = {ErrorCode::Unreachable, "injected", true};
    async::Milliseconds delay{0};
};

/// Passes calls on to another server and lets faults strike them, as a bad line or a bad server would.
///
/// Thread: one. `choose` is asked once a call, in the order of the calls.
class FaultyServer final : public StorageServer {
public:
    using Choose = std::function<Fault(Call)>;
    FaultyServer(std::shared_ptr<StorageServer> inner, std::shared_ptr<async::Timers> timers, Choose choose);

    [[nodiscard]] const ServerDescription& description() const noexcept override { return m_inner->description(); }
    [[nodiscard]] async::Task<ServerVersion> version(std::stop_token stop) override;
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

private:
    std::shared_ptr<StorageServer> m_inner;
    std::shared_ptr<async::Timers> m_timers;
    Choose m_choose;
};

}  // namespace tarn::storage
