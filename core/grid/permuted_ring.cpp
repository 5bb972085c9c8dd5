#include "core/grid/permuted_ring.h"

#include "core/crypto/hash.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace tarn::grid {

namespace {

FixedId<struct crypto::Sha1Tag, 20> placeOf(const storage::ServerDescription& server, StorageIndex index) {
    Bytes input = copyOf(index.bytes());
    input.insert(input.end(), server.permutationSeed.begin(), server.permutationSeed.end());
    return crypto::sha1(input);
}

}  // namespace

storage::ServerList permuted(storage::ServerList servers, StorageIndex index) {
    using Placed = std::pair<FixedId<struct crypto::Sha1Tag, 20>, std::shared_ptr<storage::StorageServer>>;
    std::vector<Placed> ring;
    ring.reserve(servers.size());
    for (auto& server : servers) {
        auto place = placeOf(server->description(), index);
        ring.emplace_back(place, std::move(server));
    }
    // Two servers with one seed stand at one place: their ids keep the order the same whatever order they came in.
    std::ranges::sort(ring, [](const Placed& a, const Placed& b) {
        return std::tie(a.first, a.second->description().id) < std::tie(b.first, b.second->description().id);
    });
    for (std::size_t i = 0; i < ring.size(); ++i) {
        servers[i] = std::move(ring[i].second);
    }
    return servers;
}

}  // namespace tarn::grid
