#pragma once

// Private to this module: Crypto++ shows here.

#include "core/foundation/bytes.h"

#include <cryptopp/sha.h>

#include <array>
#include <charconv>
#include <string_view>

namespace tarn::crypto {

/// SHA-256(SHA-256(everything fed)), living wholly on the stack: hash trees make one for each of their nodes.
class Sha256d {
public:
    void update(ByteView data) { m_hash.Update(data.data(), data.size()); }

    /// Feeds `<length in decimal>:<data>,`.
    void updateNetstring(ByteView data) {
        std::array<char, 24> head;
        char* end = std::to_chars(head.data(), head.data() + head.size() - 1, data.size()).ptr;
        *end++ = ':';
        update(viewOf({head.data(), static_cast<std::size_t>(end - head.data())}));
        update(data);
        update(viewOf(","));
    }

    /// Writes the first `out.size()` bytes (at most 32) of the digest. Fresh again afterwards.
    void finish(MutableByteView out) {
        std::array<Byte, CryptoPP::SHA256::DIGESTSIZE> inner;
        m_hash.Final(inner.data());
        m_hash.Update(inner.data(), inner.size());
        m_hash.TruncatedFinal(out.data(), out.size());
        wipe(inner);
    }

    /// The digest cut to the size of a `Fixed` (a Secret or FixedId), with no other copy left behind.
    template <typename Fixed>
    [[nodiscard]] Fixed finishAs() {
        std::array<Byte, Fixed::size> digest;
        finish(digest);
        Fixed value(digest);
        wipe(digest);
        return value;
    }

private:
    CryptoPP::SHA256 m_hash;
};

/// SHA-256d(netstring(tag) + data), cut to the size of a `Fixed`.
template <typename Fixed>
[[nodiscard]] Fixed taggedAs(std::string_view tag, ByteView data) {
    Sha256d hash;
    hash.updateNetstring(viewOf(tag));
    hash.update(data);
    return hash.finishAs<Fixed>();
}

/// SHA-256d(netstring(tag) + netstring(a) + netstring(b)), cut to the size of a `Fixed`.
template <typename Fixed>
[[nodiscard]] Fixed taggedPairAs(std::string_view tag, ByteView a, ByteView b) {
    Sha256d hash;
    hash.updateNetstring(viewOf(tag));
    hash.updateNetstring(a);
    hash.updateNetstring(b);
    return hash.finishAs<Fixed>();
}

}  // namespace tarn::crypto
