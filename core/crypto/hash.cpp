#include "core/crypto/hash.h"

#include "core/crypto/sha256d.h"

#include <cryptopp/blake2.h>
#include <cryptopp/sha.h>

namespace tarn::crypto {

namespace {

constexpr std::string_view blockTag = "allmydata_encoded_subshare_v1";
constexpr std::string_view crypttextTag = "allmydata_crypttext_v1";
constexpr std::string_view crypttextSegmentTag = "allmydata_crypttext_segment_v1";
constexpr std::string_view uriExtensionTag = "allmydata_uri_extension_v1";

template <typename Digest, typename Algorithm>
Digest plainDigest(Algorithm algorithm, ByteView data) {
    std::array<Byte, Digest::size> digest;
    algorithm.Update(data.data(), data.size());
    algorithm.TruncatedFinal(digest.data(), digest.size());
    return Digest(digest);
}

}  // namespace

struct TaggedHasher::State {
    Sha256d hash;
};

TaggedHasher::TaggedHasher(ByteView tag) : m_state(std::make_unique<State>()) {
    m_state->hash.updateNetstring(tag);
}

TaggedHasher::TaggedHasher(TaggedHasher&&) noexcept = default;
TaggedHasher& TaggedHasher::operator=(TaggedHasher&&) noexcept = default;
TaggedHasher::~TaggedHasher() = default;

void TaggedHasher::update(ByteView data) {
    m_state->hash.update(data);
}

Hash TaggedHasher::finish() {
    return m_state->hash.finishAs<Hash>();
}

void TaggedHasher::finishInto(MutableByteView out) {
    m_state->hash.finish(out);
}

Hash taggedHash(std::string_view tag, ByteView data) {
    return taggedAs<Hash>(tag, data);
}

Hash taggedPairHash(std::string_view tag, ByteView a, ByteView b) {
    return taggedPairAs<Hash>(tag, a, b);
}

Hash blockHash(ByteView block) {
    return taggedHash(blockTag, block);
}

Hash crypttextSegmentHash(ByteView segment) {
    return taggedHash(crypttextSegmentTag, segment);
}

Hash uriExtensionHash(ByteView block) {
    return taggedHash(uriExtensionTag, block);
}

TaggedHasher crypttextSegmentHasher() {
    return TaggedHasher(crypttextSegmentTag);
}

TaggedHasher crypttextHasher() {
    return TaggedHasher(crypttextTag);
}

Hash sha256(ByteView data) {
    return plainDigest<Hash>(CryptoPP::SHA256(), data);
}

FixedId<struct Sha1Tag, 20> sha1(ByteView data) {
    return plainDigest<FixedId<struct Sha1Tag, 20>>(CryptoPP::SHA1(), data);
}

Hash blake2b(ByteView data) {
    // The length is part of what BLAKE2b hashes: asking for 32 bytes is not cutting 64.
    return plainDigest<Hash>(CryptoPP::BLAKE2b(static_cast<unsigned>(Hash::size)), data);
}

}  // namespace tarn::crypto
