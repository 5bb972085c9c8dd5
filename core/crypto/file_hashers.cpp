#include "core/crypto/file_hashers.h"

#include "core/crypto/sha256d.h"

#include <algorithm>
#include <string>

namespace tarn::crypto {

namespace {

constexpr std::string_view blockTag = "allmydata_encoded_subshare_v1";
constexpr std::string_view crypttextTag = "allmydata_crypttext_v1";
constexpr std::string_view crypttextSegmentTag = "allmydata_crypttext_segment_v1";

std::string netstring(std::string_view tag) {
    return std::to_string(tag.size()) + ':' + std::string(tag) + ',';
}

std::array<Byte, 32> digestOf(const Sha256State& state) {
    std::array<Byte, 32> digest{};
    for (std::size_t i = 0; i < digest.size(); ++i) {
        digest.at(i) = static_cast<Byte>(state.at(i / 4) >> (24U - 8U * (i % 4)));
    }
    return digest;
}

/// The last block or two of a message of `length` bytes whose last `rest` are at the front of the result.
struct Ending {
    std::array<Byte, 2 * sha256Block> bytes{};
    std::size_t blocks = 1;
};
Ending endingOf(ByteView rest, std::uint64_t length) {
    Ending ending;
    std::ranges::copy(rest, ending.bytes.begin());
    ending.bytes.at(rest.size()) = 0x80;
    ending.blocks = rest.size() + 1 + 8 <= sha256Block ? 1 : 2;
    const std::size_t end = ending.blocks * sha256Block;
    for (std::size_t i = 0; i < 8; ++i) {
        ending.bytes.at(end - 1 - i) = static_cast<Byte>(length * 8 >> 8 * i);
    }
    return ending;
}

}  // namespace

std::vector<Hash> blockHashes(std::span<const ByteView> blocks) {
    const std::string tag = netstring(blockTag);
    const std::size_t size = blocks.empty() ? 0 : blocks.front().size();
    std::vector<Hash> hashes;
    hashes.reserve(blocks.size());
    // What goes with the tag into the first block, then whole blocks of the data, then what is left.
    const std::size_t first = sha256Block - tag.size();
    if (size < first) {
        for (const ByteView block : blocks) {
            hashes.push_back(blockHash(block));
        }
        return hashes;
    }
    const std::size_t whole = (size - first) / sha256Block;
    std::vector<Sha256State> states(blocks.size(), sha256Start);
    std::vector<std::array<Byte, sha256Block>> heads(blocks.size());
    std::vector<Ending> endings;
    std::vector<Sha256Lane> lanes;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        std::ranges::copy(viewOf(tag), heads[i].begin());
        std::ranges::copy(blocks[i].first(first), heads[i].begin() + static_cast<std::ptrdiff_t>(tag.size()));
        endings.push_back(endingOf(blocks[i].subspan(first + whole * sha256Block), tag.size() + size));
        lanes.push_back({&states[i], heads[i].data()});
    }
    compressLanes(lanes, 1);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        lanes[i].data = blocks[i].data() + first;
    }
    compressLanes(lanes, whole);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        lanes[i].data = endings[i].bytes.data();
    }
    if (!lanes.empty()) {
        compressLanes(lanes, endings.front().blocks);
    }
    for (const Sha256State& state : states) {
        hashes.push_back(sha256(digestOf(state)));
    }
    return hashes;
}

void CrypttextHashes::Stream::addTag(std::string_view tag) {
    const std::string text = netstring(tag);
    add(viewOf(text));
}

void CrypttextHashes::Stream::add(ByteView data) {
    const std::size_t blocks = align(data);
    const Sha256Lane lane{&state, data.data()};
    compressLanes({&lane, 1}, blocks);
    data = data.subspan(blocks * sha256Block);
    std::ranges::copy(data, pending.begin() + static_cast<std::ptrdiff_t>(held));
    held += data.size();
}

std::size_t CrypttextHashes::Stream::align(ByteView& data) {
    length += data.size();
    if (held > 0) {
        const std::size_t taken = std::min(data.size(), sha256Block - held);
        std::ranges::copy(data.first(taken), pending.begin() + static_cast<std::ptrdiff_t>(held));
        held += taken;
        data = data.subspan(taken);
        if (held == sha256Block) {
            const Sha256Lane lane{&state, pending.data()};
            compressLanes({&lane, 1}, 1);
            held = 0;
        }
    }
    return data.size() / sha256Block;
}

Hash CrypttextHashes::Stream::finish() {
    const Ending ending = endingOf(ByteView(pending).first(held), length);
    const Sha256Lane lane{&state, ending.bytes.data()};
    compressLanes({&lane, 1}, ending.blocks);
    return sha256(digestOf(state));
}

CrypttextHashes::CrypttextHashes() {
    m_whole.addTag(crypttextTag);
}

Hash CrypttextHashes::add(ByteView segment) {
    Stream one;
    one.addTag(crypttextSegmentTag);
    ByteView ofWhole = segment;
    ByteView ofOne = segment;
    const std::size_t wholeBlocks = m_whole.align(ofWhole);
    const std::size_t oneBlocks = one.align(ofOne);
    const std::size_t both = std::min(wholeBlocks, oneBlocks);
    const std::array lanes{Sha256Lane{&m_whole.state, ofWhole.data()}, Sha256Lane{&one.state, ofOne.data()}};
    compressLanes(lanes, both);
    // `align` has counted these already.
    for (auto* const stream : {&m_whole, &one}) {
        const ByteView rest = (stream == &one ? ofOne : ofWhole).subspan(both * sha256Block);
        stream->length -= rest.size();
        stream->add(rest);
    }
    return one.finish();
}

Hash CrypttextHashes::finish() {
    return m_whole.finish();
}

}  // namespace tarn::crypto
