#include "core/storage/storage_server.h"

namespace tarn::storage {

namespace {

async::Task<FoundShares> withoutBytes(async::Task<std::set<ShareNum>> listing) {
    auto shares = co_await std::move(listing);
    if (!shares) {
        co_return failure(shares.error());
    }
    FoundShares found;
    found.shares = std::move(*shares);
    co_return found;
}

}  // namespace

async::Task<FoundShares> StorageServer::findShares(StorageIndex index, ByteCount /*along*/, std::stop_token stop) {
    return withoutBytes(listShares(index, std::move(stop)));
}

}  // namespace tarn::storage
