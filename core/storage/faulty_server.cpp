#include "core/storage/faulty_server.h"

namespace tarn::storage {

namespace {

constexpr async::Milliseconds forever{std::chrono::hours(24 * 365)};

template <typename T>
void garble(Result<T>& result) {
    result = failure(ErrorCode::ProtocolViolation, "injected nonsense");
}

void garble(Result<Bytes>& result) {
    if (result && !result->empty()) {
        (*result)[result->size() / 2] ^= 0x10U;
    }
}

void garble(Result<FoundShares>& result) {
    if (!result || result->whole.empty()) {
        result = failure(ErrorCode::ProtocolViolation, "injected nonsense");
        return;
    }
    for (auto& [share, bytes] : result->whole) {
        if (!bytes.empty()) {
            bytes[bytes.size() / 2] ^= 0x10U;
        }
    }
}

void garble(Result<formats::gbs::SlotReply>& result) {
    if (!result) {
        return;
    }
    for (auto& [share, reads] : result->reads) {
        for (Bytes& bytes : reads) {
            if (!bytes.empty()) {
                bytes[bytes.size() / 2] ^= 0x10U;
            }
        }
    }
}

/// Lets `fault` strike the call that `start` would make.
template <typename T>
async::Task<T> strike(Fault fault, std::shared_ptr<async::Timers> timers, std::function<async::Task<T>()> start,
                      std::stop_token stop) {
    switch (fault.kind) {
    case Fault::Kind::Fail: co_return failure(fault.error);
    case Fault::Kind::Hang:
    case Fault::Kind::Delay: {
        const auto delay = fault.kind == Fault::Kind::Hang ? forever : fault.delay;
        if (auto slept = co_await async::sleepFor(timers, delay, stop); !slept) {
            co_return failure(slept.error());
        }
        co_return co_await start();
    }
    case Fault::Kind::FailLate: (void)co_await start(); co_return failure(fault.error);
    case Fault::Kind::Garble: {
        Result<T> result = co_await start();
        garble(result);
        co_return result;
    }
    case Fault::Kind::None: break;
    }
    co_return co_await start();
}

}  // namespace

FaultyServer::FaultyServer(std::shared_ptr<StorageServer> inner, std::shared_ptr<async::Timers> timers, Choose choose)
    : m_inner(std::move(inner)), m_timers(std::move(timers)), m_choose(std::move(choose)) {}

async::Task<ServerVersion> FaultyServer::version(std::stop_token stop) {
    return strike<ServerVersion>(
        m_choose(Call::Version), m_timers, [inner = m_inner, stop] { return inner->version(stop); }, stop);
}

async::Task<Allocation> FaultyServer::allocate(StorageIndex index, std::set<ShareNum> shares, ByteCount size,
                                               UploadSecret upload, LeaseSecrets lease, std::stop_token stop) {
    return strike<Allocation>(
        m_choose(Call::Allocate), m_timers,
        [=, inner = m_inner] { return inner->allocate(index, shares, size, upload, lease, stop); }, stop);
}

async::Task<WriteProgress> FaultyServer::write(StorageIndex index, ShareNum share, UploadSecret upload,
                                               ByteOffset offset, SharedBytes data, std::stop_token stop) {
    return strike<WriteProgress>(
        m_choose(Call::Write), m_timers,
        [=, inner = m_inner] { return inner->write(index, share, upload, offset, data, stop); }, stop);
}

async::Task<Allocation> FaultyServer::allocateAndWrite(StorageIndex index, std::set<ShareNum> shares, ByteCount size,
                                                       WholeShares whole, UploadSecret upload, LeaseSecrets lease,
                                                       std::stop_token stop) {
    return strike<Allocation>(
        m_choose(Call::Allocate), m_timers,
        [=, inner = m_inner] { return inner->allocateAndWrite(index, shares, size, whole, upload, lease, stop); },
        stop);
}

async::Task<void> FaultyServer::abort(StorageIndex index, ShareNum share, UploadSecret upload, std::stop_token stop) {
    return strike<void>(
        m_choose(Call::Abort), m_timers, [=, inner = m_inner] { return inner->abort(index, share, upload, stop); },
        stop);
}

async::Task<std::set<ShareNum>> FaultyServer::listShares(StorageIndex index, std::stop_token stop) {
    return strike<std::set<ShareNum>>(
        m_choose(Call::ListShares), m_timers, [=, inner = m_inner] { return inner->listShares(index, stop); }, stop);
}

async::Task<FoundShares> FaultyServer::findShares(StorageIndex index, ByteCount along, std::stop_token stop) {
    return strike<FoundShares>(
        m_choose(Call::ListShares), m_timers, [=, inner = m_inner] { return inner->findShares(index, along, stop); },
        stop);
}

async::Task<Bytes> FaultyServer::read(StorageIndex index, ShareNum share, ByteOffset offset, ByteCount length,
                                      std::stop_token stop) {
    return strike<Bytes>(
        m_choose(Call::Read), m_timers,
        [=, inner = m_inner] { return inner->read(index, share, offset, length, stop); }, stop);
}

async::Task<formats::gbs::SlotReply> FaultyServer::readTestWrite(StorageIndex index, WriteEnabler enabler,
                                                                 LeaseSecrets lease, formats::gbs::SlotRequest request,
                                                                 std::stop_token stop) {
    return strike<formats::gbs::SlotReply>(
        m_choose(Call::ReadTestWrite), m_timers,
        [=, inner = m_inner] { return inner->readTestWrite(index, enabler, lease, request, stop); }, stop);
}

async::Task<std::set<ShareNum>> FaultyServer::listMutableShares(StorageIndex index, std::stop_token stop) {
    return strike<std::set<ShareNum>>(
        m_choose(Call::ListMutableShares), m_timers,
        [=, inner = m_inner] { return inner->listMutableShares(index, stop); }, stop);
}

async::Task<Bytes> FaultyServer::readMutable(StorageIndex index, ShareNum share, ByteOffset offset, ByteCount length,
                                             std::stop_token stop) {
    return strike<Bytes>(
        m_choose(Call::ReadMutable), m_timers,
        [=, inner = m_inner] { return inner->readMutable(index, share, offset, length, stop); }, stop);
}

async::Task<void> FaultyServer::adviseMutableCorrupt(StorageIndex index, ShareNum share, std::string reason,
                                                     std::stop_token stop) {
    return strike<void>(
        m_choose(Call::AdviseMutableCorrupt), m_timers,
        [=, inner = m_inner] { return inner->adviseMutableCorrupt(index, share, reason, stop); }, stop);
}

async::Task<void> FaultyServer::addLease(StorageIndex index, LeaseSecrets lease, std::stop_token stop) {
    return strike<void>(
        m_choose(Call::AddLease), m_timers, [=, inner = m_inner] { return inner->addLease(index, lease, stop); }, stop);
}

async::Task<void> FaultyServer::adviseCorrupt(StorageIndex index, ShareNum share, std::string reason,
                                              std::stop_token stop) {
    return strike<void>(
        m_choose(Call::AdviseCorrupt), m_timers,
        [=, inner = m_inner] { return inner->adviseCorrupt(index, share, reason, stop); }, stop);
}

}  // namespace tarn::storage
