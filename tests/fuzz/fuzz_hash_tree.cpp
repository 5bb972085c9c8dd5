// Whatever a source sends, a verifier never holds a node that is not the true tree's, and takes all of a set or
// nothing. Input: the number of leaves, then steps of 3 bytes: a node's number (2 bytes) and what is done to its hash.
// A step whose last byte is 255 hands over what was gathered.

#include "core/formats/hash_tree.h"
#include "expect.h"

#include <algorithm>
#include <array>
#include <string>

using namespace tarn;
using namespace tarn::formats;
using tarn::fuzz::expect;

namespace {

std::size_t held(const HashVerifier& verifier, const std::vector<crypto::Hash>& tree) {
    std::size_t count = 0;
    for (NodeIndex node = 0; node < tree.size(); ++node) {
        if (const auto hash = verifier.node(node)) {
            expect(*hash == tree[node]);
            ++count;
        }
    }
    return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    ByteView input(data, size);
    if (input.empty()) {
        return 0;
    }
    const std::uint64_t leafCount = 1 + input[0] % 40;
    std::vector<crypto::Hash> leaves;
    for (std::uint64_t leaf = 0; leaf < leafCount; ++leaf) {
        leaves.push_back(crypto::taggedHash("leaf", viewOf(std::to_string(leaf))));
    }
    const std::vector<crypto::Hash> tree = buildTree(leaves);
    HashVerifier verifier(leafCount, tree[0]);

    std::map<NodeIndex, crypto::Hash> gathered;
    for (input = input.subspan(1); input.size() >= 3; input = input.subspan(3)) {
        const NodeIndex node = static_cast<NodeIndex>(input[0]) << 8 | input[1];
        const Byte change = input[2];
        if (change != 0xFF) {
            std::array<Byte, crypto::Hash::size> bytes{};
            std::ranges::copy(node < tree.size() ? tree[node].bytes() : tree[0].bytes(), bytes.begin());
            bytes[change % bytes.size()] = static_cast<Byte>(bytes[change % bytes.size()] ^ change);
            gathered.insert_or_assign(node, crypto::Hash(bytes));
            continue;
        }
        const std::size_t before = held(verifier, tree);
        const auto result = verifier.add(gathered);
        const std::size_t after = held(verifier, tree);
        if (result) {
            for (const auto& [number, hash] : gathered) {
                expect(number < tree.size() && verifier.node(number) == hash);
            }
        } else {
            expect(result.error().code == ErrorCode::CorruptShare && before == after);
        }
        gathered.clear();
    }
    return 0;
}
